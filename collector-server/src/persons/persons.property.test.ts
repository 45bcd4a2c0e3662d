import type { StoredEvent } from '@orderloop/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProjector } from '../ingest/project.ts';
import { canonicalOrder } from '../stitch/testing.ts';
import type { Storage } from '../storage/contract.ts';
import { openPostgres } from '../storage/postgres/index.ts';
import { findPostgres, startPostgres, type TestPostgres } from '../storage/postgres/testing.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import { listPersons } from './read.ts';
import { FACTS, type Outcome, outcomeOf, rowsOf, seen } from './testing.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 150);
const SEED = Number(process.env['PROPERTY_SEED'] ?? 20261123);

const user = fc.record(
  {
    id: fc.constantFrom('u1', 'u2', 'u3', 'guest'),
    email_index: fc.constantFrom('e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7'),
    phone_index: fc.constantFrom('p1', 'p2'),
  },
  { requiredKeys: [] },
);
const tokens = fc.record(
  { cart_token: fc.constantFrom('c1', 'c2', 'c3'), transaction_id: fc.constantFrom('1', '2', '3') },
  { requiredKeys: [] },
);
const identifier = fc.constantFrom(
  { type: 'user_id', value: 'u1' },
  { type: 'user_id', value: 'u2' },
  { type: 'email', value: 'e1' },
  { type: 'email', value: 'e2' },
  { type: 'cart_token', value: 'c1' },
);

/** Few values of each, so that they meet; minutes that repeat, so that ids decide. */
const visit = fc.record({
  kind: fc.constant('visit' as const),
  // Some of them more than half an hour apart.
  minute: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constantFrom(40, 71, 100, 131)),
  visitor: fc.constantFrom('phone', 'laptop', 'shared'),
  session: fc.constantFrom('1', '2', null),
  campaign: fc.constantFrom(undefined, { source: 'a' }, { source: 'b' }),
  click: fc.constantFrom(undefined, 'x', 'y'),
  user,
  tokens,
});
const server = fc.record({
  kind: fc.constant('server' as const),
  minute: fc.integer({ min: 0, max: 12 }),
  visitor: fc.constantFrom(undefined, 'phone', 'laptop'),
  user,
  tokens,
});
const order = fc.record({
  kind: fc.constant('order' as const),
  minute: fc.integer({ min: 0, max: 12 }),
  order_id: fc.constantFrom('1', '2', '3'),
  user,
  tokens: fc.record({ cart_token: fc.constantFrom('c1', 'c2', 'c3') }, { requiredKeys: [] }),
});
const operation = fc.record({
  kind: fc.constantFrom('alias' as const, 'split' as const),
  minute: fc.integer({ min: 0, max: 12 }),
  pair: fc.tuple(identifier, identifier).filter(([one, other]) => one !== other),
  undone: fc.boolean(),
});

const entries = fc.oneof({ weight: 5, arbitrary: visit }, server, { weight: 2, arbitrary: order }, operation);
const stream = fc.array(entries, { minLength: 2, maxLength: 14 });

type Drawn = typeof stream extends fc.Arbitrary<infer T> ? T : never;

function toEvents(drawn: Drawn): StoredEvent[] {
  return drawn.flatMap((entry, index): StoredEvent[] => {
    const id = `ev-${String(index).padStart(3, '0')}`;
    switch (entry.kind) {
      case 'visit':
        return [
          seen(id, entry.minute, {
            visitor_id: entry.visitor,
            session_id: entry.session === null ? undefined : `${entry.visitor}-${entry.session}`,
            ...(entry.campaign && { campaign: entry.campaign }),
            ...(entry.click && {
              click_ids: { gclid: { value: entry.click, first_seen_at: Date.UTC(2026, 10, 20, 0, entry.minute) } },
            }),
            user: entry.user,
            properties: entry.tokens,
          }),
        ];
      case 'server':
        return [
          seen(id, entry.minute, {
            action_source: 'server',
            ...(entry.visitor && { visitor_id: entry.visitor, session_id: `${entry.visitor}-1` }),
            user: entry.user,
            properties: entry.tokens,
          }),
        ];
      case 'order': {
        const at = new Date(Date.UTC(2026, 10, 20, 0, entry.minute)).toISOString();
        return [
          seen(id, entry.minute, {
            event: 'order',
            action_source: 'server',
            user: entry.user,
            properties: entry.tokens,
            order: canonicalOrder({ order_id: entry.order_id, created_at: at, paid_at: at, updated_at: at }),
          }),
        ];
      }
      default: {
        const identifiers = entry.pair;
        const said = seen(id, entry.minute, { event: entry.kind, action_source: 'server', properties: { identifiers } });
        if (!entry.undone) return [said];
        const undo = seen(`${id}-undo`, entry.minute + 1, {
          event: 'undo',
          action_source: 'server',
          properties: { identifiers, undoes: id },
        });
        return [said, undo];
      }
    }
  });
}

const scenarioOf = (drawings: typeof stream) =>
  drawings.chain((drawn) => {
    const events = toEvents(drawn);
    return fc.record({
      events: fc.constant(events),
      arrival: fc.shuffledSubarray(events, { minLength: events.length }),
      repeats: fc.subarray(events),
      sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
    });
  });
const scenario = scenarioOf(stream);
/** Where only few are drawn: long enough for much to meet. */
const longScenario = scenarioOf(fc.array(entries, { minLength: 12, maxLength: 24 }));

/** Split into batches of these sizes, over and over. */
function batched(events: readonly StoredEvent[], sizes: readonly number[]): StoredEvent[][] {
  const batches: StoredEvent[][] = [];
  for (let at = 0, turn = 0; at < events.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    batches.push(events.slice(at, at + size));
    at += size;
  }
  return batches;
}

/** What depends on the order of arrival by its nature: when an order first came. */
const withoutArrival = (outcome: Outcome): unknown =>
  JSON.parse(
    JSON.stringify(outcome, (name, value: unknown) => (name === 'received_at' || name === 'position' ? undefined : value)),
  );

test('2: the result depends on the set of events alone: shuffled, doubled, delayed and split into batches', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ events, arrival, repeats, sizes }) => {
      const expected = await outcomeOf([events]);
      const other = await outcomeOf(batched([...arrival, ...repeats], sizes));
      expect(withoutArrival(other)).toEqual(withoutArrival(expected));
    }),
    { seed: SEED, numRuns: RUNS },
  );
}, 300_000);

test('2: the property can fail: a device’s people in the order of their arrival would be told apart', async () => {
  // The same events by another clock are another set: persons are called by who was seen first.
  const events = [
    seen('a', 1, { visitor_id: 'phone', user: { id: 'u1' } }),
    seen('b', 2, { visitor_id: 'laptop', user: { id: 'u1' } }),
  ];
  const swapped = events.map((event, index) => ({ ...event, occurred_at: events[1 - index]!.occurred_at }));
  expect(withoutArrival(await outcomeOf([swapped]))).not.toEqual(withoutArrival(await outcomeOf([events])));
});

/** Projects, drops what was projected, and projects the same log anew. */
async function liveAndRebuilt(batches: readonly (readonly StoredEvent[])[], storage: Storage) {
  const outcome = async () => {
    const persons = await listPersons(storage.projections);
    const { conversions } = await storage.projections.dump();
    return { persons, rows: { ...(await rowsOf(storage)), conversions } };
  };
  const project = () => createProjector(storage, () => FACTS, { now: () => 0 }).catchUp();
  try {
    for (const events of batches) {
      await storage.log.append({ events });
      await project();
    }
    const live = await outcome();
    await storage.projections.reset();
    expect(await outcome()).toMatchObject({ persons: [], rows: { sessions: [], orders: [] } });
    await project();
    return { live, rebuilt: await outcome() };
  } finally {
    await storage.close();
  }
}

test('2: a rebuild gives the same persons and rows as live processing', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ arrival, sizes }) => {
      const { live, rebuilt } = await liveAndRebuilt(batched(arrival, sizes), openSqlite());
      expect(rebuilt).toEqual(live);
    }),
    { seed: SEED, numRuns: Math.min(RUNS, 60) },
  );
}, 300_000);

const found = findPostgres();

describe.skipIf(!found)(
  found ? 'on a real PostgreSQL' : 'skipped: there is no PostgreSQL here, and its package is not installed',
  () => {
    let server: TestPostgres;
    beforeAll(async () => {
      server = await startPostgres();
    }, 60_000);
    afterAll(() => server?.stop(), 60_000);

    test('2: PostgreSQL gives the same persons and rows as SQLite, in any order of arrival, live and rebuilt', async () => {
      await fc.assert(
        fc.asyncProperty(longScenario, async ({ events, arrival, repeats, sizes }) => {
          const batches = batched([...arrival, ...repeats], sizes);
          const postgres = await liveAndRebuilt(batches, await openPostgres(await server.newDatabase()));
          const { rows: sqlite, persons } = await outcomeOf([events]);
          const { conversions: _, ...rows } = postgres.live.rows;
          expect(withoutArrival({ persons: postgres.live.persons, rows })).toEqual(withoutArrival({ persons, rows: sqlite }));
          expect(withoutArrival(postgres.rebuilt as Outcome)).toEqual(withoutArrival(postgres.live as Outcome));
        }),
        { seed: SEED, numRuns: 8 },
      );
    }, 300_000);
  },
);
