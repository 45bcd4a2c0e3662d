import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Outgoing } from '../outgoing/call.ts';
import type { Storage } from '../storage/contract.ts';
import { openPostgres } from '../storage/postgres/index.ts';
import { findPostgres, startPostgres, type TestPostgres } from '../storage/postgres/testing.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import { conversionState, META, META_CONFIG, metaTook, type Played, playRelay, reply } from './testing.ts';

const COUNT = 2_000;
const idsOf = ({ body = '' }: Outgoing): string[] => JSON.parse(body).data.map(({ event_id }: { event_id: string }) => event_id);

/** Two collectors' relays on one store, and what the platform was sent by both. */
async function playTwo(open: () => Promise<Storage>) {
  const taken = new Map<string, number>();
  const take = async (request: Outgoing) => {
    for (const id of idsOf(request)) taken.set(id, (taken.get(id) ?? 0) + 1);
    // An answer takes a while, in which the other claims.
    await new Promise((resolve) => setImmediate(resolve));
    return metaTook(request);
  };
  const small = [{ ...META_CONFIG }];
  const stores = [await open(), await open()] as const;
  const relays = stores.map((store) => playRelay(store, take, small));
  onTestFinished(async () => {
    for (const relay of relays) await relay.stop();
  });
  return { taken, stores, relays: relays as [Played, Played] };
}

const many = Array.from({ length: COUNT }, (_, index) => conversionState(`o${index}`));

function sharedOutbox(open: () => Promise<Storage>): void {
  test('F12: two collectors on one outbox send each conversion once', async () => {
    const { taken, relays } = await playTwo(open);
    const [one, two] = relays;
    await one.enqueue(many);
    await Promise.all([one.relay.idle(), two.relay.idle()]);
    expect(taken.size).toBe(COUNT);
    expect(Math.max(...taken.values())).toBe(1);
    expect(await one.storage.outbox.counts()).toMatchObject({ delivered: COUNT, waiting: 0, sending: 0 });
    expect([...one.errors, ...two.errors]).toEqual([]);
  }, 60_000);

  test('F12: what a killed collector had claimed is sent by the other within 65 s, and its late finish changes nothing', async () => {
    const { taken, relays, stores } = await playTwo(open);
    const [one, two] = relays;
    await one.enqueue(many.slice(0, 10));
    // Claimed, and then nothing more is heard of it.
    const claimed = await stores[0].outbox.claim(META, one.now(), 60_000, 10);
    expect(claimed).toHaveLength(10);
    await two.advance(59_000);
    expect(taken.size).toBe(0);
    await two.advance(6_000, 1_000);
    expect(taken.size).toBe(10);
    expect(await stores[0].outbox.finish(claimed.map((row) => ({ row, state: 'dead', reason: 'late' })))).toEqual([]);
    expect(await stores[1].outbox.counts()).toMatchObject({ delivered: 10, dead: 0 });
  }, 60_000);

  test('a pause that one collector came upon is kept by the other', async () => {
    const store = await open();
    const refused = playRelay(store, () => reply(401, { error: { code: 190, message: 'Bad token' } }));
    const other = playRelay(await open(), metaTook);
    onTestFinished(async () => {
      await refused.stop();
      await other.stop();
    });
    await refused.enqueue(many.slice(0, 3));
    await refused.relay.idle();
    await refused.enqueue(many.slice(3, 6));
    await other.relay.idle();
    expect(other.calls).toEqual([]);
    expect(await other.relay.resume(META)).toBe(6);
    await other.relay.idle();
    expect(other.calls.flatMap(idsOf)).toHaveLength(6);
  }, 60_000);
}

/** One store for the relays of one test, closed when it ends. */
function oncePerTest(open: () => Promise<Storage>): () => Promise<Storage> {
  let store: Promise<Storage> | undefined;
  return async () => {
    if (!store) {
      store = open();
      const opened = await store;
      onTestFinished(async () => {
        store = undefined;
        await opened.close();
      });
    }
    return { ...(await store), close: async () => undefined };
  };
}

describe('on SQLite', () => {
  // One process has one connection that writes; the relays are two.
  sharedOutbox(oncePerTest(async () => openSqlite()));
});

const found = findPostgres();

describe.skipIf(!found)(
  found ? 'on a real PostgreSQL' : 'skipped: there is no PostgreSQL here, and its package is not installed',
  () => {
    let server: TestPostgres;
    let url: Promise<string> | undefined;
    beforeAll(async () => {
      server = await startPostgres();
    }, 60_000);
    afterAll(() => server.stop());
    sharedOutbox(async () => {
      if (!url) {
        url = server.newDatabase();
        onTestFinished(() => {
          url = undefined;
        });
      }
      return openPostgres(await url);
    });
  },
);
