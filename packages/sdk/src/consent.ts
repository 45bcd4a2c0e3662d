import { CONSENT_PURPOSES, type ConsentPurpose } from '@orderloop/protocol/browser';

/** What was said so far; an absent purpose is unknown. */
export type Choice = { [purpose in ConsentPurpose]?: 'granted' | 'denied' };

/** The purposes that a page named. Anything but the exact word `granted` is a refusal (reliability-security P3). */
export function readChoice(said: unknown): Choice {
  const choice: Choice = {};
  for (const purpose of CONSENT_PURPOSES) {
    const state = (said as Choice | undefined)?.[purpose];
    if (state !== undefined) choice[purpose] = state === 'granted' ? state : 'denied';
  }
  return choice;
}

/** The choice that grants the listed purposes, and says nothing of the others. */
export function grant(purposes: unknown): Choice {
  const named: unknown[] = Array.isArray(purposes) ? purposes : [];
  return readChoice(Object.fromEntries(named.map((purpose) => [purpose, 'granted'])));
}

export function grantedPurposes(choice: Choice): ConsentPurpose[] {
  return CONSENT_PURPOSES.filter((purpose) => choice[purpose] === 'granted');
}

/** What counts: under Global Privacy Control the three ad purposes are denied, whatever else was said. */
export function inForce(choice: Choice, navigator: Navigator): Choice {
  if ((navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl !== true) return choice;
  return { ...choice, ad_storage: 'denied', ad_user_data: 'denied', ad_personalization: 'denied' };
}

/**
 * Whether a choice changed. Between pages only what was granted is remembered, so when the page repeats a refusal of
 * what the memory lacks, that is no news.
 */
export function isNews(before: Choice, after: Choice, wasRemembered: boolean): boolean {
  return CONSENT_PURPOSES.some(
    (purpose) => before[purpose] !== after[purpose] && !(wasRemembered && !before[purpose] && after[purpose] === 'denied'),
  );
}
