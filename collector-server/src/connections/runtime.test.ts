import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { createProjector } from '../ingest/project.ts';
import { createVault } from '../privacy/vault.ts';
import { orderEvent, visitEvent } from '../stitch/testing.ts';
import type { OrderRow, Storage } from '../storage/contract.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import { createConnections } from './runtime.ts';
import { type Mishap, playedSource, playPlatform } from './testing.ts';

const T0 = Date.UTC(2026, 10, 20);
const S0 = T0 / 1000;

function connect({ settings = { key: 'k' } as Record<string, unknown>, open = openSqlite() as Storage } = {}) {
  onTestFinished(() => open.close());
  const platform = playPlatform();
  const clock = { now: T0 };
  const erased: unknown[] = [];
  const errors: unknown[] = [];
  const site = {
    ...{ name: 'Demo', publishable_keys: [], secret_keys: [], signing_secrets: [], origins: [] },
    sources: { played: { account: 'a', settings, poll: { every_s: 60 } } },
  };
  const vault = createVault(new Uint8Array(32));
  const newRuntime = (owner = 'one', storage = open) =>
    createConnections({
      ...{ config: { data_key: '', dashboard_token: '', sites: { demo: site } }, sources: { played: playedSource } },
      ...{ storage, caller: platform.caller, vault, owner, now: () => clock.now, random: () => 0.5 },
      erase: async (request) => erased.push(request),
      onAppend: () => undefined,
      onError: (error) => errors.push(error),
    });
  const projector = createProjector(open, () => ({ consentMode: 'opt_out', hosts: [], destinations: [] }), {
    now: () => clock.now,
  });
  return {
    ...{ platform, clock, erased, errors, storage: open, newRuntime, runtime: newRuntime() },
    put(id: string, seconds: number, total = 100) {
      platform.orders.set(id, { id, updated: S0 + seconds, total });
    },
    state: () => open.connections.state('demo', 'played'),
    async totals() {
      await projector.catchUp();
      const { orders } = await open.projections.dump();
      return Object.fromEntries((orders as OrderRow['projection'][]).map(({ order }) => [order.order_id, order.amounts.total]));
    },
    async append(...events: Parameters<Storage['log']['append']>[0]['events']) {
      await open.log.append({ events });
      await projector.catchUp();
    },
  };
}

test('what changed is read page by page, and the next poll goes on from there', async () => {
  const shop = connect();
  for (let index = 0; index < 8; index++) shop.put(`o${index}`, index - 100, index);
  await shop.runtime.look();
  expect(Object.keys(await shop.totals())).toHaveLength(8);
  expect(await shop.state()).toMatchObject({ watermark: T0, cursor: null, polled_at: T0, next_at: T0 + 60_000, error: null });
  const asked = shop.platform.requests.length;
  await shop.runtime.look();
  expect(shop.platform.requests).toHaveLength(asked);
  shop.clock.now += 60_000;
  shop.put('o3', 30, 333);
  await shop.runtime.look();
  expect(await shop.totals()).toMatchObject({ o3: 333, o4: 4 });
  // Ten minutes before the last poll began: what changed then may have come into sight late.
  expect(shop.platform.requests[asked]?.url).toContain(`from=${S0 - 600}&page=1`);
  expect(shop.errors).toEqual([]);
});

test('orders that all changed in one moment are counted through', async () => {
  const shop = connect();
  for (let index = 0; index < 10; index++) shop.put(`o${index}`, -50, index);
  await shop.runtime.look();
  expect(Object.keys(await shop.totals())).toHaveLength(10);
});

test('an order that changes while pages are read draws none past their border', async () => {
  const shop = connect();
  for (let index = 0; index < 9; index++) shop.put(`o${index}`, index - 100, 1);
  let pages = 0;
  shop.platform.onRequest = ({ url }) => {
    // The first of those that were read moves to the end: by number, the next page would begin one too late.
    if (url.includes('/orders?') && pages++ < 3) shop.put(`o${pages}`, pages, 2);
  };
  await shop.runtime.look();
  expect(Object.keys(await shop.totals())).toHaveLength(9);
});

test('an order that can’t be read is put aside once, and keeps no other waiting', async () => {
  const shop = connect();
  shop.put('good', -10);
  shop.platform.orders.set('bad', { id: 'bad', updated: S0 - 20, total: 1, broken: true });
  await shop.runtime.look();
  shop.clock.now += 60_000;
  await shop.runtime.look();
  expect(Object.keys(await shop.totals())).toEqual(['good']);
  expect(await shop.storage.deadLetters.list({}, 10)).toMatchObject([
    { stage: 'source', code: 'invalid_amount', pointer: '/total', route: 'poll', key_id: 'played' },
  ]);
});

test('a platform that throttles is left alone for as long as it says, and one that fails for longer each time', async () => {
  const shop = connect();
  shop.put('o', -10);
  shop.platform.mishaps = [null, 'throttle'];
  await shop.runtime.look();
  expect(await shop.state()).toMatchObject({ failures: 1, next_at: T0 + 7000, error: 'The platform answered 429.' });
  const waits: number[] = [];
  for (let count = 0; count < 12; count++) {
    shop.clock.now = (await shop.state())!.next_at;
    shop.platform.mishaps = ['fail'];
    await shop.runtime.look();
    waits.push((await shop.state())!.next_at - shop.clock.now);
  }
  expect(waits.slice(0, 3)).toEqual([7500, 15_000, 30_000]);
  expect(waits.at(-1)).toBe(675_000);
  shop.clock.now = (await shop.state())!.next_at;
  await shop.runtime.look();
  expect(await shop.totals()).toEqual({ o: 100 });
  expect(await shop.state()).toMatchObject({ failures: 0, error: null });
});

test('a token is kept before it is used, renewed when it is refused, and a refusal of our credentials is said', async () => {
  const shop = connect();
  await shop.runtime.look();
  expect((await shop.state())?.tokens).toMatch(/^v1\./);
  expect(JSON.stringify(await shop.state())).not.toContain('Bearer');
  // Another process, with what the first has kept.
  shop.clock.now += 60_000;
  shop.platform.mishaps = ['revoke'];
  await shop.newRuntime('two').look();
  expect(await shop.state()).toMatchObject({ error: null });
  expect(shop.platform.requests.filter(({ url }) => url.includes('/token'))).toHaveLength(2);
  shop.clock.now += 60_000;
  shop.platform.mishaps = ['forbid'];
  await shop.runtime.look();
  expect((await shop.state())?.error).toBe('The platform refused our credentials (403): check key and permissions.');
});

test('of two collectors one asks', async () => {
  const shop = connect();
  for (let index = 0; index < 7; index++) shop.put(`o${index}`, index - 100);
  await Promise.all([shop.newRuntime('one').look(), shop.newRuntime('two').look()]);
  const pages = shop.platform.requests.filter(({ url }) => url.includes('/orders?')).map(({ url }) => url);
  expect(new Set(pages).size).toBe(pages.length);
  expect(Object.keys(await shop.totals())).toHaveLength(7);
});

test('an order that a delivery only named is fetched, and one that the platform does not know is given up', async () => {
  const shop = connect();
  const named = (order_id: string, received_at: number) =>
    orderEvent({ source: 'played', account: 'a', order_id }, { received_at });
  await shop.append(named('o1', 1), named('o1', 2), named('gone', 3));
  shop.platform.orders.set('o1', { id: 'o1', updated: S0, total: 42 });
  await shop.runtime.look();
  expect(await shop.totals()).toEqual({ o1: 42 });
  expect(shop.platform.requests.filter(({ url }) => url.endsWith('/orders/o1'))).toHaveLength(1);
  expect(await shop.storage.connections.tasks('demo', 'played', Number.MAX_SAFE_INTEGER, 5)).toEqual([]);
});

test('a fetch that fails is tried again later, and keeps its place', async () => {
  const shop = connect();
  await shop.append(orderEvent({ source: 'played', account: 'a', order_id: 'o1' }, { received_at: 1 }));
  shop.platform.mishaps = [null, 'drop'];
  await shop.runtime.look();
  const [task] = await shop.storage.connections.tasks('demo', 'played', Number.MAX_SAFE_INTEGER, 5);
  expect(task).toMatchObject({ attempts: 1, subject: 'o1' });
  shop.put('o1', 0, 42);
  shop.clock.now = task!.due_at;
  await shop.runtime.look();
  expect(await shop.totals()).toEqual({ o1: 42 });
});

test('without an API nothing is asked, and what only a fetch could tell is given up with the reason', async () => {
  const shop = connect({ settings: {} });
  await shop.append(orderEvent({ source: 'played', account: 'a', order_id: 'o1' }, { received_at: 1 }));
  await shop.runtime.look();
  expect(shop.platform.requests).toEqual([]);
  expect(await shop.storage.connections.tasks('demo', 'played', Number.MAX_SAFE_INTEGER, 5)).toEqual([]);
});

test('P6: a customer whom the platform asks to have erased is erased by the surest identifier', async () => {
  const shop = connect();
  const request = visitEvent({ event: 'privacy_request', properties: { request: 'erase', by: 'played' }, user: { id: 'c7' } });
  await shop.append({ ...request, visitor_id: undefined, session_id: undefined });
  await shop.runtime.look();
  await shop.runtime.look();
  expect(shop.erased).toEqual([{ site: 'demo', id: { type: 'user_id', value: 'c7' }, by: 'played', reason: 'customers/redact' }]);
});

test('whatever goes wrong between, and whenever the collector dies, no change is skipped', async () => {
  const mishap = fc.constantFrom<Mishap | null | 'die'>(
    null,
    null,
    null,
    'drop',
    'fail',
    'throttle',
    'revoke',
    'gibberish',
    'die',
  );
  const change = fc.record({ id: fc.integer({ min: 0, max: 9 }), total: fc.integer({ min: 1, max: 1000 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ changes: fc.array(change, { maxLength: 6 }), mishaps: fc.array(mishap, { maxLength: 6 }) }), {
        minLength: 1,
        maxLength: 8,
      }),
      async (rounds) => {
        const shop = connect();
        let turn = 0;
        const dying = (): Storage => ({
          ...shop.storage,
          connections: {
            ...shop.storage.connections,
            put: () => Promise.reject(new Error('killed before the state was kept')),
            release: () => Promise.resolve(),
          },
        });
        // A dead process gives no lease back, and keeps no state.
        const round = async (mishaps: readonly (Mishap | null | 'die')[]): Promise<void> => {
          shop.platform.mishaps = mishaps.filter((one) => one !== 'die');
          const storage = mishaps.includes('die') ? dying() : shop.storage;
          await shop.newRuntime(`p${turn++}`, storage).look();
          shop.clock.now += 20 * 60_000;
        };
        for (const { changes, mishaps } of rounds) {
          changes.forEach(({ id, total }, index) => {
            shop.platform.orders.set(`o${id}`, { id: `o${id}`, updated: shop.clock.now / 1000 + index, total });
          });
          await round(mishaps);
        }
        await round([]);
        await round([]);
        const wanted = Object.fromEntries([...shop.platform.orders.values()].map(({ id, total }) => [id, total]));
        expect(await shop.totals()).toEqual(wanted);
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

test('nonces and secrets never reach the store in clear', async () => {
  const secret = randomBytes(8).toString('hex');
  const shop = connect({ settings: { key: secret } });
  await shop.runtime.look();
  expect(JSON.stringify(await shop.state())).not.toContain(secret);
});
