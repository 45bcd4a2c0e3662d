import { expect, test } from 'vitest';
import { isGranted, strictestConsent } from './consent.ts';

test('anything but the exact word is not consent', () => {
  expect(isGranted({ ad_storage: 'granted' }, 'ad_storage')).toBe(true);
  for (const consent of [{}, { ad_storage: 'denied' as const }, undefined, null])
    expect(isGranted(consent, 'ad_storage')).toBe(false);
});

test('of two words the stricter counts, purpose by purpose', () => {
  expect(
    strictestConsent({ ad_storage: 'denied', ad_user_data: 'granted' }, { ad_storage: 'granted', analytics_storage: 'granted' }),
  ).toEqual({
    ad_storage: 'denied',
    ad_user_data: 'granted',
    analytics_storage: 'granted',
  });
  expect(strictestConsent(undefined, { ad_storage: 'granted' })).toEqual({ ad_storage: 'granted' });
  expect(strictestConsent({ limited_data_use: true }, {})).toEqual({ limited_data_use: true });
  expect(strictestConsent(undefined, undefined)).toBeUndefined();
});
