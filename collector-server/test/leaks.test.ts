import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '../src/log.ts';
import type { CollectorOptions } from '../src/main.ts';
import { openSqlite } from '../src/storage/sqlite/index.ts';
import {
  GRANTED,
  KEY,
  newId,
  newVisit,
  ORIGIN,
  orderInput,
  postEvents,
  postOrder,
  postShopify,
  read,
  SECRET_KEY,
  SIGNING_SECRET,
  signedHeaders,
  startTestCollector,
  type TestCollector,
  testConfig,
} from './harness.ts';
import { exchange } from './raw.ts';

let count = 0;
/** A word that stands nowhere else, and the place that it was sent in. */
const placed = new Map<string, string>();
function marker(place: string): string {
  const word = `mark${(count++).toString().padStart(3, '0')}zq`;
  placed.set(word, place);
  return word;
}

/** Sends a marker of its own in every place where a caller can put one. */
async function sendMarkers(collector: TestCollector): Promise<void> {
  const { url } = collector;
  const event = (more: object) => newVisit().event('page_view', { ...more });
  const json = { 'content-type': 'application/json' };
  await postEvents(
    collector,
    [
      event({
        properties: { note: marker('a property') },
        page: {
          url: `${ORIGIN}/${marker('a page’s path')}?q=${marker('a page’s query')}`,
          title: marker('a title'),
          referrer: `https://x.example/${marker('a referrer')}`,
        },
        user: { id: marker('a user’s id'), email: `${marker('an e-mail')}@example.com`, phone: '+4915112345678' },
        click_ids: { gclid: marker('a click id') },
        cookies: { _fbp: marker('an ad cookie') },
        campaign: { source: marker('a campaign') },
        consent: GRANTED,
      }),
      // Refused, each for another reason: these become dead letters.
      event({ occurred_at: marker('a bad time') }),
      event({ unknown: marker('an unknown field') }),
      event({ event: `${marker('a bad name')}!` }),
      event({ properties: { text: `${marker('a long text')}${'x'.repeat(2000)}` } }),
      event({ visitor_id: `${marker('a bad visitor')} \u0007` }),
      marker('an event that is a text'),
      event({ user: { email: `${marker('a refused e-mail')}@example.com` }, consent: undefined }),
    ],
    {
      'user-agent': marker('the user agent'),
      'accept-language': marker('the language'),
      cookie: `session=${marker('a cookie')}`,
      'x-other': marker('a header'),
      referer: `https://x.example/${marker('the referer')}`,
      'x-forwarded-for': '198.51.100.77',
    },
  );
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, { method: 'POST', body, headers: { origin: ORIGIN, ...json, ...headers } });
  await post(`/v1/events?x=${marker('a query')}`, `{"broken": ${marker('broken JSON')}`);
  await post('/v1/events', JSON.stringify({ key: `pk_demo_${marker('an unknown key')}`, events: [{}] }));
  await post('/v1/events', '{}', { origin: `https://${marker('an origin')}.example` });
  await post('/v1/events', '{}', { 'content-type': marker('a content type') });
  await post('/v1/events', '{}', { 'content-encoding': marker('an encoding') });
  await post('/v1/orders', '{}', { authorization: `Bearer sk_${marker('a secret key')}`, origin: '' });
  await postOrder(collector, orderInput(), { ...signedHeaders('x'), 'webhook-signature': `v1,${marker('a signature')}` });
  await postOrder(
    collector,
    orderInput({ order_id: marker('an order id'), customer: { email: `${marker('a customer')}@example.com` } }),
  );
  await postOrder(
    collector,
    orderInput({ amounts: { total: marker('an amount') }, customer: { first_name: marker('a first name') } }),
  );
  await postShopify(collector, { id: marker('a webhook’s body'), email: marker('a webhook’s e-mail') });
  await postShopify(collector, {}, { 'x-shopify-hmac-sha256': marker('a webhook’s signature') });
  await post('/v1/dashboard/session', JSON.stringify({ token: marker('a dashboard token') }), { origin: '' });
  await fetch(`${url}/v1/ads/click?t=${marker('a click token')}`);
  await fetch(`${url}/${marker('a path')}/%E0%A4%A`);
  await fetch(`${url}/v1/orders/${marker('an id in a path')}/journey`, { headers: { authorization: `Bearer ${SECRET_KEY}` } });
  await post(`/v1/destinations/demo/${marker('a destination')}/resume`, '', {
    authorization: `Bearer ${SECRET_KEY}`,
    origin: '',
  });
  await post('/v1/visitor', JSON.stringify({ key: KEY, visitor_id: marker('a visitor') }), { 'sec-fetch-site': 'same-origin' });
  await post('/v1/rewards/claim', JSON.stringify({ key: KEY, nonce: marker('a nonce'), visitor_id: newId() }));
  await exchange(url, `${marker('method').toUpperCase()} / HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await exchange(url, `GET / HTTP/1.1\r\nHost: ${marker('a host')}.example\r\nConnection: close\r\n\r\n`);
  await exchange(url, `GET /${marker('a half request')} HTTP/1.1\r\nContent-Length: ${marker('a length')}\r\n\r\n`);
}

/** Makes the store fail with a message that quotes what it was given, as engines do. */
async function failWithMarker(collector: TestCollector): Promise<void> {
  const log = collector.storage.log as { append: unknown };
  const { append } = log;
  log.append = async () => {
    throw Object.assign(new Error(`invalid input ${marker('an engine’s message')}: "${marker('an engine’s quote')}"`), {
      detail: marker('an engine’s detail'),
    });
  };
  await postEvents(collector, [newVisit().event('page_view')]);
  log.append = append;
}

const SECRETS = () =>
  new Map([
    [SECRET_KEY, 'the secret key'],
    [SIGNING_SECRET.slice(6), 'the signing secret'],
    [KEY, 'the whole write key'],
    ['198.51.100.77', 'the whole address'],
    ['+4915112345678', 'a phone number'],
    ['a-dashboard-token', 'the dashboard’s token'],
  ]);

/** The places whose markers stand in a text. */
function leaksIn(text: string): string[] {
  return [...placed, ...SECRETS()].filter(([word]) => text.toLowerCase().includes(word)).map(([, place]) => place);
}

async function startLogged(log: Pick<CollectorOptions, 'onError' | 'onRequest'>): Promise<TestCollector> {
  return startTestCollector(testConfig({}, { trusted_proxies: ['127.0.0.1'] }), openSqlite(), log);
}

test('P9, F28: nothing that a caller sends is in the log, the metrics or the views of dead letters', async () => {
  const lines: string[] = [];
  const { error, request } = createLog('info', { write: (line) => void lines.push(line) });
  const collector = await startLogged({ onError: error, onRequest: request });
  await sendMarkers(collector);
  await failWithMarker(collector);
  const metrics = await (await fetch(`${collector.url}/metrics`)).text();
  const letters = await read<{ dead_letters: unknown[] }>(collector, '/v1/dead-letters');
  // They did arrive, and were spoken of.
  expect(placed.size).toBeGreaterThan(40);
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.filter((line) => line.includes('"failure"')).length).toBeGreaterThan(0);
  expect(letters.dead_letters.length).toBeGreaterThan(6);
  expect(leaksIn(lines.join(''))).toEqual([]);
  expect(leaksIn(metrics)).toEqual([]);
  expect(leaksIn(JSON.stringify(letters))).toEqual([]);
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
});

test('F28: a log that writes down what it is given is caught by the same check', async () => {
  const lines: string[] = [];
  const careless = pino({}, { write: (line: string) => void lines.push(line) });
  const onStart = (message: unknown): void => {
    const { url, headers } = (message as { request: IncomingMessage }).request;
    careless.info({ url, headers });
  };
  subscribe('http.server.request.start', onStart);
  onTestFinished(() => void unsubscribe('http.server.request.start', onStart));
  const collector = await startLogged({ onError: (error) => careless.error(error) });
  await sendMarkers(collector);
  await failWithMarker(collector);
  expect(leaksIn(lines.join(''))).toEqual(
    expect.arrayContaining([
      'a query',
      'a cookie',
      'a header',
      'the user agent',
      'a secret key',
      'a signature',
      'a path',
      'an engine’s message',
    ]),
  );
});
