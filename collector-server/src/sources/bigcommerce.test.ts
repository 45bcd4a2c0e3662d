import { existsSync, readFileSync } from 'node:fs';
import type { OrderChange } from '@orderloop/protocol';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { projectOrder } from '../stitch/order.ts';
import { orderEvent } from '../stitch/testing.ts';
import { bigcommerce } from './bigcommerce.ts';
import type { ApiReply, Connection, Cursor, SourceReading } from './contract.ts';

const read = (url: URL) => JSON.parse(readFileSync(url, 'utf8'));
const fixture = (name: string) => read(new URL(`../../test/fixtures/sources/bigcommerce/${name}.json`, import.meta.url));
const recorded = fixture('self-order-captured-gbp');

const api = bigcommerce.api!;
const SECRET = 'bc_client_secret';
const CONNECTION: Connection = { account: 'abcde', secrets: [SECRET], settings: {} };
const reply = (value: unknown, status = 200): ApiReply => ({ status, headers: {}, body: Buffer.from(JSON.stringify(value)) });
const NOTHING: ApiReply = { status: 204, headers: {}, body: Buffer.alloc(0) };
const FIRST: Cursor = { from: 0, page: null };

interface Parts {
  products?: unknown[];
  shipments?: unknown[];
  refunds?: unknown[];
}

const fetched = (order: unknown, { products, shipments, refunds = [] }: Parts = {}, settings: Connection['settings'] = {}) =>
  api.fetch!.read(
    [reply(order), products ? reply(products) : NOTHING, shipments ? reply(shipments) : NOTHING, reply({ data: refunds })],
    { ...CONNECTION, settings },
    '9001',
    { now: 0 },
  );

const orderOf = (change: object, parts?: Parts, settings?: Connection['settings']): OrderChange =>
  fetched({ ...recorded, ...change }, parts, settings)![0]!.order;

const poll = (orders: unknown[], cursor = FIRST) => api.poll!.read(reply(orders), CONNECTION, cursor, { now: 0 });

const BARE = { source: 'bigcommerce', account: 'abcde', order_id: '9001' };

test('the recorded order becomes the canonical order, in the currency that the buyer paid in', () => {
  expect(fetched(recorded)).toEqual([
    {
      delivery_id: 'fetch:9001:2026-02-03T11:21:30Z:11:captured:0:0',
      occurred_at: Date.UTC(2026, 1, 3, 11, 21, 30),
      action_source: 'web',
      tokens: { cart_token: '11111111-2222-4333-8444-555555555555' },
      context: { ip: '203.0.113.7' },
      user: {
        id: '41',
        email: 'buyer@example.com',
        phone: '+440000000000',
        country: 'GB',
        first_name: 'Jordan',
        last_name: 'Example',
        city: 'London',
        postal_code: 'SW1A 1AA',
      },
      order: {
        source: 'bigcommerce',
        account: 'abcde',
        order_id: '9001',
        order_number: '9001',
        state: 'paid',
        payment_state: 'paid',
        fulfillment_state: 'unfulfilled',
        dispute_state: 'none',
        test: false,
        edited: false,
        currency: 'GBP',
        exponent: 2,
        tax_included: false,
        amounts: {
          subtotal: 10000,
          discount: 1000,
          shipping: 600,
          tax: 1933,
          tip: 0,
          fees: 0,
          total: 11600,
          paid: 11600,
          refunded: 0,
          net: 11600,
        },
        presentment: null,
        created_at: '2026-02-03T11:20:07Z',
        paid_at: null,
        updated_at: '2026-02-03T11:21:30Z',
        cancelled_at: null,
        line_items: [],
        customer: {
          id: '41',
          // SHA-256 of buyer@example.com
          email_sha256: '6a6c26195c3682faa816966af789717c3bfa834eee6c599d667d2b3429c27cfd',
          phone_e164: '+440000000000',
        },
        refunds: [],
        tracking: [],
        session_ref: null,
        attribution: { landing_page: null, referrer: null, click_ids: {} },
        references: [{ kind: 'payment', value: 'prov-0001' }],
      },
    },
  ]);
});

test('neither the currency of the price tags nor the store’s own is taken for it', () => {
  expect(orderOf({ currency_code: 'EUR', store_default_currency_code: 'USD' })).toMatchObject({
    currency: 'GBP',
    presentment: null,
  });
});

const of = (payment_status: string) => ({ payment_status });

test.each([
  [1, 'pending', 'pending', 'unfulfilled', 'pending'],
  [1, 'authorized', 'authorized', 'unfulfilled', 'authorized'],
  [7, '', 'pending', 'unfulfilled', 'pending'],
  [7, 'authorized', 'authorized', 'unfulfilled', 'authorized'],
  [12, 'held for review', 'pending', 'unfulfilled', 'pending'],
  [11, 'captured', 'paid', 'unfulfilled', 'paid'],
  [11, 'paid', 'paid', 'unfulfilled', 'paid'],
  [11, 'authorized', 'authorized', 'unfulfilled', 'authorized'],
  [11, 'capture pending', 'pending', 'unfulfilled', 'pending'],
  [11, '', 'pending', 'unfulfilled', 'pending'],
  [9, 'captured', 'paid', 'unfulfilled', 'paid'],
  [8, 'Captured', 'paid', 'unfulfilled', 'paid'],
  [3, 'captured', 'paid', 'partially_fulfilled', 'partially_fulfilled'],
  [2, 'captured', 'paid', 'fulfilled', 'fulfilled'],
  [2, 'authorized', 'authorized', 'fulfilled', 'authorized'],
  [10, 'captured', 'paid', 'fulfilled', 'fulfilled'],
  [10, '', 'pending', 'fulfilled', 'pending'],
  [5, 'void', 'voided', 'unfulfilled', 'cancelled'],
  [5, 'captured', 'paid', 'unfulfilled', 'cancelled'],
  [6, 'declined', 'failed', 'unfulfilled', 'failed'],
  [4, 'captured', 'refunded', 'unfulfilled', 'refunded'],
  [14, 'captured', 'partially_refunded', 'unfulfilled', 'partially_refunded'],
  [13, 'captured', 'paid', 'unfulfilled', 'disputed'],
])('status %i with payment “%s” is %s, %s', (status_id, payment_status, payment_state, fulfillment_state, state) => {
  expect(orderOf({ status_id, status: 'The shop’s own label', ...of(payment_status) })).toMatchObject({
    payment_state,
    fulfillment_state,
    state,
    dispute_state: status_id === 13 ? 'open' : 'none',
    cancelled_at: status_id === 5 ? '2026-02-03T11:21:30Z' : null,
  });
});

test('an order that was begun and not placed is none', () => {
  expect(fetched({ ...recorded, status_id: 0 })).toEqual([]);
  expect(poll([{ ...recorded, status_id: 0 }]).facts).toEqual([]);
});

test('what was sent stays sent when the money goes back', () => {
  const fulfillment = (change: object) => orderOf({ status_id: 4, ...change }).fulfillment_state;
  expect(fulfillment({ items_shipped: 2 })).toBe('fulfilled');
  expect(fulfillment({ items_shipped: 1 })).toBe('partially_fulfilled');
  expect(fulfillment({ date_shipped: 'Wed, 04 Feb 2026 09:00:00 +0000' })).toBe('fulfilled');
});

test('a dispute of which nothing more is known keeps the last states', () => {
  const version = (status_id: number, date_modified: string, payment_status: string) =>
    orderEvent(orderOf({ status_id, date_modified, ...of(payment_status) }), { occurred_at: Date.parse(date_modified) });
  const shipped = version(2, 'Tue, 03 Feb 2026 12:00:00 +0000', 'captured');
  const disputed = version(13, 'Wed, 04 Feb 2026 12:00:00 +0000', '');
  expect(projectOrder([disputed, shipped])!.order).toMatchObject({
    state: 'disputed',
    payment_state: 'paid',
    fulfillment_state: 'fulfilled',
    dispute_state: 'open',
    amounts: { paid: 11600 },
  });
});

test('methods that are paid elsewhere count as the shop says', () => {
  const bank = { payment_method: 'Bank Deposit', ...of('') };
  expect(orderOf(bank, {}, {}).payment_state).toBe('pending');
  expect(orderOf(bank, {}, { offline_methods: ['Bank Deposit'] })).toMatchObject({
    payment_state: 'paid',
    amounts: { paid: 11600 },
  });
  expect(orderOf({ ...bank, status_id: 7 }, {}, { offline_methods: ['Bank Deposit'] }).payment_state).toBe('pending');
});

test('four decimals are rounded once, half away from zero', () => {
  const total = (default_currency_code: string, total_inc_tax: string) =>
    orderOf({ default_currency_code, total_inc_tax }).amounts!.total;
  expect(total('USD', '62.6793')).toBe(6268);
  expect(total('USD', '62.6750')).toBe(6268);
  expect(total('JPY', '5250.0000')).toBe(5250);
  expect(total('KWD', '15.7550')).toBe(15755);
  expect(total('USD', '70')).toBe(7000);
});

test('prices are with tax where the shop’s are, and all fees count', () => {
  const order = orderOf(
    {
      is_tax_inclusive_pricing: true,
      handling_cost_inc_tax: '1.0000',
      wrapping_cost_inc_tax: '2.0000',
      fees: [{ cost_inc_tax: '12.3000' }],
    },
    { products: [{ id: 65, product_id: 77, sku: 'S', quantity: 2, price_ex_tax: '50.0000', price_inc_tax: '60.0000' }] },
  );
  expect(order).toMatchObject({
    tax_included: true,
    amounts: { subtotal: 12000, fees: 1530, discount: 1000 },
    line_items: [
      { line_id: '65', product_id: '77', variant_id: null, sku: 'S', quantity: 2, unit_price: 6000, gift_card: false },
    ],
  });
});

const refund = (id: number, amount: number, is_declined = false) => ({
  id,
  created: '2026-02-04T10:00:00+00:00',
  total_amount: amount,
  payments: [{ id: id + 1, provider_id: 'stripe', amount, offline: false, is_declined }],
});

test('refunds come from v3, as numbers, and those that were declined moved nothing', () => {
  const order = orderOf({ refunded_amount: '0.0000' }, { refunds: [refund(3, 16), refund(4, 32.45), refund(5, 10, true)] });
  expect(order).toMatchObject({
    payment_state: 'partially_refunded',
    amounts: { paid: 11600, refunded: 4845, net: 6755 },
    refunds: [
      { refund_id: '3', amount: 1600, at: '2026-02-04T10:00:00Z' },
      { refund_id: '4', amount: 3245 },
    ],
  });
  expect(orderOf({}, { refunds: [refund(3, 116)] })).toMatchObject({ payment_state: 'refunded', amounts: { net: 0 } });
  expect(orderOf({ status_id: 4 })).toMatchObject({
    payment_state: 'refunded',
    amounts: { refunded: 11600, net: 0 },
    refunds: [],
  });
});

test('shipments bring their tracking numbers', () => {
  const shipments = [
    { id: 6, tracking_number: 'EJ1', shipping_provider: 'usps', tracking_carrier: '' },
    { id: 7, tracking_number: '', shipping_provider: 'usps' },
  ];
  expect(orderOf({ status_id: 2 }, { shipments })).toMatchObject({
    shipments: [
      { shipment_id: '6', state: 'shipped', tracking: [{ carrier: 'usps', number: 'EJ1' }] },
      { shipment_id: '7', state: 'shipped', tracking: [] },
    ],
    tracking: [{ carrier: 'usps', number: 'EJ1' }],
  });
});

test('orders of the test gateway, and those brought along from another platform, are kept as tests', () => {
  expect(orderOf({ payment_method: 'Test Payment Gateway' }).test).toBe(true);
  expect(orderOf({ external_source: 'M-MIG' }).test).toBe(true);
  expect(orderOf({ payment_method: 'Credit Card' }, {}, { test_payment_methods: ['Credit Card'] }).test).toBe(true);
});

test.each([
  [{ id: null }, 'unusable_delivery', '/id'],
  [{ default_currency_code: 'QQQ' }, 'unknown_currency', '/default_currency_code'],
  [{ total_inc_tax: '' }, 'invalid_amount', '/total_inc_tax'],
  [{ total_inc_tax: 'free' }, 'invalid_amount', '/total_inc_tax'],
  [{ total_tax: '1,35' }, 'invalid_amount', '/total_tax'],
  [{ status_id: 99 }, 'invalid_order', '/status_id'],
  [{ status_id: '' }, 'invalid_order', '/status_id'],
  [{ date_created: 'soon' }, 'invalid_order', '/date_created'],
  [{ date_modified: null }, 'invalid_order', '/date_modified'],
])('%j is unusable as %s at %s, and keeps no other waiting', (change, code, pointer) => {
  const page = poll([{ ...recorded, ...change }, recorded]);
  expect(page.unusable).toMatchObject([{ kind: 'unusable', code, pointer }]);
  expect(page.facts).toHaveLength(1);
});

test.each([
  [{ refunds: [{ id: 3, payments: [{ amount: 'x' }] }] }, 'invalid_amount', '/refunds/0/payments/0/amount'],
  [{ products: [{ price_ex_tax: 'x' }] }, 'invalid_amount', '/products/0/price_ex_tax'],
  [{ shipments: [{}] }, 'unusable_delivery', '/shipments/0/id'],
])('a fetch with %j is unusable as %s at %s', (parts, code, pointer) => {
  expect(() => fetched(recorded, parts)).toThrow(expect.objectContaining({ code, pointer }));
});

const shared = new URL('../../../../shared/fixtures/orders/bigcommerce/', import.meta.url);
// The vendor's samples state no licence, so they are no part of the project.
test.skipIf(!existsSync(shared))('the vendor’s samples are read, where they lie beside the project', () => {
  const sample = (name: string) => read(new URL(`${name}.json`, shared));
  const facts = fetched(sample('v2-order-218'), {
    products: sample('v2-order-products'),
    shipments: sample('v2-order-shipments'),
  });
  expect(facts).toMatchObject([
    {
      occurred_at: Date.UTC(2019, 2, 11, 15, 17, 25),
      tokens: { cart_token: '7e48f7ef-2e88-4817-aea4-b0ed01490114' },
      order: {
        order_id: '218',
        payment_state: 'authorized',
        fulfillment_state: 'unfulfilled',
        currency: 'USD',
        amounts: { subtotal: 6268, discount: 1000, shipping: 1200, tax: 531, fees: 2430, total: 6984, paid: 0, refunded: 0 },
        line_items: [
          { line_id: '65', sku: 'S-ORAN', product_id: '77', quantity: 1, unit_price: 5599 },
          { line_id: '66', sku: 'ABS', product_id: '86', quantity: 1, unit_price: 0 },
        ],
        tracking: [
          { carrier: 'usps', number: 'EJ958083578US' },
          { carrier: 'usps', number: 'EJ958083578UK' },
        ],
      },
    },
  ]);
  for (const { id } of sample('v2-order-statuses'))
    expect(fetched({ ...recorded, status_id: id })).toHaveLength(id === 0 ? 0 : 1);
});

const NOW = Date.UTC(2026, 1, 3, 12);

/** Signed by the Standard Webhooks library, as BigCommerce does with the client secret. */
function deliver(value: unknown, id = 'msg_1', connection: Partial<Connection> = {}): SourceReading {
  const text = JSON.stringify(value);
  const body = Buffer.from(text);
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(NOW / 1000),
    'webhook-signature': new Webhook(Buffer.from(SECRET).toString('base64')).sign(id, new Date(NOW), text),
  };
  return bigcommerce.read({ headers, signed: body, body }, { ...CONNECTION, ...connection }, { now: NOW });
}

test.each([
  ['store-order-created', '250'],
  ['store-order-statusUpdated', '250'],
  ['store-order-refund-created', '250'],
  ['store-order-transaction-created', '250'],
  ['store-channel-1-order-updated', '127'],
])('the recorded %s names its order, to be fetched', (name, order_id) => {
  const { body } = fixture(`webhook-2025-04-${name}`);
  expect(deliver(body)).toEqual({
    kind: 'facts',
    facts: [{ delivery_id: 'msg_1', occurred_at: body.created_at * 1000, order: { ...BARE, order_id }, action_source: 'server' }],
  });
});

const scoped = (scope: string, data: object) => ({
  scope,
  store_id: '1',
  data,
  hash: 'h',
  created_at: 1_770_117_607,
  producer: 'stores/abcde',
});

test('a cart that became an order ties the order to its session', () => {
  expect(deliver(scoped('store/cart/converted', { type: 'cart', id: 'cart-1', orderId: 252 }))).toMatchObject({
    facts: [{ order: { ...BARE, order_id: '252' }, tokens: { cart_token: 'cart-1' } }],
  });
});

test('a shipment names its order, and other scopes are nothing for us', () => {
  expect(deliver(scoped('store/shipment/created', { type: 'shipment', id: 12, orderId: 251 }))).toMatchObject({
    facts: [{ order: { ...BARE, order_id: '251' } }],
  });
  for (const scope of ['store/product/updated', 'store/cart/created', 'store/order/message/created', ''])
    expect(deliver(scoped(scope, { type: 'order', id: 1 }))).toEqual({ kind: 'ignored', reason: 'unsupported_scope' });
});

test('a delivery without an order’s id says where it was looked for', () => {
  expect(deliver(scoped('store/order/updated', { type: 'order' }))).toMatchObject({
    code: 'unusable_delivery',
    pointer: '/data/id',
  });
  expect(deliver(scoped('store/cart/converted', { id: 'cart-1' }))).toMatchObject({ pointer: '/data/orderId' });
  expect(deliver([])).toMatchObject({ kind: 'unusable', code: 'unusable_delivery', pointer: '' });
});

test('an unsigned delivery is believed for the secret in its header, where one is agreed on', () => {
  const body = Buffer.from(JSON.stringify(scoped('store/order/updated', { type: 'order', id: 250 })));
  const settings = { header_name: 'X-Orderloop', header_secret: 'agreed' };
  const ask = (headers: Record<string, string>, connection: Partial<Connection>) =>
    bigcommerce.read({ headers, signed: body, body }, { ...CONNECTION, ...connection }, { now: NOW });
  const unsigned = { settings, secrets: [] };
  const taken = ask({ 'x-orderloop': 'agreed' }, unsigned);
  expect(taken).toMatchObject({ kind: 'facts', facts: [{ delivery_id: expect.stringMatching(/^[0-9a-f]{32}$/) }] });
  expect(ask({ 'x-orderloop': 'agreed' }, { settings })).toEqual(taken);
  expect(ask({}, unsigned)).toMatchObject({ kind: 'refused', code: 'bad_signature' });
  for (const wrong of ['', 'agree', 'agreed2'])
    expect(ask({ 'x-orderloop': wrong }, unsigned)).toMatchObject({ kind: 'refused', code: 'bad_signature' });
  expect(ask({ 'x-orderloop': 'agreed' }, {})).toMatchObject({ kind: 'refused', code: 'signature_missing' });
  // A signature that is there has to be right.
  const forged = {
    'x-orderloop': 'agreed',
    'webhook-id': 'm',
    'webhook-timestamp': String(NOW / 1000),
    'webhook-signature': 'v1,AAAA',
  };
  expect(ask(forged, { settings })).toMatchObject({ kind: 'refused', code: 'bad_signature' });
  expect(ask(forged, unsigned).kind).toBe('facts');
});

const KEYS = { access_token: 'token' };
const context = { now: 0, nonce: 'n' };
const TOKEN = { accept: 'application/json', 'x-auth-token': 'token' };

test('a poll asks for what changed, oldest first, with its lines', () => {
  const cursor = { from: Date.UTC(2026, 1, 3, 11, 20, 7), page: '2' };
  const { url, headers } = api.poll!.list({ ...CONNECTION, account: 'stores/abcde', settings: KEYS }, cursor, context);
  expect(url).toBe(
    'https://api.bigcommerce.com/stores/abcde/v2/orders?min_date_modified=2026-02-03T11%3A20%3A06Z&sort=date_modified%3Aasc&include=consignments.line_items&limit=250&page=2',
  );
  expect(headers).toEqual(TOKEN);
});

test('a list’s order has its lines, the same and in the same order as a fetch has them', () => {
  const product = (id: number) => ({ id, product_id: 7, sku: `S${id}`, quantity: 1, price_ex_tax: '5.0000' });
  const consignments = {
    pickups: [{ line_items: [product(67)] }],
    shipping: [{ line_items: [product(66)] }],
    downloads: [],
    email: { gift_certificates: [{ line_items: [{ ...product(65), type: 'giftcertificate' }] }] },
  };
  const listed = poll([{ ...recorded, consignments }]).facts[0]!.order;
  const products = [{ ...product(65), type: 'giftcertificate' }, product(66), product(67)];
  expect(listed.line_items).toEqual(orderOf({}, { products }).line_items);
  expect(listed.line_items!.map(({ gift_card }) => gift_card)).toEqual([true, false, false]);
  expect(poll([{ ...recorded, consignments: [consignments] }]).facts[0]!.order).toEqual(listed);
  expect(listed.refunds).toBeUndefined();
});

test.each([
  [11, 'captured', 1],
  [2, 'captured', 2],
  [3, 'captured', 2],
  [10, 'captured', 2],
  [4, 'refunded', 2],
  [14, 'captured', 2],
  [11, 'partially refunded', 2],
])(
  'of a list, status %i with payment “%s” gives %i facts: where more may have happened, one names it to be fetched',
  (status_id, payment_status, count) => {
    const { facts } = poll([{ ...recorded, status_id, ...of(payment_status) }]);
    expect(facts).toHaveLength(count);
    if (count === 2) expect(facts[1]).toMatchObject({ delivery_id: 'list:9001:2026-02-03T11:21:30Z', order: BARE });
    if (count === 2) expect(Object.keys(facts[1]!.order)).toHaveLength(3);
  },
);

test('what a list says does not take back the refunds that a fetch showed', () => {
  const later = { date_modified: 'Wed, 04 Feb 2026 12:00:00 +0000', status_id: 10, ...of('partially refunded') };
  const known = fetched({ ...recorded, status_id: 14 }, { refunds: [refund(3, 16)] })!;
  const { facts } = poll([{ ...recorded, ...later }]);
  const events = [...known, ...facts].map(({ order, occurred_at }) => orderEvent(order, { occurred_at }));
  expect(projectOrder(events)!.order).toMatchObject({
    payment_state: 'partially_refunded',
    fulfillment_state: 'fulfilled',
    updated_at: '2026-02-04T12:00:00Z',
    amounts: { paid: 11600, refunded: 1600, net: 10000 },
  });
});

test('an empty list has no body, and a full one goes on from its last change', () => {
  expect(api.poll!.read(NOTHING, CONNECTION, FIRST, { now: 0 })).toEqual({ facts: [], unusable: [], next: null });
  const orders = Array.from({ length: 250 }, (_, index) => ({ ...recorded, id: index + 1 }));
  expect(poll(orders).next).toEqual({ from: Date.UTC(2026, 1, 3, 11, 21, 30), page: null });
  expect(poll(orders.slice(1)).next).toBeNull();
  const within = { from: Date.UTC(2026, 1, 3, 11, 21, 30), page: null };
  expect(poll(orders, within).next).toEqual({ from: within.from, page: '2' });
});

test('a fetch asks for the order and what comes apart from it', () => {
  const requests = api.fetch!.requests({ ...CONNECTION, settings: { ...KEYS, store_hash: 'fghij' } }, '9001', context);
  expect(requests.map(({ url }) => url)).toEqual([
    'https://api.bigcommerce.com/stores/fghij/v2/orders/9001',
    'https://api.bigcommerce.com/stores/fghij/v2/orders/9001/products?limit=250',
    'https://api.bigcommerce.com/stores/fghij/v2/orders/9001/shipments?limit=250',
    'https://api.bigcommerce.com/stores/fghij/v3/orders/9001/payment_actions/refunds',
  ]);
  expect(requests.every(({ headers }) => headers['x-auth-token'] === 'token')).toBe(true);
  expect(api.fetch!.read([reply([], 404), NOTHING, NOTHING, reply({}, 404)], CONNECTION, '1', { now: 0 })).toBeNull();
  expect(() => api.fetch!.read([reply({}, 401)], CONNECTION, '1', { now: 0 })).toThrow('status 401');
});

test('the API is left alone for as long as it says', () => {
  const wait = (headers: Record<string, string>, status = 200) => api.wait!({ status, headers, body: Buffer.alloc(0) });
  const reset = { 'x-rate-limit-time-reset-ms': '3500' };
  expect(wait({ ...reset, 'x-rate-limit-requests-left': '12' })).toBe(0);
  expect(wait({ ...reset, 'x-rate-limit-requests-left': '0' })).toBe(3500);
  expect(wait(reset, 429)).toBe(3500);
  expect(wait({})).toBe(0);
});

test('check names what is missing', () => {
  const check = (settings: object, more: Partial<Connection> = {}) =>
    bigcommerce.check({ ...CONNECTION, settings: { ...settings }, ...more });
  expect(check(KEYS)).toEqual([]);
  expect(check({ ...KEYS, header_name: 'x-a', header_secret: 'b' }, { secrets: [] })).toEqual([]);
  expect(check({}, { secrets: [] })).toEqual(['secrets is empty: what the platform signs its deliveries with.']);
  expect(check({ header_name: 'x-a' }, { secrets: [] })).toEqual(['settings.header_secret is missing.']);
  expect(check({ store_hash: 'abcde' })).toEqual(['settings.access_token is missing.']);
  expect(check(KEYS, { account: 'shop.example' })).toEqual(['settings.store_hash is missing.']);
  expect(check({ ...KEYS, offline_methods: 'Cash' })).toEqual(['settings.offline_methods must be a list of texts.']);
  expect([KEYS, {}].map((settings) => api.isConfigured({ ...CONNECTION, settings: { ...settings } }))).toEqual([true, false]);
  expect(api.isConfigured({ ...CONNECTION, account: 'shop.example', settings: KEYS })).toBe(false);
});
