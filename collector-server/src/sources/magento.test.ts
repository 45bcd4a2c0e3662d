import { createSign, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { OrderChange } from '@orderloop/protocol';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { projectOrder } from '../stitch/order.ts';
import { orderEvent } from '../stitch/testing.ts';
import type { ApiReply, Connection, Cursor, SourceReading } from './contract.ts';
import { magento } from './magento.ts';
import { oauth1Header, oauth1Signature } from './shared/oauth1.ts';

const read = (path: string) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/sources/${path}.json`, import.meta.url), 'utf8'));
const fixture = (name: string) => read(`magento/${name}`);
const recorded = fixture('rest-v1-order');
const creditmemo = fixture('self-creditmemo');
const invoice = fixture('rest-v1-invoice');

const api = magento.api!;
const CONNECTION: Connection = { account: 'shop.example', secrets: [], settings: {} };
const reply = (value: unknown, status = 200): ApiReply => ({ status, headers: {}, body: Buffer.from(JSON.stringify(value)) });
const FIRST: Cursor = { from: 0, page: null };

const poll = (items: unknown[], settings: Connection['settings'] = {}, total_count = items.length, cursor = FIRST) =>
  api.poll!.read(reply({ items, search_criteria: {}, total_count }), { ...CONNECTION, settings }, cursor, { now: 0 });

function orderOf(change: object, settings: Connection['settings'] = {}): OrderChange {
  const { facts, unusable } = poll([{ ...recorded, ...change }], settings);
  if (!facts[0]) throw new Error(`expected a fact, found ${JSON.stringify(unusable)}`);
  return facts[0].order;
}

test('the recorded order becomes the canonical order', () => {
  expect(poll([recorded]).facts).toEqual([
    {
      delivery_id: 'poll:3:2017-08-21T22:22:20Z:new:0:0',
      occurred_at: Date.UTC(2017, 7, 21, 22, 22, 20),
      action_source: 'web',
      tokens: { cart_token: '4' },
      context: {},
      user: {
        id: '3',
        email: 'jdoe@example.com',
        phone: '512-555-1111',
        country: 'US',
        first_name: 'Jane',
        last_name: 'Doe',
        city: 'Purchase',
        region: 'NY',
        postal_code: '10577',
      },
      order: {
        source: 'magento',
        account: 'shop.example',
        order_id: '3',
        order_number: '000000003',
        state: 'pending',
        payment_state: 'pending',
        fulfillment_state: 'unfulfilled',
        dispute_state: 'none',
        test: false,
        edited: false,
        currency: 'USD',
        exponent: 2,
        tax_included: false,
        amounts: {
          subtotal: 16000,
          discount: 0,
          shipping: 500,
          tax: 0,
          tip: 0,
          fees: 0,
          total: 16500,
          paid: 0,
          refunded: 0,
          net: 0,
        },
        presentment: null,
        created_at: '2017-08-21T22:22:19Z',
        paid_at: null,
        updated_at: '2017-08-21T22:22:20Z',
        cancelled_at: null,
        line_items: [
          {
            line_id: '3',
            sku: 'WS12-M-Orange',
            product_id: '1553',
            variant_id: null,
            quantity: 1,
            unit_price: 2200,
            gift_card: false,
          },
        ],
        customer: {
          id: '3',
          // SHA-256 of jdoe@example.com
          email_sha256: 'a8af8341993604f29cd4e0e5a5a4b5d48c575436c38b28abbfd7d481f345d5db',
          phone_e164: '+15125551111',
        },
        tracking: [],
        session_ref: null,
        attribution: { landing_page: null, referrer: null, click_ids: {} },
        references: [{ kind: 'order', value: '000000003' }],
      },
    },
  ]);
});

const PAID = { base_total_paid: 165, base_total_due: 0 };
const AUTHORIZED = { payment: { method: 'cc', base_amount_authorized: 165 } };
const SHIPPED = { items: [{ ...recorded.items[0], qty_ordered: 2, qty_shipped: 2 }] };
const HALF_SHIPPED = { items: [{ ...recorded.items[0], qty_ordered: 2, qty_shipped: 1 }] };

test.each([
  ['new', 'nothing paid', {}, 'pending', 'unfulfilled', 'pending'],
  ['new', 'authorized', AUTHORIZED, 'authorized', 'unfulfilled', 'authorized'],
  ['pending_payment', 'authorized', AUTHORIZED, 'pending', 'unfulfilled', 'pending'],
  ['payment_review', 'nothing paid', {}, 'pending', 'unfulfilled', 'pending'],
  ['processing', 'nothing due', PAID, 'paid', 'unfulfilled', 'paid'],
  ['processing', 'captured', { ...PAID, ...AUTHORIZED }, 'paid', 'unfulfilled', 'paid'],
  ['processing', 'authorized', AUTHORIZED, 'authorized', 'unfulfilled', 'authorized'],
  [
    'processing',
    'something paid',
    { base_total_paid: 65, base_total_due: 100 },
    'partially_paid',
    'unfulfilled',
    'partially_paid',
  ],
  [
    'processing',
    'no word of what is due',
    { base_total_paid: 65, base_total_due: undefined },
    'partially_paid',
    'unfulfilled',
    'partially_paid',
  ],
  ['processing', 'nothing paid', {}, 'pending', 'unfulfilled', 'pending'],
  ['processing', 'one of two shipped', { ...PAID, ...HALF_SHIPPED }, 'paid', 'partially_fulfilled', 'partially_fulfilled'],
  ['processing', 'all shipped', { ...PAID, ...SHIPPED }, 'paid', 'fulfilled', 'fulfilled'],
  [
    'processing',
    'some refunded',
    { ...PAID, base_total_refunded: 65 },
    'partially_refunded',
    'unfulfilled',
    'partially_refunded',
  ],
  ['complete', 'nothing due', PAID, 'paid', 'fulfilled', 'fulfilled'],
  ['complete', 'no word of what was paid', { base_total_due: 0 }, 'paid', 'fulfilled', 'fulfilled'],
  ['closed', 'all refunded', { ...PAID, base_total_refunded: 165 }, 'refunded', 'unfulfilled', 'refunded'],
  ['closed', 'all shipped, no word of refunds', { ...PAID, ...SHIPPED }, 'refunded', 'fulfilled', 'refunded'],
  ['canceled', 'nothing paid', {}, 'voided', 'unfulfilled', 'cancelled'],
  ['canceled', 'paid', { base_total_paid: 165 }, 'paid', 'unfulfilled', 'cancelled'],
])('state %s, %s', (state, _title, more, payment_state, fulfillment_state, derived) => {
  expect(orderOf({ state, ...more })).toMatchObject({
    payment_state,
    fulfillment_state,
    state: derived,
    cancelled_at: state === 'canceled' ? '2017-08-21T22:22:20Z' : null,
  });
});

test('the shop’s own label of a status says nothing', () => {
  expect(orderOf({ state: 'complete', status: 'waiting_for_unicorns', ...PAID })).toMatchObject({ payment_state: 'paid' });
});

test('on hold, an order is what it was before', () => {
  const version = (updated_at: string, more: object) =>
    orderEvent(orderOf({ updated_at, ...more }), { occurred_at: Date.parse(`${updated_at}Z`) });
  const complete = version('2026-02-03 10:00:00', { state: 'complete', ...PAID });
  const held = version('2026-02-04 10:00:00', { state: 'holded', customer_id: 8 });
  const expected = { payment_state: 'paid', fulfillment_state: 'fulfilled', customer: { id: '8' }, amounts: { paid: 16500 } };
  expect(projectOrder([held, complete])!.order).toMatchObject(expected);
  expect(projectOrder([held])).toBeNull();
  expect(orderOf({ state: 'holded', hold_before_state: 'processing', ...PAID })).toMatchObject({ payment_state: 'paid' });
});

test('floats, texts with four decimals and left-out amounts are exact', () => {
  const order = orderOf({ base_grand_total: 27.000000000000004, base_tax_amount: '2.9550', base_discount_amount: -5.5 });
  expect(order.amounts).toMatchObject({ total: 2700, tax: 296, discount: 550 });
  expect(orderOf({ base_currency_code: 'JPY', order_currency_code: 'JPY', base_grand_total: 5250.0 }).amounts!.total).toBe(5250);
});

test('amounts are in the shop’s currency, and what the buyer saw is beside them', () => {
  const order = orderOf({ order_currency_code: 'JPY', grand_total: 24750, subtotal: 24000 });
  expect(order).toMatchObject({
    currency: 'USD',
    amounts: { subtotal: 16000, total: 16500 },
    presentment: { currency: 'JPY', exponent: 0, total: 24750 },
  });
});

test('of a configurable product one line counts, and of a bundle what was shipped of it', () => {
  const line = (item_id: number, more: object) => ({ item_id, sku: `S${item_id}`, base_price: 10, qty_ordered: 1, ...more });
  const configurable = [line(1, { product_type: 'configurable', qty_shipped: 1 }), line(2, { parent_item_id: 1, base_price: 0 })];
  const order = orderOf({ state: 'processing', ...PAID, items: configurable });
  expect(order.line_items).toMatchObject([{ line_id: '1', unit_price: 1000 }]);
  expect(order.fulfillment_state).toBe('fulfilled');
  const bundle = [
    line(1, { product_type: 'bundle', qty_shipped: 0 }),
    line(2, { parent_item_id: 1, qty_shipped: 1 }),
    line(3, { parent_item_id: 1, qty_shipped: 0 }),
  ];
  expect(orderOf({ state: 'processing', ...PAID, items: bundle }).fulfillment_state).toBe('partially_fulfilled');
  const download = [line(1, { is_virtual: 1 }), line(2, { qty_shipped: 1 })];
  expect(orderOf({ state: 'processing', ...PAID, items: download }).fulfillment_state).toBe('fulfilled');
  const returned = [line(1, { qty_ordered: 2, qty_shipped: 1, qty_refunded: 1 })];
  expect(orderOf({ state: 'processing', ...PAID, items: returned }).fulfillment_state).toBe('fulfilled');
});

test('a gift card is one, the session comes with the order, and gateways know it by its number and by theirs', () => {
  const order = orderOf({
    items: [{ ...recorded.items[0], product_type: 'giftcard' }],
    extension_attributes: { sref: 'abc_DEF-1' },
    payment: { method: 'stripe', last_trans_id: 'ch_1-capture' },
  });
  expect(order).toMatchObject({
    line_items: [{ gift_card: true }],
    session_ref: 'abc_DEF-1',
    references: [
      { kind: 'order', value: '000000003' },
      { kind: 'payment', value: 'ch_1' },
    ],
  });
});

test('what makes an order a test is a payment method or a store view of the shop’s choice', () => {
  expect(orderOf({}, { test_payment_methods: ['banktransfer'] }).test).toBe(true);
  expect(orderOf({}, { test_store_ids: [1] }).test).toBe(true);
  expect(orderOf({}, { test_payment_methods: ['checkmo'], test_store_ids: ['2'] }).test).toBe(false);
});

test.each([
  [{ entity_id: null }, 'unusable_delivery', '/entity_id'],
  [{ base_currency_code: 'QQQ' }, 'unknown_currency', '/base_currency_code'],
  [{ order_currency_code: 'QQQ' }, 'unknown_currency', '/order_currency_code'],
  [{ base_grand_total: null }, 'invalid_amount', '/base_grand_total'],
  [{ base_grand_total: 'free' }, 'invalid_amount', '/base_grand_total'],
  [{ base_tax_amount: '1,35' }, 'invalid_amount', '/base_tax_amount'],
  [{ items: [{ base_price: 1 }, { base_price: 'x' }] }, 'invalid_amount', '/items/1/base_price'],
  [{ created_at: null }, 'invalid_order', '/created_at'],
  [{ updated_at: 'soon' }, 'invalid_order', '/updated_at'],
])('%j is unusable as %s at %s, and keeps no other waiting', (change, code, pointer) => {
  const page = poll([{ ...recorded, ...change }, recorded]);
  expect(page.unusable).toMatchObject([{ kind: 'unusable', code, pointer, order_id: 'entity_id' in change ? null : '3' }]);
  expect(page.facts).toHaveLength(1);
});

test('an order by itself is a page of one, though it has items as a page has', () => {
  const page = api.poll!.read(reply(recorded), CONNECTION, FIRST, { now: 0 });
  expect(page).toEqual({ facts: poll([recorded]).facts, unusable: [], next: null });
});

test('a page goes on by time until the count is reached, as one past the end repeats the last', () => {
  const at = (seconds: number) => ({
    ...recorded,
    updated_at: new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' '),
  });
  const items = [at(1000), at(1099)];
  expect(poll(items, {}, 250).next).toEqual({ from: 1_099_000, page: null });
  expect(poll(items, {}, 100).next).toBeNull();
  const within = { from: 1_099_000, page: '2' };
  expect(api.poll!.read(reply({ items, total_count: 250 }), CONNECTION, within, { now: 0 }).next).toEqual({
    from: 1_099_000,
    page: '3',
  });
  expect(api.poll!.read(reply({ items, total_count: 200 }), CONNECTION, within, { now: 0 }).next).toBeNull();
  expect(api.poll!.read(reply({ items: [], total_count: 0 }), CONNECTION, FIRST, { now: 0 })).toEqual({
    facts: [],
    unusable: [],
    next: null,
  });
  expect(() => api.poll!.read(reply({ message: 'no' }, 401), CONNECTION, FIRST, { now: 0 })).toThrow('status 401');
});

const KEYS = { consumer_key: 'ck', consumer_secret: 'cs', access_token: 'at', access_token_secret: 'ats' };
const context = { now: 1_770_117_607_000, nonce: 'nonce123' };

test('the recorded request is signed as OAuth 1.0a wants it', () => {
  const { vectors } = read('signature-vectors');
  const vector = vectors.find(({ name }: { name: string }) => name === 'magento-oauth1-request');
  expect(oauth1Signature(vector, vector)).toBe(vector.oauth_signature);
  expect(oauth1Header(vector, { ...KEYS, ...vector }, context)).toBe(
    'OAuth oauth_consumer_key="ck", oauth_nonce="nonce123", oauth_signature_method="HMAC-SHA256", oauth_timestamp="1770117607", oauth_token="at", oauth_version="1.0", oauth_signature="0uBNLjiQAQXjXcVnG6j0bmcpQH38z0D7GKOORVmECFA%3D"',
  );
});

test('a poll asks by time, signed or with a bearer token, and in a store view if there is one', () => {
  const cursor = { from: Date.UTC(2026, 1, 3, 11), page: '2' };
  const connection = { ...CONNECTION, settings: KEYS };
  const { url, headers } = api.poll!.list(connection, cursor, context);
  expect(url).toMatch(/^https:\/\/shop\.example\/rest\/V1\/orders\?/);
  expect(Object.fromEntries(new URL(url).searchParams)).toMatchObject({
    'searchCriteria[filter_groups][0][filters][0][field]': 'updated_at',
    'searchCriteria[filter_groups][0][filters][0][condition_type]': 'gteq',
    'searchCriteria[filter_groups][0][filters][0][value]': '2026-02-03 11:00:00',
    'searchCriteria[pageSize]': '100',
    'searchCriteria[currentPage]': '2',
    'searchCriteria[sortOrders][0][field]': 'updated_at',
  });
  // What is signed is what is sent.
  const query = Object.fromEntries(new URL(url).searchParams);
  expect(headers['authorization']).toBe(oauth1Header({ url: url.split('?')[0]!, query }, KEYS, context));
  const bearer = api.poll!.list({ ...connection, settings: { bearer_token: 'tok', store: 'de' } }, cursor, context);
  expect(bearer.url).toMatch(/^https:\/\/shop\.example\/rest\/de\/V1\/orders\?/);
  expect(bearer.headers).toEqual({ accept: 'application/json', authorization: 'Bearer tok' });
});

test('no two requests share a nonce, and none is longer than Magento keeps', () => {
  const uuid = '0190f5c0-7a2b-7c3d-8e4f-0123456789ab';
  const requests = api.fetch!.requests({ ...CONNECTION, settings: KEYS }, '3', { now: 0, nonce: uuid });
  const nonces = requests.map(({ headers }) => /oauth_nonce="([^"]+)"/.exec(headers['authorization']!)![1]!);
  expect(new Set(nonces).size).toBe(3);
  expect(nonces.every((nonce) => nonce.length <= 32)).toBe(true);
});

test('a fetch brings credit memos as refunds and shipments with their tracks', () => {
  const requests = api.fetch!.requests({ ...CONNECTION, settings: KEYS }, '3', context);
  expect(requests.map(({ url }) => decodeURIComponent(url.split('?')[0]!))).toEqual([
    'https://shop.example/rest/V1/orders/3',
    'https://shop.example/rest/V1/creditmemos',
    'https://shop.example/rest/V1/shipments',
  ]);
  const order = { ...recorded, state: 'complete', ...PAID, base_total_refunded: 32.45 };
  const cancelled = { ...creditmemo, entity_id: 13, state: 3 };
  const tracks = [
    { carrier_code: 'ups', title: 'United Parcel Service', track_number: '1Z1' },
    { carrier_code: 'custom', title: 'Post', track_number: '1Z2' },
  ];
  const facts = api.fetch!.read(
    [reply(order), reply({ items: [creditmemo, cancelled], total_count: 2 }), reply({ items: [{ entity_id: 5, tracks }] })],
    CONNECTION,
    '3',
    { now: 0 },
  );
  expect(facts).toMatchObject([
    {
      order: {
        payment_state: 'partially_refunded',
        amounts: { paid: 16500, refunded: 3245, net: 13255 },
        refunds: [{ refund_id: '12', amount: 3245, at: '2026-02-03T11:20:07Z' }],
        shipments: [{ shipment_id: '5', state: 'shipped' }],
        tracking: [
          { carrier: 'ups', number: '1Z1' },
          { carrier: 'Post', number: '1Z2' },
        ],
      },
    },
  ]);
  expect(
    api.fetch!.read([reply({ message: 'gone' }, 404), reply({}, 404), reply({}, 404)], CONNECTION, '3', { now: 0 }),
  ).toBeNull();
  const broken = reply({ items: [{ ...creditmemo, grand_total: 'x' }] });
  expect(() => api.fetch!.read([reply(order), broken, reply({ items: [] })], CONNECTION, '3', { now: 0 })).toThrow(
    expect.objectContaining({ code: 'invalid_amount', pointer: '/creditmemos/0/grand_total' }),
  );
});

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = String(publicKey.export({ type: 'spki', format: 'pem' }));
const WHSEC = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const NOW = Date.UTC(2026, 1, 3, 12);

/** As Adobe Commerce signs its webhooks. */
function deliver(value: unknown, connection: Partial<Connection> = { settings: { public_key: PEM } }): SourceReading {
  const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const signature = createSign('RSA-SHA256').update(body.toString('base64')).sign(privateKey, 'base64');
  const headers = { 'x-adobe-commerce-webhook-signature': signature };
  return magento.read({ headers, signed: body, body }, { ...CONNECTION, ...connection }, { now: NOW });
}

const factsOf = (reading: SourceReading) => {
  if (reading.kind !== 'facts') throw new Error(`expected facts, found ${JSON.stringify(reading)}`);
  return reading.facts;
};

test('a webhook is verified with the public key among the settings or the secrets', () => {
  expect(deliver(recorded).kind).toBe('facts');
  expect(deliver(recorded, { secrets: ['no key', PEM] }).kind).toBe('facts');
  for (const connection of [{}, { secrets: ['no key'] }, { settings: { public_key: 'no key' } }])
    expect(deliver(recorded, connection)).toMatchObject({ kind: 'refused', code: 'bad_signature' });
});

test('a module of the shop’s own signs as Standard Webhooks do, and nothing comes unsigned', () => {
  const text = JSON.stringify(recorded);
  const body = Buffer.from(text);
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(NOW / 1000),
    'webhook-signature': new Webhook(WHSEC).sign('msg_1', new Date(NOW), text),
  };
  const signed = (connection: Partial<Connection>, given: Record<string, string> = headers) =>
    magento.read({ headers: given, signed: body, body }, { ...CONNECTION, ...connection }, { now: NOW });
  expect(factsOf(signed({ secrets: [WHSEC] }))[0]!.delivery_id).toBe('msg_1:3:2017-08-21T22:22:20Z:new:0:0');
  expect(signed({})).toMatchObject({ kind: 'refused', code: 'bad_signature' });
  expect(signed({ settings: KEYS }, {})).toMatchObject({ kind: 'refused', code: 'signature_missing' });
});

test.each([
  ['as it is', recorded],
  ['a webhook’s', { order: recorded }],
  ['a webhook’s data', { data: { order: recorded } }],
  ['an event’s', { event: { data: { value: recorded } } }],
  ['a cloud event’s', { specversion: '1.0', data: { key: 'k', value: recorded } }],
])('an order is found where it is wrapped: %s', (_title, body) => {
  const [fact] = factsOf(deliver(body));
  expect(fact!.order).toEqual(orderOf({}));
  expect(factsOf(deliver(body))[0]!.delivery_id).toBe(fact!.delivery_id);
});

test('the recorded event of an invoice names its order, to be fetched', () => {
  const [fact] = factsOf(deliver(fixture('io-event-sales_order_invoice_save_after')));
  expect(fact).toMatchObject({
    occurred_at: Date.UTC(2023, 3, 6, 18, 36, 18),
    order: { source: 'magento', account: 'shop.example', order_id: '8' },
  });
  expect(Object.keys(fact!.order)).toHaveLength(3);
  expect(factsOf(deliver(invoice))[0]!.order).toEqual({ source: 'magento', account: 'shop.example', order_id: '3' });
});

test('a delivery with fewer fields than an order has names one to be fetched, each time anew', () => {
  const [fact] = factsOf(deliver({ order: { entity_id: '3', state: 'complete' } }));
  expect(fact).toMatchObject({ occurred_at: NOW, order: { source: 'magento', account: 'shop.example', order_id: '3' } });
  expect(fact!.delivery_id).toMatch(new RegExp(`^[0-9a-f]{32}:${NOW}$`));
});

test('a credit memo is a refund by its id, and a shipment has its tracks, wherever they come from', () => {
  const refund = { currency: 'USD', exponent: 2, refunds: [{ refund_id: '12', amount: 3245, at: '2026-02-03T11:20:07Z' }] };
  expect(factsOf(deliver({ event: { data: { value: creditmemo } } }))).toMatchObject([{ order: { order_id: '3', ...refund } }]);
  expect(poll([creditmemo]).facts).toEqual(factsOf(deliver(creditmemo)));
  const open = factsOf(deliver({ ...creditmemo, state: 1 }))[0]!.order;
  expect(open).toEqual({ source: 'magento', account: 'shop.example', order_id: '3' });
  const shipment = {
    entity_id: 5,
    order_id: 3,
    created_at: '2026-02-03 12:00:00',
    tracks: [{ carrier_code: 'ups', track_number: '1Z1' }],
  };
  expect(factsOf(deliver(shipment))).toMatchObject([
    { order: { shipments: [{ shipment_id: '5', state: 'shipped', tracking: [{ carrier: 'ups', number: '1Z1' }] }] } },
  ]);
});

test('a hook that comes before the order has an id is answered, and says nothing', () => {
  expect(deliver({ order: { increment_id: '000000003', grand_total: 165 } })).toEqual({
    kind: 'ignored',
    reason: 'order_without_id',
  });
});

test.each([
  ['{"order":', 'malformed_json', ''],
  ['[]', 'unusable_delivery', ''],
  [{ order: { foo: 1 } }, 'unusable_delivery', '/order/entity_id'],
  [{ event: { data: { value: {} } } }, 'unusable_delivery', '/event/data/value/entity_id'],
])('the delivery %j is unusable as %s at %s', (body, code, pointer) => {
  expect(deliver(body)).toMatchObject({ kind: 'unusable', code, pointer });
});

test('what is wrong with an order inside of a delivery is told from the outside', () => {
  expect(deliver({ order: { ...recorded, base_grand_total: 'x' } })).toMatchObject({
    code: 'invalid_amount',
    pointer: '/order/base_grand_total',
  });
  expect(deliver({ data: { value: { ...recorded, updated_at: 'soon' } } })).toMatchObject({
    code: 'invalid_order',
    pointer: '/data/value/updated_at',
  });
});

test('check names what is missing; who polls needs no secret', () => {
  const check = (settings: object, more: Partial<Connection> = {}) =>
    magento.check({ ...CONNECTION, settings: { ...settings }, ...more });
  expect(check(KEYS)).toEqual([]);
  expect(check({ bearer_token: 't' })).toEqual([]);
  expect(check({ public_key: PEM })).toEqual([]);
  expect(check({}, { secrets: [WHSEC] })).toEqual([]);
  expect(check({})).toEqual([
    'secrets is empty and settings.consumer_key is missing: orders are delivered signed, polled, or both.',
  ]);
  expect(check({ consumer_key: 'ck', access_token: 'at' })).toEqual([
    'settings.consumer_secret is missing.',
    'settings.access_token_secret is missing.',
  ]);
  expect(check(KEYS, { account: 'main' })).toEqual(['settings.store_url is missing.']);
  expect(check({ ...KEYS, store_url: 'ftp://shop.example' })).toEqual([
    'settings.store_url must be an address that begins with https://.',
  ]);
  expect(check({ ...KEYS, public_key: 'MIIB' })).toEqual(['settings.public_key must be a public key in PEM.']);
  expect(check({ ...KEYS, test_store_ids: '1' })).toEqual(['settings.test_store_ids must be a list of texts.']);
  expect(
    [KEYS, { bearer_token: 't' }, { consumer_key: 'ck' }].map((settings) =>
      api.isConfigured({ ...CONNECTION, settings: { ...settings } }),
    ),
  ).toEqual([true, true, false]);
});
