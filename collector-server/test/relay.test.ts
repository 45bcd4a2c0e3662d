import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Journey } from '@orderloop/protocol';
import { expect, onTestFinished, test } from 'vitest';
import { openSqlite } from '../src/storage/sqlite/index.ts';
import {
  eventually,
  newVisit,
  orderInput,
  postEvents,
  postOrder,
  read,
  startTestCollector,
  type TestCollector,
  testConfig,
  type Visit,
} from './harness.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, call: number, body: string) => void;

/** The far side of the network, played: answers each call as told, and keeps what it was sent. */
async function playPlatform(answer: Answer) {
  const calls: { headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      calls.push({ headers: request.headers, body });
      answer(request, response, calls.length, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}

const ok: Answer = (_request, response, _call, body) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ events_received: JSON.parse(body).data.length, messages: [], fbtrace_id: 'T' }));
};
const status =
  (code: number, body = '', headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(code, headers);
    response.end(body);
  };

const metaAt = (url: string, id = 'meta') => ({
  id,
  type: 'meta',
  settings: { dataset_id: '1', access_token: 'a-secret-token', endpoint: url },
});

async function collectorFor(
  urls: string[],
  destinations: ReturnType<typeof metaAt>[] = urls.map((url) => metaAt(url)),
  more = {},
): Promise<TestCollector> {
  return startTestCollector(testConfig({ destinations }, { allow_private_targets: urls, ...more }));
}

/** A visit from an ad, and the order that came of it. */
async function buy(collector: TestCollector, visit: Visit = newVisit(), more: Record<string, unknown> = {}): Promise<string> {
  await postEvents(collector, [
    visit.event('page_view', { click_ids: { fbclid: { value: 'Iw1', first_seen_at: Date.now() - 60_000 } } }),
  ]);
  const order = orderInput({ session_ref: visit.session_ref, ...more });
  expect((await postOrder(collector, order)).status).toBe(202);
  return String(order['order_id']);
}

/** Null until the order, which is in the log already, has been projected. */
const findJourney = (collector: TestCollector, order_id: string) => journeyOf(collector, order_id).catch(() => null);
const journeyOf = (collector: TestCollector, order_id: string) => read<Journey>(collector, `/v1/orders/${order_id}/journey`);
const delivered = (collector: TestCollector, order_id: string, state = 'delivered') =>
  eventually(async () => {
    const journey = await findJourney(collector, order_id);
    return (
      journey?.conversions[0]?.deliveries.every((delivery) => delivery.state === state) &&
      journey.conversions[0].deliveries.length > 0 &&
      journey
    );
  });

test('an order of a consenting visitor reaches the platform once, with its click and its hashed buyer', async () => {
  const platform = await playPlatform(ok);
  const collector = await collectorFor([platform.url]);
  const order_id = await buy(collector);
  const journey = await delivered(collector, order_id);
  expect(platform.calls).toHaveLength(1);
  const [event] = JSON.parse(platform.calls[0]!.body).data;
  expect(event).toMatchObject({
    event_name: 'Purchase',
    event_id: `demo:${order_id}:purchase`,
    action_source: 'website',
    user_data: {
      em: [expect.stringMatching(/^[0-9a-f]{64}$/)],
      fbc: expect.stringMatching(/^fb\.1\.\d+\.Iw1$/),
      client_user_agent: expect.stringContaining('Chrome/140'),
    },
    custom_data: { value: 104.9, currency: 'EUR', order_id },
  });
  expect(platform.calls[0]!.body).not.toContain('buyer@example.com');
  expect(journey.link).toMatchObject({ key: 'session_ref', rank: 1 });
  const shown = JSON.stringify(journey.conversions);
  expect(shown).not.toContain('a-secret-token');
  expect(shown).not.toContain(event.user_data.em[0]);
  expect(collector.errors).toEqual([]);
});

test('a platform that fails gets the same conversion, byte for byte, until it takes it', async () => {
  const faults: Answer[] = [
    status(500),
    status(200, '<html>'),
    status(429, '', { 'retry-after': '0' }),
    (request) => request.socket.destroy(),
    ok,
  ];
  const platform = await playPlatform((request, response, call, body) =>
    faults[Math.min(call, faults.length) - 1]!(request, response, call, body),
  );
  const collector = await collectorFor([platform.url]);
  const order_id = await buy(collector);
  const journey = await delivered(collector, order_id);
  expect(platform.calls).toHaveLength(5);
  expect(new Set(platform.calls.map(({ body }) => body)).size).toBe(1);
  expect(journey.conversions[0]!.deliveries[0]!.attempts.map(({ verdict }) => verdict)).toEqual([
    'retry',
    'retry',
    'throttled',
    'retry',
    'accepted',
  ]);
});

test('what the platform rejects is kept as dead, with the platform’s own reason', async () => {
  const error = { error: { code: 100, error_subcode: 2804003, message: 'Event too old', fbtrace_id: 'T' } };
  const platform = await playPlatform(status(400, JSON.stringify(error)));
  const collector = await collectorFor([platform.url]);
  const journey = await delivered(collector, await buy(collector), 'dead');
  expect(journey.conversions[0]!.deliveries[0]).toMatchObject({
    state: 'dead',
    reason: '100/2804003',
    detail: 'Event too old',
    attempts: [{ verdict: 'rejected', reply: { status: 400 } }],
  });
  expect(platform.calls).toHaveLength(1);
});

test('refused credentials pause the destination, keep the queue, and resume where somebody says so', async () => {
  let isAllowed = false;
  const platform = await playPlatform((request, response, call, body) =>
    (isAllowed ? ok : status(401, '{"error":{"code":190,"message":"Bad token"}}'))(request, response, call, body),
  );
  const collector = await collectorFor([platform.url]);
  const first = await buy(collector);
  await delivered(collector, first, 'paused');
  const second = await buy(collector);
  const waiting = await eventually(async () => {
    const journey = await findJourney(collector, second);
    return journey?.conversions[0]?.deliveries[0]?.state === 'waiting' && journey;
  });
  expect(waiting.conversions[0]!.deliveries[0]!.attempts).toEqual([]);
  const { destinations } = await read<{ destinations: unknown[] }>(collector, '/v1/status');
  expect(destinations).toMatchObject([{ destination: 'meta', state: 'paused', reason: 'Bad token' }]);
  isAllowed = true;
  const answer = await fetch(`${collector.url}/v1/destinations/demo/meta/resume`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk_demo_0123456789' },
  });
  expect(await answer.json()).toEqual({ released: 2 });
  await delivered(collector, first);
  await delivered(collector, second);
  // Both together, in one request.
  expect(platform.calls).toHaveLength(2);
});

test('what was paused when the collector stopped is tried again when it starts', async () => {
  let isAllowed = false;
  const platform = await playPlatform((request, response, call, body) =>
    (isAllowed ? ok : status(401))(request, response, call, body),
  );
  const storage = openSqlite();
  onTestFinished(() => storage.close());
  const config = testConfig({ destinations: [metaAt(platform.url)] }, { allow_private_targets: [platform.url] });
  const first = await startTestCollector(config, { ...storage, close: async () => undefined });
  const order_id = await buy(first);
  await delivered(first, order_id, 'paused');
  await first.stop();
  isAllowed = true;
  const second = await startTestCollector(config, { ...storage, close: async () => undefined });
  await delivered(second, order_id);
  expect(platform.calls).toHaveLength(2);
});

test('O6: a destination that fails keeps no other waiting', async () => {
  const broken = await playPlatform(status(500));
  const healthy = await playPlatform(ok);
  const collector = await collectorFor([broken.url, healthy.url], [metaAt(broken.url, 'broken'), metaAt(healthy.url, 'healthy')]);
  const order_id = await buy(collector);
  await eventually(async () => healthy.calls.length === 1);
  const { deliveries } = (await journeyOf(collector, order_id)).conversions[0]!;
  expect(deliveries.find(({ destination }) => destination === 'broken')!.state).not.toBe('delivered');
});

test('P3: without consent nothing leaves; with a later yes it does; and it says why meanwhile', async () => {
  const platform = await playPlatform(ok);
  const collector = await collectorFor([platform.url]);
  const visit = newVisit();
  const onlyAnalytics = {
    analytics_storage: 'granted',
    ad_storage: 'denied',
    ad_user_data: 'denied',
    ad_personalization: 'denied',
  };
  await postEvents(collector, [visit.event('page_view', { consent: onlyAnalytics })]);
  const order = orderInput({ session_ref: visit.session_ref });
  await postOrder(collector, order);
  const order_id = String(order['order_id']);
  const held = await eventually(async () => {
    const journey = await journeyOf(collector, order_id).catch(() => null);
    return journey?.conversions.length === 1 && journey;
  });
  expect(held.conversions[0]).toMatchObject({ hold: 'consent_denied', deliveries: [] });
  await postEvents(collector, [visit.event('consent_update')]);
  await delivered(collector, order_id);
  expect(platform.calls).toHaveLength(1);
});

test('O8: consent that is withdrawn while a conversion waits keeps it from being sent', async () => {
  let isUp = false;
  const platform = await playPlatform((request, response, call, body) =>
    (isUp ? ok : status(503))(request, response, call, body),
  );
  const collector = await collectorFor([platform.url]);
  const visit = newVisit();
  const order_id = await buy(collector, visit);
  await eventually(async () => platform.calls.length >= 1);
  await postEvents(collector, [
    visit.event('consent_update', {
      consent: { analytics_storage: 'denied', ad_storage: 'denied', ad_user_data: 'denied', ad_personalization: 'denied' },
    }),
  ]);
  await eventually(async () => (await journeyOf(collector, order_id)).conversions[0]?.hold === 'consent_denied');
  const before = platform.calls.length;
  isUp = true;
  const journey = await delivered(collector, order_id, 'skipped');
  expect(journey.conversions[0]!.deliveries[0]!.reason).toBe('consent_denied');
  expect(platform.calls.length - before).toBeLessThanOrEqual(1);
  expect(journey.conversions[0]!.deliveries[0]!.attempts.every(({ verdict }) => verdict === 'retry')).toBe(true);
});

test('A11: an address that may not be called is not called, and the queue is kept', async () => {
  const platform = await playPlatform(ok);
  const collector = await collectorFor([], [metaAt(platform.url)]);
  await delivered(collector, await buy(collector), 'paused');
  expect(platform.calls).toHaveLength(0);
});

test('R13: no secret and no contact data in anything that can be read', async () => {
  const platform = await playPlatform(status(500));
  const collector = await collectorFor([platform.url]);
  const order_id = await buy(collector, newVisit(), {
    customer: { email: 'marker.person@example.com', phone: '+4915123456789', first_name: 'Markername' },
  });
  await eventually(async () => platform.calls.length >= 1);
  const pages = await Promise.all(
    ['/v1/orders', `/v1/orders/${order_id}/journey`, '/v1/events', '/v1/status', '/v1/dead-letters'].map((path) =>
      read<unknown>(collector, path),
    ),
  );
  const metrics = await (await fetch(`${collector.url}/metrics`)).text();
  const stored = await collector.storage.log.read(0, 0, 100);
  expect(JSON.stringify([pages, metrics, stored])).not.toMatch(/marker|4915123456789|a-secret-token/i);
});

test('refunds and cancellations are told where the platform has a word for them, and shown where not', async () => {
  const platform = await playPlatform(ok);
  const destinations = [
    metaAt(platform.url),
    { id: 'erp', type: 'webhook', settings: { url: `${platform.url}/hook`, secret: 'whsec_D/ym8xiEtWSgKE+sfqEKKOONPkwqTWWH' } },
  ];
  const collector = await startTestCollector(testConfig({ destinations }, { allow_private_targets: [platform.url] }));
  const visit = newVisit();
  const base = orderInput({ session_ref: visit.session_ref });
  await postEvents(collector, [visit.event('page_view')]);
  await postOrder(collector, base);
  await postOrder(collector, {
    ...base,
    updated_at: new Date(Date.now() + 1000).toISOString(),
    refunds: [{ refund_id: 'r1', amount: '10.00', at: new Date().toISOString() }],
  });
  const journey = await eventually(async () => {
    const found = await journeyOf(collector, String(base['order_id']));
    const all = found.conversions.flatMap(({ deliveries }) => deliveries);
    return all.length === 4 && all.every(({ state }) => state === 'delivered' || state === 'skipped') && found;
  });
  expect(journey.order).toMatchObject({ state: 'partially_refunded', amounts: { refunded: 1000 } });
  const refund = journey.conversions.find(({ event }) => event === 'refund')!;
  expect(refund).toMatchObject({
    value: 1000,
    deliveries: [
      { destination: 'erp', state: 'delivered' },
      { destination: 'meta', state: 'skipped', reason: 'unsupported_event' },
    ],
  });
});
