import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Order } from '@orderloop/protocol';
import { expect, onTestFinished, test } from 'vitest';
import type { SiteConfig } from '../config.ts';
import { eventOfFact } from '../ingest/delivery.ts';
import { createProjector } from '../ingest/project.ts';
import { createCaller } from '../outgoing/call.ts';
import { createVault } from '../privacy/vault.ts';
import type { OrderFact } from '../sources/contract.ts';
import { SOURCES } from '../sources/index.ts';
import type { OrderRow } from '../storage/contract.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import { createConnections } from './runtime.ts';

const NOW = Date.UTC(2026, 1, 5, 12);
const DAY = 86_400_000;
const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/sources/${name}.json`, import.meta.url), 'utf8'));

type Answer = { status?: number; body: unknown };

/** The far side, over HTTP on this machine: what it was asked, in order. */
async function play(answer: (url: URL, request: IncomingMessage) => Answer) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://localhost');
    asked.push(`${request.method} ${url.pathname}`);
    const { status = 200, body } = answer(url, request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { asked, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A collector's connections to one source, with the caller that it has in life. */
function connect(source: string, origin: string, settings: Record<string, unknown>) {
  const storage = openSqlite();
  const caller = createCaller([origin]);
  onTestFinished(async () => {
    await caller.close();
    await storage.close();
  });
  const clock = { now: NOW };
  const vault = createVault(new Uint8Array(32));
  const connection: NonNullable<SiteConfig['sources']>[string] = {
    account: 'a',
    secrets: ['s'],
    role: 'orders',
    settings: { ...settings, api_url: origin },
  };
  const site = {
    name: 'Demo',
    publishable_keys: [],
    secret_keys: [],
    signing_secrets: [],
    origins: [],
    sources: { [source]: connection },
  };
  const errors: unknown[] = [];
  const runtime = createConnections({
    ...{ config: { data_key: '', dashboard_token: '', sites: { demo: site } }, sources: SOURCES },
    ...{ storage, caller, vault, owner: 'one', now: () => clock.now, random: () => 0.5 },
    erase: async () => undefined,
    onAppend: () => undefined,
    onError: (error) => errors.push(error),
  });
  const projector = createProjector(storage, () => ({ consentMode: 'opt_out', hosts: [], destinations: [] }), {
    now: () => clock.now,
  });
  return {
    ...{ clock, errors, runtime },
    state: () => storage.connections.state('demo', source),
    async append(facts: readonly OrderFact[]) {
      const events = facts.map((fact) => eventOfFact(fact, { site: 'demo', source, received_at: clock.now, vault }));
      await storage.log.append({ events });
      await projector.catchUp();
    },
    async orders(): Promise<Order[]> {
      await projector.catchUp();
      return ((await storage.projections.dump()).orders as OrderRow['projection'][]).map(({ order }) => order);
    },
  };
}

test('Stripe is asked for what its deliveries lost, page by page', async () => {
  const intent = { ...fixture('stripe/self-event-payment_intent.succeeded'), created: NOW / 1000 - 90_000 };
  const refunded = { ...fixture('stripe/self-event-charge.refunded'), created: NOW / 1000 - 80_000 };
  const { asked, origin } = await play((url, request) => {
    if (request.headers.authorization !== 'Bearer rk_1') return { status: 401, body: {} };
    const isClosed = url.searchParams.has('created[lt]');
    const after = url.searchParams.get('starting_after');
    const data = after ? [intent] : isClosed ? [refunded] : [];
    return { body: { object: 'list', data, has_more: isClosed && !after } };
  });
  const shop = connect('stripe', origin, { api_key: 'rk_1' });
  await shop.runtime.look();
  expect(await shop.state()).toMatchObject({ error: null, watermark: NOW, cursor: null });
  expect(await shop.orders()).toMatchObject([
    { order_id: 'pi_self0001', state: 'partially_refunded', amounts: { paid: 5250, refunded: 2000 } },
  ]);
  expect(new Set(asked)).toEqual(new Set(['GET /v1/events']));
  expect(shop.errors).toEqual([]);
});

test('PayPal hands out a token, and is asked for its events with it', async () => {
  const { asked, origin } = await play((url, request) => {
    if (url.pathname === '/v1/oauth2/token') {
      const isKnown = request.headers.authorization === `Basic ${Buffer.from('id:secret').toString('base64')}`;
      return isKnown ? { body: { access_token: 'T', expires_in: 32_400 } } : { status: 401, body: {} };
    }
    if (request.headers.authorization !== 'Bearer T') return { status: 401, body: {} };
    const capture = fixture('paypal/webhook-PAYMENT.CAPTURE.COMPLETED').body;
    const refund = fixture('paypal/self-webhook-PAYMENT.CAPTURE.REFUNDED').body;
    const next = { rel: 'next', href: 'https://api-m.paypal.com/v1/notifications/webhooks-events?page=2' };
    return url.searchParams.get('page') ? { body: { events: [capture] } } : { body: { events: [refund], links: [next] } };
  });
  const settings = { webhook_id: 'W', client_id: 'id', client_secret: 'secret', sandbox: false };
  const shop = connect('paypal', origin, settings);
  await shop.runtime.look();
  expect(await shop.state()).toMatchObject({ error: null });
  expect(await shop.orders()).toMatchObject([
    { order_id: '4K5112848U951142F', state: 'partially_refunded', amounts: { paid: 1000, refunded: 300 } },
  ]);
  expect(asked.filter((request) => request === 'POST /v1/oauth2/token')).toHaveLength(1);
  const refused = connect('paypal', origin, { ...settings, client_secret: 'wrong' });
  await refused.runtime.look();
  expect(await refused.state()).toMatchObject({ error: expect.stringContaining('refused our credentials') });
});

test('what came of a PayPal payment that never came itself is asked for a day later', async () => {
  const { origin } = await play((url) => {
    if (url.pathname === '/v1/oauth2/token') return { body: { access_token: 'T', expires_in: 32_400 } };
    if (url.pathname === '/v2/payments/captures/5VK462069F664902F')
      return { body: fixture('paypal/webhook-PAYMENT.CAPTURE.COMPLETED').body.resource };
    if (url.pathname.startsWith('/v2/')) return { status: 404, body: { name: 'RESOURCE_NOT_FOUND' } };
    return { body: { events: [] } };
  });
  const shop = connect('paypal', origin, { webhook_id: 'W', client_id: 'id', client_secret: 'secret', sandbox: false });
  const refund = fixture('paypal/self-webhook-PAYMENT.CAPTURE.REFUNDED').body;
  const page = SOURCES['paypal']!.api!.poll!.read(
    { status: 200, headers: {}, body: Buffer.from(JSON.stringify({ events: [refund] })) },
    { account: 'a', secrets: [], settings: { webhook_id: 'W' } },
    { from: NOW, page: null },
    { now: NOW },
  );
  await shop.append(page.facts);
  expect(await shop.orders()).toEqual([]);
  shop.clock.now += DAY;
  await shop.runtime.look();
  expect(await shop.orders()).toMatchObject([
    { order_id: '4K5112848U951142F', state: 'partially_refunded', amounts: { paid: 1000, refunded: 300 } },
  ]);
  expect(shop.errors).toEqual([]);
});

test('a thin event of Stripe’s has what it is about asked for', async () => {
  const { asked, origin } = await play((url) =>
    url.pathname === '/v1/events'
      ? { body: { object: 'list', data: [], has_more: false } }
      : { body: { ...fixture('stripe/self-event-payment_intent.succeeded').data.object, latest_charge: null } },
  );
  const shop = connect('stripe', origin, { api_key: 'rk_1' });
  await shop.append([
    { delivery_id: 'evt_thin', occurred_at: NOW, order: { source: 'stripe', account: 'a', order_id: 'pi_self0001' } },
  ]);
  await shop.runtime.look();
  expect(asked).toContain('GET /v1/payment_intents/pi_self0001');
  expect(await shop.orders()).toMatchObject([{ order_id: 'pi_self0001', state: 'paid', amounts: { paid: 5250 } }]);
});
