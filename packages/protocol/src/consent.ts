import Type, { type Static } from 'typebox';

/**
 * The four purposes of consent, in the words of Google Consent Mode v2, which every ad platform maps from.
 * They travel on each event as the consent that was in force when it happened.
 */
export const CONSENT_PURPOSES = ['ad_storage', 'ad_user_data', 'ad_personalization', 'analytics_storage'] as const;

export type ConsentPurpose = (typeof CONSENT_PURPOSES)[number];

const ConsentState = Type.Union([Type.Literal('granted'), Type.Literal('denied')]);

export const ConsentSchema = Type.Object(
  {
    ad_storage: Type.Optional(ConsentState),
    ad_user_data: Type.Optional(ConsentState),
    ad_personalization: Type.Optional(ConsentState),
    analytics_storage: Type.Optional(ConsentState),
    limited_data_use: Type.Optional(Type.Boolean({ description: 'The buyer opted out of sale or sharing (US state laws).' })),
    region: Type.Optional(Type.String({ maxLength: 16, description: 'ISO 3166 region that the choice was made in.' })),
  },
  { description: 'Consent in force when the event happened. A purpose that is absent is unknown, and unknown is not granted.' },
);

export type Consent = Static<typeof ConsentSchema>;

/** True only for the exact word `granted`: an absent or misspelt signal is not consent (P3). */
export function isGranted(consent: Consent | null | undefined, purpose: ConsentPurpose): boolean {
  return consent?.[purpose] === 'granted';
}

/** True when the buyer said no, as opposed to not having been asked yet. */
export function isDenied(consent: Consent | null | undefined, purpose: ConsentPurpose): boolean {
  return consent?.[purpose] === 'denied';
}
