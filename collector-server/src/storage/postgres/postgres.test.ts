import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LoggedEvent, type StoredEvent, uuidv7 } from '@orderloop/protocol';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createProjector } from '../../ingest/project.ts';
import { AD_PURPOSES } from '../../stitch/conversion.ts';
import { canonicalOrder, orderEvent, visitEvent } from '../../stitch/testing.ts';
import { storageContract } from '../contract.suite.ts';
import { type Storage, StorageFault } from '../contract.ts';
import { partitionOf } from '../partition.ts';
import { openSqlite } from '../sqlite/index.ts';
import { PostgresDatabase } from './database.ts';
import { migratePostgres, openPostgres } from './index.ts';
import { dayOf } from './log.ts';
import { prepareDays } from './migrate.ts';
import { findPostgres, startPostgres, startProxy, type TestPostgres } from './testing.ts';

const found = findPostgres();
const facts = () => ({
  consentMode: 'opt_in' as const,
  hosts: [],
  destinations: ['meta', 'webhook'].map((id) => ({ id, purposes: AD_PURPOSES })),
});

const newEvent = (more: Partial<StoredEvent> = {}): StoredEvent => ({
  event: 'page_view',
  event_id: uuidv7(Date.now(), randomBytes(10)),
  site: 'demo',
  occurred_at: Date.now(),
  received_at: Date.now(),
  visitor_id: uuidv7(Date.now(), randomBytes(10)),
  ...more,
});

async function opened(storage: Promise<Storage>): Promise<Storage> {
  const store = await storage;
  onTestFinished(() => store.close());
  return store;
}

test('a UUIDv7 tells its day, anything else none', () => {
  expect(dayOf(uuidv7(Date.UTC(2026, 10, 27, 23, 59, 59), randomBytes(10)))).toBe(Date.UTC(2026, 10, 27) / 86_400_000);
  expect(dayOf(uuidv7(Date.UTC(2026, 10, 28), randomBytes(10)))).toBe(Date.UTC(2026, 10, 28) / 86_400_000);
  for (const id of [
    'order-1',
    uuidv7(5, randomBytes(10)),
    'ffffffff-ffff-7fff-8000-000000000000',
    'ffffffff-ffff-8fff-8000-000000000000',
  ])
    expect(dayOf(id)).toBe(0);
});

describe.skipIf(!found)(
  found ? 'on a real PostgreSQL' : 'skipped: there is no PostgreSQL here, and its package is not installed',
  () => {
    let server: TestPostgres;
    beforeAll(async () => {
      server = await startPostgres();
    }, 60_000);
    afterAll(() => server?.stop(), 60_000);

    storageContract('PostgreSQL', async () => openPostgres(await server.newDatabase()));

    test('two collectors that append at once leave no gap and no double, and a reader beside them misses nothing', async () => {
      const url = await server.newDatabase();
      const [one, two, reader] = [
        await opened(openPostgres(url)),
        await opened(openPostgres(url)),
        await opened(openPostgres(url)),
      ];
      const shared = Array.from({ length: 300 }, () => newEvent());
      let writing = true;
      const seen: number[] = [];
      const follow = async (): Promise<void> => {
        const reached = new Array<number>(reader.log.partitions).fill(0);
        for (let last = false; ; ) {
          last = !writing;
          for (let partition = 0; partition < reached.length; partition++) {
            const rows = await reader.log.read(partition, reached[partition]!, 500);
            for (const { position } of rows) seen.push(position);
            reached[partition] = rows.at(-1)?.position ?? reached[partition]!;
          }
          if (last) return;
        }
      };
      const append = async (storage: Storage, own: number): Promise<number> => {
        let accepted = 0;
        for (let start = 0; start < 300; start += 25) {
          const batch = [...shared.slice(start, start + 25), ...Array.from({ length: own }, () => newEvent())];
          const results = await storage.log.append({ events: batch });
          accepted += results.filter((result) => result === 'accepted').length;
        }
        return accepted;
      };
      const following = follow();
      const counts = await Promise.all([append(one, 3), append(two, 7)]);
      writing = false;
      await following;
      const total = 300 + 12 * 3 + 12 * 7;
      expect(counts[0]! + counts[1]!).toBe(total);
      expect(await one.log.head()).toBe(total);
      expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, index) => index + 1));
    });

    test('several projectors that share the partitions give what one gives alone, on either engine', async () => {
      const events = visitsAndOrders(40);
      const alone = openSqlite();
      onTestFinished(() => alone.close());
      const url = await server.newDatabase();
      const stores = [await opened(openPostgres(url)), await opened(openPostgres(url))];
      for (let start = 0; start < events.length; start += 20) {
        await alone.log.append({ events: events.slice(start, start + 20) });
        await stores[0]!.log.append({ events: events.slice(start, start + 20) });
      }
      await createProjector(alone, facts, { now: () => 0 }).catchUp();
      const projectors = stores.map((store, index) =>
        createProjector(store, facts, { owner: `collector-${index}`, now: () => 0 }),
      );
      await Promise.all(projectors.map((projector) => projector.catchUp()));
      // Each has its share; what the other held while this one looked is taken up on the next look.
      await projectors[0]!.stop();
      await projectors[1]!.catchUp();
      const [expected, got] = [await alone.projections.dump(), await stores[1]!.projections.dump()];
      for (const table of ['sessions', 'touchpoints', 'orders', 'links'] as const)
        expect(got[table], table).toEqual(expected[table]);
      expect(got.conversions).toEqual(expected.conversions);
      expect(await stores[0]!.outbox.counts()).toEqual(await alone.outbox.counts());
      expect(got.orders).toHaveLength(40);
    });

    test('O2, F12: two workers on one outbox never take the same row', async () => {
      const url = await server.newDatabase();
      const [one, two] = [await opened(openPostgres(url)), await opened(openPostgres(url))];
      await one.projections.transaction(['demo'], async (tx) => {
        for (let index = 0; index < 400; index++) await tx.enqueue('demo', `c${index}`, 'meta', 1);
      });
      const work = async (storage: Storage): Promise<number[]> => {
        const taken: number[] = [];
        for (;;) {
          const rows = await storage.outbox.claim({ site: 'demo', destination: 'meta' }, 10, 60_000, 7);
          if (rows.length === 0) return taken;
          for (const row of rows) {
            taken.push(row.id);
            await storage.outbox.finish([{ row, state: 'delivered', snapshot: null }]);
          }
        }
      };
      const taken = (await Promise.all([work(one), work(two), work(two)])).flat();
      expect(taken).toHaveLength(400);
      expect(new Set(taken).size).toBe(400);
      expect((await one.outbox.counts()).delivered).toBe(400);
    });

    test('partitions are shared alike, and those of an owner that died go to the others when its lease runs out', async () => {
      const { projections, log } = await opened(openPostgres(await server.newDatabase()));
      const { partitions } = log;
      expect(await projections.lease('one', partitions, 0, 60_000)).toHaveLength(16);
      expect(await projections.lease('two', partitions, 0, 300)).toEqual([]);
      expect(await projections.lease('one', partitions, 0, 300)).toHaveLength(8);
      const two = await projections.lease('two', partitions, 0, 300);
      expect(two).toHaveLength(8);
      expect(new Set([...two, ...(await projections.lease('one', partitions, 0, 300))]).size).toBe(16);
      await expect.poll(() => projections.lease('two', partitions, 0, 60_000), { timeout: 5000 }).toHaveLength(16);
    });

    test('two processes that migrate at once both find a store that is ready', async () => {
      const url = await server.newDatabase();
      const applied = await Promise.all([migratePostgres(url), migratePostgres(url), migratePostgres(url)]);
      expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
      expect(applied.flat()).toEqual(readdirSync(join(import.meta.dirname, 'migrations')).sort());
    });

    test('a role that may not change tables runs a collector, and is told who must when one is missing', async () => {
      const url = await server.newDatabase();
      const asCollector = url.replace('orderloop@', 'collector@');
      const owner = new PostgresDatabase(url);
      onTestFinished(() => owner.close());
      await owner.connected((client) => client.query('CREATE ROLE collector LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC'));
      await expect(openPostgres(asCollector)).rejects.toThrow('run orderloop migrate as the role that owns them');
      await migratePostgres(url);
      await owner.connected((client) => client.query(grantsOfTheGuide()));
      const storage = await opened(openPostgres(asCollector));
      await storage.log.append({ events: visitsAndOrders(1) });
      await createProjector(storage, facts, { now: () => 0 }).catchUp();
      await storage.projections.reset();
      await createProjector(storage, facts, { now: () => 0 }).catchUp();
      expect(await storage.projections.counts()).toEqual({ orders: 1, linked: 1 });
      await storage.outbox.claim({ site: 'demo', destination: 'meta' }, 1, 1000, 10);
      const db = new PostgresDatabase(asCollector);
      onTestFinished(() => db.close());
      await prepareDays(db, Date.now() + 30 * 86_400_000);
      await expect(db.query('DROP TABLE events')).rejects.toThrow('must be owner');
    });

    test('U4, F13: a server that crashes is a fault at once, loses nothing acknowledged, and is found again', async () => {
      const own = await startPostgres();
      onTestFinished(() => own.stop());
      const storage = await opened(openPostgres(await own.newDatabase()));
      const acknowledged: string[] = [];
      let faults = 0;
      let stop = false;
      const writers = Array.from({ length: 4 }, async () => {
        while (!stop) {
          const event = newEvent();
          try {
            await storage.log.append({ events: [event] });
            acknowledged.push(event.event_id);
          } catch (error) {
            if (!(error instanceof StorageFault)) throw error;
            faults++;
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }
      });
      for (let round = 1; round <= 3; round++) {
        const target = acknowledged.length + 50;
        await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(target);
        await own.crash();
        const before = faults;
        await expect.poll(() => faults, { timeout: 5000 }).toBeGreaterThan(before);
        await own.restart();
      }
      const target = acknowledged.length + 50;
      await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(target);
      stop = true;
      await Promise.all(writers);
      const missing: string[] = [];
      for (const id of acknowledged) if (!(await storage.events.find('demo', id))) missing.push(id);
      expect(missing).toEqual([]);
      expect(faults).toBeGreaterThanOrEqual(3);
    }, 60_000);

    test('F14: connections that stop answering without a word are all given up at the first sign', async () => {
      const proxy = await startProxy(server.port);
      onTestFinished(() => proxy.stop());
      const url = (await server.newDatabase()).replace(`:${server.port}/`, `:${proxy.port}/`);
      const storage = await opened(openPostgres(url, { answer_ms: 400, acquire_ms: 400 }));
      const append = () => storage.log.append({ events: [newEvent()] });
      // Several connections, every one of which will be dead.
      await Promise.all(Array.from({ length: 6 }, append));
      proxy.freeze();
      const began = performance.now();
      await expect(append()).rejects.toBeInstanceOf(StorageFault);
      await expect(storage.projections.transaction(['demo'], (tx) => tx.setPosition(0, 1))).rejects.toBeInstanceOf(StorageFault);
      expect(performance.now() - began).toBeLessThan(2_000);
      proxy.letNewThrough();
      expect(await append()).toEqual(['accepted']);
    });

    test('F14: a dead connection that nobody uses is found by its heartbeat', async () => {
      const proxy = await startProxy(server.port);
      onTestFinished(() => proxy.stop());
      const url = (await server.newDatabase()).replace(`:${server.port}/`, `:${proxy.port}/`);
      const storage = await opened(openPostgres(url, { answer_ms: 60_000, heartbeat_ms: 150 }));
      const append = () => storage.log.append({ events: [newEvent()] });
      await Promise.all(Array.from({ length: 4 }, append));
      proxy.freeze();
      proxy.letNewThrough();
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect(await append()).toEqual(['accepted']);
    });

    test('a day whose events came before its partition gets it all the same, and a reader that keeps up skips the days before', async () => {
      const url = await server.newDatabase();
      const storage = await opened(openPostgres(url));
      const DAY_MS = 86_400_000;
      const idAt = (day: number) => uuidv7(Date.now() + day * DAY_MS, randomBytes(10));
      const early = newEvent({ event_id: idAt(20), visitor_id: 'v' });
      const events = [
        early,
        newEvent({ event_id: idAt(-300), visitor_id: 'v' }),
        newEvent({ event_id: 'undated', visitor_id: 'v' }),
      ];
      await storage.log.append({ events });
      const db = new PostgresDatabase(url);
      onTestFinished(() => db.close());
      const placeOf = async (id: string) =>
        (await db.query<{ place: string }>('SELECT tableoid::regclass::text AS place FROM events WHERE event_id = $1', [id]))[0]!
          .place;
      expect(await placeOf(early.event_id)).toBe('events_other');
      await prepareDays(db, Date.now() + 20 * DAY_MS);
      expect(await placeOf(early.event_id)).toMatch(/^events_2\d{7}$/);
      expect(await storage.log.append({ events })).toEqual(['duplicate', 'duplicate', 'duplicate']);
      const [partition] = (await storage.events.ofVisitor('demo', 'v', 9)).map((event) =>
        partitionOf(event, storage.log.partitions),
      );
      expect((await storage.log.read(partition!, 0, 9)).map(({ position }) => position)).toEqual([1, 2, 3]);
      // An event of a day long done, and one of no day at all, come late: who had read on finds both.
      await storage.log.append({
        events: [newEvent({ event_id: idAt(-299), visitor_id: 'v' }), newEvent({ event_id: 'undated too', visitor_id: 'v' })],
      });
      expect((await storage.log.read(partition!, 3, 9)).map(({ position }) => position)).toEqual([4, 5]);
      expect(await storage.log.behind(new Array(storage.log.partitions).fill(3))).toBe(2);
      expect((await storage.events.newest('demo', 2)).map(({ position }) => position)).toEqual([5, 4]);
    });

    test('an append that holds repeats, dead letters and calls is one round trip, and leaves no gap', async () => {
      const storage = await opened(openPostgres(await server.newDatabase()));
      const [known, fresh] = [newEvent(), newEvent()];
      await storage.log.append({ events: [known] });
      const call = {
        site: 'demo',
        route: '/v1/events',
        owner: 'sk',
        key: 'k',
        body_hash: 'h',
        received_at: 1,
        answer: '{"a":"\\u0000"}',
      };
      const results = await storage.log.append({
        events: [known, fresh, fresh, newEvent()],
        calls: [{ ...call, first: 1, count: 3 }],
      });
      expect(results).toEqual(['duplicate', 'accepted', 'duplicate', 'accepted']);
      expect(await storage.log.call('demo', '/v1/events', 'sk', 'k')).toMatchObject({
        results: ['accepted', 'duplicate', 'accepted'],
      });
      expect(await storage.log.head()).toBe(3);
      expect(await storage.log.append({ events: [newEvent()] })).toEqual(['accepted']);
      expect(await storage.log.head()).toBe(4);
    });

    test('F15: a lock that another holds is a fault in bounded time, and nothing is kept of what was refused', async () => {
      const url = await server.newDatabase();
      const storage = await opened(openPostgres(url, { lock_ms: 100 }));
      const other = await opened(openPostgres(url));
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const holder = new PostgresDatabase(url);
      onTestFinished(() => holder.close());
      let locked = (): void => undefined;
      const isLocked = new Promise<void>((resolve) => {
        locked = resolve;
      });
      const holding = holder.transaction(async (client) => {
        await client.run('LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE');
        locked();
        await held;
      });
      await isLocked;
      await expect(storage.log.append({ events: [newEvent()] })).rejects.toBeInstanceOf(StorageFault);
      release();
      await holding;
      expect(await other.log.head()).toBe(0);
      expect(await storage.log.append({ events: [newEvent()] })).toEqual(['accepted']);
    });

    test('D3: a server that would lose what it acknowledged is refused, with what to set', async () => {
      const careless = await startPostgres({ fsync: 'off', synchronous_commit: 'off' });
      onTestFinished(() => careless.stop());
      await expect(openPostgres(await careless.newDatabase())).rejects.toThrow(
        /fsync and synchronous_commit are off. Set fsync = on/,
      );
    });

    test('a fault never shows the password of the address', async () => {
      const fault = await openPostgres('postgres://orderloop:hunter2@127.0.0.1:1/none').catch((error: Error) => error);
      expect(fault).toBeInstanceOf(StorageFault);
      expect(`${(fault as Error).message} ${(fault as Error).stack}`).not.toContain('hunter2');
    });
  },
);

/** What the guide says that the owner of the tables grants a collector's role. */
function grantsOfTheGuide(): string {
  const guide = readFileSync(join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'guides', 'operations.md'), 'utf8');
  return /```sql\n(GRANT[^`]+)```/.exec(guide)![1]!;
}

const STARTED_AT = 1_795_000_000_000;

/** As it was before the log gave it its place. */
function unplaced({ position: _, ...event }: LoggedEvent): StoredEvent {
  return event;
}

/** Visits, and orders that name one of them; orders come before, between and after what they belong to. */
function visitsAndOrders(orders: number): StoredEvent[] {
  const events: StoredEvent[] = [];
  for (let index = 0; index < orders; index++) {
    const visitor_id = `visitor-${index}`;
    const session_id = `session-${index}`;
    const visit = [0, 1, 2, 3].map((seq) =>
      unplaced(
        visitEvent({
          visitor_id,
          session_id,
          seq,
          event_id: `visit-${index}-${seq}`,
          occurred_at: STARTED_AT + index * 60_000 + seq,
        }),
      ),
    );
    const session_ref = `${session_id}_${visitor_id.slice(-12)}`;
    const order = canonicalOrder({ order_id: `order-${index}`, session_ref });
    const bought = unplaced(orderEvent(order, { event_id: `order-event-${index}` }));
    events.push(...(index % 2 === 0 ? [bought, ...visit] : [...visit, bought]));
  }
  return events;
}
