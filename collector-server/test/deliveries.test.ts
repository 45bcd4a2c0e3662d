import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  PROBLEMS,
  SOURCE_PROBLEMS,
  type SourceConnection,
  type SourceConnections,
  type SourceDeliveries,
  type SourceDelivery,
} from '@orderloop/protocol';
import { expect, onTestFinished, test } from 'vitest';
import type { Config } from '../src/config.ts';
import { startCollector } from '../src/main.ts';
import { StorageFault } from '../src/storage/contract.ts';
import {
  eventually,
  newId,
  orderInput,
  postOrder,
  postShopify,
  read,
  SECRET_KEY,
  SHOPIFY_SECRET,
  SIGNING_SECRET,
  signedHeaders,
  startTestCollector,
  type TestCollector,
  testConfig,
} from './harness.ts';

const shopifyOrder = (name: string) =>
  JSON.parse(readFileSync(new URL(`./fixtures/sources/shopify/${name}.json`, import.meta.url), 'utf8')).body as Record<
    string,
    unknown
  >;

const PAID = {
  ...shopifyOrder('webhook-2024-10-orders-paid'),
  ...{ test: false, payment_gateway_names: [], cancelled_at: null, financial_status: 'paid' },
};

/** A source's deliveries, when there are as many. */
const deliveries = (collector: { url: string }, wanted: number, source = 'shopify'): Promise<SourceDelivery[]> =>
  eventually(async () => {
    const found = (await read<SourceDeliveries>(collector, `/v1/sources/${source}/demo/deliveries`)).deliveries;
    return found.length >= wanted && found;
  });

const connection = async (collector: { url: string }, source = 'shopify'): Promise<SourceConnection> =>
  (await read<SourceConnections>(collector, '/v1/sources')).connections.find((one) => one.source === source)!;

/** Until so many deliveries of the day are counted. */
const counted = (
  collector: { url: string },
  verdict: keyof SourceConnection['deliveries_24h'],
  wanted: number,
  source?: string,
) =>
  eventually(async () => {
    const found = await connection(collector, source);
    return found.deliveries_24h[verdict] >= wanted && found;
  });

const withoutPlace = ({ id, received_at, first_at, ...rest }: SourceDelivery) => rest;

const NOTHING_READ = {
  orders: 0,
  ...{ order_key: null, order_number: null, state: null, total: null, currency: null, exponent: null },
  ...{ test: null, has_session_ref: null },
};
const SHOPIFY_ROW = { site: 'demo', source: 'shopify', count: 1, verified: true, detail: null, pointer: null, reason: null };

test('what was taken is shown with what was read of it, and what came twice as the duplicate that it is', async () => {
  const collector = await startTestCollector();
  const twice = { 'x-shopify-webhook-id': newId() };
  await postShopify(collector, PAID, twice);
  await postShopify(collector, PAID, twice);
  const found = await deliveries(collector, 2);
  const order = {
    ...{ topic: 'orders/paid', orders: 1, order_key: 'shopify:shop.myshopify.com:820982911946154508', order_number: '#9999' },
    ...{ state: 'paid', total: 38_800, currency: 'USD', exponent: 2, test: false, has_session_ref: false },
  };
  expect(found.map(withoutPlace)).toEqual([
    { ...SHOPIFY_ROW, status: 200, verdict: 'duplicate', ...order },
    { ...SHOPIFY_ROW, status: 200, verdict: 'accepted', ...order },
  ]);
  expect(Date.now() - found[0]!.received_at).toBeLessThan(60_000);
  expect(found[0]!.first_at).toBe(found[0]!.received_at);
});

test('a session reference is told of, never shown, and a test order is marked', async () => {
  const collector = await startTestCollector();
  const note_attributes = [{ name: '_sref', value: 'ref_0123456789abcdef' }];
  await postShopify(collector, { ...PAID, test: true, note_attributes });
  const [found] = await deliveries(collector, 1);
  expect(found).toMatchObject({ test: true, has_session_ref: true });
  expect(JSON.stringify(found)).not.toContain('ref_0123456789abcdef');
});

test('what says nothing for us is ignored, with the source’s word for why', async () => {
  const collector = await startTestCollector();
  await postShopify(collector, {}, { 'x-shopify-topic': 'products/update' });
  expect((await deliveries(collector, 1)).map(withoutPlace)).toEqual([
    {
      ...{ ...SHOPIFY_ROW, status: 200, verdict: 'ignored', reason: 'unsupported_topic', topic: 'products/update' },
      ...NOTHING_READ,
    },
  ]);
});

test('what was signed and can’t be used is rejected, with its code, its field and the sentence', async () => {
  const collector = await startTestCollector();
  await postShopify(collector, { ...PAID, currency: 'EURO' });
  expect((await deliveries(collector, 1)).map(withoutPlace)).toEqual([
    {
      ...{ ...SHOPIFY_ROW, status: 422, verdict: 'rejected', reason: 'unknown_currency', topic: 'orders/paid' },
      ...{ detail: 'Expected an ISO 4217 currency code.', pointer: '/currency' },
      ...NOTHING_READ,
    },
  ]);
});

test('a wrong signature is rejected, says what to compare, and nothing that came with it is kept', async () => {
  const collector = await startTestCollector();
  await postShopify(collector, PAID, { 'x-shopify-topic': 'a-stranger/wrote-this' }, 'wrong');
  const [found] = await deliveries(collector, 1);
  expect(withoutPlace(found!)).toEqual({
    ...{ ...SHOPIFY_ROW, verified: false, status: 401, verdict: 'rejected', reason: 'bad_signature', topic: null },
    detail: 'X-Shopify-Hmac-SHA256 does not match: compare the app’s client secret with the configured one.',
    ...NOTHING_READ,
  });
  expect(await connection(collector)).toMatchObject({ last_verdict: 'rejected', last_delivery_at: found!.received_at });
});

test('a body that can’t be taken is rejected before it is read', async () => {
  const collector = await startTestCollector();
  await postShopify(collector, 'a=1', { 'content-type': 'application/xml' });
  expect(await deliveries(collector, 1)).toMatchObject([
    { status: 415, verdict: 'rejected', reason: 'unsupported_media_type', verified: false },
  ]);
});

test('a store that can’t be written to is why a good delivery was rejected', async () => {
  const collector = await startTestCollector();
  const log = collector.storage.log as { append: unknown };
  const { append } = log;
  log.append = async () => {
    throw new StorageFault('disk I/O error');
  };
  await postShopify(collector, PAID);
  log.append = append;
  expect(await deliveries(collector, 1)).toMatchObject([
    { status: 503, verdict: 'rejected', reason: 'storage_unavailable', verified: true, order_number: '#9999' },
  ]);
});

test('hundreds of wrong signatures are a row an hour, and push no real delivery out', async () => {
  const hour = 3_600_000;
  let now = Math.floor(Date.now() / hour) * hour;
  const collector = await startTestCollector(testConfig(), undefined, { now: () => now });
  await postShopify(collector, PAID);
  await counted(collector, 'accepted', 1);
  for (let round = 0; round < 2; round++, now += hour)
    for (let index = 0; index < 40; index++)
      await Promise.all(Array.from({ length: 5 }, () => postShopify(collector, { ...PAID, id: index }, {}, `wrong${index}`)));
  const { deliveries_24h } = await counted(collector, 'rejected', 400);
  expect(deliveries_24h).toEqual({ accepted: 1, duplicate: 0, ignored: 0, rejected: 400 });
  const found = await deliveries(collector, 3);
  expect(found.map(({ verdict, count }) => [verdict, count])).toEqual([
    ['rejected', 200],
    ['rejected', 200],
    ['accepted', 1],
  ]);
  expect(found[0]!.received_at - found[1]!.received_at).toBeGreaterThanOrEqual(hour);
});

test('of a shop’s own server everything is shown but what nobody can say whose it is', async () => {
  const collector = await startTestCollector();
  const order = orderInput({ order_number: 'SO-1', session_ref: 'ref_0123456789abcdef', amounts: { total: '104.90' } });
  await postOrder(collector, order);
  await counted(collector, 'accepted', 1, 'generic');
  await postOrder(collector, { orders: [orderInput(), orderInput()] });
  await counted(collector, 'accepted', 2, 'generic');
  await postOrder(collector, orderInput({ currency: 'XXL' }));
  await counted(collector, 'rejected', 1, 'generic');
  await postOrder(collector, order, { 'webhook-signature': 'v1,wrong' });
  await postOrder(collector, order, signedHeaders(JSON.stringify(order), { at: Date.now() - 3_600_000 }));
  await postOrder(collector, order, { authorization: 'Bearer sk_unknown_0123456789' });
  await counted(collector, 'rejected', 3, 'generic');
  const found = await deliveries(collector, 5, 'generic');
  const reasons = new Map(found.map((one) => [one.reason ?? one.orders, one]));
  expect([...reasons.keys()].map(String).sort()).toEqual(['1', '2', 'bad_signature', 'stale_timestamp', 'unknown_currency']);
  expect(reasons.get(1)).toMatchObject({
    status: 202,
    order_number: 'SO-1',
    total: 10_490,
    currency: 'EUR',
    has_session_ref: true,
  });
  expect(reasons.get('unknown_currency')).toMatchObject({ status: 422, pointer: '/currency', verified: true });
  expect(reasons.get('bad_signature')).toMatchObject({ status: 401, verified: false });
});

test('an id that was used for another order, and a call that was answered before, are told apart', async () => {
  const collector = await startTestCollector();
  const webhook = { 'x-shopify-webhook-id': newId() };
  await postShopify(collector, PAID, webhook);
  await postShopify(collector, { ...PAID, total_price: '1.00' }, webhook);
  const [reused] = await deliveries(collector, 2);
  expect(reused).toMatchObject({ status: 409, reason: 'delivery_id_reused', verified: true, order_number: '#9999' });
  const order = orderInput();
  for (let call = 0; call < 2; call++) await postOrder(collector, order, { 'idempotency-key': 'import-1' });
  expect((await deliveries(collector, 2, 'generic')).map(({ verdict, orders }) => [verdict, orders])).toEqual([
    ['duplicate', 0],
    ['accepted', 1],
  ]);
});

test('nothing of a customer, of the body or of a secret is kept', async () => {
  const collector = await startTestCollector();
  const words = {
    email: 'mark-email@example.com',
    phone: '+4915112345678',
    first_name: 'Markfirst',
    last_name: 'Marklast',
    street: 'Markstreet 1',
    note: 'Marknote',
  };
  const { email, phone, first_name, last_name, street: address1, note } = words;
  const person = { email, phone, first_name, last_name, address1 };
  const order = { ...PAID, ...person, note, customer: person, billing_address: person, shipping_address: person };
  await postShopify(collector, order);
  await postShopify(collector, { ...order, currency: 'EURO' });
  await postShopify(collector, order, {}, 'wrong');
  await postShopify(collector, order, { 'x-shopify-topic': `orders/${email}` });
  await postOrder(collector, orderInput({ customer: person }));
  await postOrder(collector, orderInput({ customer: person, amounts: { total: email } }));
  await deliveries(collector, 4);
  await deliveries(collector, 2, 'generic');
  const kept = JSON.stringify(await collector.storage.deliveries.list({}, 100));
  for (const word of [...Object.values(words), SHOPIFY_SECRET, SIGNING_SECRET, SECRET_KEY, 'Mark', 'mark-'])
    expect(kept).not.toContain(word);
});

test('connections are those of the configuration, and each site’s own servers', async () => {
  const config = testConfig({}, { public_url: 'https://collector.example' });
  const { demo } = config.sites;
  const sites: Config['sites'] = {
    demo: demo!,
    other: { ...demo!, secret_keys: ['sk_other_0123456789'], signing_secrets: [], sources: {} },
  };
  const collector = await startTestCollector({ ...config, sites });
  const none = { last_delivery_at: null, last_verdict: null, poll: null };
  const deliveries_24h = { accepted: 0, duplicate: 0, ignored: 0, rejected: 0 };
  const shown = await read<SourceConnections>(collector, '/v1/sources');
  expect(shown).toEqual({
    public_url: 'https://collector.example',
    connections: [
      {
        ...{ site: 'demo', source: 'shopify', account: 'shop.myshopify.com', path: '/v1/sources/shopify/demo', secrets: 1 },
        ...{ deliveries_24h, ...none },
      },
      { site: 'demo', source: 'generic', account: 'demo', path: '/v1/orders', secrets: 1, deliveries_24h, ...none },
    ],
  });
  expect(JSON.stringify(shown)).not.toContain(SHOPIFY_SECRET);
});

test('a key reads its own site, a session what it asks for, and nobody else anything', async () => {
  const config = testConfig();
  const other = { ...config.sites['demo']!, secret_keys: ['sk_other_0123456789'] };
  const collector = await startTestCollector({ ...config, sites: { ...config.sites, other } });
  const get = (path: string, headers: Record<string, string> = {}) => fetch(`${collector.url}${path}`, { headers });
  const key = { authorization: `Bearer ${SECRET_KEY}` };
  const PATH = '/v1/sources/shopify/other/deliveries';
  for (const path of ['/v1/sources', PATH]) expect((await get(path)).status).toBe(401);
  expect((await connection(collector)).site).toBe('demo');
  const answer = await get(PATH, key);
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([404, 'not_found']);
  expect((await get('/v1/sources/stripe/demo/deliveries', key)).status).toBe(404);
  expect((await get('/v1/sources/shopify/nowhere/deliveries', key)).status).toBe(404);
  const login = await fetch(`${collector.url}/v1/dashboard/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: 'a-dashboard-token' }),
  });
  const session = { cookie: login.headers.get('set-cookie')!.split(';')[0]! };
  const sitesOf = async (path: string) =>
    ((await (await get(path, session)).json()) as SourceConnections).connections.map(({ site }) => site);
  expect(new Set(await sitesOf('/v1/sources'))).toEqual(new Set(['demo', 'other']));
  expect(new Set(await sitesOf('/v1/sources?site=other'))).toEqual(new Set(['other']));
  expect((await get(PATH, session)).status).toBe(200);
  expect((await fetch(`${collector.url}/v1/sources`, { method: 'DELETE', headers: key })).status).toBe(405);
});

test('a delivery is answered whether or not its note can be kept, and the note comes when it can', async () => {
  const collector: TestCollector = await startTestCollector();
  const { deliveries: store } = collector.storage;
  let attempts = 0;
  const failing = Object.assign(store, { put: store.put });
  const { put } = failing;
  failing.put = async () => {
    attempts += 1;
    throw new StorageFault('the background is gone');
  };
  expect((await postShopify(collector, PAID)).status).toBe(200);
  await eventually(async () => attempts > 0);
  failing.put = put;
  expect(await deliveries(collector, 1)).toMatchObject([{ verdict: 'accepted' }]);
});

test('what was noted outlives the collector, also when it stops right after', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orderloop-deliveries-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const start = () =>
    startCollector({ config: testConfig(), storage: { engine: 'sqlite', folder } }, { port: 0, host: '127.0.0.1' });
  const first = await start();
  await postShopify(first, PAID);
  await first.stop();
  const second = await start();
  onTestFinished(() => second.stop());
  expect(await deliveries(second, 1)).toMatchObject([{ verdict: 'accepted', order_number: '#9999' }]);
  expect(await connection(second)).toMatchObject({ last_verdict: 'accepted', deliveries_24h: { accepted: 1 } });
});

test('every code that a source may be refused with is in the catalogue', () => {
  for (const code of SOURCE_PROBLEMS) expect(PROBLEMS).toHaveProperty(code);
});
