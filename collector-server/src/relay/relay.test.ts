import { expect, onTestFinished, test } from 'vitest';
import { DESTINATIONS } from '../destinations/index.ts';
import { RETRY_DEFAULTS } from '../outgoing/backoff.ts';
import type { CallResult, Outgoing } from '../outgoing/call.ts';
import { createVault } from '../privacy/vault.ts';
import type { Storage } from '../storage/contract.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import type { RelayDeps } from './context.ts';
import { createRelay, type Relay } from './relay.ts';
import { conversionState, META, META_CONFIG, metaTook, type Played, playRelay, reply, SITE } from './testing.ts';

test('a wake that comes while the relay looks up its next time is not lost', async () => {
  let relay: Relay;
  let looks = 0;
  const lane = { site: 'demo', config: { id: 'erp', type: 'webhook', settings: {} } };
  const outbox = {
    pauses: async () => [],
    nextDue: async () => {
      looks += 1;
      // Something became due just after it was asked for, and nothing else is for a long time.
      if (looks === 1) relay.wake();
      return [null];
    },
  } as unknown as Storage['outbox'];
  relay = createRelay({
    storage: { outbox, projections: {} as Storage['projections'] },
    registry: DESTINATIONS,
    destinations: [lane],
    consentModeOf: () => 'opt_in',
    caller: { call: () => Promise.reject(new Error('not called')), close: async () => undefined },
    vault: createVault(new Uint8Array(32)),
    retry: RETRY_DEFAULTS,
    now: () => 0,
    random: () => 0,
    userPlace: () => '',
  });
  onTestFinished(() => relay.stop());
  relay.wake();
  await expect.poll(() => looks).toBe(2);
});

const idsOf = ({ body = '' }: Outgoing): string[] => JSON.parse(body).data.map(({ event_id }: { event_id: string }) => event_id);
const many = (count: number) => Array.from({ length: count }, (_, index) => conversionState(`o${index}`));

type Answer = Parameters<typeof playRelay>[1];

async function play(answer: Answer, destinations = [META_CONFIG], more: Partial<RelayDeps> = {}): Promise<Played> {
  const played = playRelay(openSqlite(), answer, destinations, more);
  onTestFinished(() => played.stop());
  return played;
}

const rowOf = async ({ storage }: Played, id: string, destination = 'meta') =>
  (await storage.outbox.ofConversions({ site: SITE, destination }, [id]))[0]!;

test('a queue goes out in the platform’s batches, and what was told and answered is kept with each conversion', async () => {
  const played = await play(metaTook);
  await played.enqueue(many(1200));
  await played.relay.idle();
  expect(played.calls.map((call) => idsOf(call).length)).toEqual([500, 500, 200]);
  expect(await played.storage.outbox.counts()).toMatchObject({ delivered: 1200, waiting: 0 });
  expect(await rowOf(played, 'o7')).toMatchObject({
    ...{ told: '104.90', trace: 'T', accepted_at: played.now(), attempts: 1, identifiers: 'click_id,cookie' },
  });
  const [first] = await played.storage.outbox.ofConversion(SITE, 'o7');
  const [attempt] = first!.attempt_list;
  // Of a batch, its own part alone.
  expect(attempt).toMatchObject({ batch: 500, verdict: 'accepted' });
  expect(JSON.parse(attempt!.request.body)).toMatchObject({ event_id: 'o7' });
  expect(played.errors).toEqual([]);
});

test('R4: one that spoils a batch is found by halves; its neighbours arrive once, and it is dead with the platform’s reason', async () => {
  const taken: string[] = [];
  const played = await play((request) => {
    const ids = idsOf(request);
    if (ids.includes('o77') || ids.includes('o78'))
      return reply(400, { error: { code: 100, error_subcode: 2804003, message: 'Event too old', fbtrace_id: 'X' } });
    taken.push(...ids);
    return metaTook(request);
  });
  await played.enqueue(many(500));
  await played.relay.idle();
  expect(taken.toSorted()).toEqual(
    many(500)
      .map(({ conversion_id }) => conversion_id)
      .filter((id) => id !== 'o77' && id !== 'o78')
      .toSorted(),
  );
  for (const id of ['o77', 'o78'])
    expect(await rowOf(played, id)).toMatchObject({
      state: 'dead',
      reason: '100/2804003',
      detail: 'Event too old',
      attempts: 1,
      trace: 'X',
    });
  // Twice the depth of the halving, not one by one.
  expect(played.calls.length).toBeLessThan(30);
});

test('F10: a platform that is down for an hour costs few calls, loses nothing, and has everything ten minutes after', async () => {
  let isUp = false;
  const taken = new Map<string, number>();
  const failures = [
    () => reply(500),
    () => reply(503, '<html>'),
    () => failed('UND_ERR_HEADERS_TIMEOUT'),
    () => failed('ECONNRESET'),
  ];
  const played = await play((request) => {
    if (!isUp) return failures[played.calls.length % failures.length]!();
    for (const id of idsOf(request)) taken.set(id, (taken.get(id) ?? 0) + 1);
    return metaTook(request);
  });
  for (let batch = 0; batch < 10; batch++) {
    await played.enqueue(Array.from({ length: 1000 }, (_, index) => conversionState(`b${batch}-${index}`)));
    await played.advance(360_000, 1_000);
  }
  const whileDown = played.calls.length;
  const perSecond = Map.groupBy(
    played.calls.filter(({ at }) => at > played.calls[8]!.at),
    ({ at }) => Math.floor(at / 1000),
  );
  expect(Math.max(...[...perSecond.values()].map(({ length }) => length))).toBeLessThanOrEqual(2);
  expect(whileDown).toBeLessThan(40);
  isUp = true;
  await played.advance(600_000, 1_000);
  expect(taken.size).toBe(10_000);
  expect(Math.max(...taken.values())).toBe(1);
  expect(await played.storage.outbox.counts()).toMatchObject({ delivered: 10_000, waiting: 0, dead: 0 });
});

test('O4: a platform that throttles is left alone for as long as it asks, and others are not', async () => {
  const played = await play(
    (request) =>
      request.url.includes('erp.example')
        ? reply(204)
        : played.calls.length === 1
          ? reply(429, '', { 'retry-after': '90' })
          : metaTook(request),
    [
      META_CONFIG,
      { id: 'erp', type: 'webhook', settings: { url: 'https://erp.example', secret: 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX' } },
    ],
  );
  const toMeta = () => played.calls.filter(({ url }) => url.includes('facebook'));
  await played.enqueue([conversionState('o1')]);
  await played.relay.idle();
  expect(played.calls).toHaveLength(2);
  await played.enqueue([conversionState('o2')]);
  await played.advance(89_000, 1_000);
  expect(toMeta()).toHaveLength(1);
  expect((await rowOf(played, 'o2', 'erp')).state).toBe('delivered');
  await played.advance(3_000, 1_000);
  expect(toMeta().flatMap(idsOf).toSorted()).toEqual(['o1', 'o1', 'o2']);
});

test('an event that grows too old while it waits is dead as expired, by the platform’s limit for this event', async () => {
  const played = await play(() => reply(500));
  await played.enqueue([
    conversionState('web', { action_source: 'web', page: { url: 'https://shop.example' }, context: { user_agent: 'x' } }),
    conversionState('till'),
  ]);
  await played.advance(8 * 86_400_000, 3_600_000);
  expect(await rowOf(played, 'web')).toMatchObject({ state: 'dead', reason: 'expired' });
  expect((await rowOf(played, 'till')).state).toBe('waiting');
});

test('refused credentials pause the destination for every collector, keep the queue, and cost no more calls', async () => {
  const played = await play(() => reply(401, { error: { code: 190, message: 'Bad token' } }));
  await played.enqueue(many(3));
  await played.relay.idle();
  await played.enqueue([conversionState('later')]);
  await played.advance(3_600_000, 60_000);
  expect(played.calls).toHaveLength(1);
  expect(await played.storage.outbox.pauses()).toMatchObject([{ ...META, reason: 'Bad token' }]);
  expect(await played.storage.outbox.counts()).toMatchObject({ paused: 3, waiting: 1 });
  expect(await played.relay.resume(META)).toBe(4);
});

test('O2: what another collector took while a batch was split is left to it', async () => {
  let stolen = false;
  const played = await play(
    async (request) => {
      if (idsOf(request).length === 4) {
        // It took so long that the lease ran out, and somebody else claimed two of the four.
        await played.storage.outbox.claim(META, played.now() + 120_000, 60_000, 2);
        stolen = true;
        slow = 50_000;
        return reply(400, { error: { code: 100 } });
      }
      return metaTook(request);
    },
    [META_CONFIG],
    { now: () => Date.UTC(2026, 10, 20, 10) + slow },
  );
  let slow = 0;
  await played.enqueue(many(4));
  await played.relay.idle();
  expect(stolen).toBe(true);
  expect(played.calls.slice(1).flatMap(idsOf)).toEqual(['o2', 'o3']);
});

test('the store failing loses nothing: what could not be written is sent again when its lease has run out', async () => {
  const played = await play(metaTook);
  const { finish } = played.storage.outbox;
  let fails = 1;
  played.storage.outbox.finish = async (results) => {
    if (fails-- > 0) throw new Error('the disk is full');
    return finish(results);
  };
  await played.enqueue(many(2));
  await played.relay.idle();
  expect(played.errors).toMatchObject([{ message: 'the disk is full' }]);
  expect(await played.storage.outbox.counts()).toMatchObject({ sending: 2 });
  await played.advance(61_000);
  expect(await played.storage.outbox.counts()).toMatchObject({ delivered: 2 });
});

const failed = (error: string): CallResult => ({ kind: 'failed', error, timedOut: /TIMEOUT/.test(error), mayHaveArrived: true });
