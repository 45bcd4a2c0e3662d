import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  DestinationDelivery,
  DestinationDetail,
  DestinationReconciliation,
  DestinationReplay,
  Destinations,
  DestinationVerification,
} from '@orderloop/protocol';
import { expect, onTestFinished, test } from 'vitest';
import {
  eventually,
  newVisit,
  ORIGIN,
  orderInput,
  postEvents,
  postOrder,
  read,
  SECRET_KEY,
  startTestCollector,
  type TestCollector,
  testConfig,
} from './harness.ts';

/** Pinterest, played: judges each event as told, and keeps what it was sent. */
async function playPinterest(judge: (event_id: string) => object = () => ({ status: 'processed' })) {
  const calls: { url: string; events: { event_id: string }[] }[] = [];
  const state = { status: 200, judge };
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const events = JSON.parse(Buffer.concat(chunks).toString()).data as { event_id: string }[];
      calls.push({ url: request.url ?? '', events });
      response.writeHead(state.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ events: events.map(({ event_id }) => state.judge(event_id)) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls, state };
}

const PATH = '/v1/destinations/demo/pins';

function startWith(url: string, more: object = {}): Promise<TestCollector> {
  const settings = { ad_account_id: '549', access_token: 'a-secret-token', endpoint: url, ...more };
  return startTestCollector(
    testConfig({ destinations: [{ id: 'pins', type: 'pinterest', settings }] }, { allow_private_targets: [url] }),
  );
}

async function buy(collector: TestCollector, more: Record<string, unknown> = {}): Promise<string> {
  const visit = newVisit();
  await postEvents(collector, [visit.event('page_view', { click_ids: { epik: 'dj0y' } })]);
  const order = orderInput({ session_ref: visit.session_ref, ...more });
  expect((await postOrder(collector, order)).status).toBe(202);
  return String(order['order_id']);
}

const post = async <T>(collector: TestCollector, path: string, body: object = {}): Promise<T> => {
  const response = await fetch(collector.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRET_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
};

const summary = async (collector: TestCollector) => (await read<Destinations>(collector, '/v1/destinations')).destinations[0]!;
const settled = (collector: TestCollector, count: number) =>
  eventually(async () => {
    const { counts } = await summary(collector);
    return counts.delivered + counts.dead + counts.skipped === count && counts;
  });

test('a destination tells what it was told, what was refused and why, and how well buyers were known', async () => {
  const platform = await playPinterest((id) =>
    id.includes(':bad-1:') ? { status: 'failed', error_message: 'bad em' } : { status: 'processed' },
  );
  const collector = await startWith(platform.url);
  await buy(collector);
  await buy(collector, { order_id: 'bad-1' });
  await settled(collector, 2);
  expect(await summary(collector)).toMatchObject({
    ...{
      site: 'demo',
      destination: 'pins',
      type: 'pinterest',
      name: 'Pinterest API for Conversions',
      api_version: 'v5',
      state: 'ok',
      test: false,
    },
    ...{ faults: [], refund: 'none', verification: { effect: 'validated', needs: [] }, oldest_waiting_at: null },
    counts: { delivered: 1, dead: 1, waiting: 0 },
    reasons: [{ state: 'dead', reason: 'failed', count: 1 }],
  });
  const { match_quality, latency } = await read<DestinationDetail>(collector, PATH);
  expect(match_quality.accepted).toBe(1);
  expect(match_quality.identifiers).toContainEqual({ name: 'email', count: 1 });
  expect(match_quality.identifiers).toContainEqual({ name: 'click_id', count: 1 });
  expect(latency.count).toBe(1);
  expect(latency.p50_ms).toBeGreaterThanOrEqual(0);
  const { deliveries } = await read<{ deliveries: DestinationDelivery[] }>(collector, `${PATH}/deliveries?state=dead`);
  expect(deliveries).toMatchObject([
    { conversion_id: 'demo:bad-1:purchase', state: 'dead', reason: 'failed', detail: 'bad em', attempts: 1 },
  ]);
  expect(JSON.stringify(await summary(collector))).not.toContain('a-secret-token');
  expect(collector.errors).toEqual([]);
});

test('O9: depth, age and trouble of each destination are metrics', async () => {
  const platform = await playPinterest();
  platform.state.status = 500;
  const collector = await startWith(platform.url);
  await buy(collector);
  await eventually(async () => platform.calls.length >= 5);
  const metrics = await (await fetch(`${collector.url}/metrics`)).text();
  expect(metrics).toMatch(/orderloop_outbox_rows\{destination="demo\/pins",state="(waiting|sending)"\} 1/);
  expect(metrics).toMatch(/orderloop_outbox_oldest_seconds\{destination="demo\/pins"\} [\d.]+/);
  expect(metrics).toContain('orderloop_relay_failing{destination="demo/pins"} 1');
});

test('every order is in one row of the reconciliation, and the rows add up to the orders', async () => {
  const platform = await playPinterest((id) => (id.includes(':bad-1:') ? { status: 'failed' } : { status: 'processed' }));
  const collector = await startWith(platform.url);
  await buy(collector);
  await buy(collector);
  await buy(collector, { order_id: 'bad-1' });
  await buy(collector, { order_id: 'test-1', test: true });
  await buy(collector, { order_id: 'open-1', status: 'pending', paid_at: undefined });
  // Nobody was asked.
  await postOrder(collector, orderInput({ order_id: 'held-1', customer: { email: 'somebody.else@example.com' } }));
  await settled(collector, 3);
  const found = await eventually(async () => {
    const result = await read<DestinationReconciliation>(collector, `${PATH}/reconciliation?to=${Date.now() + 60_000}`);
    return result.orders === 6 && result;
  });
  expect(found.rows.map(({ state, reason, orders }) => [state, reason, orders])).toEqual([
    ['dead', 'failed', 1],
    ['delivered', null, 2],
    ['held', 'consent_missing', 1],
    ['no_conversion', 'pending', 1],
    ['no_conversion', 'test', 1],
  ]);
  expect(found.rows.reduce((sum, { orders }) => sum + orders, 0)).toBe(found.orders);
  const earlier = await read<DestinationReconciliation>(
    collector,
    `${PATH}/reconciliation?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z`,
  );
  expect(earlier).toMatchObject({ orders: 0, rows: [] });
});

test('what was given up is sent again under its id, after a look at what that would do', async () => {
  let isBroken = true;
  const platform = await playPinterest(() => ({ status: isBroken ? 'failed' : 'processed' }));
  const collector = await startWith(platform.url);
  const orders = [await buy(collector), await buy(collector), await buy(collector)];
  await settled(collector, 3);
  isBroken = false;
  const before = platform.calls.length;
  expect(await post<DestinationReplay>(collector, `${PATH}/replay`, { dry_run: true })).toEqual({
    sent: 3,
    skipped: {},
    more: false,
  });
  expect((await summary(collector)).counts.dead).toBe(3);
  const one = `demo:${orders[0]}:purchase`;
  expect(await post<DestinationReplay>(collector, `${PATH}/replay`, { conversion_id: one })).toMatchObject({ sent: 1 });
  await eventually(async () => (await summary(collector)).counts.delivered === 1);
  expect(platform.calls.slice(before).flatMap(({ events }) => events.map(({ event_id }) => event_id))).toEqual([one]);
  expect(await post<DestinationReplay>(collector, `${PATH}/replay`, { reason: 'another' })).toMatchObject({ sent: 0 });
  expect(await post<DestinationReplay>(collector, `${PATH}/replay`, { reason: 'failed' })).toMatchObject({ sent: 2 });
  await eventually(async () => (await summary(collector)).counts.delivered === 3);
});

test('what has grown too old, or was withdrawn, is not sent again, and is counted by its reason', async () => {
  const platform = await playPinterest(() => ({ status: 'failed' }));
  let clock = Date.now();
  const url = platform.url;
  const settings = { ad_account_id: '549', access_token: 'T', endpoint: url };
  const collector = await startTestCollector(
    testConfig({ destinations: [{ id: 'pins', type: 'pinterest', settings }] }, { allow_private_targets: [url] }),
    undefined,
    { now: () => clock },
  );
  await buy(collector);
  await settled(collector, 1);
  clock += 8 * 86_400_000;
  expect(await post<DestinationReplay>(collector, `${PATH}/replay`)).toEqual({ sent: 0, skipped: { expired: 1 }, more: false });
  expect((await summary(collector)).counts.dead).toBe(1);
});

test('verify sends the platform’s own test request, shows it without secrets, and explains the verdict', async () => {
  const platform = await playPinterest();
  const collector = await startWith(platform.url);
  const good = await post<DestinationVerification>(collector, `${PATH}/verify`);
  expect(good).toMatchObject({ verdict: 'accepted', effect: 'validated', reply: { status: 200 } });
  expect(platform.calls[0]!.url).toContain('?test=true');
  expect(JSON.stringify(good)).not.toContain('a-secret-token');
  platform.state.status = 401;
  platform.state.judge = () => ({});
  expect(await post<DestinationVerification>(collector, `${PATH}/verify`)).toMatchObject({ verdict: 'auth' });
  // It changes nothing of what is really sent.
  expect((await summary(collector)).state).toBe('ok');
});

test('a destination without a test request, and one that lacks a test code, say so', async () => {
  const collector = await startTestCollector(
    testConfig({
      destinations: [
        { id: 'pins', type: 'microsoft', settings: { tag_id: '1', access_token: 'T' } },
        { id: 'meta', type: 'meta', settings: { dataset_id: '1', access_token: 'T' } },
      ],
    }),
  );
  expect(await post<DestinationVerification>(collector, `${PATH}/verify`)).toMatchObject({ refused: 'no_test_mode' });
  expect(await post<DestinationVerification>(collector, '/v1/destinations/demo/meta/verify')).toMatchObject({
    refused: 'settings',
    detail: expect.stringContaining('settings.test_event_code'),
  });
  // What a test request brings along is a code: it can't lead our key to another address.
  const elsewhere = { settings: { test_event_code: 'T1', endpoint: 'http://127.0.0.1:1' } };
  const answer = await post<DestinationVerification>(collector, '/v1/destinations/demo/meta/verify', elsewhere);
  expect(JSON.stringify(answer)).not.toContain('127.0.0.1:1');
});

test('the export is a table that no spreadsheet takes for a formula', async () => {
  const platform = await playPinterest(() => ({ status: 'failed', error_message: '=HYPERLINK("x"), "quoted"' }));
  const collector = await startWith(platform.url);
  await buy(collector);
  await settled(collector, 1);
  const response = await fetch(`${collector.url}${PATH}/deliveries?format=csv`, {
    headers: { authorization: `Bearer ${SECRET_KEY}` },
  });
  expect(response.headers.get('content-type')).toContain('text/csv');
  const [head, line] = (await response.text()).split('\r\n');
  expect(head).toBe('conversion_id,state,reason,detail,attempts,told,created_at,accepted_at,trace');
  expect(line).toContain(`,dead,failed,"'=HYPERLINK(""x""), ""quoted""",1,`);
});

test('nobody reads or changes the destinations of another site, or without a key', async () => {
  const collector = await startWith('http://127.0.0.1:9');
  for (const path of ['', '/deliveries', '/reconciliation'])
    expect((await fetch(`${collector.url}${PATH}${path}`, { headers: { origin: ORIGIN } })).status).toBe(401);
  for (const path of ['/verify', '/replay', '/resume'])
    expect((await fetch(`${collector.url}${PATH}${path}`, { method: 'POST' })).status).toBe(401);
  const bad = await fetch(`${collector.url}${PATH}/reconciliation?from=soon`, {
    headers: { authorization: `Bearer ${SECRET_KEY}` },
  });
  expect(await bad.json()).toMatchObject({ code: 'invalid_time' });
  const none = await fetch(`${collector.url}/v1/destinations/demo/nobody`, {
    headers: { authorization: `Bearer ${SECRET_KEY}` },
  });
  expect(none.status).toBe(404);
});
