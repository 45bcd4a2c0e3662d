import { CONSENT_PURPOSES } from '@orderloop/protocol/browser';
import { expect, test } from 'vitest';
import { grant, grantedPurposes, inForce, isNews, readChoice } from './consent.ts';

const withGpc = { globalPrivacyControl: true } as unknown as Navigator;
const withoutGpc = {} as Navigator;

test('anything but the exact word granted is a refusal, and an absent purpose stays unknown', () => {
  const said = { ad_storage: 'granted', ad_user_data: 'Granted', ad_personalization: true, other: 'granted' };
  expect(readChoice(said)).toEqual({ ad_storage: 'granted', ad_user_data: 'denied', ad_personalization: 'denied' });
});

test.each([undefined, null, 'granted', 7])('what is no choice says nothing: %s', (said) => {
  expect(readChoice(said)).toEqual({});
});

test('Global Privacy Control denies the three ad purposes, whatever was said', () => {
  expect(grantedPurposes(inForce(grant(CONSENT_PURPOSES), withGpc))).toEqual(['analytics_storage']);
  expect(grantedPurposes(inForce(grant(CONSENT_PURPOSES), withoutGpc))).toEqual([...CONSENT_PURPOSES]);
});

test('a refusal that only repeats what the memory lacks is no news, and any other change is', () => {
  const remembered = grant(['analytics_storage']);
  const refused = { ...remembered, ad_storage: 'denied' } as const;
  expect(isNews(remembered, refused, true)).toBe(false);
  expect(isNews(remembered, refused, false)).toBe(true);
  expect(isNews(remembered, grant(['analytics_storage', 'ad_storage']), true)).toBe(true);
  expect(isNews(refused, refused, false)).toBe(false);
});
