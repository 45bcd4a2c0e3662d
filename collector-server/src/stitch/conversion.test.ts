import { expect, test } from 'vitest';
import { buildConversion, decideConversions } from './conversion.ts';
import { canonicalOrder } from './testing.ts';

type Decision = ReturnType<typeof decideConversions>[number];
const decide = (more: Parameters<typeof canonicalOrder>[0], before: readonly Decision[] = []) =>
  decideConversions('demo', canonicalOrder(more), before);
const amounts = (refunded: number, total = 10490) => ({ ...canonicalOrder().amounts, total, refunded });
const purchase = decide({});

test('a paid order is a purchase of its total, once', () => {
  expect(purchase).toEqual([
    {
      event: 'purchase',
      conversion_id: 'demo:1001:purchase',
      key: 'purchase:shop:demo:1001',
      occurred_at: Date.parse('2026-11-20T10:00:05Z'),
      value: 10490,
    },
  ]);
  expect(decide({}, purchase)).toEqual([]);
});

test('an order that is not paid, or a test, says nothing', () => {
  expect(decide({ payment_state: 'pending' })).toEqual([]);
  expect(decide({ test: true })).toEqual([]);
});

test('a free order is a purchase of 0', () => {
  expect(decide({ amounts: amounts(0, 0) })).toMatchObject([{ event: 'purchase', value: 0 }]);
});

test('first seen cancelled, refunded or charged back says nothing', () => {
  expect(decide({ cancelled_at: '2026-11-20T11:00:00Z' })).toEqual([]);
  expect(decide({ payment_state: 'refunded', amounts: amounts(10490) })).toEqual([]);
  expect(decide({ dispute_state: 'lost' })).toEqual([]);
});

test('refunds say the difference, each under a key of its own', () => {
  const first = decide({ payment_state: 'partially_refunded', amounts: amounts(1000) }, purchase);
  expect(first).toMatchObject([
    { event: 'refund', value: 1000, key: 'refund:shop:demo:1001:1000', conversion_id: 'demo:1001:refund-1000' },
  ]);
  const second = decide({ payment_state: 'refunded', amounts: amounts(10490) }, [...purchase, ...first]);
  expect(second).toMatchObject([{ event: 'refund', value: 9490, key: 'refund:shop:demo:1001:10490' }]);
});

test('a cancellation takes back what is left, and nothing when nothing is', () => {
  const refund = decide({ payment_state: 'partially_refunded', amounts: amounts(1000) }, purchase);
  const cancelled = {
    cancelled_at: '2026-11-22T10:00:00Z',
    payment_state: 'partially_refunded',
    amounts: amounts(1000),
  } as const;
  expect(decide(cancelled, [...purchase, ...refund])).toMatchObject([
    { event: 'cancel', value: 9490, key: 'cancel:shop:demo:1001' },
  ]);
  const all = decide({ payment_state: 'refunded', amounts: amounts(10490) }, purchase);
  expect(decide({ ...cancelled, payment_state: 'refunded', amounts: amounts(10490) }, [...purchase, ...all])).toEqual([]);
});

test('an order that is edited upwards says nothing more', () => {
  expect(decide({ amounts: amounts(0, 20000) }, purchase)).toEqual([]);
});

const build = (consent: Parameters<typeof buildConversion>[3]['consent'], consentMode: 'opt_in' | 'opt_out' = 'opt_in') =>
  buildConversion('demo', canonicalOrder(), purchase[0]!, {
    link: null,
    session: {
      site: 'demo',
      session_id: 's',
      visitor_id: 'v',
      started_at: 0,
      ended_at: 0,
      event_count: 1,
      page_view_count: 1,
      channel: 'direct',
      first: [0, 0, 'e'],
      stamps: {},
      click_ids: { fbclid: { value: 'Iw1', first_seen_at: 5 } },
      cookies: { _fbp: 'fb.1.1.1' },
      last_page_url: 'https://shop.example/thank-you',
      user_agent: 'Mozilla/5.0',
    },
    consent,
    consentMode,
  });

test('the conversion carries what the stitched session knows', () => {
  expect(build({ ad_storage: 'granted', ad_user_data: 'granted' })).toMatchObject({
    conversion: {
      event_id: 'demo:1001:purchase',
      action_source: 'web',
      page: { url: 'https://shop.example/thank-you' },
      click_ids: { fbclid: { value: 'Iw1', first_seen_at: 5 } },
      cookies: { _fbp: 'fb.1.1.1' },
      order: { id: '1001', value: '104.90', currency: 'EUR', items: [{ id: 'SKU-1', quantity: 1, price: '100.00' }] },
    },
  });
});

test('P3: without a yes nothing goes out, and no click id is used', () => {
  expect(build(undefined).hold).toBe('consent_missing');
  expect(build({ ad_storage: 'granted' }).hold).toBe('consent_missing');
  const denied = build({ ad_storage: 'denied', ad_user_data: 'granted' });
  expect(denied.hold).toBe('consent_denied');
  expect(denied.conversion.click_ids).toBeUndefined();
  expect(denied.conversion.cookies).toBeUndefined();
  expect(build({ ad_storage: 'granted', ad_user_data: 'granted' }).hold).toBeUndefined();
});

test('a site of the opt-out kind sends until somebody says no', () => {
  expect(build(undefined, 'opt_out').hold).toBeUndefined();
  expect(build({ ad_user_data: 'denied' }, 'opt_out').hold).toBe('consent_denied');
});
