// What the browser bundles may import: constants, ids and types, and no schema library.

export { AD_COOKIES, CLICK_IDS, UTM_FIELDS } from './click-ids.ts';
export { CONSENT_PURPOSES, type ConsentPurpose, isGranted } from './consent.ts';
export type { Consent } from './consent-schema.ts';
export type { EventInput, Item, User } from './event.ts';
export { EVENT_NAME_PATTERN, type EventName } from './events.ts';
export { conversionId, SESSION_REF_PATTERN, sessionRef, uuidv7 } from './ids.ts';
export type { AdDecision, RewardClaim, RewardOffer, RewardStart } from './widgets-api.ts';
