import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ApiReply, ApiRequest, Connection, Cursor, OrderFact } from './contract.ts';
import { stripe } from './stripe.ts';

const api = stripe.api!;
const CONNECTION: Connection = { account: 'acct_1', secrets: ['s'], settings: { api_key: 'rk_live_1' } };
const NOW = Date.UTC(2026, 1, 10, 12);
const DAY = 86_400_000;
const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/sources/stripe/${name}.json`, import.meta.url), 'utf8'));
const reply = (value: unknown, status = 200): ApiReply => ({ status, headers: {}, body: Buffer.from(JSON.stringify(value)) });
const context = (now = NOW) => ({ now, nonce: 'n' });

interface Event {
  id: string;
  /** Unix seconds. */
  created: number;
}

/** Stripe's list of events: the newest first, a page at a time. */
function playEvents(events: readonly Event[], request: ApiRequest, most = 100): ApiReply {
  const query = new URL(request.url).searchParams;
  const limit = Math.min(Number(query.get('limit')), most);
  const newestFirst = [...events].reverse().sort((left, right) => right.created - left.created);
  const matching = newestFirst.filter(
    ({ created }) =>
      created >= Number(query.get('created[gte]') ?? 0) && created < Number(query.get('created[lt]') ?? Number.POSITIVE_INFINITY),
  );
  const after = query.get('starting_after');
  const first = after ? newestFirst.findIndex(({ id }) => id === after) + 1 : 0;
  const left = matching.filter((event) => newestFirst.indexOf(event) >= first);
  const data = left.slice(0, limit).map(({ id, created }) => ({
    ...{ id, created, object: 'event', type: 'payment_intent.succeeded', livemode: true },
    data: { object: { id: `pi_${id}`, amount_received: 100, currency: 'usd' } },
  }));
  return reply({ object: 'list', data, has_more: left.length > limit });
}

test('events are asked for by their types, with the key, from where the last poll began', () => {
  const request = api.poll!.list(CONNECTION, { from: NOW - 600_000, page: null }, context());
  const url = new URL(request.url);
  expect(request).toMatchObject({ method: 'GET', headers: { authorization: 'Bearer rk_live_1' } });
  expect(url.origin + url.pathname).toBe('https://api.stripe.com/v1/events');
  expect(url.searchParams.get('created[gte]')).toBe(String(NOW / 1000 - 600));
  expect(url.searchParams.has('created[lt]')).toBe(false);
  // More than twenty Stripe does not take.
  expect(url.searchParams.getAll('types[]')).toHaveLength(20);
  expect(url.searchParams.getAll('types[]')).toContain('charge.dispute.funds_withdrawn');
  const played = { ...CONNECTION, settings: { ...CONNECTION.settings, api_url: 'http://127.0.0.1:1' } };
  expect(api.poll!.list(played, { from: 0, page: null }, context()).url).toMatch(/^http:\/\/127\.0\.0\.1:1\/v1\/events\?/);
  expect(api.isConfigured(CONNECTION)).toBe(true);
  expect(api.isConfigured({ ...CONNECTION, settings: {} })).toBe(false);
});

test('a backlog is read a day at a time, the oldest first', () => {
  const from = NOW - 3 * DAY;
  const url = new URL(api.poll!.list(CONNECTION, { from, page: null }, context()).url);
  expect(url.searchParams.get('created[lt]')).toBe(String((from + DAY) / 1000));
  const read = (at: number) =>
    api.poll!.read(reply({ data: [], has_more: false }), CONNECTION, { from: at, page: null }, { now: NOW });
  expect(read(from).next).toEqual({ from: from + DAY, page: null });
  // The last day is open: what happens meanwhile belongs to it.
  expect(read(NOW - DAY).next).toBeNull();
  // What Stripe has forgotten is not asked for day by day.
  expect(read(0).next).toEqual({ from: NOW - 30 * DAY, page: null });
});

test('the pages of a day that are asked for later go on where they were', () => {
  const page = api.poll!.read(
    reply({ data: [event('evt_9', NOW / 1000 - 5), event('evt_8', NOW / 1000 - 9)], has_more: true }),
    CONNECTION,
    { from: NOW - 600_000, page: null },
    { now: NOW },
  );
  expect(page.next).toEqual({ from: NOW - 600_000, page: `${NOW - 5000} evt_8` });
  const url = new URL(api.poll!.list(CONNECTION, page.next!, context(NOW + 3 * DAY)).url);
  expect(url.searchParams.get('starting_after')).toBe('evt_8');
  expect(url.searchParams.has('created[lt]')).toBe(false);
  const last = api.poll!.read(reply({ data: [event('evt_7', NOW / 1000 - 20)], has_more: false }), CONNECTION, page.next!, {
    now: NOW,
  });
  expect(last.next).toEqual({ from: NOW - 5000, page: null });
});

const event = (id: string, created: number) => ({
  ...{ id, created, object: 'event', type: 'charge.dispute.closed', livemode: true },
  data: { object: { ...fixture('object-dispute'), status: 'won' } },
});

test('whatever happens between the pages, no event is skipped, and reading ends', () => {
  const arbitraryEvents = fc.array(
    fc.record({ at: fc.integer({ min: 0, max: 4 * 24 }), burst: fc.integer({ min: 1, max: 9 }) }),
    {
      maxLength: 12,
    },
  );
  fc.assert(
    fc.property(arbitraryEvents, fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 }), (hours, happens) => {
      const arrivals = [...happens];
      const begins = NOW - 4 * DAY;
      const events: Event[] = hours
        .flatMap(({ at, burst }) => Array.from({ length: burst }, () => begins / 1000 + at * 3600 - 1))
        .sort((left, right) => left - right)
        .map((created, index) => ({ id: `e${index}`, created }));
      const due = events.filter(({ created }) => created * 1000 >= begins).map(({ id }) => id);
      const seen = new Set<string>();
      let now = NOW;
      let cursor: Cursor | null = { from: begins, page: null };
      let requests = 0;
      while (cursor) {
        expect(++requests).toBeLessThan(500);
        const request = api.poll!.list(CONNECTION, cursor, context(now));
        const answer = playEvents(events, request, 3);
        // Time passes, and something happens, while the answer is on its way.
        for (let count = arrivals.shift() ?? 0; count > 0; count--) {
          now += 400;
          events.push({ id: `late${events.length}`, created: Math.floor(now / 1000) });
        }
        const page = api.poll!.read(answer, CONNECTION, cursor, { now });
        for (const { delivery_id } of page.facts) seen.add(delivery_id);
        cursor = page.next;
      }
      expect(due.filter((id) => !seen.has(id))).toEqual([]);
      // What came while it was read is found by the next poll, which goes back by ten minutes.
      const next: Cursor = { from: NOW - 600_000, page: null };
      for (let at: Cursor | null = next; at; ) {
        const page = api.poll!.read(playEvents(events, api.poll!.list(CONNECTION, at, context(now)), 3), CONNECTION, at, { now });
        for (const { delivery_id } of page.facts) seen.add(delivery_id);
        at = page.next;
      }
      expect(events.filter(({ created }) => created * 1000 >= begins).every(({ id }) => seen.has(id))).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('an event of a page that can’t be read keeps no other waiting, and what is nothing for us is left out', () => {
  const data = [
    fixture('self-event-charge.refunded'),
    { ...fixture('self-event-payment_intent.succeeded'), created: null },
    fixture('object-event'),
  ];
  const page = api.poll!.read(reply({ data, has_more: false }), CONNECTION, { from: NOW, page: null }, { now: NOW });
  expect(page.facts.map(({ delivery_id }) => delivery_id)).toEqual(['evt_self0003']);
  expect(page.unusable).toMatchObject([{ code: 'unusable_delivery', pointer: '/created', raw: { id: 'evt_self0002' } }]);
});

test('an answer that is no list is refused whole, with what Stripe says', () => {
  const read = (value: unknown) => api.poll!.read(reply(value), CONNECTION, { from: NOW, page: null }, { now: NOW });
  expect(() => read({ error: { message: 'Invalid cursor' } })).toThrow('Stripe’s API: Invalid cursor');
  expect(() => read({ data: [], has_more: true })).toThrow('no such answer');
});

/** What is told of an object that was asked for. */
function fetched(order_id: string, object: unknown, status = 200): OrderFact[] | null {
  return api.fetch!.read([reply(object, status)], CONNECTION, order_id, { now: NOW });
}

test('a payment is asked for by its id, with its charge', () => {
  const urlOf = (id: string) =>
    api.fetch!.requests(CONNECTION, id, context()).map(({ url }) => url.replace('https://api.stripe.com', ''));
  expect(urlOf('pi_1')).toEqual(['/v1/payment_intents/pi_1?expand[]=latest_charge']);
  expect(urlOf('cs_test_1')).toEqual(['/v1/checkout/sessions/cs_test_1']);
  expect(urlOf('py_1')).toEqual(['/v1/charges/py_1']);
  expect(urlOf('re_1')).toEqual(['/v1/refunds/re_1']);
  expect(urlOf('du_1')).toEqual(['/v1/disputes/du_1']);
  expect(urlOf('pi_1/../../refunds')).toEqual([]);
  expect(urlOf('1001')).toEqual([]);
});

test('a payment that was asked for is told as its events would have told it', () => {
  const charge = {
    ...fixture('self-event-charge.refunded').data.object,
    created: 1_770_116_399,
    billing_details: { email: 'buyer@example.com' },
  };
  const intent = { ...fixture('self-event-payment_intent.succeeded').data.object, latest_charge: charge };
  const facts = fetched('pi_self0001', intent)!;
  const payment = { payment_id: 'pi_self0001', state: 'paid', amount: 5250, at: '2026-02-03T10:59:59Z' };
  expect(facts).toMatchObject([
    { order: { order_id: 'pi_self0001', payments: [payment], aliases: ['ch_self0001'] } },
    { order: { order_id: 'pi_self0001', payments: [payment] }, user: { email: 'buyer@example.com' } },
    { order: { order_id: 'pi_self0001', refund_totals: [{ amount: 2000, at: '2026-02-10T12:00:00Z' }] } },
  ]);
  const ids = facts.map(({ delivery_id }) => delivery_id);
  expect(new Set(ids).size).toBe(3);
  expect(fetched('pi_self0001', intent)!.map(({ delivery_id }) => delivery_id)).toEqual(ids);
  expect(fetched('pi_self0001', { ...intent, amount_received: 1 })![0]!.delivery_id).not.toBe(ids[0]);
});

test('what else can be asked for is told alike', () => {
  const stateOf = (object: object) =>
    fetched('x', object)!.flatMap(({ order }) => order.payments?.map(({ state }) => state) ?? []);
  const intent = fixture('object-payment_intent');
  expect(stateOf({ ...intent, status: 'requires_capture', amount_capturable: 5 })).toEqual(['authorized']);
  expect(stateOf({ ...intent, status: 'canceled' })).toEqual(['voided']);
  expect(stateOf(intent)).toEqual(['pending']);
  expect(stateOf(fixture('object-charge'))).toEqual(['authorized']);
  expect(stateOf({ ...fixture('object-charge'), status: 'failed' })).toEqual([]);
  expect(stateOf(fixture('self-event-checkout.session.completed').data.object)).toEqual(['paid']);
  expect(stateOf(fixture('object-checkout-session'))).toEqual([]);
  expect(fetched('re_1', fixture('object-refund'))).toMatchObject([{ order: { refunds: [{ amount: 100 }] } }]);
  expect(fetched('dp_1', { ...fixture('object-dispute'), status: 'lost' })).toMatchObject([
    { order: { disputes: [{ state: 'lost' }] } },
  ]);
  expect(fetched('dp_1', { id: 'x', object: 'a_new_word' })).toEqual([]);
});

test('a payment that Stripe does not know is none, and an answer that is no object is refused', () => {
  expect(fetched('pi_1', { error: {} }, 404)).toBeNull();
  expect(api.fetch!.read([], CONNECTION, '1001', { now: NOW })).toBeNull();
  expect(() => fetched('pi_1', { error: { message: 'No' } })).toThrow('Stripe’s API: No');
});
