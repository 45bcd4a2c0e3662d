import { beforeEach, describe, expect, test } from 'vitest';
import type { Entry } from './batch.ts';
import { createQueue, type Queue } from './queue.ts';
import { createFakeEnvironment, type FakeEnvironment } from './testing/fake-environment.ts';
import type { Unsent } from './unsent.ts';

const entry = (event_id: string, filler = ''): Entry => ({
  event_id,
  json: JSON.stringify({ event: event_id, event_id, filler }),
});

let fake: FakeEnvironment;
let stored: Map<string, Entry>;
let warnings: string[];
let mayKeep: boolean;
let queue: Queue;

beforeEach(() => {
  fake = createFakeEnvironment({ window: {} as Window });
  stored = new Map();
  warnings = [];
  mayKeep = true;
  const unsent: Unsent = {
    all: async () => [...stored.values()],
    keep: async (entries) => {
      for (const one of entries) stored.set(one.event_id, one);
    },
    drop: async (entries) => {
      for (const one of entries) stored.delete(one.event_id);
    },
    clear: async () => stored.clear(),
  };
  queue = createQueue({
    environment: fake.environment,
    url: 'https://collector.example/v1/events',
    key: 'pk_demo_x',
    unsent,
    mayKeep: () => mayKeep,
    warn: (code) => warnings.push(code),
  });
});

const problem = (status: number, headers?: HeadersInit) => new Response('{}', { status, ...(headers && { headers }) });

describe('batching', () => {
  test('events wait a second for each other, and go in one request', async () => {
    queue.add(entry('a'), false);
    await fake.advance(600);
    queue.add(entry('b'), false);
    await fake.advance(399);
    expect(fake.batches).toHaveLength(0);
    await fake.advance(1);
    expect(fake.batches.map(({ events }) => events.map(({ event_id }) => event_id))).toEqual([['a', 'b']]);
  });

  test('twenty events don’t wait', async () => {
    for (let index = 0; index < 20; index++) queue.add(entry(`${index}`), false);
    await fake.advance(0);
    expect(fake.events()).toHaveLength(20);
  });

  test('a prompt event takes the waiting ones along', async () => {
    queue.add(entry('a'), false);
    queue.add(entry('purchase'), true);
    await fake.advance(0);
    expect(fake.names()).toEqual(['a', 'purchase']);
  });

  test('requests are plain text without cookies, and outlive the page', async () => {
    queue.add(entry('a'), true);
    await fake.advance(0);
    const { url, init, key, sent_at } = fake.batches[0]!;
    expect({ url, key, sent_at }).toEqual({ url: 'https://collector.example/v1/events', key: 'pk_demo_x', sent_at: fake.now() });
    expect(init).toMatchObject({ method: 'POST', keepalive: true, credentials: 'omit' });
    expect(new Request(url, { method: 'POST', body: init!.body! }).headers.get('content-type')).toMatch('text/plain');
  });
});

describe('failures', () => {
  test.each([
    ['500', () => problem(500)],
    ['503', () => problem(503)],
    ['408', () => problem(408)],
    ['a broken network', () => new TypeError('Failed to fetch')],
  ])('after %s the same events are sent again, and meanwhile kept', async (_, reply) => {
    fake.replies.push(reply());
    queue.add(entry('a'), true);
    await fake.advance(0);
    expect([...stored.keys()]).toEqual(['a']);
    await fake.advance(1000);
    expect(fake.events().map(({ event_id }) => event_id)).toEqual(['a', 'a']);
    expect(stored.size).toBe(0);
  });

  test('Retry-After is honoured, even by a prompt event and by flush', async () => {
    fake.replies.push(problem(429, { 'retry-after': '90' }));
    queue.add(entry('a'), true);
    await fake.advance(0);
    queue.add(entry('purchase'), true);
    await queue.flush();
    await fake.advance(89_999);
    expect(fake.batches).toHaveLength(1);
    await fake.advance(1);
    expect(fake.names()).toEqual(['a', 'a', 'purchase']);
  });

  test.each([400, 401, 403, 413, 422])(
    'after %i the batch is dropped with a warning, and the next one is sent',
    async (status) => {
      fake.replies.push(problem(status));
      queue.add(entry('a'), true);
      await fake.advance(0);
      queue.add(entry('b'), true);
      await fake.advance(60_000);
      expect(fake.names()).toEqual(['a', 'b']);
      expect([warnings, stored.size]).toEqual([['batch_refused'], 0]);
    },
  );

  test('a rejected event among accepted ones is a warning', async () => {
    const rejected = [{ index: 0, code: 'invalid_event', pointer: '/events/0/items' }];
    fake.replies.push(Response.json({ accepted: 1, duplicate: 0, rejected }, { status: 202 }));
    queue.add(entry('a'), true);
    await fake.advance(0);
    expect(warnings).toEqual(['event_rejected']);
  });

  test('of more than 200 waiting events the oldest go', async () => {
    fake.replies.push(problem(429, { 'retry-after': '3600' }));
    for (let index = 0; index < 250; index++) queue.add(entry(`${index}`), index === 0);
    await fake.advance(3_600_000);
    const delivered = fake.batches.slice(1).flatMap(({ events }) => events.map(({ event_id }) => event_id));
    expect([delivered.length, delivered[0], delivered.at(-1)]).toEqual([200, '50', '249']);
  });

  test('without consent nothing is kept', async () => {
    mayKeep = false;
    fake.replies.push(problem(500));
    queue.add(entry('a'), true);
    await fake.advance(0);
    expect(stored.size).toBe(0);
  });

  test('what was cleared during a failing request is not sent again, nor kept', async () => {
    fake.replies.push(problem(500));
    queue.add(entry('a'), true);
    const sending = queue.flush();
    queue.clear();
    await sending;
    await fake.advance(60_000);
    expect([fake.batches.length, stored.size]).toEqual([1, 0]);
  });
});

describe('leaving the page', () => {
  test('what waits goes by beacon, and is not sent again when the page comes back', async () => {
    queue.add(entry('a'), false);
    queue.leave();
    await fake.advance(60_000);
    expect(fake.batches.map(({ via }) => via)).toEqual(['beacon']);
    expect(stored.size).toBe(0);
  });

  test('much goes by several beacons under 60 KiB each', () => {
    for (let index = 0; index < 5; index++) queue.add(entry(`${index}`, 'x'.repeat(30_000)), false);
    queue.leave();
    expect(fake.batches.map(({ events }) => events.length)).toEqual([2, 2, 1]);
  });

  test('a refused beacon falls back to fetch, and the event is kept until that is answered', async () => {
    fake.beacon.isTaken = false;
    queue.add(entry('a'), false);
    queue.leave();
    expect([...stored.keys()]).toEqual(['a']);
    await fake.advance(60_000);
    expect(fake.batches.map(({ via }) => via)).toEqual(['fetch']);
    expect(stored.size).toBe(0);
  });

  test('after a failure a taken beacon is not trusted: the event is kept for the next page', async () => {
    fake.replies.push(new TypeError('Failed to fetch'));
    queue.add(entry('a'), true);
    await fake.advance(0);
    queue.add(entry('b'), false);
    queue.leave();
    queue.leave();
    expect(fake.batches.map(({ via }) => via)).toEqual(['fetch', 'beacon']);
    expect([...stored.keys()]).toEqual(['a', 'b']);
  });

  test('what is in flight is kept until it is answered', async () => {
    queue.add(entry('a'), true);
    const sending = queue.flush();
    queue.leave();
    expect([...stored.keys()]).toEqual(['a']);
    await sending;
    expect([fake.batches.length, stored.size]).toEqual([1, 0]);
  });
});

test('what the last page could not deliver goes first, with the same id, and is then forgotten', async () => {
  stored.set('old', entry('old'));
  queue.add(entry('new'), false);
  await queue.restore();
  await fake.advance(0);
  expect(fake.names()).toEqual(['old', 'new']);
  expect(stored.size).toBe(0);
});
