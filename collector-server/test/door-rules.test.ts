import { expect, test } from 'vitest';
import { BROWSER_NAME, GRANTED, KEY, newVisit, ORIGIN, postEvents, startTestCollector, testConfig } from './harness.ts';
import { exchange } from './raw.ts';

const PROXIED = { trusted_proxies: ['127.0.0.1'] };
const get = (path: string, host: string): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

test('A10: the address that a trusted proxy names is the one that is kept, cut to its network', async () => {
  const collector = await startTestCollector(testConfig({}, PROXIED));
  await postEvents(collector, [newVisit().event('page_view')], { 'x-forwarded-for': '1.2.3.4, 198.51.100.7' });
  const [event] = await collector.storage.events.newest('demo', 1);
  expect(event?.context?.ip).toBe('198.51.100.0');
});

test('A10: nobody else’s word is taken for it', async () => {
  const collector = await startTestCollector();
  await postEvents(collector, [newVisit().event('page_view')], { 'x-forwarded-for': '198.51.100.7' });
  const [event] = await collector.storage.events.newest('demo', 1);
  expect(event?.context?.ip).toBe('127.0.0.0');
});

test('A10: a host that is not on the list is refused, one that is is answered', async () => {
  const { url } = await startTestCollector(
    testConfig({}, { public_url: 'https://collector.example', hosts: ['more.example', '[2001:db8::1]'] }),
  );
  const status = async (host: string, path = '/openapi.json') => (await exchange(url, get(path, host))).status;
  for (const host of [
    'collector.example',
    'COLLECTOR.example:8443',
    'more.example',
    'shop.example',
    'localhost:4100',
    '[2001:db8::1]:1',
  ])
    expect(await status(host), host).toBe(200);
  for (const host of ['evil.example', 'collector.example.evil.example', '', '127.0.0.1.nip.example', '[::2]'])
    expect(await status(host), host).toBe(400);
  // A load balancer asks by address.
  expect(await status('10.0.0.5', '/readyz')).toBe(200);
});

test('U2: too many requests of a network are 429 with Retry-After, before their bodies are read', async () => {
  const collector = await startTestCollector(testConfig({}, { ...PROXIED, limits: { network_per_second: 1, network_burst: 2 } }));
  const from = (address: string) => postEvents(collector, [newVisit().event('page_view')], { 'x-forwarded-for': address });
  expect([await from('198.51.100.1'), await from('198.51.100.2')].map(({ status }) => status)).toEqual([202, 202]);
  const { status, headers, body } = await from('198.51.100.3');
  expect({ status, code: body['code'], retry_after: body['retry_after'] }).toEqual({
    status: 429,
    code: 'rate_limited',
    retry_after: 1,
  });
  expect(headers.get('retry-after')).toBe('1');
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
  expect((await from('203.0.113.1')).status).toBe(202);
  // Of a body of 100,000 bytes the first is enough to be told.
  const head = ['POST /v1/events HTTP/1.1', 'Host: localhost', 'Content-Type: text/plain', 'Content-Length: 100000'];
  expect((await exchange(collector.url, [...head, 'X-Forwarded-For: 198.51.100.4', '', '{'].join('\r\n'))).status).toBe(429);
});

test('U2: a key has a limit of its own', async () => {
  const collector = await startTestCollector(testConfig({}, { limits: { key_per_second: 1, key_burst: 1 } }));
  expect((await postEvents(collector, [newVisit().event('page_view')])).status).toBe(202);
  expect(await postEvents(collector, [newVisit().event('page_view')])).toMatchObject({
    status: 429,
    body: { code: 'rate_limited' },
  });
});

test('A5: the sixth attempt to sign in within a minute is 429, also with the right token', async () => {
  const collector = await startTestCollector();
  const login = async (token: string) =>
    (
      await fetch(`${collector.url}/v1/dashboard/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token }),
      })
    ).status;
  for (let attempt = 0; attempt < 5; attempt++) expect(await login('a-guess')).toBe(401);
  expect(await login('a-dashboard-token')).toBe(429);
});

const withoutOrigin = (collector: { url: string }, events: unknown[]) =>
  fetch(`${collector.url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', 'user-agent': BROWSER_NAME },
    body: JSON.stringify({ key: KEY, sent_at: Date.now(), events }),
  });

test('A1: a site may take events without an origin: they are flagged and counted, and make no session', async () => {
  const collector = await startTestCollector(testConfig({ accept_without_origin: true }));
  const visit = newVisit();
  expect((await withoutOrigin(collector, [visit.event('page_view')])).status).toBe(202);
  await postEvents(collector, [newVisit().event('page_view')]);
  const events = await collector.storage.events.newest('demo', 10);
  expect(events.map(({ flags }) => flags)).toEqual([undefined, ['low_trust']]);
  await expect.poll(async () => (await collector.storage.projections.dump()).sessions.length).toBe(1);
  const { sessions } = await collector.storage.projections.dump();
  expect(sessions).not.toContainEqual(expect.objectContaining({ session_id: visit.session_id }));
});

test('A1: another origin is refused whatever the site takes, and without one there are no points', async () => {
  const collector = await startTestCollector(testConfig({ accept_without_origin: true }));
  const { status } = await postEvents(collector, [newVisit().event('page_view')], { origin: 'https://evil.example' });
  expect(status).toBe(403);
  const offer = await fetch(`${collector.url}/v1/rewards/offer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key: KEY, placement: 'cart', visitor_id: 'v', session_id: 's' }),
  });
  expect(offer.status).toBe(403);
});

test('A1: `null` is no origin, and no way around the list', async () => {
  const collector = await startTestCollector(testConfig({ accept_without_origin: true }));
  expect((await postEvents(collector, [newVisit().event('page_view')], { origin: 'null' })).status).toBe(403);
});

test('A1: a GET of a page to its own host names no origin, and is known by Sec-Fetch-Site and the host', async () => {
  const { url } = await startTestCollector(testConfig({ origins: ['https://shop.example'] }));
  const decide = (host: string, fetchSite: string) =>
    exchange(
      url,
      `GET /v1/ads/decide?key=${KEY}&placement=x HTTP/1.1\r\nHost: ${host}\r\nSec-Fetch-Site: ${fetchSite}\r\nConnection: close\r\n\r\n`,
    );
  expect((await decide('shop.example', 'same-origin')).status).toBe(200);
  expect((await decide('shop.example', 'cross-site')).status).toBe(403);
  expect((await decide('localhost', 'same-origin')).status).toBe(403);
});

test('R3: a bot’s events are flagged and kept', async () => {
  const collector = await startTestCollector();
  const bot = { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' };
  const { status } = await postEvents(collector, [newVisit().event('page_view', { consent: GRANTED })], {
    ...bot,
    'sec-gpc': '1',
  });
  expect(status).toBe(202);
  expect((await collector.storage.events.newest('demo', 1))[0]?.flags).toEqual(['gpc', 'bot']);
});

test('A12: files come from a list in memory, whatever the path says', async () => {
  const { url } = await startTestCollector();
  for (const path of ['/package.json', '/orderloop.json', '/assets/x', '/orderloop.js%00.html', '//etc/passwd', '/C:/x'])
    expect((await exchange(url, get(path, 'localhost'))).status, path).toBe(404);
});
