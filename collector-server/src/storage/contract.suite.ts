import { randomBytes } from 'node:crypto';
import { type StoredEvent, uuidv7 } from '@orderloop/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Storage } from './contract.ts';

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

/** What every storage engine must do; each engine's own test calls it with a way to open an empty store. */
export function storageContract(engine: string, open: () => Promise<Storage>): void {
  describe(`storage contract on ${engine}`, () => {
    let storage: Storage;
    beforeEach(async () => {
      storage = await open();
    });
    afterEach(() => storage.close());

    test('D2: a repeat of an event id of the same site is a duplicate and changes nothing', async () => {
      const event = storedEvent();
      expect(await storage.log.append([event, event])).toEqual(['accepted', 'duplicate']);
      expect(await storage.log.append([{ ...event, event: 'search' }])).toEqual(['duplicate']);
      expect(await storage.log.read(0, 10)).toEqual([{ ...event, position: 1 }]);
      expect(await storage.log.append([{ ...event, site: 'other' }])).toEqual(['accepted']);
    });

    test('events are read in the order of the log, from a position', async () => {
      const events = [storedEvent(), storedEvent(), storedEvent()];
      await storage.log.append(events);
      const after = await storage.log.read(1, 10);
      expect(after.map(({ event_id }) => event_id)).toEqual([events[1]!.event_id, events[2]!.event_id]);
      expect(await storage.log.head()).toBe(3);
      expect((await storage.log.newest(SITE, 1))[0]!.event_id).toBe(events[2]!.event_id);
    });

    test('positions have no gaps, whatever was refused or came twice', async () => {
      const event = storedEvent();
      await storage.log.append([event, event, event]);
      await storage.log.append([event]);
      await storage.log.append([storedEvent(), event, storedEvent()]);
      expect((await storage.log.read(0, 10)).map(({ position }) => position)).toEqual([1, 2, 3]);
    });

    test('text of every script comes back as it was', async () => {
      const event = storedEvent({ page: { title: '灯 — Lámpara “été” 🪔 \uFFFD' } });
      await storage.log.append([event]);
      expect((await storage.log.find(SITE, event.event_id))?.page).toEqual(event.page);
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
        raw: 'sealed',
      } as const;
      await storage.log.append([storedEvent()], [letter]);
      expect(await storage.log.deadLetters(10)).toMatchObject([letter]);
      expect(await storage.log.counts(0)).toEqual({ total: 1, since: 1, dead_letters: 1 });
    });

    test('a projector step that throws leaves nothing behind', async () => {
      const failing = storage.projections.transaction(async (tx) => {
        await tx.setPosition(5);
        await tx.enqueue(SITE, 'c1', 'meta', 1);
        throw new Error('stop');
      });
      await expect(failing).rejects.toThrow('stop');
      expect(await storage.projections.position()).toBe(0);
      expect((await storage.outbox.counts()).waiting).toBe(0);
    });

    test('O1: a conversion is enqueued once for a destination, however often it is decided', async () => {
      const enqueue = () => storage.projections.transaction((tx) => tx.enqueue(SITE, 'c1', 'meta', 1));
      await enqueue();
      await enqueue();
      expect((await storage.outbox.counts()).waiting).toBe(1);
    });

    test('O2: rows are claimed by one worker, and a lost lease finishes nothing', async () => {
      await storage.projections.transaction(async (tx) => {
        for (let index = 0; index < 20; index++) await tx.enqueue(SITE, `c${index}`, 'meta', 1);
      });
      const claims = await Promise.all([storage.outbox.claim(10, 1000, 15, []), storage.outbox.claim(10, 1000, 15, [])]);
      const ids = claims.flat().map(({ id }) => id);
      expect(new Set(ids).size).toBe(20);
      expect(ids).toHaveLength(20);
      const stale = claims[0]![0]!;
      const [again] = await storage.outbox.claim(2000, 1000, 1, []);
      expect(again!.id).toBe(stale.id);
      expect(await storage.outbox.finish(stale, { state: 'delivered' })).toBe(false);
      expect(await storage.outbox.finish(again!, { state: 'delivered' })).toBe(true);
      expect((await storage.outbox.counts()).delivered).toBe(1);
    });

    test('rows of paused destinations are not claimed, and don’t make a worker busy', async () => {
      await storage.projections.transaction((tx) => tx.enqueue(SITE, 'c1', 'meta', 1));
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
      expect(await storage.log.head()).toBe(1);
    });
  });
}
