import { EventSchema, OrderInputSchema, sessionRef } from '@orderloop/protocol';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDemoStore, type DemoStore } from '../server.ts';
import { type FakeCollector, startFakeCollector } from '../testing/fake-collector.ts';
import { storeOptions } from '../testing/options.ts';
import { planDay } from './plan.ts';
import { createVisitors, type Visitors, type VisitorsOptions } from './visitors.ts';

interface SentEvent {
  event: string;
  event_id: string;
  occurred_at: number;
  visitor_id: string;
  session_id: string;
  seq: number;
  consent: Record<string, string>;
  click_ids?: Record<string, { value: string }>;
  campaign?: Record<string, string>;
  user?: { email?: string };
  properties?: Record<string, unknown>;
}

let collector: FakeCollector;
let store: DemoStore;
let url: string;
let close: () => Promise<void>;
let visitors: Visitors;
let status: number;

function createCrowd(options: Partial<VisitorsOptions> = {}): Visitors {
  visitors = createVisitors({
    shopUrl: url,
    collectorUrl: collector.url,
    publishableKey: 'pk_test_1',
    storeApi: store,
    visitors: 120,
    durationMs: 0,
    seed: 7,
    ...options,
  });
  return visitors;
}

beforeEach(async () => {
  status = 202;
  collector = await startFakeCollector(0, () => status);
  store = createDemoStore(storeOptions(collector.url));
  ({ url, close } = await store.listen(0));
});
afterEach(async () => {
  await visitors.close();
  await close();
  await collector.close();
});

const batches = () => collector.calls.filter(({ path }) => path === '/v1/events');
const sent = () => batches().flatMap(({ body }) => body['events'] as SentEvent[]);
const orders = () => collector.calls.filter(({ path }) => path === '/v1/orders').map(({ body }) => body);

async function playDay(): Promise<void> {
  visitors.start();
  await visitors.settled();
  await expect.poll(() => store.outbox().every(({ state }) => state === 'sent'), { timeout: 10_000 }).toBe(true);
}

describe('a day of visitors', () => {
  test('reaches the collector as from browsers with the SDK in them', async () => {
    createCrowd();
    await playDay();
    expect(visitors.progress()).toEqual({ done: 120, total: 120 });
    expect(visitors.isPlaying()).toBe(false);
    for (const { headers, body } of batches()) {
      expect(headers).toMatchObject({
        'content-type': 'text/plain;charset=UTF-8',
        origin: url,
        'user-agent': expect.stringMatching(/^Mozilla/),
      });
      expect(body).toMatchObject({ key: 'pk_test_1', sent_at: expect.any(Number), events: expect.any(Array) });
    }
    for (const event of sent()) {
      expect(Value.Check(EventSchema, event), JSON.stringify([...Value.Errors(EventSchema, event)][0])).toBe(true);
      expect(event.event_id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7/);
      expect(event.consent['ad_storage']).toBe('granted');
    }
    const names = new Set(sent().map(({ event }) => event));
    expect(names).toEqual(
      new Set(['page_view', 'view_item', 'add_to_cart', 'view_cart', 'begin_checkout', 'identify', 'purchase']),
    );
    expect(new Set(sent().map(({ event_id }) => event_id)).size).toBe(sent().length);
    expect(new Set(sent().flatMap(({ click_ids }) => Object.keys(click_ids ?? {})))).toEqual(
      new Set(['fbclid', 'gclid', 'ttclid']),
    );
  });

  test('counts each session’s events from nothing up', async () => {
    createCrowd();
    await playDay();
    const sessions = Map.groupBy(sent(), ({ session_id }) => session_id);
    for (const events of sessions.values()) expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
  });

  test('buys through the shop: every order is stored, valid, and sent once', async () => {
    createCrowd();
    await playDay();
    expect(orders().length).toBe(store.orders().length);
    expect(orders().length).toBeGreaterThan(5);
    for (const order of orders()) {
      expect(Value.Check(OrderInputSchema, order), JSON.stringify([...Value.Errors(OrderInputSchema, order)][0])).toBe(true);
      expect(Date.parse(order['created_at'] as string)).toBeLessThan(Date.now());
    }
  });

  test('leaves a session behind most orders, an address behind some, and nothing behind the rest', async () => {
    createCrowd({ visitors: 300 });
    await playDay();
    const refs = new Set(sent().map(({ session_id, visitor_id }) => sessionRef(session_id, visitor_id)));
    const emails = new Set(sent().flatMap(({ user }) => user?.email ?? []));
    const kinds = orders().map((order) => {
      if (order['session_ref']) return refs.has(order['session_ref'] as string) ? 'session' : 'lost';
      return emails.has((order['customer'] as { email: string }).email) ? 'email' : 'none';
    });
    expect(new Set(kinds)).toEqual(new Set(['session', 'email', 'none']));
    expect(kinds.filter((kind) => kind === 'session').length).toBeGreaterThan(kinds.length / 2);
    const purchases = new Set(
      sent().flatMap(({ event, properties }) => (event === 'purchase' ? [properties!['transaction_id']] : [])),
    );
    expect(purchases).toEqual(new Set(orders().flatMap(({ order_id, session_ref }) => (session_ref ? [order_id] : []))));
  });

  test('hears nothing of those who said no, not even of those who buy', async () => {
    const now = () => Date.UTC(2026, 10, 20, 10, 15, 30);
    createCrowd({ visitors: 300, now });
    await playDay();
    const agreed = planDay({ seed: 7, now: now(), visitors: 300 }).filter(({ consented }) => consented);
    expect(new Set(sent().map(({ visitor_id }) => visitor_id))).toEqual(new Set(agreed.map(({ visitor_id }) => visitor_id)));
    const denied = orders().filter(({ consent }) => (consent as Record<string, string>)['ad_storage'] === 'denied');
    expect(denied.length).toBeGreaterThan(0);
    for (const order of denied) expect(order).not.toHaveProperty('session_ref');
  });

  test('is the same again for the same seed', async () => {
    const now = () => Date.UTC(2026, 10, 20, 10, 15, 30);
    const shape = () =>
      sent()
        .map(({ event_id, event }) => `${event_id} ${event}`)
        .sort();
    createCrowd({ now, visitors: 60 });
    await playDay();
    const first = shape();
    await visitors.close();
    collector.calls.length = 0;
    createCrowd({ now, visitors: 60 });
    await playDay();
    expect(shape()).toEqual(first);
  });
});

describe('the switch', () => {
  test('stops at once for new visitors, and goes on where it was', async () => {
    let waits = 0;
    createCrowd({
      visitors: 40,
      wait: async () => {
        if (++waits === 10) visitors.stop();
      },
    });
    visitors.start();
    await visitors.settled();
    expect(visitors.isPlaying()).toBe(false);
    expect(visitors.progress()).toEqual({ done: 10, total: 40 });
    visitors.start();
    expect(visitors.isPlaying()).toBe(true);
    await visitors.settled();
    expect(visitors.progress()).toEqual({ done: 40, total: 40 });
    expect(new Set(sent().map(({ event_id }) => event_id)).size).toBe(sent().length);
  });

  test('begins another day after the first', async () => {
    createCrowd({ visitors: 20 });
    await playDay();
    const first = new Set(sent().map(({ visitor_id }) => visitor_id));
    await playDay();
    const all = new Set(sent().map(({ visitor_id }) => visitor_id));
    expect(all.size).toBeGreaterThan(first.size);
    expect(visitors.progress()).toEqual({ done: 20, total: 20 });
  });

  test('pressed twice starts one day only, which one press stops', async () => {
    let waits = 0;
    createCrowd({
      visitors: 40,
      wait: async () => {
        if (++waits === 10) visitors.stop();
      },
    });
    visitors.start();
    visitors.start();
    await visitors.settled();
    expect(visitors.progress()).toEqual({ done: 10, total: 40 });
  });
});

test('a collector that is busy is asked again, and nothing is doubled or lost', async () => {
  status = 503;
  createCrowd({
    visitors: 10,
    wait: async () => {
      if (batches().length >= 3) status = 202;
    },
  });
  await playDay();
  const ids = batches().map(({ body }) => JSON.stringify((body['events'] as SentEvent[]).map(({ event_id }) => event_id)));
  expect(ids.length).toBeGreaterThan(new Set(ids).size);
  expect(visitors.progress().done).toBe(10);
});

test('closing ends it at once, even with a collector that is away', async () => {
  await collector.close();
  createCrowd({
    wait: (_ms, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  });
  visitors.start();
  await visitors.close();
  expect(visitors.isPlaying()).toBe(false);
  collector = await startFakeCollector();
});
