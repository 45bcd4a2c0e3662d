import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Order } from '@orderloop/protocol';
import { expect, test } from 'vitest';
import { projectOrder } from '../stitch/order.ts';
import { orderEvent } from '../stitch/testing.ts';
import type { ApiReply, Connection, SourceReading } from './contract.ts';
import { woocommerce } from './woocommerce.ts';

const SECRET = 'wc-secret';
const CONNECTION: Connection = { account: 'shop.example', secrets: [SECRET], settings: {} };
const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/sources/woocommerce/${name}.json`, import.meta.url), 'utf8'));
const recorded = fixture('rest-v3-order-727');
const [, refunded] = fixture('rest-v3-orders-list');

interface Delivery {
  topic?: string;
  headers?: Record<string, string>;
  settings?: Connection['settings'];
  key?: string;
  secrets?: string[];
}

function deliver(
  body: unknown,
  { topic = 'order.updated', headers, settings = {}, key = SECRET, secrets = [SECRET] }: Delivery = {},
) {
  const signed = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const digest = createHmac('sha256', key).update(signed).digest('base64');
  const named = { 'x-wc-webhook-topic': topic, 'x-wc-webhook-id': '5', 'x-wc-webhook-delivery-id': 'd1' };
  const request = { headers: { ...named, 'x-wc-webhook-signature': digest, ...headers }, signed, body: signed };
  return woocommerce.read(request, { ...CONNECTION, secrets, settings }, { now: 0 });
}

function factOf(reading: SourceReading) {
  if (reading.kind !== 'facts') throw new Error(`expected facts, found ${JSON.stringify(reading)}`);
  return reading.facts[0]!;
}

const orderOf = (body: object, settings: Connection['settings'] = {}) =>
  factOf(deliver({ ...recorded, ...body }, { settings })).order as Order;

const meta = (entries: Record<string, unknown>) => ({
  meta_data: Object.entries(entries).map(([key, value], id) => ({ id, key, value })),
});

test('the recorded order becomes the canonical order', () => {
  expect(factOf(deliver(recorded))).toEqual({
    delivery_id: '5:d1:order.updated:727:2017-03-22T19:28:08Z:processing:0',
    occurred_at: Date.UTC(2017, 2, 22, 19, 28, 8),
    action_source: 'web',
    tokens: { checkout_token: 'wc_order_58d2d042d1d' },
    context: {},
    user: {
      email: 'john.doe@example.com',
      phone: '(555) 555-5555',
      country: 'US',
      first_name: 'John',
      last_name: 'Doe',
      city: 'San Francisco',
      region: 'CA',
      postal_code: '94103',
    },
    order: {
      source: 'woocommerce',
      account: 'shop.example',
      order_id: '727',
      order_number: '727',
      state: 'paid',
      payment_state: 'paid',
      fulfillment_state: 'unfulfilled',
      dispute_state: 'none',
      test: false,
      edited: false,
      currency: 'USD',
      exponent: 2,
      tax_included: false,
      amounts: {
        subtotal: 1800,
        discount: 0,
        shipping: 1000,
        tax: 135,
        tip: 0,
        fees: 0,
        total: 2935,
        paid: 2935,
        refunded: 0,
        net: 2935,
      },
      presentment: null,
      created_at: '2017-03-22T19:28:02Z',
      paid_at: '2017-03-22T19:28:08Z',
      updated_at: '2017-03-22T19:28:08Z',
      cancelled_at: null,
      line_items: [
        { line_id: '315', sku: null, product_id: '93', variant_id: null, quantity: 2, unit_price: 300, gift_card: false },
        { line_id: '316', sku: 'Bar3', product_id: '22', variant_id: '23', quantity: 1, unit_price: 1200, gift_card: false },
      ],
      customer: {
        id: null,
        // SHA-256 of john.doe@example.com
        email_sha256: '836f82db99121b3481011f16b49dfa5fbc714a0d1b1b9f784a1ebbbf5b39577f',
        phone_e164: '+15555555555',
      },
      refunds: [],
      tracking: [],
      session_ref: null,
      attribution: { landing_page: null, referrer: null, click_ids: {} },
    },
  });
});

test('the recorded completed order keeps its refunds, which are negative, and its customer', () => {
  expect(factOf(deliver(refunded))).toMatchObject({
    context: { ip: '127.0.0.1', user_agent: expect.stringContaining('firefox/52.0') },
    order: {
      order_id: '723',
      state: 'partially_refunded',
      payment_state: 'partially_refunded',
      fulfillment_state: 'fulfilled',
      paid_at: '2017-03-21T19:54:51Z',
      amounts: { subtotal: 2900, total: 3900, paid: 3900, refunded: 1900, net: 2000 },
      refunds: [
        { refund_id: '726', amount: 1000, at: null },
        { refund_id: '724', amount: 900, at: null },
      ],
      customer: { id: '26', phone_e164: '+551111111111' },
    },
  });
});

const UNPAID = { date_paid_gmt: null };
const COMPLETED = { date_completed_gmt: '2017-03-23T10:00:00' };

test.each([
  ['pending', UNPAID, 'pending', 'unfulfilled', 'pending'],
  ['on-hold', UNPAID, 'pending', 'unfulfilled', 'pending'],
  ['processing', {}, 'paid', 'unfulfilled', 'paid'],
  ['processing', { payment_method: 'cod', ...UNPAID }, 'pending', 'unfulfilled', 'pending'],
  ['processing', { payment_method: 'cod' }, 'paid', 'unfulfilled', 'paid'],
  ['completed', {}, 'paid', 'fulfilled', 'fulfilled'],
  ['completed', { payment_method: 'cod', ...UNPAID, ...COMPLETED }, 'paid', 'fulfilled', 'fulfilled'],
  ['cancelled', UNPAID, 'voided', 'unfulfilled', 'cancelled'],
  ['cancelled', {}, 'paid', 'unfulfilled', 'cancelled'],
  ['cancelled', COMPLETED, 'paid', 'fulfilled', 'cancelled'],
  ['refunded', {}, 'refunded', 'unfulfilled', 'refunded'],
  ['refunded', COMPLETED, 'refunded', 'fulfilled', 'refunded'],
  ['failed', UNPAID, 'failed', 'unfulfilled', 'failed'],
  ['wc-on-hold', UNPAID, 'pending', 'unfulfilled', 'pending'],
])('status %s with %j is %s, %s', (status, more, payment_state, fulfillment_state, state) => {
  expect(orderOf({ status, ...more })).toMatchObject({
    payment_state,
    fulfillment_state,
    state,
    cancelled_at: status === 'cancelled' ? '2017-03-22T19:28:08Z' : null,
  });
});

test.each(['checkout-draft', 'auto-draft', 'trash'])('status %s is no order', (status) => {
  expect(deliver({ ...recorded, status })).toEqual({ kind: 'ignored', reason: 'draft_or_trash' });
});

test('cash on delivery is paid when it is completed, and not before', () => {
  const cod = { payment_method: 'cod', ...UNPAID };
  expect(orderOf({ status: 'processing', ...cod })).toMatchObject({ amounts: { paid: 0, net: 0 }, paid_at: null });
  expect(orderOf({ status: 'completed', ...cod, ...COMPLETED })).toMatchObject({
    amounts: { paid: 2935 },
    paid_at: '2017-03-23T10:00:00Z',
  });
});

test('refunded by hand, without a row, is refunded in full', () => {
  expect(orderOf({ status: 'refunded', refunds: [] })).toMatchObject({
    payment_state: 'refunded',
    amounts: { paid: 2935, refunded: 2935, net: 0 },
    refunds: [],
  });
});

test('a plugin’s status keeps the last states, and the other fields change', () => {
  const version = (date_modified_gmt: string, more: object) =>
    orderEvent(orderOf({ date_modified_gmt, ...more }), { occurred_at: Date.parse(`${date_modified_gmt}Z`) });
  const cod = { payment_method: 'cod', ...UNPAID };
  const completed = version('2017-03-23T10:00:00', { status: 'completed', ...cod, ...COMPLETED });
  const unknown = version('2017-03-24T10:00:00', { status: 'partner-review', ...cod, ...meta({ _sref: 'abc' }) });
  const expected = {
    payment_state: 'paid',
    fulfillment_state: 'fulfilled',
    session_ref: 'abc',
    amounts: { paid: 2935, net: 2935 },
  };
  expect(projectOrder([completed, unknown])!.order).toMatchObject({ ...expected, updated_at: '2017-03-24T10:00:00Z' });
  expect(projectOrder([unknown, completed])!.order).toMatchObject(expected);
  // Nothing is known of it yet, and nothing is made up.
  expect(projectOrder([unknown])).toBeNull();
});

test('under a plugin’s status, the date of payment that WooCommerce keeps itself still says that it is paid', () => {
  expect(orderOf({ status: 'partially-shipped' })).toMatchObject({ payment_state: 'paid', fulfillment_state: 'unfulfilled' });
});

test('a plugin’s status can be said to stand for one of WooCommerce’s own', () => {
  const settings = { statuses: { 'wc-shipped': 'completed', quote: 'pending' } };
  expect(orderOf({ status: 'shipped' }, settings)).toMatchObject({ payment_state: 'paid', fulfillment_state: 'fulfilled' });
  expect(orderOf({ status: 'quote', ...UNPAID }, settings).payment_state).toBe('pending');
});

test('decimals are a setting of the shop, and not those of the currency', () => {
  const total = (currency: string, text: string) => orderOf({ currency, total: text }).amounts.total;
  expect(total('JPY', '5250.00')).toBe(5250);
  expect(total('KWD', '15.755')).toBe(15755);
  expect(total('EUR', '19.99500')).toBe(2000);
  expect(total('EUR', '0.00')).toBe(0);
});

test('fees count, and a unit’s price is before the discount', () => {
  const line = { id: 1, product_id: 9, variation_id: 0, quantity: 3, subtotal: '10.00', total: '7.50', price: 2.5 };
  const order = orderOf({ line_items: [line], fee_lines: [{ total: '1.25' }, { total: '-0.25' }] });
  expect(order.line_items[0]!.unit_price).toBe(333);
  expect(order.amounts).toMatchObject({ subtotal: 750, fees: 100 });
});

test('the session comes back from the order’s meta', () => {
  expect(orderOf(meta({ other: '1', _sref: 'abc_DEF-1' })).session_ref).toBe('abc_DEF-1');
  expect(orderOf(meta({ _sref: 'no spaces allowed' })).session_ref).toBeNull();
});

test('WooCommerce’s own attribution says where the visit began, under its prefix or the shop’s', () => {
  const session_entry = 'https://shop.example/?utm_source=x&gclid=Cj0&fbclid=IwAR_x-Y';
  const expected = {
    landing_page: session_entry,
    referrer: 'https://ads.example/',
    click_ids: { gclid: 'Cj0', fbclid: 'IwAR_x-Y' },
  };
  const under = (prefix: string) =>
    meta({ [`${prefix}session_entry`]: session_entry, [`${prefix}referrer`]: 'https://ads.example/' });
  expect(orderOf(under('_wc_order_attribution_')).attribution).toEqual(expected);
  expect(orderOf(under('_mine_'), { attribution_prefix: '_mine_' }).attribution).toEqual(expected);
  expect(orderOf(under('_mine_')).attribution.landing_page).toBeNull();
});

test('the gateway’s id is a reference, and shipment tracking is read', () => {
  const items = [
    { tracking_provider: 'usps', custom_tracking_provider: '', tracking_number: '1Z1' },
    { tracking_provider: '', custom_tracking_provider: 'Post', tracking_number: '1Z2' },
  ];
  expect(orderOf({ transaction_id: 'ch_1', ...meta({ _wc_shipment_tracking_items: items }) })).toMatchObject({
    references: [{ kind: 'payment', value: 'ch_1' }],
    tracking: [
      { carrier: 'usps', number: '1Z1' },
      { carrier: 'Post', number: '1Z2' },
    ],
  });
});

test('what makes an order a test is a rule of the shop’s', () => {
  expect(orderOf(meta({ _wcpay_mode: 'test' })).test).toBe(true);
  expect(orderOf(meta({ _wcpay_mode: 'prod' })).test).toBe(false);
  const settings = { test_meta: [{ key: '_stripe_mode', value: 'sandbox' }] };
  expect(orderOf(meta({ _stripe_mode: 'sandbox' }), settings).test).toBe(true);
  expect(orderOf(meta({ _wcpay_mode: 'test' }), settings).test).toBe(false);
});

test('a sale at the counter is one', () => {
  expect(factOf(deliver({ ...recorded, created_via: 'pos-rest-api' })).action_source).toBe('physical_store');
});

test('a secret is right with its special characters written as entities or as themselves', () => {
  const secrets = [['a&b"c'], ['a&amp;b&quot;c'], ['other', 'a&#038;b&#x22;c']];
  for (const configured of secrets) expect(deliver(recorded, { key: 'a&b"c', secrets: configured }).kind).toBe('facts');
  // One that really holds an entity, and one where decoding twice would go too far.
  expect(deliver(recorded, { key: 'a&amp;b', secrets: ['a&amp;b'] }).kind).toBe('facts');
  expect(deliver(recorded, { key: 'a&lt;b', secrets: ['a&amp;lt;b'] }).kind).toBe('facts');
  expect(deliver(recorded, { key: 'a<b', secrets: ['a&amp;lt;b'] })).toMatchObject({ kind: 'refused', code: 'bad_signature' });
});

test('an empty secret signs nothing', () => {
  expect(deliver(recorded, { key: '', secrets: [''] })).toMatchObject({ kind: 'refused', code: 'bad_signature' });
});

test('only a ping may come unsigned', () => {
  const unsigned = (text: string) =>
    woocommerce.read({ headers: {}, signed: Buffer.from(text), body: Buffer.from(text) }, CONNECTION, { now: 0 });
  expect(unsigned('webhook_id=12')).toEqual({ kind: 'ignored', reason: 'ping' });
  expect(unsigned('webhook_id=12&id=1')).toMatchObject({ kind: 'refused', code: 'signature_missing' });
  expect(unsigned(JSON.stringify(recorded))).toMatchObject({ kind: 'refused', code: 'signature_missing' });
});

test('topics that are nothing for us are ignored by name', () => {
  expect(deliver({ id: 727 }, { topic: 'order.deleted' })).toEqual({ kind: 'ignored', reason: 'order_deleted' });
  expect(deliver({ id: 93 }, { topic: 'product.updated' })).toEqual({ kind: 'ignored', reason: 'unsupported_topic' });
  for (const topic of ['order.created', 'order.restored']) expect(deliver(recorded, { topic }).kind).toBe('facts');
});

test('two orders in one second share WooCommerce’s delivery id, and are two deliveries here', () => {
  const id = (more: object, delivery?: Delivery) => factOf(deliver({ ...recorded, ...more }, delivery)).delivery_id;
  expect(id({})).toBe(id({}));
  const others = [
    id({ id: 728 }),
    id({ status: 'completed' }),
    id({ date_modified_gmt: '2017-03-22T19:28:09' }),
    id({ refunds: [{ id: 1, total: '-1.00' }] }),
    id({}, { topic: 'order.created' }),
    id({}, { headers: { 'x-wc-webhook-id': '6' } }),
    id({}, { headers: { 'x-wc-webhook-delivery-id': 'd2' } }),
  ];
  expect(new Set([id({}), ...others]).size).toBe(8);
});

test.each([
  [{ id: null }, 'unusable_delivery', '/id'],
  [{ currency: 'QQQ' }, 'unknown_currency', '/currency'],
  [{ total: '' }, 'invalid_amount', '/total'],
  [{ total: 'free' }, 'invalid_amount', '/total'],
  [{ total_tax: '1,35' }, 'invalid_amount', '/total_tax'],
  [{ line_items: [{ total: '1' }, { total: 'x' }] }, 'invalid_amount', '/line_items/1/total'],
  [{ refunds: [{ id: 1, total: 'x' }] }, 'invalid_amount', '/refunds/0/total'],
  [{ refunds: [{ total: '-1' }] }, 'unusable_delivery', '/refunds/0/id'],
  [{ date_created_gmt: null }, 'invalid_order', '/date_created_gmt'],
  [{ date_modified_gmt: 'soon' }, 'invalid_order', '/date_modified_gmt'],
])('%j is unusable as %s at %s', (change, code, pointer) => {
  expect(deliver({ ...recorded, ...change })).toMatchObject({ kind: 'unusable', code, pointer });
});

test.each([
  ['{"id":', 'malformed_json'],
  ['[]', 'unusable_delivery'],
  ['{"code":"woocommerce_rest_cannot_view","data":{"status":401}}', 'unusable_delivery'],
])('the body %s is unusable as %s', (body, code) => {
  expect(deliver(body)).toMatchObject({ kind: 'unusable', code });
});

const KEYS = { consumer_key: 'ck_1', consumer_secret: 'cs_1' };
const api = woocommerce.api!;
const connected = (settings: object = {}): Connection => ({ ...CONNECTION, settings: { ...KEYS, ...settings } });
const context = { now: 0, nonce: 'n' };
const reply = (value: unknown, status = 200): ApiReply => ({ status, headers: {}, body: Buffer.from(JSON.stringify(value)) });

test('a poll asks for what changed, oldest first, in UTC without saying so', () => {
  const from = Date.UTC(2026, 1, 3, 11, 20, 7);
  const request = api.poll!.list(connected(), { from, page: '2' }, context);
  expect(request).toEqual({
    method: 'GET',
    // The second before: what is asked for is what is later.
    url: 'https://shop.example/wp-json/wc/v3/orders?modified_after=2026-02-03T11%3A20%3A06&dates_are_gmt=true&orderby=modified&order=asc&per_page=100&page=2',
    headers: { accept: 'application/json', authorization: `Basic ${Buffer.from('ck_1:cs_1').toString('base64')}` },
  });
  const stripped = api.poll!.list(
    connected({ query_auth: true, store_url: 'https://shop.example/blog/' }),
    { from, page: null },
    context,
  );
  expect(stripped.headers).toEqual({ accept: 'application/json' });
  expect(stripped.url).toMatch(
    /^https:\/\/shop\.example\/blog\/wp-json\/wc\/v3\/orders\?.*&page=1&consumer_key=ck_1&consumer_secret=cs_1$/,
  );
});

test('a page is read order by order, and one that can’t be keeps no other waiting', () => {
  const page = api.poll!.read(
    reply([...fixture('rest-v3-orders-list'), { id: 9, currency: 'QQQ' }]),
    CONNECTION,
    { from: 0, page: null },
    { now: 0 },
  );
  expect(page.facts.map(({ order }) => order.order_id)).toEqual(['727', '723']);
  expect(page.unusable).toMatchObject([{ order_id: '9', code: 'unknown_currency', pointer: '/currency' }]);
  expect(page.next).toBeNull();
  expect(page.facts[0]!.order).toEqual(factOf(deliver(fixture('rest-v3-orders-list')[0])).order);
});

test('a full page begins anew from its last change; pages are counted within one second alone', () => {
  const orders = (seconds: (index: number) => number) =>
    Array.from({ length: 100 }, (_, index) => ({
      ...recorded,
      id: index,
      date_modified_gmt: new Date(seconds(index) * 1000).toISOString().slice(0, 19),
    }));
  const next = (seconds: (index: number) => number, from: number, page: string | null) =>
    api.poll!.read(reply(orders(seconds)), CONNECTION, { from, page }, { now: 0 }).next;
  expect(next((index) => 1000 + index, 0, null)).toEqual({ from: 1_099_000, page: null });
  expect(next(() => 1099, 1_099_000, null)).toEqual({ from: 1_099_000, page: '2' });
  expect(next(() => 1099, 1_099_000, '2')).toEqual({ from: 1_099_000, page: '3' });
});

test('a fetch adds when the refunds were made', () => {
  const requests = api.fetch!.requests(connected(), '723', context);
  expect(requests.map(({ url }) => url)).toEqual([
    'https://shop.example/wp-json/wc/v3/orders/723',
    'https://shop.example/wp-json/wc/v3/orders/723/refunds?per_page=100',
  ]);
  const facts = api.fetch!.read([reply(refunded), reply([fixture('rest-v3-refund')])], CONNECTION, '723', { now: 0 });
  expect(facts![0]!.order.refunds).toEqual([
    { refund_id: '726', amount: 1000, at: '2017-03-21T20:07:11Z' },
    { refund_id: '724', amount: 900, at: null },
  ]);
  expect(api.fetch!.read([reply({}, 404), reply({}, 404)], CONNECTION, '1', { now: 0 })).toBeNull();
  expect(api.fetch!.read([reply({ ...recorded, status: 'trash' }), reply([])], CONNECTION, '1', { now: 0 })).toEqual([]);
  expect(() => api.fetch!.read([reply({ code: 'no' }, 401)], CONNECTION, '1', { now: 0 })).toThrow('status 401');
});

test('check names what is missing, and without a secret nothing is connected', () => {
  const check = (settings: object, more: Partial<Connection> = {}) =>
    woocommerce.check({ ...CONNECTION, settings: { ...settings }, ...more });
  expect(check({})).toEqual([]);
  expect(check({ unknown: 1 })).toEqual([]);
  expect(check({}, { secrets: [''] })).toEqual(['secrets is empty: what the platform signs its deliveries with.']);
  expect(check({ consumer_key: 'ck_1' })).toEqual(['settings.consumer_secret is missing.']);
  expect(check(KEYS, { account: 'my-shop' })).toEqual(['settings.store_url is missing.']);
  expect(check({ ...KEYS, store_url: 'http://shop.example' })).toEqual([
    'settings.store_url must be an address that begins with https://.',
  ]);
  for (const statuses of ['shipped', { shipped: 'sent' }])
    expect(check({ statuses })).toEqual([expect.stringMatching(/^settings\.statuses must name/)]);
  for (const test_meta of ['x', ['x'], [{ value: 'x' }]])
    expect(check({ test_meta })).toEqual(['settings.test_meta must be a list of {key, value}.']);
});

test('the API is asked where there are keys, and an address that does not show them to everybody', () => {
  const configured = (settings: object, account = 'shop.example') =>
    api.isConfigured({ ...CONNECTION, account, settings: { ...settings } });
  expect(configured(KEYS)).toBe(true);
  expect(configured({})).toBe(false);
  expect(configured(KEYS, 'my-shop')).toBe(false);
  expect(configured({ ...KEYS, store_url: 'http://shop.example' })).toBe(false);
  expect(configured({ ...KEYS, store_url: 'http://127.0.0.1:8080' })).toBe(true);
});
