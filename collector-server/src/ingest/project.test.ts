import type { LoggedEvent } from '@orderloop/protocol';
import { expect, onTestFinished, test } from 'vitest';
import { AD_PURPOSES } from '../stitch/conversion.ts';
import { canonicalOrder, orderEvent, visitEvent } from '../stitch/testing.ts';
import { type EventLog, StorageFault } from '../storage/contract.ts';
import { partitionOf } from '../storage/partition.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import { createProjector } from './project.ts';

const facts = () => ({
  consentMode: 'opt_in' as const,
  hosts: [],
  destinations: [{ id: 'meta', purposes: AD_PURPOSES }],
});

function newStore() {
  const storage = openSqlite();
  onTestFinished(() => storage.close());
  return { storage, projector: createProjector(storage, facts, { now: () => 0 }) };
}

test('B4: an event that a projector can’t take is put aside, and keeps no other waiting', async () => {
  const { storage, projector } = newStore();
  // What no door lets in: an order without its attribution.
  const { attribution: _, ...poison } = canonicalOrder({ order_id: 'poison' });
  await storage.log.append({
    events: [visitEvent(), orderEvent(poison as never), visitEvent({ event: 'search' }), orderEvent(canonicalOrder())],
  });
  await projector.catchUp();
  const { sessions, orders } = await storage.projections.dump();
  expect(sessions).toMatchObject([{ event_count: 2 }]);
  expect(orders).toHaveLength(1);
  expect(await storage.deadLetters.list({}, 10)).toMatchObject([{ stage: 'project', code: 'internal_error' }]);
  expect(await storage.projections.position(0)).toBe(await storage.log.head());
});

test('a store that fails keeps everything waiting, and nothing is put aside', async () => {
  const { storage } = newStore();
  await storage.log.append({ events: [visitEvent()] });
  const broken = {
    ...storage.projections,
    transaction: () => Promise.reject(new StorageFault('disk full')),
  };
  await expect(createProjector({ ...storage, projections: broken }, facts, { now: () => 0 }).catchUp()).rejects.toThrow(
    'disk full',
  );
  expect(await storage.deadLetters.list({}, 10)).toEqual([]);
  expect(await storage.projections.position(0)).toBe(0);
});

test('who asks while it runs is answered when what it asked for is done', async () => {
  const { storage, projector } = newStore();
  await storage.log.append({ events: [visitEvent()] });
  const first = projector.catchUp();
  await storage.log.append({ events: [visitEvent()] });
  await Promise.all([first, projector.catchUp()]);
  expect(await storage.projections.position(0)).toBe(2);
});

test('two that project the same store at once project each event once', async () => {
  const { storage, projector } = newStore();
  const other = createProjector(storage, facts, { now: () => 0 });
  await storage.log.append({ events: Array.from({ length: 450 }, () => visitEvent()) });
  await Promise.all([projector.catchUp(), other.catchUp()]);
  expect((await storage.projections.dump()).sessions).toMatchObject([{ event_count: 450 }]);
  expect(await storage.projections.position(0)).toBe(450);
});

test('B3: an event that was put aside is projected later, once however often it is asked', async () => {
  const { storage, projector } = newStore();
  await storage.log.append({ events: [visitEvent()] });
  await projector.catchUp();
  const [event] = await storage.log.read(0, 0, 1);
  // As if it had been put aside: projected out of its turn.
  const before = ((await storage.projections.dump()).sessions as { event_count: number }[])[0]!.event_count;
  await projector.projectLate(event!);
  await projector.projectLate(event!);
  expect((await storage.projections.dump()).sessions).toMatchObject([{ event_count: before + 1 }]);
});

test('another log engine can feed the projectors: all that is asked of it is to append and to be read in order', async () => {
  const rows: LoggedEvent[] = [];
  const log: Pick<EventLog, 'partitions' | 'append' | 'read' | 'waiting'> = {
    partitions: 3,
    append: async ({ events }) =>
      events.map((event) => {
        rows.push({ ...event, position: rows.length + 1 });
        return 'accepted';
      }),
    waiting: async (reached) =>
      reached.flatMap((after, partition) =>
        rows.some((row) => row.position > after && partitionOf(row, 3) === partition) ? [partition] : [],
      ),
    read: async (partition, after, limit) =>
      rows.filter((row) => row.position > after && partitionOf(row, 3) === partition).slice(0, limit),
  };
  const { storage: projected, projector: one } = newStore();
  const { storage: other } = newStore();
  const events = Array.from({ length: 30 }, (__, index) => {
    const { position: _, ...event } = visitEvent({ visitor_id: `v${index % 7}`, session_id: `s${index % 7}` });
    return event;
  });
  await projected.log.append({ events });
  await one.catchUp();
  await log.append({ events });
  const projections = { ...other.projections, lease: async () => [0, 1, 2] };
  await createProjector({ ...other, log: log as EventLog, projections }, facts, { now: () => 0 }).catchUp();
  expect(await other.projections.dump()).toEqual(await projected.projections.dump());
});
