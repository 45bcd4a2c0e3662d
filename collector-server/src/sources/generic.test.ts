import { readFileSync } from 'node:fs';
import type { Order } from '@orderloop/protocol';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { generic } from './generic.ts';

const SECRET = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const NOW = Date.UTC(2026, 1, 3, 12);
const sample = JSON.parse(readFileSync(new URL('../../test/fixtures/sources/generic-order.json', import.meta.url), 'utf8'));

/** Signed by the Standard Webhooks library, not by our own code. */
function deliver(value: unknown, id = 'msg_1', secrets = [SECRET]) {
  const text = JSON.stringify(value);
  const body = Buffer.from(text);
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(NOW / 1000),
    'webhook-signature': new Webhook(SECRET).sign(id, new Date(NOW), text),
  };
  return generic.read({ headers, signed: body, body }, { account: 'demo', secrets, settings: {} }, { now: NOW });
}

function orderOf(value: unknown): Order {
  const reading = deliver(value);
  if (reading.kind !== 'facts') throw new Error(JSON.stringify(reading));
  return reading.facts[0]!.order as Order;
}

test('the sample order becomes the canonical order', () => {
  expect(orderOf(sample)).toMatchObject({
    source: 'erp-eu',
    account: 'demo',
    order_id: 'SO-10001',
    state: 'paid',
    currency: 'EUR',
    exponent: 2,
    amounts: {
      subtotal: 10000,
      discount: 1000,
      shipping: 500,
      tax: 1805,
      tip: 0,
      fees: 0,
      total: 11305,
      paid: 11305,
      refunded: 0,
      net: 11305,
    },
    created_at: '2026-02-03T11:20:07Z',
    paid_at: '2026-02-03T11:20:50Z',
    updated_at: '2026-02-03T11:21:00Z',
    line_items: [{ line_id: '1', sku: 'SKU-1', quantity: 2, unit_price: 5000 }],
    session_ref: 's_9f2c_v_71aa',
    attribution: { landing_page: 'https://shop.example/?utm_source=news&gclid=TESTCLICK', click_ids: { gclid: 'TESTCLICK' } },
  });
});

test('a list of orders is as many facts, each with a name of its own', () => {
  const reading = deliver({ orders: [sample, { ...sample, order_id: 'SO-2' }] });
  expect(reading).toMatchObject({
    kind: 'facts',
    facts: [{ delivery_id: 'msg_1:0' }, { delivery_id: 'msg_1:1', order: { order_id: 'SO-2' } }],
  });
});

test('two secrets are valid at once', () => {
  expect(deliver(sample, 'msg_1', ['whsec_b3RoZXI=', SECRET]).kind).toBe('facts');
  expect(deliver(sample, 'msg_1', ['whsec_b3RoZXI='])).toMatchObject({ kind: 'refused', code: 'bad_signature' });
});

test.each([
  [{ amounts: { total: 113.05 } }, 'invalid_amount', '/amounts/total'],
  [{ amounts: { total: '113.055' } }, 'invalid_amount', '/amounts/total'],
  [{ amounts: { total: '-1.00' } }, 'invalid_amount', '/amounts/total'],
  [{ amounts: {} }, 'invalid_order', '/amounts/total'],
  [{ currency: 'QQQ' }, 'unknown_currency', '/currency'],
  [{ created_at: '2026-02-03 12:20' }, 'invalid_order', '/created_at'],
  [{ status: 'shipped' }, 'invalid_order', '/status'],
  [{ order_id: undefined }, 'invalid_order', '/order_id'],
  [{ session_ref: 'no spaces' }, 'invalid_order', '/session_ref'],
  [{ line_items: [{ sku: 'a', quantity: 1, unit_price: 5 }] }, 'invalid_amount', '/line_items/0/unit_price'],
])('%j is refused as %s at %s', (change, code, pointer) => {
  expect(deliver({ ...sample, ...change })).toMatchObject({ kind: 'unusable', code, pointer });
});

test('fields that we don’t know are no reason to refuse', () => {
  expect(orderOf({ ...sample, loyalty_level: 'gold' }).order_id).toBe('SO-10001');
});

test('cancelled keeps the payment when there was one', () => {
  expect(orderOf({ ...sample, status: 'cancelled' })).toMatchObject({
    state: 'cancelled',
    payment_state: 'paid',
    cancelled_at: '2026-02-03T11:21:00Z',
  });
  expect(orderOf({ ...sample, status: 'cancelled', paid_at: undefined })).toMatchObject({ payment_state: 'voided' });
});

test('refunds decide between partly and wholly refunded', () => {
  const refund = (amount: string) => orderOf({ ...sample, refunds: [{ refund_id: 'r1', amount, at: '2026-02-04T10:00:00Z' }] });
  expect(refund('13.05')).toMatchObject({ payment_state: 'partially_refunded', amounts: { refunded: 1305, net: 10000 } });
  expect(refund('113.05').payment_state).toBe('refunded');
});

const changed = { partial: true, source: 'erp-eu', order_id: 'SO-10001', updated_at: '2026-02-05T10:00:00Z' };
const ids = { source: 'erp-eu', account: 'demo', order_id: 'SO-10001', updated_at: '2026-02-05T10:00:00Z' };

test('a partial update holds what it names, and nothing else', () => {
  expect(orderOf(changed)).toEqual(ids);
  expect(orderOf({ ...changed, fulfillment_status: 'fulfilled', tracking: [{ carrier: 'DHL', number: '1' }] })).toEqual({
    ...ids,
    fulfillment_state: 'fulfilled',
    tracking: [{ carrier: 'DHL', number: '1' }],
  });
  expect(orderOf({ ...changed, status: 'paid', paid_at: '2026-02-05T09:00:00Z' })).toEqual({
    ...ids,
    payment_state: 'paid',
    paid_at: '2026-02-05T09:00:00Z',
  });
  expect(orderOf({ ...changed, status: 'cancelled' })).toMatchObject({ cancelled_at: '2026-02-05T10:00:00Z' });
  expect(orderOf({ ...changed, currency: 'KWD', amounts: { total: '15.755' } })).toEqual({
    ...ids,
    currency: 'KWD',
    exponent: 3,
    amounts: { total: 15755 },
  });
});

test.each([
  [{ refunds: [{ refund_id: 'r', amount: '1.00' }] }, 'invalid_order', '/currency'],
  [{ currency: 'EUR', amounts: { total: 5 } }, 'invalid_amount', '/amounts/total'],
  [{ updated_at: undefined }, 'invalid_order', '/updated_at'],
  [{ updated_at: 'yesterday' }, 'invalid_order', '/updated_at'],
  [{ status: 'shipped' }, 'invalid_order', '/status'],
])('a partial update with %j is refused as %s at %s', (change, code, pointer) => {
  expect(deliver({ ...changed, ...change })).toMatchObject({ kind: 'unusable', code, pointer });
});

test('a version without a list of refunds says nothing of them', () => {
  expect(orderOf({ ...sample, refunds: undefined })).not.toHaveProperty('refunds');
  expect(orderOf({ ...sample, refunds: [] }).refunds).toEqual([]);
});
