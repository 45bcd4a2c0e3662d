import { expect, test } from 'vitest';
import { snapchat } from './snapchat.ts';
import { EMAIL, NOW, PHONE_DIGITS, purchase, read, SETTINGS, sent } from './testing.ts';

test('an order becomes a PURCHASE, with the click and both cookies', () => {
  const bought = purchase({ click_ids: { ScCid: 'Click-1' }, cookies: { _scid: 'uuid-1' } });
  const { json, url } = sent('snapchat', [bought]).requests[0]!;
  expect(url).toBe('https://tr.snapchat.com/v3/p1/events?access_token=T');
  expect(json.data[0]).toMatchObject({
    event_name: 'PURCHASE',
    action_source: 'WEB',
    event_time: 1_795_169_730,
    event_id: 'N-2044',
    user_data: { em: [EMAIL], ph: [PHONE_DIGITS], sc_click_id: 'Click-1', sc_cookie1: 'uuid-1' },
    custom_data: {
      value: 129.9,
      currency: 'EUR',
      order_id: 'N-2044',
      num_items: 3,
      contents: [{ id: 'SKU-1', quantity: 2, item_price: 50 }, {}],
    },
  });
});

test('limited data use, a shop’s counter, and what identifies nobody', () => {
  const [event] = sent('snapchat', [purchase({ action_source: 'physical_store', consent: { limited_data_use: true } })])
    .requests[0]!.json.data;
  expect(event).toMatchObject({ action_source: 'OFFLINE', data_processing_options: ['LDU'], data_processing_options_country: 0 });
  expect(sent('snapchat', [purchase({ user: {}, context: { user_agent: 'x' } })]).skipped).toMatchObject([
    { reason: 'no_identifiers' },
  ]);
});

test('verifying asks the address that keeps nothing', () => {
  const { url } = snapchat.verification!.request(purchase(), SETTINGS['snapchat']!, { now: NOW });
  expect(url).toContain('/v3/p1/events/validate?');
});

test.each([
  [200, { status: 'VALID' }, 'accepted'],
  [200, {}, 'accepted'],
  [200, { status: 'INVALID', reason: 'bad pixel' }, 'rejected'],
  [400, { status: 'ERROR', reason: 'bad' }, 'rejected'],
  [403, {}, 'auth'],
  [200, 'OK', 'retry'],
])('a reply of %i %j is %s', (status, body, verdict) => {
  expect(read('snapchat', status, body)[0]!.verdict).toBe(verdict);
});
