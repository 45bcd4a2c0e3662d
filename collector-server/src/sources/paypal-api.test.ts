import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ApiReply, ApiRequest, Connection, Cursor } from './contract.ts';
import { paypal } from './paypal.ts';

const api = paypal.api!;
const CONNECTION: Connection = {
  account: 'merchant',
  secrets: [],
  settings: { webhook_id: 'W', client_id: 'id', client_secret: 'secret' },
};
const SANDBOX: Connection = { ...CONNECTION, settings: { ...CONNECTION.settings, sandbox: true } };
const NOW = Date.UTC(2026, 1, 10, 12);
const DAY = 86_400_000;
const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/sources/paypal/${name}.json`, import.meta.url), 'utf8')).body;
const reply = (value: unknown, status = 200): ApiReply => ({ status, headers: {}, body: Buffer.from(JSON.stringify(value)) });
const context = (now = NOW) => ({ now, nonce: 'n', access_token: 'T' });

test('a token is asked for with the client’s credentials, and lasts as long as PayPal says', () => {
  const { token } = api;
  expect(token!.request(CONNECTION, null, { now: NOW, nonce: 'n' })).toEqual({
    method: 'POST',
    url: 'https://api-m.paypal.com/v1/oauth2/token',
    headers: {
      authorization: `Basic ${Buffer.from('id:secret').toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  });
  expect(token!.request(SANDBOX, null, context()).url).toBe('https://api-m.sandbox.paypal.com/v1/oauth2/token');
  const read = (value: unknown, status?: number) => token!.read(reply(value, status), null, { now: NOW });
  expect(read({ access_token: 'T', expires_in: 32_400 })).toEqual({ access_token: 'T', expires_at: NOW + 32_400_000 });
  expect(read({ error: 'invalid_client' }, 401)).toBeNull();
  expect(read({ access_token: 'T' })).toBeNull();
  expect(api.isConfigured(CONNECTION)).toBe(true);
  expect(api.isConfigured({ ...CONNECTION, settings: { webhook_id: 'W', client_id: 'id' } })).toBe(false);
});

test('events are asked for between two times', () => {
  const request = api.poll!.list(CONNECTION, { from: NOW - 600_000, page: null }, context());
  const url = new URL(request.url);
  expect(request).toMatchObject({ method: 'GET', headers: { authorization: 'Bearer T' } });
  expect(url.origin + url.pathname).toBe('https://api-m.paypal.com/v1/notifications/webhooks-events');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    start_time: '2026-02-10T11:50:00Z',
    end_time: '2026-02-10T12:00:00Z',
    page_size: '100',
  });
  const backlog = api.poll!.list(SANDBOX, { from: NOW - 3 * DAY, page: null }, context());
  expect(new URL(backlog.url).searchParams.get('end_time')).toBe('2026-02-08T12:00:00Z');
  const played = { ...CONNECTION, settings: { ...CONNECTION.settings, api_url: 'http://127.0.0.1:1' } };
  expect(api.poll!.list(played, { from: 0, page: null }, context()).url).toMatch(/^http:\/\/127\.0\.0\.1:1\/v1\//);
});

test('the link to the next page is followed by its query alone: the token goes to nobody else', () => {
  const links = [{ rel: 'next', href: 'https://attacker.example/steal?start_time=a&next_page_token=b' }];
  const cursor = { from: NOW - DAY, page: null };
  const page = api.poll!.read(reply({ events: [fixture('webhook-CUSTOMER.DISPUTE.CREATED')], links }), CONNECTION, cursor, {
    now: NOW,
  });
  expect(page.next).toEqual({ from: NOW - DAY, page: `${NOW - DAY} start_time=a&next_page_token=b` });
  expect(api.poll!.list(CONNECTION, page.next!, context()).url).toBe(
    'https://api-m.paypal.com/v1/notifications/webhooks-events?start_time=a&next_page_token=b',
  );
});

interface Event {
  id: string;
  /** UTC ms. */
  at: number;
}

/** PayPal's list of events, a few a page. */
function playEvents(events: readonly Event[], request: ApiRequest, newestFirst: boolean): ApiReply {
  const query = new URL(request.url).searchParams;
  const [start, end] = ['start_time', 'end_time'].map((name) => Date.parse(query.get(name)!));
  const matching = events.filter(({ at }) => at >= start! && at <= end!).sort((left, right) => left.at - right.at);
  if (newestFirst) matching.reverse();
  // The place of the last one that was listed, whatever has been added since.
  const first = matching.findIndex(({ id }) => id === query.get('after')) + 1;
  const listed = matching.slice(first, first + 3).map(({ id, at }) => ({
    ...{ id, event_type: 'PAYMENT.CAPTURE.COMPLETED', create_time: new Date(at).toISOString() },
    resource: { id: `C${id}`, amount: { currency_code: 'USD', value: '1.00' } },
  }));
  query.set('after', listed.at(-1)?.id ?? '');
  const next = { rel: 'next', href: `https://api-m.paypal.com/v1/notifications/webhooks-events?${query}` };
  return reply({ events: listed, links: matching.length > first + 3 ? [next] : [] });
}

test('whatever happens between the pages, no event is skipped, and reading ends', () => {
  const arbitraryEvents = fc.array(fc.record({ hour: fc.integer({ min: 0, max: 95 }), burst: fc.integer({ min: 1, max: 9 }) }), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(
      arbitraryEvents,
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 }),
      fc.boolean(),
      (hours, arrivals, newest) => {
        const begins = NOW - 4 * DAY;
        const events: Event[] = hours.flatMap(({ hour, burst }, at) =>
          Array.from({ length: burst }, (_, index) => ({ id: `e${at}-${index}`, at: begins + hour * 3_600_000 })),
        );
        const due = events.map(({ id }) => id);
        const seen = new Set<string>();
        let now = NOW;
        let requests = 0;
        const poll = (from: number, happens: number[]): void => {
          for (let cursor: Cursor | null = { from, page: null }; cursor; ) {
            expect(++requests).toBeLessThan(500);
            const answer = playEvents(events, api.poll!.list(CONNECTION, cursor, context(now)), newest);
            for (let count = happens.shift() ?? 0; count > 0; count--) {
              now += 400;
              events.push({ id: `late${events.length}`, at: now });
            }
            const page = api.poll!.read(answer, CONNECTION, cursor, { now });
            for (const { delivery_id } of page.facts) seen.add(delivery_id.split(':')[1]!);
            cursor = page.next;
          }
        };
        poll(begins, [...arrivals]);
        expect(due.filter((id) => !seen.has(id))).toEqual([]);
        now += 900_000;
        // The next poll goes back by ten minutes, and finds what came while this one was read.
        poll(NOW - 600_000, []);
        expect(events.filter(({ id }) => !seen.has(id))).toEqual([]);
      },
    ),
    { numRuns: 100 },
  );
});

test('an event of a page that can’t be read keeps no other waiting', () => {
  const events = [
    { ...fixture('webhook-PAYMENT.CAPTURE.COMPLETED'), resource: {} },
    fixture('self-webhook-PAYMENT.CAPTURE.REFUNDED'),
    { event_type: 'PAYMENT.SALE.COMPLETED' },
  ];
  const page = api.poll!.read(reply({ events }), CONNECTION, { from: NOW, page: null }, { now: NOW });
  expect(page.facts.map(({ order }) => order.refunds)).toMatchObject([[{ refund_id: '1JU08902781691411' }]]);
  expect(page.unusable).toMatchObject([{ pointer: '/resource/amount/currency_code', raw: { resource_type: 'capture' } }]);
});

test('an answer that is no list, or leads on to nowhere, is refused whole', () => {
  const read = (value: unknown) => api.poll!.read(reply(value), CONNECTION, { from: NOW, page: null }, { now: NOW });
  expect(() => read({ message: 'Authorization failed' })).toThrow('PayPal’s API: Authorization failed');
  expect(() => read({ events: [{ event_type: 'X' }], links: [{ rel: 'next', href: 'https://api.paypal.com/v1' }] })).toThrow();
});

test('an order is asked for by its id, and a capture by the same', () => {
  const urls = api.fetch!.requests(CONNECTION, 'A/B', context()).map(({ url }) => url);
  expect(urls).toEqual([
    'https://api-m.paypal.com/v2/checkout/orders/A%2FB',
    'https://api-m.paypal.com/v2/payments/captures/A%2FB',
  ]);
  const none = reply({ name: 'RESOURCE_NOT_FOUND' }, 404);
  const fetched = (...replies: ApiReply[]) => api.fetch!.read(replies, CONNECTION, 'x', { now: NOW });
  const order = fixture('webhook-CHECKOUT.ORDER.COMPLETED').resource;
  expect(fetched(reply(order), none)).toMatchObject([
    { order: { order_id: '5O190127TN364715T', payments: [{ state: 'paid' }], aliases: ['3C679366HH908993F'] } },
  ]);
  const capture = fixture('webhook-PAYMENT.CAPTURE.COMPLETED').resource;
  const stateOf = (status: string) => fetched(none, reply({ ...capture, status }))![0]!.order.payments![0]!.state;
  expect(fetched(none, reply(capture))).toMatchObject([
    { order: { order_id: '4K5112848U951142F', aliases: ['5VK462069F664902F'] } },
  ]);
  expect(['COMPLETED', 'REFUNDED', 'PENDING', 'DECLINED', 'FAILED'].map(stateOf)).toEqual([
    ...['paid', 'paid', 'pending', 'failed', 'failed'],
  ]);
  expect(fetched(none, none)).toBeNull();
  expect(() => fetched(reply({ message: 'No' }), none)).toThrow('PayPal’s API: No');
});

test('the same order asked for twice is one delivery, and another where it changed', () => {
  const order = fixture('webhook-CHECKOUT.ORDER.COMPLETED').resource;
  const idOf = (more: object) =>
    api.fetch!.read([reply({ ...order, ...more }), reply({}, 404)], CONNECTION, 'x', { now: NOW })![0]!.delivery_id;
  expect(idOf({})).toBe(idOf({}));
  expect(idOf({ status: 'VOIDED' })).not.toBe(idOf({}));
});
