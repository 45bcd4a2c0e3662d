import { expect, test } from 'vitest';
import { canonicalOrder } from '../stitch/testing.ts';
import { type DeliveryNote, describeDelivery, topicOf } from './describe.ts';

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

test.each([
  ['shopify', { 'x-shopify-topic': 'orders/paid' }, {}, 'orders/paid'],
  ['woocommerce', { 'x-wc-webhook-topic': 'order.updated' }, {}, 'order.updated'],
  ['bigcommerce', {}, { scope: 'store/order/statusUpdated', data: { id: 250 } }, 'store/order/statusUpdated'],
  ['stripe', {}, { data: { object: { type: 'card' } }, type: 'charge.refunded' }, 'charge.refunded'],
  ['paypal', {}, { event_type: 'PAYMENT.CAPTURE.COMPLETED' }, 'PAYMENT.CAPTURE.COMPLETED'],
  ['generic', { 'x-shopify-topic': 'orders/paid' }, { type: 'order' }, null],
  ['constructor', {}, {}, null],
] as const)('the topic of %s is where the platform says it', (source, headers, body, topic) => {
  expect(topicOf(source, headers, bytes(body))).toBe(topic);
});

test.each([
  ['words that are no topic', 'buyer@example.com wrote'],
  ['a long text', 'a'.repeat(81)],
  ['a number', 7],
  ['nothing', undefined],
])('%s in its place are not kept', (_name, type) => {
  expect(topicOf('stripe', {}, bytes({ type }))).toBeNull();
});

test('a body that is large, or is no JSON, says no topic', () => {
  expect(topicOf('stripe', {}, bytes({ type: 'a', pad: 'x'.repeat(65_536) }))).toBeNull();
  expect(topicOf('stripe', {}, bytes('{"type":'))).toBeNull();
  expect(topicOf('stripe', {}, bytes('null'))).toBeNull();
});

const note = (more: Partial<DeliveryNote> = {}) => ({
  ...{ source: 'shop', received_at: 7_200_001, verified: true, repeated: false, topic: 'orders/paid', facts: [] },
  ...more,
  site: 'demo',
});
const fact = (order: object) => ({ delivery_id: '1', occurred_at: 1, order: { ...canonicalOrder(), ...order } });

test('several orders are counted, each once, and the first is named', () => {
  const facts = [fact({ order_id: '1', order_number: 'A' }), fact({ order_id: '2' }), fact({ order_id: '1' })];
  const row = describeDelivery(note({ facts }), { status: 202, verdict: 'accepted' }, 'id');
  expect(row).toMatchObject({ id: 'id', orders: 2, order_number: 'A' });
});

test('texts are bounded, and hold what every engine can keep', () => {
  const facts = [fact({ order_id: 'x'.repeat(2000), order_number: `N\u0000${'9'.repeat(500)}` })];
  const outcome = {
    status: 422,
    verdict: 'rejected' as const,
    reason: 'r'.repeat(99),
    detail: 'd'.repeat(999),
    pointer: '/p'.repeat(999),
  };
  const row = describeDelivery(note({ facts }), outcome, 'id');
  expect([row.order_key, row.order_number, row.reason, row.detail, row.pointer].map((text) => text!.length)).toEqual([
    512, 128, 64, 300, 256,
  ]);
  expect(JSON.stringify(row)).not.toContain('\\u0000');
});

test('what nobody signed is one with all of its reason and hour, whatever it brought', () => {
  const refused = (more: Partial<DeliveryNote>, reason = 'bad_signature') =>
    describeDelivery(note({ verified: false, facts: [fact({})], ...more }), { status: 401, verdict: 'rejected', reason }, 'own');
  expect(refused({})).toMatchObject({ id: 'bad_signature:2', topic: null, orders: 0, order_key: null, total: null });
  expect(refused({ received_at: 10_799_999 }).id).toBe('bad_signature:2');
  expect(refused({ received_at: 10_800_000 }).id).toBe('bad_signature:3');
  expect(refused({}, 'stale_timestamp').id).toBe('stale_timestamp:2');
});
