import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Order, OrderChange } from '@orderloop/protocol';
import { expect, test } from 'vitest';
import { shopify } from './shopify.ts';

const CONNECTION = { account: 'shop.myshopify.com', secrets: ['s'], settings: {} };
const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/sources/shopify/${name}.json`, import.meta.url), 'utf8'));

function deliver(body: unknown, topic: string, headers: Record<string, string> = {}) {
  const signed = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const digest = createHmac('sha256', 's').update(signed).digest('base64');
  return shopify.read(
    { headers: { 'x-shopify-topic': topic, 'x-shopify-hmac-sha256': digest, ...headers }, signed, body: signed },
    CONNECTION,
    { now: 0 },
  );
}

function orderOf(reading: ReturnType<typeof deliver>): Order {
  if (reading.kind !== 'facts') throw new Error(`expected facts, found ${JSON.stringify(reading)}`);
  return reading.facts[0]!.order as Order;
}

test('the recorded orders/create becomes the canonical order', () => {
  const order = orderOf(deliver(fixture('webhook-2024-10-orders-create').body, 'orders/create'));
  expect(order).toEqual({
    source: 'shopify',
    account: 'shop.myshopify.com',
    order_id: '820982911946154508',
    order_number: '#9999',
    state: 'cancelled',
    payment_state: 'voided',
    fulfillment_state: 'unfulfilled',
    dispute_state: 'none',
    test: true,
    edited: false,
    currency: 'USD',
    exponent: 2,
    tax_included: false,
    amounts: {
      subtotal: 38800,
      discount: 2000,
      shipping: 1000,
      tax: 0,
      tip: 0,
      fees: 0,
      total: 38800,
      paid: 0,
      refunded: 0,
      net: 0,
    },
    presentment: null,
    created_at: '2022-01-01T00:00:00Z',
    paid_at: null,
    updated_at: '2022-01-01T00:00:00Z',
    cancelled_at: '2022-01-01T00:00:00Z',
    line_items: [
      {
        line_id: '866550311766439020',
        sku: 'IPOD2008PINK',
        product_id: '632910392',
        variant_id: '808950810',
        quantity: 1,
        unit_price: 19900,
        gift_card: false,
      },
      {
        line_id: '141249953214522974',
        sku: 'IPOD2008PINK',
        product_id: '632910392',
        variant_id: '808950810',
        quantity: 1,
        unit_price: 19900,
        gift_card: false,
      },
    ],
    customer: {
      id: '115310627314723954',
      // SHA-256 of jon@example.com
      email_sha256: '32023064c99bdd80005be565f7bcd3282c55e4981c5a5a63f1d2d84be7af258d',
      phone_e164: null,
    },
    refunds: [],
    tracking: [],
    session_ref: null,
    attribution: { landing_page: null, referrer: null, click_ids: {} },
  });
});

test.each(['orders-create', 'orders-paid', 'orders-updated', 'orders-cancelled'])('the recorded %s is read', (name) => {
  const { body, topic } = fixture(`webhook-2024-10-${name}`);
  expect(orderOf(deliver(body, topic)).order_id).toBe('820982911946154508');
});

test('the reference order of the API keeps its refund, its tracking and its landing page', () => {
  const order = orderOf(deliver(fixture('rest-order-2026-07').order, 'orders/updated'));
  expect(order).toMatchObject({
    order_id: '450789469',
    payment_state: 'partially_refunded',
    amounts: { total: 59894, refunded: 20900 },
    refunds: [{ refund_id: '509562969', amount: 20900 }],
    tracking: [{ carrier: 'USPS', number: '1Z1234512345123456' }],
    customer: { id: '207119551' },
    test: true,
  });
});

test('the session reference comes back from the cart’s attributes', () => {
  const body = {
    ...fixture('webhook-2024-10-orders-paid').body,
    note_attributes: [
      { name: 'gift', value: 'yes' },
      { name: '_sref', value: 'abc_DEF-1' },
    ],
  };
  expect(orderOf(deliver(body, 'orders/paid')).session_ref).toBe('abc_DEF-1');
  const bad = { ...body, note_attributes: [{ name: '_sref', value: 'no spaces allowed' }] };
  expect(orderOf(deliver(bad, 'orders/paid')).session_ref).toBeNull();
});

test('click ids are taken from the landing page, and the paths of wallets say nothing', () => {
  const body = fixture('webhook-2024-10-orders-paid').body;
  const landed = orderOf(
    deliver({ ...body, landing_site: '/products/arc?utm_source=x&fbclid=IwAR_x-Y&gclid=Cj0' }, 'orders/paid'),
  );
  expect(landed.attribution.click_ids).toEqual({ fbclid: 'IwAR_x-Y', gclid: 'Cj0' });
  expect(orderOf(deliver({ ...body, landing_site: '/wallets/checkouts.json?gclid=x' }, 'orders/paid')).attribution).toEqual({
    landing_page: null,
    referrer: null,
    click_ids: {},
  });
});

test('ids beyond 2^53 survive where there is no gid', () => {
  const { body } = fixture('webhook-2024-10-refunds-create');
  const transactions = [{ kind: 'refund', status: 'success', amount: '19.90', currency: 'USD' }];
  const text = JSON.stringify({ ...body, order_id: 0, transactions }).replace('"order_id":0', '"order_id":820982911946154508');
  const reading = deliver(text, 'refunds/create');
  expect(reading).toMatchObject({
    kind: 'facts',
    facts: [{ order: { order_id: '820982911946154508', refunds: [{ amount: 1990 }] } }],
  });
});

test('a refund that moved no money is no fact', () => {
  expect(deliver(fixture('webhook-2024-10-refunds-create').body, 'refunds/create')).toEqual({
    kind: 'ignored',
    reason: 'no_money_moved',
  });
});

test('a topic that is nothing for us is ignored by name', () => {
  expect(deliver({ id: 1 }, 'products/update')).toEqual({ kind: 'ignored', reason: 'unsupported_topic' });
});

/** What a delivery says beside who says it and of which order. */
function factOf(reading: ReturnType<typeof deliver>) {
  const { source, account, order_id, ...fact } = orderOf(reading) as OrderChange;
  return fact;
}

test('an edit says so, and what the order is now comes with its next version', () => {
  const { body, topic } = fixture('webhook-2024-10-orders-edited');
  expect(factOf(deliver(body, topic))).toEqual({ edited: true });
});

test('a transaction is a payment by its id, known to its gateway by other ids', () => {
  const { body } = fixture('webhook-2024-10-order_transactions-create');
  const payment = { payment_id: '120560818172775265', amount: 40300, at: '2022-01-01T00:00:00Z' };
  expect(factOf(deliver(body, 'order_transactions/create'))).toEqual({
    currency: 'USD',
    exponent: 2,
    transactions: [{ ...payment, state: 'authorized' }],
    references: [{ kind: 'payment', value: '1001' }],
  });
  const stateOf = (more: object) =>
    factOf(deliver({ ...body, ...more }, 'order_transactions/create')).transactions?.map(({ payment_id, state }) => [
      payment_id,
      state,
    ]);
  expect(stateOf({ kind: 'sale' })).toEqual([['120560818172775265', 'paid']]);
  expect(stateOf({ kind: 'capture', status: 'pending' })).toEqual([['120560818172775265', 'pending']]);
  expect(stateOf({ kind: 'sale', status: 'failure' })).toEqual([['120560818172775265', 'failed']]);
  expect(stateOf({ kind: 'void', parent_id: 77 })).toEqual([['77', 'voided']]);
  expect(deliver({ ...body, kind: 'refund' }, 'order_transactions/create')).toEqual({ kind: 'ignored', reason: 'no_payment' });
});

test('a fulfilment is a shipment with its tracking', () => {
  const { body } = fixture('webhook-2024-10-fulfillments-create');
  const stateOf = (more: object) => factOf(deliver({ ...body, ...more }, 'fulfillments/update')).shipments?.[0]?.state;
  expect(factOf(deliver(body, 'fulfillments/create'))).toEqual({
    shipments: [{ shipment_id: '123456', state: 'pending', tracking: [{ carrier: 'UPS', number: '1z827wk74630' }] }],
  });
  expect(stateOf({ status: 'success' })).toBe('shipped');
  expect(stateOf({ status: 'success', shipment_status: 'delivered' })).toBe('delivered');
  expect(stateOf({ status: 'cancelled' })).toBe('cancelled');
});

test('a dispute is open, won, lost, or none after all', () => {
  const { body } = fixture('webhook-2024-10-disputes-create');
  const triggered = { 'x-shopify-triggered-at': '2024-08-07T22:53:01.347294875Z' };
  const stateOf = (status: string) => factOf(deliver({ ...body, status }, 'disputes/update', triggered)).disputes?.[0];
  expect(stateOf('under_review')).toMatchObject({ state: 'open', at: '2024-08-07T22:53:01Z' });
  expect(['needs_response', 'won', 'lost', 'charge_refunded'].map((status) => stateOf(status)?.state)).toEqual([
    'open',
    'won',
    'lost',
    'none',
  ]);
  expect(deliver({ ...body, status: 'new_word' }, 'disputes/update')).toMatchObject({ kind: 'ignored' });
});

test('the three privacy topics say who asks for what', () => {
  const customer = { id: 191167, email: 'jo@example.com', phone: '555-625-1199' };
  const ask = (topic: string, body: object) => deliver({ shop_id: 954889, shop_domain: 's.myshopify.com', ...body }, topic);
  expect(ask('customers/redact', { customer, orders_to_redact: [299938] })).toMatchObject({
    kind: 'privacy',
    request: 'erase',
    user: { id: '191167', email: 'jo@example.com', phone: '555-625-1199' },
  });
  expect(ask('customers/data_request', { customer })).toMatchObject({ kind: 'privacy', request: 'access' });
  expect(ask('shop/redact', {})).toMatchObject({ kind: 'privacy', request: 'erase_shop', user: {} });
});

test('zero-decimal and three-decimal money is exact', () => {
  const body = fixture('webhook-2024-10-orders-paid').body;
  const money = (currency: string, total_price: string) =>
    orderOf(deliver({ ...body, currency, presentment_currency: currency, total_price }, 'orders/paid')).amounts.total;
  expect(money('JPY', '5250')).toBe(5250);
  expect(money('KWD', '15.755')).toBe(15755);
});

test('an unknown currency, a missing total and a missing time are refused by field', () => {
  const body = fixture('webhook-2024-10-orders-paid').body;
  expect(deliver({ ...body, currency: 'QQQ' }, 'orders/paid')).toMatchObject({
    kind: 'unusable',
    code: 'unknown_currency',
    pointer: '/currency',
  });
  expect(deliver({ ...body, total_price: null }, 'orders/paid')).toMatchObject({
    kind: 'unusable',
    code: 'invalid_amount',
    pointer: '/total_price',
  });
  expect(deliver({ ...body, updated_at: 'soon' }, 'orders/paid')).toMatchObject({
    kind: 'unusable',
    code: 'invalid_order',
    pointer: '/updated_at',
  });
  expect(deliver('[1]', 'orders/paid')).toMatchObject({ kind: 'unusable', code: 'unusable_delivery' });
});

test('two subscriptions fed by one action are one delivery, and a retry is the same', () => {
  const body = fixture('webhook-2024-10-orders-paid').body;
  const id = (headers: Record<string, string>) => {
    const reading = deliver(body, 'orders/paid', headers);
    return reading.kind === 'facts' && reading.facts[0]!.delivery_id;
  };
  expect(id({ 'x-shopify-event-id': 'e1', 'x-shopify-webhook-id': 'w1' })).toBe(
    id({ 'x-shopify-event-id': 'e1', 'x-shopify-webhook-id': 'w2' }),
  );
  expect(id({ 'x-shopify-webhook-id': 'w1' })).not.toBe(id({ 'x-shopify-webhook-id': 'w2' }));
});
