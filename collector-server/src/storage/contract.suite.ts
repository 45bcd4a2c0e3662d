import { randomBytes } from 'node:crypto';
import { type LoggedEvent, type StoredEvent, uuidv7 } from '@orderloop/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DeadLetter, EventLog, Storage } from './contract.ts';
import { partitionOf } from './partition.ts';

const SITE = 'demo';

function storedEvent(more: Partial<StoredEvent> = {}): StoredEvent {
  const now = 1_795_000_000_000;
  return {
    event: 'page_view',
    event_id: uuidv7(now, randomBytes(10)),
    site: SITE,
    occurred_at: now,
    received_at: now,
    action_source: 'web',
    ...more,
  };
}

/** Every partition's events after a position, in the order of the log. */
async function readAll(log: EventLog, after = 0): Promise<LoggedEvent[]> {
  const reads = Array.from({ length: log.partitions }, (_, partition) => log.read(partition, after, 10_000));
  return (await Promise.all(reads)).flat().sort((one, other) => one.position - other.position);
}

/** What every storage engine must do; each engine's own test calls it with a way to open an empty store. */
export function storageContract(engine: string, open: () => Promise<Storage>): void {
  describe(`storage contract on ${engine}`, () => {
    let storage: Storage;
    beforeEach(async () => {
      storage = await open();
    });
    afterEach(() => storage?.close());

    test('D2: a repeat of an event id of the same site is a duplicate and changes nothing', async () => {
      const event = storedEvent();
      expect(await storage.log.append({ events: [event, event] })).toEqual(['accepted', 'duplicate']);
      expect(await storage.log.append({ events: [{ ...event, event: 'search' }] })).toEqual(['duplicate']);
      expect(await readAll(storage.log)).toEqual([{ ...event, position: 1 }]);
      expect(await storage.log.append({ events: [{ ...event, site: 'other' }] })).toEqual(['accepted']);
    });

    test('events are read in the order of the log, from a position', async () => {
      const events = [storedEvent(), storedEvent(), storedEvent()];
      await storage.log.append({ events });
      const after = await readAll(storage.log, 1);
      expect(after.map(({ event_id }) => event_id)).toEqual([events[1]!.event_id, events[2]!.event_id]);
      expect(await storage.log.head()).toBe(3);
      expect((await storage.events.newest(SITE, 1))[0]!.event_id).toBe(events[2]!.event_id);
    });

    test('positions have no gaps, whatever was refused or came twice', async () => {
      const event = storedEvent();
      await storage.log.append({ events: [event, event, event] });
      await storage.log.append({ events: [event] });
      await storage.log.append({ events: [storedEvent(), event, storedEvent()] });
      expect((await readAll(storage.log)).map(({ position }) => position)).toEqual([1, 2, 3]);
    });

    test('text of every script comes back as it was', async () => {
      const event = storedEvent({ page: { title: '灯 — Lámpara “été” 🪔 \uFFFD' } });
      await storage.log.append({ events: [event] });
      expect((await storage.events.find(SITE, event.event_id))?.page).toEqual(event.page);
    });

    test('dead letters are kept in the transaction of the events that came with them', async () => {
      const letter = {
        site: SITE,
        received_at: 1,
        stage: 'validate',
        code: 'invalid_event',
        pointer: '/events/0',
        detail: 'x',
        route: '/v1/events',
        key_id: 'pk',
        size: 2,
        sha256: 'x',
        raw_truncated: false,
        raw: 'sealed',
        collector_version: '0.1.0',
        expires_at: 9,
      } as const;
      await storage.log.append({ events: [storedEvent()], deadLetters: [letter] });
      expect(await storage.deadLetters.list({}, 10)).toMatchObject([letter]);
      expect(await storage.events.counts(0)).toEqual({ total: 1, since: 1 });
      expect(await storage.deadLetters.count()).toBe(1);
    });

    test('I2: a call that named itself is known afterwards, with what became of its events', async () => {
      const [one, two] = [storedEvent(), storedEvent()];
      const call = { site: SITE, route: '/v1/events', owner: 'sk', key: 'msg_1', body_hash: 'h', received_at: 7, answer: '{}' };
      expect(await storage.log.call(SITE, '/v1/events', 'sk', 'msg_1')).toBeNull();
      await storage.log.append({ events: [one] });
      await storage.log.append({ events: [storedEvent(), one, two], calls: [{ ...call, first: 1, count: 2 }] });
      const known = { body_hash: 'h', received_at: 7, answer: '{}', results: ['duplicate', 'accepted'] };
      expect(await storage.log.call(SITE, '/v1/events', 'sk', 'msg_1')).toEqual(known);
      expect(await storage.log.call('other', '/v1/events', 'sk', 'msg_1')).toBeNull();
      // The first of two with one name stands.
      await storage.log.append({ events: [], calls: [{ ...call, body_hash: 'other', first: 0, count: 0 }] });
      expect(await storage.log.call(SITE, '/v1/events', 'sk', 'msg_1')).toEqual(known);
      expect(await storage.log.forgetCalls(7, 10)).toBe(0);
      expect(await storage.log.forgetCalls(8, 10)).toBe(1);
      expect(await storage.log.call(SITE, '/v1/events', 'sk', 'msg_1')).toBeNull();
    });

    test('a partition is read in order and alone, and what lies behind a position is counted', async () => {
      const events = Array.from({ length: 50 }, (_, index) => storedEvent({ visitor_id: `v${index}` }));
      await storage.log.append({ events });
      const { partitions } = storage.log;
      const reads = await Promise.all(Array.from({ length: partitions }, (_, partition) => storage.log.read(partition, 0, 100)));
      for (const [partition, rows] of reads.entries()) {
        expect(rows.map((row) => partitionOf(row, partitions))).toEqual(rows.map(() => partition));
        expect(rows.map(({ position }) => position)).toEqual(rows.map(({ position }) => position).sort((a, b) => a - b));
      }
      expect(reads.flat()).toHaveLength(50);
      expect(await storage.log.behind(reads.map((rows) => rows[0]?.position ?? 0))).toBe(
        50 - reads.filter((rows) => rows[0]).length,
      );
      const ends = reads.map((rows) => rows.at(-1)?.position ?? 0);
      expect(await storage.log.behind(ends)).toBe(0);
      expect(await storage.log.waiting(ends)).toEqual([]);
      const event = storedEvent({ visitor_id: 'another' });
      await storage.log.append({ events: [event] });
      expect(await storage.log.waiting(ends)).toEqual([partitionOf(event, partitions)]);
    });

    test('what one visitor did is found, newest kept, in the order of the log', async () => {
      const mine = Array.from({ length: 5 }, () => storedEvent({ visitor_id: 'me' }));
      await storage.log.append({ events: [...mine, storedEvent({ visitor_id: 'you' }), storedEvent()] });
      expect((await storage.events.ofVisitor(SITE, 'me', 3)).map(({ event_id }) => event_id)).toEqual(
        mine.slice(2).map(({ event_id }) => event_id),
      );
      expect(await storage.events.ofVisitor('other', 'me', 3)).toEqual([]);
    });

    test('dead letters are listed by site, state and code, settled, and swept when they expire', async () => {
      const letter = (more: Partial<DeadLetter>): DeadLetter => ({
        site: SITE,
        received_at: 1,
        stage: 'validate',
        code: 'invalid_event',
        pointer: '',
        detail: '',
        route: '/v1/events',
        key_id: 'pk',
        size: 2,
        sha256: 'x',
        raw_truncated: true,
        raw: 'sealed',
        collector_version: '0.1.0',
        expires_at: 100,
        ...more,
      });
      await storage.log.append({
        events: [],
        deadLetters: [letter({}), letter({ code: 'invalid_time' }), letter({ site: 'other', expires_at: 10 })],
      });
      const codes = async (filter: Parameters<Storage['deadLetters']['list']>[0]) =>
        (await storage.deadLetters.list(filter, 10)).map(({ site, code }) => `${site} ${code}`);
      expect(await codes({})).toEqual(['other invalid_event', 'demo invalid_time', 'demo invalid_event']);
      expect(await codes({ site: SITE, code: 'invalid_time' })).toEqual(['demo invalid_time']);
      const [newest] = await storage.deadLetters.list({ site: SITE }, 1);
      await storage.deadLetters.settle(newest!.id, undefined);
      await storage.deadLetters.settle(newest!.id, 'replayed');
      expect(await storage.deadLetters.get(newest!.id)).toMatchObject({ attempts: 2, state: 'replayed', raw_truncated: true });
      expect(await codes({ state: 'open' })).toEqual(['other invalid_event', 'demo invalid_event']);
      expect(await codes({ before: newest!.id })).toEqual(['demo invalid_event']);
      expect(await storage.deadLetters.count()).toBe(2);
      expect(await storage.deadLetters.bytes()).toEqual({ demo: 12, other: 6 });
      expect(await storage.deadLetters.sweep(50, 10)).toBe(1);
      expect(await storage.deadLetters.get(999_999)).toBeNull();
      expect(await codes({})).toEqual(['demo invalid_time', 'demo invalid_event']);
    });

    test('a projector step that throws leaves nothing behind', async () => {
      const failing = storage.projections.transaction([SITE], async (tx) => {
        await tx.setPosition(0, 5);
        await tx.enqueue(SITE, 'c1', 'meta', 1);
        throw new Error('stop');
      });
      await expect(failing).rejects.toThrow('stop');
      expect(await storage.projections.position(0)).toBe(0);
      expect((await storage.outbox.counts()).waiting).toBe(0);
    });

    test('partitions are leased, renewed by their owner, and free for others when given back or run out', async () => {
      const { projections, log } = storage;
      const all = Array.from({ length: log.partitions }, (_, partition) => partition);
      expect(await projections.lease('one', log.partitions, 1000, 500)).toEqual(all);
      expect(await projections.lease('one', log.partitions, 1200, 500)).toEqual(all);
      await projections.release('one');
      expect(await projections.lease('two', log.partitions, 1300, 500)).toEqual(all);
    });

    test('O1: a conversion is enqueued once for a destination, however often it is decided', async () => {
      const enqueue = () => storage.projections.transaction([SITE], (tx) => tx.enqueue(SITE, 'c1', 'meta', 1));
      await enqueue();
      await enqueue();
      expect((await storage.outbox.counts()).waiting).toBe(1);
    });

    test('O2: rows are claimed by one worker, and a lost lease finishes nothing', async () => {
      await storage.projections.transaction([SITE], async (tx) => {
        for (let index = 0; index < 20; index++) await tx.enqueue(SITE, `c${index}`, 'meta', 1);
      });
      const claims = await Promise.all([storage.outbox.claim(10, 1000, 15, []), storage.outbox.claim(10, 1000, 15, [])]);
      const ids = claims.flat().map(({ id }) => id);
      expect(new Set(ids).size).toBe(20);
      expect(ids).toHaveLength(20);
      const stale = claims[0]![0]!;
      const again = (await storage.outbox.claim(2000, 1000, 20, [])).find(({ id }) => id === stale.id);
      expect(await storage.outbox.finish(stale, { state: 'delivered' })).toBe(false);
      expect(await storage.outbox.finish(again!, { state: 'delivered' })).toBe(true);
      expect((await storage.outbox.counts()).delivered).toBe(1);
    });

    test('rows of paused destinations are not claimed, and don’t make a worker busy', async () => {
      await storage.projections.transaction([SITE], (tx) => tx.enqueue(SITE, 'c1', 'meta', 1));
      expect(await storage.outbox.claim(10, 1000, 5, [`${SITE}/meta`])).toEqual([]);
      expect(await storage.outbox.nextDue([`${SITE}/meta`])).toBeNull();
      expect(await storage.outbox.nextDue([])).toBe(1);
    });

    test('R4: a reward is started once and claimed once, with its event', async () => {
      const offer = {
        site: SITE,
        nonce_hash: 'n1',
        placement: 'cart',
        visitor_id: 'v',
        session_id: 's',
        points: 50,
        duration_ms: 1,
        expires_at: 9,
        state: 'offered',
        started_at: null,
      } as const;
      await storage.rewards.putOffer(offer);
      await storage.rewards.putOffer({ ...offer, nonce_hash: 'n2' });
      expect(await storage.rewards.claim(SITE, 'n1', storedEvent())).toBe(false);
      expect(await storage.rewards.start(SITE, 'n1', 1)).toBe(true);
      expect(await storage.rewards.start(SITE, 'n1', 1)).toBe(false);
      await storage.rewards.start(SITE, 'n2', 1);
      const claims = await Promise.all(
        ['n1', 'n1', 'n2'].map((nonce) => storage.rewards.claim(SITE, nonce, storedEvent({ event: 'reward_grant' }))),
      );
      expect(claims.filter(Boolean)).toHaveLength(1);
      expect(await storage.rewards.granted(SITE, 'v')).toEqual({ balance: 50, placements: ['cart'] });
      const [waiting, ...others] = await storage.rewards.unlogged(10);
      expect(others).toEqual([]);
      expect(waiting).toMatchObject({ site: SITE, grant: { event: 'reward_grant' } });
      await storage.rewards.logged(SITE, waiting!.nonce_hash);
      expect(await storage.rewards.unlogged(10)).toEqual([]);
    });
  });
}
