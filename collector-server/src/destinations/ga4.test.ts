import { expect, test } from 'vitest';
import { ga4 } from './ga4.ts';
import { EMAIL_FOLDED, PHONE_PLUS, purchase, read, refund, replyOf, sent } from './testing.ts';

const cookies = { _ga: 'GA1.1.1234567890.1790000000', _ga_SHEET1: 'GS2.1.s1795168000$o3$g1$t1795169000$j60$l0$h0' };
const visited = purchase({
  cookies,
  consent: { analytics_storage: 'granted', ad_user_data: 'granted', ad_personalization: 'denied' },
});

test('the fact sheet’s example, field by field', () => {
  const { json, url } = sent('ga4', [visited]).requests[0]!;
  expect(url).toBe('https://www.google-analytics.com/mp/collect?measurement_id=G-SHEET1&api_secret=S');
  expect(json).toEqual({
    client_id: '1234567890.1790000000',
    timestamp_micros: 1_795_169_730_250_000,
    consent: { ad_user_data: 'GRANTED', ad_personalization: 'DENIED' },
    user_data: { sha256_email_address: [EMAIL_FOLDED], sha256_phone_number: [PHONE_PLUS] },
    user_agent: 'Mozilla/5.0 (example)',
    events: [
      {
        name: 'purchase',
        params: {
          transaction_id: 'N-2044',
          value: 129.9,
          currency: 'EUR',
          tax: 20.74,
          shipping: 4.9,
          page_location: 'https://shop.example/thank-you',
          session_id: '1795168000',
          engagement_time_msec: 1,
          items: [
            { item_id: 'SKU-1', item_name: 'Lamp', item_category: 'Light', price: 50, quantity: 2 },
            { item_id: 'SKU-2', item_name: 'Bulb', price: 29.9, quantity: 1 },
          ],
        },
      },
    ],
  });
  expect(sent('ga4', [visited], { eu: true }).requests[0]!.url).toMatch(/^https:\/\/region1\.google-analytics\.com\//);
});

test('the value leaves out tax and shipping where the order’s value holds them', () => {
  const value = (gross: string, more: object = {}) =>
    sent('ga4', [{ ...visited, order: { ...visited.order, value: gross, ...more } }]).requests[0]!.json.events[0].params.value;
  // On top of the items: both. In the prices: shipping alone.
  expect(value('155.54')).toBe(129.9);
  expect(value('134.80')).toBe(129.9);
  expect(value('124.90', { discount: '10.00', shipping: '5.00' })).toBe(119.9);
});

test('a visit without its cookie is skipped, and nothing is made up', () => {
  expect(sent('ga4', [purchase()]).skipped).toMatchObject([{ reason: 'no_identifiers' }]);
  const noSession = sent('ga4', [{ ...visited, cookies: { _ga: cookies._ga } }]).requests[0]!.json.events[0].params;
  expect(noSession.session_id).toBeUndefined();
  const old = sent('ga4', [{ ...visited, cookies: { ...cookies, _ga_SHEET1: 'GS1.1.1795168000.3.1.1795169000.60.0.0' } }])
    .requests[0]!;
  expect(old.json.events[0].params.session_id).toBe('1795168000');
});

test('analytics_storage decides, and a denied ad_user_data takes the user data away', () => {
  const withConsent = (consent: object) => sent('ga4', [{ ...visited, consent }]);
  expect(withConsent({ analytics_storage: 'denied' }).skipped).toMatchObject([{ reason: 'consent_denied' }]);
  const { json } = withConsent({ analytics_storage: 'granted', ad_storage: 'denied', ad_user_data: 'denied' }).requests[0]!;
  expect(json.user_data).toBeUndefined();
  expect(json.consent).toEqual({ ad_user_data: 'DENIED' });
});

test('a refund is an event of its own: in part with what went back, as a whole with all items', () => {
  const part = refund(null, '110.00', { cookies });
  part.refund!.items = [{ id: 'SKU-2', price: '19.90', quantity: 1 }];
  const params = (one: typeof part) => sent('ga4', [one]).requests[0]!.json.events[0];
  expect(params(part)).toMatchObject({
    name: 'refund',
    params: { transaction_id: 'N-2044', value: 19.9, items: [{ item_id: 'SKU-2' }] },
  });
  expect(params(part).params.tax).toBeUndefined();
  expect(params({ ...refund(null, '0.00', { cookies }), event: 'cancel' }).params.items).toHaveLength(2);
});

test('names that GA4 keeps for itself are refused here, where somebody sees it', () => {
  for (const name of ['ad_click', 'session_start', 'app_store_refund', 'firebase_x', '1st', 'a'.repeat(41)])
    expect(sent('ga4', [{ ...visited, event: 'mine' }], { events: { mine: name } }).skipped).toMatchObject([
      { reason: 'invalid_value' },
    ]);
  expect(sent('ga4', [{ ...visited, event: 'ad_click' }]).requests[0]!.json.events[0].name).toBe('select_promotion');
});

test('it says nothing, so it is never taken for confirmed, and only what it knows by its transaction is sent twice', () => {
  expect(read('ga4', 204, '')[0]).toMatchObject({ verdict: 'accepted', code: 'unconfirmed' });
  expect([
    ga4.mayResend!({ event: 'purchase' }),
    ga4.mayResend!({ event: 'refund' }),
    ga4.mayResend!({ event: 'sign_up' }),
  ]).toEqual([true, true, false]);
});

test('the debug endpoint’s findings are told in words', () => {
  const outcome = (status: number, body: unknown) => ga4.verification!.outcome(replyOf(status, body));
  expect(outcome(200, { validationMessages: [] })).toMatchObject({ verdict: 'accepted', code: 'valid' });
  expect(
    outcome(200, { validationMessages: [{ fieldPath: 'events', description: 'no', validationCode: 'NAME_RESERVED' }] }),
  ).toEqual({
    verdict: 'rejected',
    code: 'NAME_RESERVED',
    detail: 'events: no',
  });
  expect(outcome(200, '<html>').verdict).toBe('retry');
});
