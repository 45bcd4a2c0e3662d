import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Order } from '@orderloop/protocol';
import { expect, test } from 'vitest';
import { shopify } from './shopify.ts';

const SETTINGS = { account: 'shop.myshopify.com', secrets: ['s'] };
const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/sources/shopify/${name}.json`, import.meta.url), 'utf8'));

function deliver(body: unknown, topic: string, headers: Record<string, string> = {}) {
  const signed = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const digest = createHmac('sha256', 's').update(signed).digest('base64');
  return shopify.read(
    { headers: { 'x-shopify-topic': topic, 'x-shopify-hmac-sha256': digest, ...headers }, signed, body: signed },
    SETTINGS,
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

test('deliveries that say nothing for us are ignored by name', () => {
  for (const name of ['webhook-2024-10-orders-edited', 'webhook-2024-10-disputes-create']) {
    const { body, topic } = fixture(name);
    expect(deliver(body, topic)).toEqual({ kind: 'ignored', reason: 'unsupported_topic' });
  }
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
