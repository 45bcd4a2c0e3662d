import { expect, test } from 'vitest';
import { EMAIL, purchase, read, sent } from './testing.ts';

test('an order becomes an element of a batch, its amount as plain decimal text', () => {
  const bought = purchase({
    click_ids: { li_fat_id: 'fat-1' },
    user: { email: ' Nora.Lind+promo@GMail.com', first_name: 'Nora', last_name: 'Lind', country: 'DEU' },
  });
  const { json, headers } = sent('linkedin', [bought]).requests[0]!;
  expect(headers).toMatchObject({
    'linkedin-version': '202608',
    'x-restli-protocol-version': '2.0.0',
    'x-restli-method': 'BATCH_CREATE',
  });
  expect(json).toEqual({
    elements: [
      {
        conversion: 'urn:lla:llaPartnerConversion:104012',
        conversionHappenedAt: 1_795_169_730_250,
        conversionValue: { currencyCode: 'EUR', amount: '129.90' },
        eventId: 'N-2044',
        user: {
          userIds: [
            { idType: 'SHA256_EMAIL', idValue: EMAIL },
            { idType: 'LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID', idValue: 'fat-1' },
          ],
          userInfo: { firstName: 'Nora', lastName: 'Lind', countryCode: 'DE' },
        },
      },
    ],
  });
});

test('one id is needed, or both names', () => {
  const named = (user: object) => sent('linkedin', [purchase({ user })]);
  expect(named({ phone: '+4915123456789', first_name: 'Nora' }).skipped).toMatchObject([{ reason: 'no_identifiers' }]);
  expect(named({ first_name: 'Nora', last_name: 'Lind' }).requests[0]!.json.elements[0].user.userIds).toEqual([]);
});

test('each element has its own answer, mapped back to its place', () => {
  const body = { elements: [{ status: 201 }, { status: 400, error: { message: 'stale', code: 'X' } }, { status: 429 }] };
  expect(read('linkedin', 200, body, 4).map(({ verdict }) => verdict)).toEqual(['accepted', 'rejected', 'throttled', 'retry']);
  expect(read('linkedin', 201, '')[0]!.verdict).toBe('accepted');
});

test('a month that has ended pauses, and says what to change', () => {
  for (const [status, body] of [
    [426, { code: 'NONEXISTENT_VERSION' }],
    [400, { code: 'NONEXISTENT_VERSION' }],
  ] as const)
    expect(read('linkedin', status, body)[0]).toMatchObject({
      verdict: 'auth',
      detail: expect.stringContaining('settings.api_version'),
    });
});
