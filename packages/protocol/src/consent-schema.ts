import Type, { type Static } from 'typebox';

// Apart from consent.ts, whose constants the browser bundles carry, and which a schema library would make ten times as heavy.
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
