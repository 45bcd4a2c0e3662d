import type { Consent } from './consent-schema.ts';

/**
 * The four purposes of consent, in the words of Google Consent Mode v2, which every ad platform maps from.
 * They travel on each event as the consent that was in force when it happened.
 */
export const CONSENT_PURPOSES = ['ad_storage', 'ad_user_data', 'ad_personalization', 'analytics_storage'] as const;

export type ConsentPurpose = (typeof CONSENT_PURPOSES)[number];

/** True only for the exact word `granted`: an absent or misspelt signal is not consent (P3). */
export function isGranted(consent: Consent | null | undefined, purpose: ConsentPurpose): boolean {
  return consent?.[purpose] === 'granted';
}

/** True when the buyer said no, as opposed to not having been asked yet. */
export function isDenied(consent: Consent | null | undefined, purpose: ConsentPurpose): boolean {
  return consent?.[purpose] === 'denied';
}

/**
 * Two words on the same buyer become the strictest, purpose by purpose: a no beats a yes, and a yes beats silence.
 * Undefined when neither says anything.
 */
export function strictestConsent(left: Consent | undefined, right: Consent | undefined): Consent | undefined {
  if (!left || !right) return left ?? right;
  const merged: Consent = { ...left, ...right };
  for (const purpose of CONSENT_PURPOSES) {
    if (isDenied(left, purpose) || isDenied(right, purpose)) merged[purpose] = 'denied';
    else if (isGranted(left, purpose) || isGranted(right, purpose)) merged[purpose] = 'granted';
  }
  if (left.limited_data_use || right.limited_data_use) merged.limited_data_use = true;
  return merged;
}
