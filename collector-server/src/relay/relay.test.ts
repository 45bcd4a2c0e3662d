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

const GOOGLE = {
  id: 'google',
  type: 'google_ads',
  settings: { customer_id: '1', conversion_action_id: '2', refresh_token: 'r', client_id: 'c', client_secret: 's' },
};

/** Google, played: hands out tokens, takes what has one, and says later what became of it. */
function playGoogle(statusOf: (events: { transactionId: string; conversionValue: number }[]) => object | null) {
  const requests = new Map<string, { transactionId: string; conversionValue: number }[]>();
  let tokens = 0;
  return {
    requests,
    tokens: () => tokens,
    answer: ({ url, headers, body = '' }: Outgoing): CallResult => {
      if (url.includes('oauth2')) return reply(200, { access_token: `t${++tokens}`, expires_in: 3600 });
      if (headers['authorization'] !== `Bearer t${tokens}`) return reply(401, { error: { status: 'UNAUTHENTICATED' } });
      if (url.includes(':ingest')) {
        const id = `r${requests.size}`;
        requests.set(id, JSON.parse(body).events);
        return reply(200, { requestId: id });
      }
      const status = statusOf(requests.get(new URL(url).searchParams.get('requestId')!)!);
      return status ? reply(200, { requestStatusPerDestination: [status] }) : reply(503);
    },
  };
}

const refundOf = (id: string, left: string) => ({
  ...conversionState(`${id}:refund`),
  event: 'refund' as const,
  conversion: {
    ...conversionState(`${id}:refund`).conversion,
    event: 'refund',
    order: { id, value: '104.90', currency: 'EUR' },
    refund: { order_id: id, amount: '4.90', full: false, left, original: { event_id: id, value: '104.90', currency: 'EUR' } },
  },
});

test('a receipt is asked for until the platform says what became of it, and a refund restates what it then accepted', async () => {
  let isReady = false;
  const google = playGoogle(() => (isReady ? { requestStatus: 'SUCCESS' } : { requestStatus: 'PROCESSING' }));
  const played = await play(google.answer, [GOOGLE]);
  await played.enqueue([conversionState('o1'), refundOf('o1', '100.00')]);
  await played.relay.idle();
  expect(await rowOf(played, 'o1', 'google')).toMatchObject({ state: 'pending', receipt: 'r0', told: '104.90' });
  // What takes back waits for what it takes back from.
  expect(await rowOf(played, 'o1:refund', 'google')).toMatchObject({
    state: 'waiting',
    reason: 'original_not_settled',
    attempts: 0,
  });
  await played.advance(65 * 60_000, 60_000);
  expect(await rowOf(played, 'o1', 'google')).toMatchObject({ state: 'pending', reason: 'PROCESSING' });
  expect([...google.requests.values()].flat()).toHaveLength(1);
  isReady = true;
  await played.advance(65 * 60_000, 60_000);
  expect((await rowOf(played, 'o1', 'google')).state).toBe('delivered');
  await played.advance(65 * 60_000, 60_000);
  expect((await rowOf(played, 'o1:refund', 'google')).state).toBe('delivered');
  expect([...google.requests.values()].flat()).toMatchObject([
    { transactionId: 'o1', conversionValue: 104.9 },
    { transactionId: 'o1', conversionValue: 100 },
  ]);
  // One token an hour, not one a request.
  expect(google.tokens()).toBeLessThanOrEqual(5);
  expect(played.errors).toEqual([]);
});

test('a receipt may want its conversion once more, later; one that is never answered is given up honestly', async () => {
  let asked = 0;
  const google = playGoogle(([event]) =>
    event!.transactionId === 'silent'
      ? null
      : asked++ === 0
        ? {
            requestStatus: 'FAILED',
            errorInfo: { errorCounts: [{ reason: 'PROCESSING_ERROR_REASON_TOO_RECENT_CLICK', recordCount: '1' }] },
          }
        : { requestStatus: 'SUCCESS' },
  );
  const played = await play(google.answer, [GOOGLE]);
  await played.enqueue([conversionState('young')]);
  await played.relay.idle();
  await played.enqueue([conversionState('silent')]);
  await played.advance(31 * 60_000, 60_000);
  expect(await rowOf(played, 'young', 'google')).toMatchObject({ state: 'waiting', reason: 'TOO_RECENT_CLICK' });
  await played.advance(30 * 3_600_000, 600_000);
  expect((await rowOf(played, 'young', 'google')).state).toBe('delivered');
  expect(await rowOf(played, 'silent', 'google')).toMatchObject({ state: 'delivered', reason: 'receipt_unanswered' });
});

test('a refund of what the platform never took is not sent, and says so', async () => {
  const google = playGoogle(() => ({
    requestStatus: 'FAILED',
    errorInfo: { errorCounts: [{ reason: 'INVALID_GCLID', recordCount: '1' }] },
  }));
  const played = await play(google.answer, [GOOGLE]);
  await played.enqueue([conversionState('o1'), refundOf('o1', '100.00'), refundOf('unknown', '1.00')]);
  await played.relay.idle();
  await played.advance(120 * 60_000, 60_000);
  expect(await rowOf(played, 'o1', 'google')).toMatchObject({ state: 'dead', reason: 'INVALID_GCLID' });
  for (const id of ['o1', 'unknown'])
    expect(await rowOf(played, `${id}:refund`, 'google')).toMatchObject({ state: 'skipped', reason: 'original_not_delivered' });
});

test('a token that is refused pauses the destination; one that can’t be had for now does not', async () => {
  let status = 500;
  const played = await play(({ url }) => (url.includes('oauth2') ? reply(status) : reply(200, { requestId: 'r' })), [GOOGLE]);
  await played.enqueue([conversionState('o1')]);
  await played.relay.idle();
  expect(await rowOf(played, 'o1', 'google')).toMatchObject({ state: 'waiting', reason: 'no_access_token', attempts: 0 });
  expect(await played.storage.outbox.pauses()).toEqual([]);
  status = 400;
  await played.advance(3_600_000, 60_000);
  expect(await played.storage.outbox.pauses()).toMatchObject([{ destination: 'google' }]);
});

test('what a platform can’t tell from a repeat is not sent again when nobody knows whether it arrived', async () => {
  const ga4 = { id: 'ga4', type: 'ga4', settings: { measurement_id: 'G-1', api_secret: 's' } };
  let result: CallResult = failed('UND_ERR_HEADERS_TIMEOUT');
  const played = await play(() => result, [ga4]);
  const cookies = { _ga: 'GA1.1.1234567890.1790000000' };
  await played.enqueue([conversionState('buy', { cookies }), conversionState('join', { cookies, event: 'sign_up' })]);
  await played.relay.idle();
  expect(await rowOf(played, 'join', 'ga4')).toMatchObject({ state: 'dead', reason: 'arrival_unknown' });
  expect((await rowOf(played, 'buy', 'ga4')).state).toBe('waiting');
  // A connection that was never made has delivered nothing.
  result = { kind: 'failed', error: 'ECONNREFUSED', timedOut: false, mayHaveArrived: false };
  await played.enqueue([conversionState('leave', { cookies, event: 'sign_up' })]);
  await played.relay.idle();
  expect((await rowOf(played, 'leave', 'ga4')).state).toBe('waiting');
});

test('GA4 is told where analytics were agreed to and ads were not, and Meta is not', async () => {
  const ga4 = { id: 'ga4', type: 'ga4', settings: { measurement_id: 'G-1', api_secret: 's' } };
  const played = await play((request) => (request.url.includes('facebook') ? metaTook(request) : reply(204)), [META_CONFIG, ga4]);
  const consent = { analytics_storage: 'granted', ad_storage: 'denied', ad_user_data: 'denied' } as const;
  const state = conversionState('o1', { consent, cookies: { _ga: 'GA1.1.1234567890.1790000000' } });
  await played.enqueue([{ ...state, consent, hold: 'consent_denied' }]);
  await played.relay.idle();
  expect((await rowOf(played, 'o1', 'ga4')).state).toBe('delivered');
  expect(await rowOf(played, 'o1')).toMatchObject({ state: 'skipped', reason: 'consent_denied' });
  expect(played.calls.map(({ url }) => new URL(url).hostname)).toEqual(['www.google-analytics.com']);
});
