import { randomBytes } from 'node:crypto';
import {
  type Attempt,
  type Identifier,
  type LoggedEvent,
  type Order,
  orderKey,
  type StoredEvent,
  uuidv7,
} from '@orderloop/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SaleRole } from '../stitch/evidence.ts';
import type { IdentityFact } from '../stitch/identity.ts';
import { projectOrder } from '../stitch/order.ts';
import { foldSession } from '../stitch/session.ts';
import { canonicalOrder, orderEvent, visitEvent } from '../stitch/testing.ts';
import type {
  Claim,
  ConnectionState,
  DeadLetter,
  EventLog,
  Lane,
  OrderRow,
  PersonMember,
  ProjectionTx,
  Storage,
} from './contract.ts';
import { deliveriesContract } from './deliveries.suite.ts';
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

const putOrder = (tx: ProjectionTx, more: Partial<Order>, role: SaleRole = 'orders') => {
  const projection = projectOrder([orderEvent(canonicalOrder(more))])!;
  const { events: _, ...kept } = projection;
  return tx.putOrder(SITE, { order_key: orderKey(projection.order), role, received_at: 7, projection: kept });
};

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

    describe('the outbox', () => {
      const META: Lane = { site: SITE, destination: 'meta' };
      const enqueue = (count: number, destination = 'meta', now = 1) =>
        storage.projections.transaction([SITE], async (tx) => {
          for (let index = 0; index < count; index++) await tx.enqueue(SITE, `c${index}`, destination, now);
        });
      const claim = (now: number, limit = 20, lane = META, lease_ms = 1000) => storage.outbox.claim(lane, now, lease_ms, limit);
      const attempt = (n: number): Attempt => ({
        attempt: n,
        started_at: 5,
        duration_ms: 1,
        verdict: 'accepted',
        request: { method: 'POST', url: 'https://a.example', headers: {}, body: '{}' },
      });

      test('O2: rows are claimed by one worker, and a lost lease finishes nothing', async () => {
        await enqueue(20);
        const claims = await Promise.all([claim(10, 15), claim(10, 15)]);
        const ids = claims.flat().map(({ id }) => id);
        expect(new Set(ids).size).toBe(20);
        expect(ids).toHaveLength(20);
        const stale = claims[0]![0]!;
        const again = (await claim(2000)).find(({ id }) => id === stale.id)!;
        expect(await storage.outbox.finish([{ row: stale, state: 'delivered', attempt: attempt(1) }])).toEqual([]);
        expect(await storage.outbox.finish([{ row: again, state: 'delivered', attempt: attempt(1) }])).toEqual([again.id]);
        expect((await storage.outbox.counts()).delivered).toBe(1);
        const [kept] = await storage.outbox.ofConversion(SITE, again.conversion_id);
        expect(kept).toMatchObject({ attempts: 1, attempt_list: [attempt(1)] });
      });

      test('O2: a lease is lengthened by who holds it, and by nobody else', async () => {
        await enqueue(2);
        const [first, second] = await claim(10);
        expect(await storage.outbox.renew([first!, { ...second!, fence: 99 }], 900, 1000)).toEqual([first!.id]);
        expect((await claim(1500)).map(({ id }) => id)).toEqual([second!.id]);
        expect(await storage.outbox.renew([second!], 1500, 1000)).toEqual([]);
      });

      test('O6: each destination is claimed from by itself, those that wait longest first', async () => {
        await enqueue(3, 'meta', 5);
        await enqueue(2, 'erp', 1);
        expect(await claim(4)).toEqual([]);
        expect((await claim(6, 2)).map(({ conversion_id }) => conversion_id)).toEqual(['c0', 'c1']);
        const erp = { site: SITE, destination: 'erp' };
        const nobody = { site: SITE, destination: 'nobody' };
        // What is claimed is due again when its lease ends.
        expect(await storage.outbox.nextDue([erp, META, nobody])).toEqual([1, 5, null]);
        expect(await storage.outbox.nextDue([])).toEqual([]);
        expect(await claim(6, 5, { site: 'other', destination: 'meta' })).toEqual([]);
      });

      test('what was told and what was answered is kept, and what is not said again stays', async () => {
        await enqueue(1);
        const [row] = await claim(10);
        const pending = { receipt: 'r1', receipt_at: 11, told: '104.90', identifiers: 'email,click_id', snapshot: 'sealed' };
        await storage.outbox.finish([
          { row: row!, state: 'pending', next_attempt_at: 50, reason: 'asked', detail: 'Later.', ...pending },
        ]);
        const [again] = await claim(60);
        expect(again).toMatchObject({ state: 'sending', reason: 'asked', detail: 'Later.', ...pending });
        await storage.outbox.finish([
          { row: again!, state: 'delivered', accepted_at: 61, trace: 'T', receipt: null, snapshot: null },
        ]);
        const [kept] = await storage.outbox.ofConversions(META, ['c0', 'c9']);
        expect(kept).toEqual({
          ...{ id: row!.id, site: SITE, destination: 'meta', conversion_id: 'c0', state: 'delivered', attempts: 0, fence: 2 },
          ...{ created_at: 1, queued_at: 1, accepted_at: 61, receipt_at: 11, told: '104.90', trace: 'T' },
          identifiers: 'email,click_id',
        });
        expect(await claim(10_000)).toEqual([]);
      });

      test('rows are listed and counted by state, and why; and put back to be sent', async () => {
        await enqueue(4);
        const [one, two, three] = await claim(10);
        await storage.outbox.finish([
          { row: one!, state: 'dead', reason: '100', detail: 'Too old' },
          { row: two!, state: 'dead', reason: '33' },
          { row: three!, state: 'skipped', reason: 'expired' },
        ]);
        const dead = (more: object = {}) => ({ states: ['dead'] as const, ...more });
        expect((await storage.outbox.list(dead(), 0, 9)).map(({ id }) => id)).toEqual([one!.id, two!.id]);
        expect((await storage.outbox.list(dead(), one!.id, 9)).map(({ reason }) => reason)).toEqual(['33']);
        expect(await storage.outbox.list(dead({ site: 'other' }), 0, 9)).toEqual([]);
        expect(await storage.outbox.list(dead({ reason: '100', destination: 'meta' }), 0, 9)).toHaveLength(1);
        expect(await storage.outbox.tally(SITE)).toEqual([
          { ...META, state: 'dead', reason: '100', count: 1, oldest_at: 1 },
          { ...META, state: 'dead', reason: '33', count: 1, oldest_at: 1 },
          { ...META, state: 'sending', count: 1, oldest_at: 1 },
          { ...META, state: 'skipped', reason: 'expired', count: 1, oldest_at: 1 },
        ]);
        expect(await storage.outbox.tally('other')).toEqual([]);
        expect(await storage.outbox.release(dead({ reason: '33' }), 70)).toBe(1);
        expect(await claim(70)).toMatchObject([{ conversion_id: 'c1', queued_at: 70 }]);
      });

      test('a destination is paused once, for every collector, until somebody ends it', async () => {
        const { outbox } = storage;
        await outbox.pause({ ...META, reason: 'no token', paused_at: 7 });
        await outbox.pause({ ...META, reason: 'again', paused_at: 8 });
        await outbox.pause({ site: SITE, destination: 'erp', reason: 'gone', paused_at: 9 });
        expect(await outbox.pauses()).toEqual([
          { site: SITE, destination: 'erp', reason: 'gone', paused_at: 9 },
          { ...META, reason: 'no token', paused_at: 7 },
        ]);
        await outbox.unpause(META);
        expect((await outbox.pauses()).map(({ destination }) => destination)).toEqual(['erp']);
        await outbox.unpause();
        expect(await outbox.pauses()).toEqual([]);
      });
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

    describe('who is who', () => {
      const write = <T>(step: (tx: ProjectionTx) => Promise<T>) => storage.projections.transaction([SITE], step);
      const user = (value: string): Identifier => ({ type: 'user_id', value });
      const email = (value: string): Identifier => ({ type: 'email', value });
      const cart = (value: string): Identifier => ({ type: 'cart_token', value });
      const named = (ids: Identifier[]) => ids.map((id) => ({ ...id, person_id: `prs_${id.type}_${id.value}` }));
      const fact = (event_id: string, at: number, ids: Identifier[]): IdentityFact => ({ kind: 'seen', ids, at, event_id });

      test('identifiers are put into a cluster once, and each cluster is answered once, in a fixed order', async () => {
        await write(async (tx) => {
          await tx.putIdentifiers(SITE, named([user('u1'), email('e1')]), 'two');
          await tx.putIdentifiers(SITE, named([user('u1'), cart('c1')]), 'one');
          await tx.putIdentifiers('other', named([user('u1')]), 'theirs');
          expect(await tx.identityClusters(SITE, [email('e1'), user('u1'), cart('c1'), user('nobody')])).toEqual(['one', 'two']);
        });
        const { projections } = storage;
        expect(await projections.identityClusters(SITE, [user('u1')])).toEqual(['two']);
        expect(await projections.identityClusters('other', [user('u1'), email('e1')])).toEqual(['theirs']);
        // Of another type, the same value is another identifier.
        expect(await projections.identityClusters(SITE, [email('u1'), cart('e1')])).toEqual([]);
        expect(await projections.identityClusters(SITE, [])).toEqual([]);
      });

      test('of facts that say the same the earliest is kept, by its time and then its id', async () => {
        const ids = [user('u1'), email('e1')];
        const put = (event_id: string, at: number) => write((tx) => tx.putFact(SITE, 'one', 'same', fact(event_id, at, ids)));
        expect(await put('b', 5)).toBe(true);
        expect(await put('b', 5)).toBe(false);
        expect(await put('a', 6)).toBe(false);
        expect(await put('c', 5)).toBe(false);
        expect(await put('a', 5)).toBe(true);
        expect(await put('z', 4)).toBe(true);
        expect(await storage.projections.identityFacts(SITE, 'one')).toEqual([fact('z', 4, ids)]);
        expect(await storage.projections.identityFacts('other', 'one')).toEqual([]);
      });

      test('joining moves identifiers and facts of several clusters, and of no other site', async () => {
        const { projections } = storage;
        await write(async (tx) => {
          for (const name of ['one', 'two', 'three', 'four']) {
            await tx.putIdentifiers(SITE, named([user(name)]), name);
            await tx.putFact(SITE, name, name, fact(name, 1, [user(name)]));
          }
          await tx.putIdentifiers('other', named([user('one')]), 'one');
          await tx.joinClusters(SITE, ['one', 'two'], 'three');
          await tx.joinClusters(SITE, [], 'four');
        });
        expect(await projections.identityClusters(SITE, [user('one'), user('two')])).toEqual(['three']);
        expect((await projections.identityFacts(SITE, 'three')).map(({ event_id }) => event_id).sort()).toEqual([
          'one',
          'three',
          'two',
        ]);
        expect(await projections.identityFacts(SITE, 'one')).toEqual([]);
        expect(await projections.identityFacts(SITE, 'four')).toHaveLength(1);
        expect(await projections.identityClusters('other', [user('one')])).toEqual(['one']);
      });

      const claim = (event_id: string, at: number, id: Identifier, more: Partial<Claim> = {}): Claim => ({
        site: SITE,
        visitor_id: 'phone',
        session_id: 's1',
        at,
        event_id,
        ...id,
        ...more,
      });

      test('claims of a session are read in canonical order, the newest of them, each once', async () => {
        const claims = [
          claim('b', 1, user('u1')),
          claim('a', 2, user('u2')),
          claim('b2', 2, email('e1')),
          claim('c', 9, user('u1')),
        ];
        await write(async (tx) => {
          for (const one of claims.toReversed()) await tx.putClaim(one);
          await tx.putClaim(claims[0]!);
          await tx.putClaim(claim('x', 3, user('u3'), { session_id: 's2' }));
          await tx.putClaim(claim('x', 3, user('u3'), { visitor_id: 'laptop' }));
          await tx.putClaim(claim('x', 3, user('u3'), { site: 'other' }));
        });
        const { projections } = storage;
        expect(await projections.claimsOfSession(SITE, 'phone', 's1', 10)).toEqual(claims);
        expect(await projections.claimsOfSession(SITE, 'phone', 's1', 2)).toEqual(claims.slice(2));
        expect(await projections.claimsOfSession(SITE, 'phone', 'none', 10)).toEqual([]);
      });

      test('the nearest claim is the latest at or before a stamp, else the earliest after it', async () => {
        const claims = [
          claim('b', 10, cart('c1')),
          claim('d', 20, cart('c2'), { visitor_id: 'laptop' }),
          claim('f', 20, cart('c1'), { visitor_id: 'tablet', session_id: '' }),
        ];
        await write(async (tx) => {
          for (const one of claims) await tx.putClaim(one);
          await tx.putClaim(claim('a', 15, cart('c1'), { site: 'other' }));
        });
        const near = (at: number, event_id: string, ids = [cart('c1'), cart('c2')]) =>
          storage.projections.claimNear(SITE, ids, { at, event_id });
        expect(await near(5, '')).toEqual(claims[0]);
        expect(await near(10, 'b')).toEqual(claims[0]);
        expect(await near(19, 'z')).toEqual(claims[0]);
        expect(await near(20, 'e')).toEqual(claims[1]);
        expect(await near(20, 'f')).toEqual(claims[2]);
        expect(await near(20, 'e', [cart('c1')])).toEqual(claims[0]);
        expect(await near(5, '', [cart('c2')])).toEqual(claims[1]);
        expect(await near(20, 'f', [user('c1')])).toBeNull();
        expect(await near(20, 'f', [])).toBeNull();
      });

      test('a device and its identifiers are found from either, each once', async () => {
        await write(async (tx) => {
          expect(await tx.putClaim(claim('a', 1, user('u2')))).toBe(true);
          expect(await tx.putClaim(claim('b', 2, user('u2'), { session_id: 's2' }))).toBe(false);
          expect(await tx.putClaim(claim('c', 3, user('u1')))).toBe(true);
          expect(await tx.putClaim(claim('d', 4, email('u1')))).toBe(true);
          expect(await tx.putClaim(claim('e', 5, user('u1'), { visitor_id: 'laptop' }))).toBe(true);
          expect(await tx.putClaim(claim('f', 6, user('u1'), { site: 'other', visitor_id: 'theirs' }))).toBe(true);
        });
        const { projections } = storage;
        expect(await projections.identifiersOfVisitor(SITE, 'phone', 10)).toEqual([email('u1'), user('u1'), user('u2')]);
        expect(await projections.identifiersOfVisitor(SITE, 'phone', 2)).toEqual([email('u1'), user('u1')]);
        expect(await projections.identifiersOfVisitor(SITE, 'theirs', 10)).toEqual([]);
        // Carts come after whoever it is, though their type comes before.
        await write((tx) => tx.putClaim(claim('g', 7, cart('a1'))));
        expect(await projections.identifiersOfVisitor(SITE, 'phone', 3)).toEqual([email('u1'), user('u1'), user('u2')]);
        expect((await projections.identifiersOfVisitor(SITE, 'phone', 4)).at(-1)).toEqual(cart('a1'));
        expect(await projections.visitorsWith(SITE, [user('u1'), user('u2')], 10)).toEqual(['laptop', 'phone']);
        expect(await projections.visitorsWith(SITE, [user('u1'), user('u2')], 1)).toEqual(['laptop']);
        expect(await projections.visitorsWith(SITE, [email('u2')], 10)).toEqual([]);
      });

      test('of a device the earliest sight is kept', async () => {
        const put = (at: number, event_id: string) => write((tx) => tx.putVisitor(SITE, 'phone', 'prs_phone', { at, event_id }));
        const first = () => storage.projections.visitorFirst(SITE, 'phone');
        expect(await first()).toBeNull();
        for (const [at, event_id, kept] of [
          [5, 'b', '5 b'],
          [6, 'a', '5 b'],
          [5, 'c', '5 b'],
          [5, 'a', '5 a'],
          [4, 'z', '4 z'],
        ] as const) {
          await put(at, event_id);
          const { at: seen_at, event_id: by } = (await first())!;
          expect(`${seen_at} ${by}`).toBe(kept);
        }
        expect(await storage.projections.visitorFirst('other', 'phone')).toBeNull();
      });

      test('sessions of a device are read up to a time, newest first', async () => {
        const visits = [
          visitEvent({ session_id: 's1', occurred_at: 10 }),
          visitEvent({ session_id: 's2', occurred_at: 20 }),
          visitEvent({ session_id: 's3', occurred_at: 20 }),
          visitEvent({ session_id: 's4', occurred_at: 30 }),
          visitEvent({ session_id: 's5', occurred_at: 5, visitor_id: 'w' }),
        ];
        await write(async (tx) => {
          for (const event of visits) await tx.putSession(foldSession(null, event, [])!);
        });
        const before = async (until: number, limit = 10) =>
          (await storage.projections.sessionsBefore(SITE, 'v', until, limit)).map(({ session_id }) => session_id);
        expect(await before(20)).toEqual(['s3', 's2', 's1']);
        expect(await before(19)).toEqual(['s1']);
        expect(await before(100, 2)).toEqual(['s4', 's3']);
        expect(await before(9)).toEqual([]);
      });

      test('orders are found by their ids, newest or oldest first, of every source that has the id', async () => {
        await write(async (tx) => {
          await putOrder(tx, { order_id: '1', created_at: '2026-11-20T10:00:00Z' });
          await putOrder(tx, { order_id: '2', created_at: '2026-11-20T09:00:00Z' });
          await putOrder(tx, { order_id: '3', created_at: '2026-11-20T11:00:00Z' });
          await putOrder(tx, { order_id: '1', source: 'till', created_at: '2026-11-20T10:00:00Z' });
        });
        const { projections } = storage;
        const keys = (rows: OrderRow[]) => rows.map(({ order_key }) => order_key);
        const newest = ['shop:demo:3', 'till:demo:1', 'shop:demo:1', 'shop:demo:2'];
        expect(keys(await projections.ordersWithIds(SITE, ['1', '2', '3', '4'], 10))).toEqual(newest);
        expect(keys(await projections.firstOrders(SITE, ['1', '2', '3', '4'], 10))).toEqual(newest.toReversed());
        expect(keys(await projections.ordersWithIds(SITE, ['1', '2', '3'], 1))).toEqual(['shop:demo:3']);
        expect(keys(await projections.firstOrders(SITE, ['1', '3'], 1))).toEqual(['shop:demo:1']);
        expect(await projections.ordersWithIds('other', ['1'], 10)).toEqual([]);
        expect(await projections.ordersWithIds(SITE, [], 10)).toEqual([]);
        expect((await projections.ordersWithIds(SITE, ['2'], 1))[0]).toMatchObject({
          received_at: 7,
          projection: { order: { order_id: '2', amounts: { total: 10490 } }, conflicts: [] },
        });
      });

      test('summaries of single orders come newest first, and of none there are none', async () => {
        await write(async (tx) => {
          await putOrder(tx, { order_id: '1', created_at: '2026-11-20T10:00:00Z' });
          await putOrder(tx, { order_id: '2', created_at: '2026-11-20T11:00:00Z' });
          await putOrder(tx, { order_id: '3', created_at: '2026-11-20T12:00:00Z' });
        });
        const { projections } = storage;
        const summaries = await projections.orderSummaries(SITE, ['shop:demo:1', 'shop:demo:2', 'shop:demo:none']);
        expect(summaries).toMatchObject([
          { order_key: 'shop:demo:2', order_id: '2', total: 10490, currency: 'EUR', link_key: null, deliveries: {} },
          { order_key: 'shop:demo:1', order_id: '1' },
        ]);
        // The same as the list of all says of them.
        const all = await projections.orders(SITE, 10);
        expect(summaries).toEqual(all.filter(({ order_id }) => order_id !== '3'));
        expect(await projections.orderSummaries('other', ['shop:demo:1'])).toEqual([]);
        expect(await projections.orderSummaries(SITE, [])).toEqual([]);
      });

      test('keys that an order has by its person are replaced, and its own ones stay', async () => {
        const key = 'shop:demo:1';
        const keys = (tx: ProjectionTx) => tx.orderKeys(SITE, key);
        const by_person = true as const;
        await write(async (tx) => {
          await tx.putOrderKey(SITE, 'email', 'e1', key, 'o');
          await tx.putPersonKeys(SITE, 'shop:demo:2', [{ key: 'customer_id', value: 'u9', event_id: 'p', by_person }]);
          await tx.putPersonKeys(SITE, key, [
            { key: 'customer_id', value: 'u1', event_id: 'o', by_person },
            { key: 'email', value: 'e1', event_id: 'o', by_person },
          ]);
          expect(await keys(tx)).toEqual(
            expect.arrayContaining([
              { key: 'email', value: 'e1', event_id: 'o' },
              { key: 'customer_id', value: 'u1', event_id: 'o', by_person },
            ]),
          );
          expect(await keys(tx)).toHaveLength(2);
          expect(await tx.ordersWithKey(SITE, 'customer_id', 'u1', 10)).toEqual([key]);
          await tx.putPersonKeys(SITE, key, [{ key: 'phone', value: 'p1', event_id: 'o', by_person }]);
          expect(await tx.ordersWithKey(SITE, 'customer_id', 'u1', 10)).toEqual([]);
          expect(await tx.ordersWithKey(SITE, 'phone', 'p1', 10)).toEqual([key]);
          // What the order shows itself afterwards is its own.
          await tx.putOrderKey(SITE, 'phone', 'p1', key, 'o2');
          await tx.putPersonKeys(SITE, key, []);
          expect((await keys(tx)).map((own) => `${own.key} ${own.value} ${own.by_person ?? 'own'}`).sort()).toEqual([
            'email e1 own',
            'phone p1 own',
          ]);
          expect(await tx.ordersWithKey(SITE, 'customer_id', 'u9', 10)).toEqual(['shop:demo:2']);
        });
      });

      test('a person’s id leads to its identifier or its device, in its own site', async () => {
        await write(async (tx) => {
          await tx.putIdentifiers(SITE, named([user('u1')]), 'one');
          await tx.putIdentifiers('other', named([email('e9')]), 'one');
          await tx.putVisitor(SITE, 'phone', 'prs_phone', { at: 1, event_id: 'a' });
        });
        const { projections } = storage;
        expect(await projections.personMember(SITE, 'prs_user_id_u1')).toEqual({ site: SITE, id: user('u1') });
        for (const id of ['prs_phone', 'phone'])
          expect(await projections.personMember(SITE, id)).toEqual({ site: SITE, visitor_id: 'phone' });
        expect(await projections.personMember(SITE, 'prs_email_e9')).toBeNull();
        expect(await projections.personMember(undefined, 'prs_email_e9')).toEqual({ site: 'other', id: email('e9') });
        expect(await projections.personMember(SITE, 'u1')).toBeNull();
      });

      test('all members are paged through, identifiers and then devices, whatever the page holds', async () => {
        await write(async (tx) => {
          await tx.putIdentifiers(SITE, named([user('u1'), email('e2'), email('e1'), user('Zoë'), user('zoe')]), 'one');
          await tx.putIdentifiers('another', named([user('u1')]), 'one');
          for (const visitor_id of ['w', 'V', 'é'])
            await tx.putVisitor(SITE, visitor_id, `prs_${visitor_id}`, { at: 1, event_id: 'a' });
          await tx.putVisitor('another', 'z', 'prs_z', { at: 1, event_id: 'a' });
        });
        const expected = [
          { site: 'another', id: user('u1') },
          { site: SITE, id: email('e1') },
          { site: SITE, id: email('e2') },
          { site: SITE, id: user('Zoë') },
          { site: SITE, id: user('u1') },
          { site: SITE, id: user('zoe') },
          { site: 'another', visitor_id: 'z' },
          { site: SITE, visitor_id: 'V' },
          { site: SITE, visitor_id: 'w' },
          { site: SITE, visitor_id: 'é' },
        ];
        for (let limit = 1; limit <= expected.length + 1; limit++) {
          const members: PersonMember[] = [];
          for (let page = await storage.projections.personMembers(null, limit); page.length > 0; ) {
            expect(page.length).toBeLessThanOrEqual(limit);
            members.push(...page);
            page = await storage.projections.personMembers(page.at(-1)!, limit);
          }
          expect(members).toEqual(expected);
        }
      });

      test('a reset drops all of it', async () => {
        await write(async (tx) => {
          await tx.putIdentifiers(SITE, named([user('u1')]), 'one');
          await tx.putFact(SITE, 'one', 'k', fact('a', 1, [user('u1')]));
          await tx.putClaim(claim('a', 1, user('u1')));
          await tx.putVisitor(SITE, 'phone', 'prs_phone', { at: 1, event_id: 'a' });
        });
        const { projections } = storage;
        expect(await projections.personMembers(null, 10)).toHaveLength(2);
        await projections.reset();
        expect(await projections.personMembers(null, 10)).toEqual([]);
        expect(await projections.identityFacts(SITE, 'one')).toEqual([]);
        expect(await projections.claimsOfSession(SITE, 'phone', 's1', 10)).toEqual([]);
        expect(await projections.identifiersOfVisitor(SITE, 'phone', 10)).toEqual([]);
        expect(await projections.visitorFirst(SITE, 'phone')).toBeNull();
      });
    });

    describe('one sale of several ids and sources', () => {
      const write = <T>(step: (tx: ProjectionTx) => Promise<T>) => storage.projections.transaction([SITE], step);

      test('an alias stands for the order that claimed it first', async () => {
        await write(async (tx) => {
          await tx.putAlias(SITE, 'paypal:m:CAP', 'paypal:m:ORDER');
          await tx.putAlias(SITE, 'paypal:m:CAP', 'paypal:m:OTHER');
          expect(await tx.orderOfAlias(SITE, 'paypal:m:CAP')).toBe('paypal:m:ORDER');
          expect(await tx.orderOfAlias(SITE, 'paypal:m:ORDER')).toBeNull();
          expect(await tx.orderOfAlias('other', 'paypal:m:CAP')).toBeNull();
        });
      });

      test('two orders that turn out to be one keep their messages, and what was told of them', async () => {
        await write(async (tx) => {
          const fact = orderEvent({ source: 'shop', account: 'demo', order_id: '1' }, { site: SITE, position: 1 });
          await tx.putOrderEvent('shop:demo:1', fact);
          await tx.putOrderEvent('shop:demo:2', { ...fact, position: 2 });
          await putOrder(tx, { order_id: '1' });
          await tx.putOrderKey(SITE, 'order_id', '1', 'shop:demo:1', 'e');
          await tx.putReferences(SITE, 'orders', 'shop:demo:1', [{ kind: 'order', value: '1', at: 1 }]);
          await tx.joinOrders(SITE, 'shop:demo:1', 'shop:demo:2');
          expect((await tx.orderEvents(SITE, 'shop:demo:2')).map(({ position }) => position)).toEqual([1, 2]);
          expect(await tx.orderEvents(SITE, 'shop:demo:1')).toEqual([]);
          expect(await tx.order(SITE, 'shop:demo:1')).toBeNull();
          expect(await tx.ordersWithKey(SITE, 'order_id', '1', 5)).toEqual([]);
          expect(await tx.ordersByReference(SITE, 'orders', 'order', '1', 5)).toEqual([]);
        });
      });

      test('orders are found by what they are known by now, the latest first, each role by itself', async () => {
        await write(async (tx) => {
          await tx.putReferences(SITE, 'orders', 'shop:demo:1', [{ kind: 'order', value: '1', at: 1 }]);
          await tx.putReferences(SITE, 'orders', 'shop:demo:1', [{ kind: 'payment', value: 'ch_1', at: 1 }]);
          await tx.putReferences(SITE, 'orders', 'shop:demo:2', [{ kind: 'payment', value: 'ch_1', at: 2 }]);
          await tx.putReferences(SITE, 'payments', 'stripe:a:pi', [{ kind: 'payment', value: 'ch_1', at: 3 }]);
          const found = (role: SaleRole, value: string, limit = 5) => tx.ordersByReference(SITE, role, 'payment', value, limit);
          expect(await found('orders', 'ch_1')).toEqual([
            { order_key: 'shop:demo:2', at: 2 },
            { order_key: 'shop:demo:1', at: 1 },
          ]);
          expect(await found('orders', 'ch_1', 1)).toEqual([{ order_key: 'shop:demo:2', at: 2 }]);
          expect(await found('payments', 'ch_1')).toEqual([{ order_key: 'stripe:a:pi', at: 3 }]);
          expect(await tx.ordersByReference(SITE, 'orders', 'order', '1', 5)).toEqual([]);
        });
      });

      test('a payment is evidence of one order, and no order of its own in lists and counts', async () => {
        await write(async (tx) => {
          await putOrder(tx, { order_id: '1' });
          await putOrder(tx, { order_id: 'pi', source: 'stripe' }, 'payments');
        });
        const { projections } = storage;
        expect(await projections.counts()).toEqual({ orders: 2, linked: 0 });
        const evidence = { order_key: 'shop:demo:1', by: 'reference' as const };
        await write(async (tx) => {
          await tx.putEvidence(SITE, 'stripe:demo:pi', evidence);
          expect(await tx.evidence(SITE, 'stripe:demo:pi')).toEqual(evidence);
          expect(await tx.evidence(SITE, 'shop:demo:1')).toBeNull();
        });
        expect(await projections.evidenceOf(SITE, 'shop:demo:1')).toMatchObject([
          { by: 'reference', row: { order_key: 'stripe:demo:pi', role: 'payments' } },
        ]);
        expect(await projections.counts()).toEqual({ orders: 1, linked: 0 });
        expect((await projections.orders(SITE, 5)).map(({ order_key }) => order_key)).toEqual(['shop:demo:1']);
        expect((await projections.ordersWithIds(SITE, ['1', 'pi'], 5)).map(({ order_key }) => order_key)).toEqual([
          'shop:demo:1',
        ]);
        await write((tx) => tx.putEvidence(SITE, 'stripe:demo:pi', null));
        expect(await projections.evidenceOf(SITE, 'shop:demo:1')).toEqual([]);
      });
    });

    describe('connections to platforms', () => {
      const shop = { site: SITE, source: 'shop' };
      const initial: ConnectionState = {
        ...{ watermark: null, cursor: null, began_at: null, next_at: 0, polled_at: null },
        ...{ failures: 0, error: null, tokens: null },
      };

      test('a connection is leased to one at a time, and its state kept by who has the lease', async () => {
        const { connections } = storage;
        expect(await connections.state(SITE, 'shop')).toBeNull();
        expect(await connections.claim(shop, 'a', 1000, 60, initial)).toEqual(initial);
        expect(await connections.claim(shop, 'b', 1059, 60, initial)).toBeNull();
        const further = { ...initial, watermark: 5 };
        expect(await connections.put(shop, 'b', 1059, 60, { ...initial, watermark: 9 })).toBe(false);
        expect(await connections.put(shop, 'a', 1050, 60, further)).toBe(true);
        expect(await connections.claim(shop, 'b', 1109, 60, initial)).toBeNull();
        expect(await connections.claim(shop, 'b', 1110, 60, initial)).toEqual(further);
        expect(await connections.put(shop, 'a', 1111, 60, initial)).toBe(false);
        await connections.release(shop, 'b');
        expect(await connections.claim(shop, 'a', 1111, 60, initial)).toEqual(further);
        expect(await connections.state(SITE, 'shop')).toEqual(further);
      });

      test('a task is wanted once, and again only by what came later; a rebuild does not bring it back', async () => {
        const { connections, projections } = storage;
        const task = { ...shop, kind: 'fetch' as const, subject: '1', wanted_at: 10, due_at: 10 };
        const want = (more: Partial<typeof task>) => projections.transaction([SITE], (tx) => tx.putTask({ ...task, ...more }));
        await want({});
        await want({ wanted_at: 12, due_at: 20 });
        await want({ wanted_at: 11, due_at: 0 });
        expect(await connections.tasks(SITE, 'shop', 19, 5)).toEqual([]);
        const [due] = await connections.tasks(SITE, 'shop', 20, 5);
        expect(due).toEqual({ ...task, wanted_at: 12, due_at: 20, attempts: 0 });
        await connections.deferTask(due!, 30, 'not now');
        expect(await connections.tasks(SITE, 'shop', 29, 5)).toEqual([]);
        expect(await connections.tasks(SITE, 'shop', 30, 5)).toMatchObject([{ attempts: 1 }]);
        // Wanted again while it was done: not done.
        await want({ wanted_at: 13, due_at: 13 });
        await connections.finishTask(due!, 31);
        const [again] = await connections.tasks(SITE, 'shop', 30, 5);
        expect(again).toMatchObject({ wanted_at: 13, attempts: 0 });
        await connections.finishTask(again!, 32, 'gone');
        await projections.reset();
        await want({ wanted_at: 13, due_at: 13 });
        expect(await connections.tasks(SITE, 'shop', 99, 5)).toEqual([]);
      });
    });

    deliveriesContract(() => storage);
  });
}
