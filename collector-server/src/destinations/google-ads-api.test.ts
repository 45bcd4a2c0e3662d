import { expect, test } from 'vitest';
import { EMAIL_FOLDED, PHONE_PLUS, purchase, read, refund, sent } from './testing.ts';

const clicked = purchase({ click_ids: { gclid: 'Cj1', gbraid: 'g' }, consent: { ad_user_data: 'granted' } });

test('a conversion is uploaded in the format of the older API', () => {
  const { json, url, headers } = sent('google_ads_api', [clicked], { login_customer_id: '999-000-1111' }).requests[0]!;
  expect(url).toBe('https://googleads.googleapis.com/v25/customers/1234567890:uploadClickConversions');
  expect(headers).toMatchObject({ 'developer-token': 'D', 'login-customer-id': '9990001111' });
  expect(json).toEqual({
    conversions: [
      {
        conversionAction: 'customers/1234567890/conversionActions/987',
        conversionDateTime: '2026-11-20 10:15:30+00:00',
        conversionValue: 129.9,
        currencyCode: 'EUR',
        orderId: 'N-2044',
        gclid: 'Cj1',
        userIdentifiers: [
          { hashedEmail: EMAIL_FOLDED, userIdentifierSource: 'FIRST_PARTY' },
          { hashedPhoneNumber: PHONE_PLUS, userIdentifierSource: 'FIRST_PARTY' },
        ],
        consent: { adUserData: 'GRANTED' },
      },
    ],
    partialFailure: true,
  });
});

test('refunds are adjustments, in a request of their own: restated in part, retracted as a whole', () => {
  const { requests } = sent('google_ads_api', [clicked, refund('google_ads_api'), refund('google_ads_api', '0.00')]);
  expect(requests.map(({ url }) => url.split(':').at(-1))).toEqual(['uploadClickConversions', 'uploadConversionAdjustments']);
  const [part, whole] = requests[1]!.json.conversionAdjustments;
  expect(part).toMatchObject({
    adjustmentType: 'RESTATEMENT',
    orderId: 'N-2044',
    restatementValue: { adjustedValue: 110, currencyCode: 'EUR' },
  });
  expect(whole).toMatchObject({ adjustmentType: 'RETRACTION', orderId: 'N-2044' });
  expect(whole.restatementValue ?? whole.gclidDateTimePair).toBeUndefined();
});

test('an adjustment is too late 54 days after the purchase', () => {
  const late = refund('google_ads_api');
  late.refund!.original!.occurred_at = Date.parse('2026-09-01T00:00:00Z');
  expect(sent('google_ads_api', [late]).skipped).toMatchObject([{ reason: 'expired' }]);
});

const partial = (...errors: { code: string; index?: number | null }[]) => ({
  partialFailureError: {
    details: [
      {
        errors: errors.map(({ code, index }) => ({
          errorCode: { conversionUploadError: code },
          message: code.toLowerCase(),
          location: {
            fieldPathElements:
              index === null
                ? [{ fieldName: 'operations' }]
                : [{ fieldName: 'conversions', ...(index !== undefined && { index }) }, { fieldName: 'gclid' }],
          },
        })),
      },
    ],
  },
});

test.each([
  ['CLICK_CONVERSION_ALREADY_EXISTS', 'duplicate'],
  ['ORDER_ID_ALREADY_IN_USE', 'duplicate'],
  ['CONVERSION_ALREADY_RETRACTED', 'duplicate'],
  ['MORE_RECENT_RESTATEMENT_FOUND', 'duplicate'],
  ['TOO_RECENT_EVENT', 'retry'],
  ['CONVERSION_NOT_FOUND', 'retry'],
  ['CONCURRENT_MODIFICATION', 'retry'],
  ['CLICK_NOT_FOUND', 'accepted'],
  ['EXPIRED_EVENT', 'rejected'],
  ['UNPARSEABLE_GCLID', 'rejected'],
  ['CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE', 'auth'],
])('an item error %s is %s', (code, verdict) => {
  expect(read('google_ads_api', 200, partial({ code, index: 1 }), 2)).toMatchObject([{ verdict: 'accepted' }, { verdict, code }]);
});

test('a missing index is the first, and an error of nobody in particular is everybody’s', () => {
  expect(read('google_ads_api', 200, partial({ code: 'EXPIRED_EVENT' }), 3).map(({ verdict }) => verdict)).toEqual([
    'rejected',
    'accepted',
    'accepted',
  ]);
  expect(read('google_ads_api', 200, partial({ code: 'INTERNAL', index: null }), 3).map(({ verdict }) => verdict)).toEqual([
    'rejected',
    'rejected',
    'rejected',
  ]);
  expect(read('google_ads_api', 200, { partialFailureError: { message: 'odd' } }, 2).map(({ verdict }) => verdict)).toEqual([
    'retry',
    'retry',
  ]);
  expect(read('google_ads_api', 200, {}, 2).map(({ verdict }) => verdict)).toEqual(['accepted', 'accepted']);
});

test('an account that was never let in pauses, with what Google says', () => {
  const error = {
    error: {
      status: 'PERMISSION_DENIED',
      details: partial({ code: 'CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE' }).partialFailureError.details,
    },
  };
  expect(read('google_ads_api', 403, error)[0]).toMatchObject({
    verdict: 'auth',
    code: 'CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE',
  });
});
