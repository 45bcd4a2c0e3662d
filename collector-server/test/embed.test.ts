import express from 'express';
import { expect, test } from 'vitest';
import { startEmbeddedShop } from './embedded.ts';
import { BROWSER_NAME, KEY, newVisit, ORIGIN, read, startTestCollector, testConfig } from './harness.ts';

const post = (address: string, body: object, headers: Record<string, string>) =>
  fetch(address, { method: 'POST', headers: { 'user-agent': BROWSER_NAME, ...headers }, body: JSON.stringify(body) });

test('an express application takes events under its own path, and keeps its own routes', async () => {
  const { url, app, ownUrl } = await startEmbeddedShop();
  app.get('/', (_request, response) => void response.send('the shop'));
  const events = [newVisit().event('page_view')];
  const answer = await post(`${url}/o/v1/events`, { key: KEY, sent_at: Date.now(), events }, { origin: url });
  expect(answer.status).toBe(202);
  expect((await (await fetch(url)).text()).toString()).toBe('the shop');
  expect((await fetch(`${url}/v1/events`, { method: 'POST' })).status).toBe(404);
  expect((await read<{ events: unknown[] }>({ url: ownUrl }, '/v1/events')).events).toHaveLength(1);
  expect((await fetch(`${url}/o/healthz`)).status).toBe(200);
});

test('the dashboard and the metrics are not answered in the shop, but where the collector listens itself', async () => {
  const { url, ownUrl } = await startEmbeddedShop();
  for (const path of ['/', '/dashboard', '/dashboard/orders', '/dashboard.js', '/metrics', '/v1/dashboard/session'])
    expect((await fetch(`${url}/o${path}`)).status, path).toBe(404);
  expect((await fetch(`${ownUrl}/metrics`)).status).toBe(200);
});

test('a body that express.json() took first is a fault of the set-up, and is said to be', async () => {
  const { url, errors } = await startEmbeddedShop((app) => app.use(express.json()));
  const answer = await post(`${url}/o/v1/events`, { key: KEY, events: [] }, { origin: url, 'content-type': 'application/json' });
  expect(answer.status).toBe(500);
  expect(errors).toEqual([expect.stringContaining('above express.json()')]);
});

test('once it was stopped it answers 503, and stopping it again does nothing', async () => {
  const { url, collector } = await startEmbeddedShop();
  const send = () =>
    post(`${url}/o/v1/events`, { key: KEY, sent_at: Date.now(), events: [newVisit().event('page_view')] }, { origin: url });
  expect((await send()).status).toBe(202);
  await collector.stop();
  await collector.stop();
  expect((await send()).status).toBe(503);
});

test('under the door’s path the collector answers as it does without, and the SDK has its other name', async () => {
  const collector = await startTestCollector(testConfig({}, { door: { path: '/shop/o' } }));
  const status = async (path: string) => (await fetch(`${collector.url}${path}`)).status;
  expect(await status('/shop/o/healthz')).toBe(200);
  expect(await status('/healthz')).toBe(200);
  expect(await status('/shop/o/v1/events?limit=1')).toBe(401);
  expect(await status('/shop/o')).toBe(404);
  expect(await status('/shop/other/healthz')).toBe(404);
  expect(await status('/shop/o/metrics')).toBe(404);
  const events = [newVisit().event('page_view')];
  const answer = await post(`${collector.url}/shop/o/v1/events`, { key: KEY, sent_at: Date.now(), events }, { origin: ORIGIN });
  expect(answer.status).toBe(202);
});

test('the link of an ad leads through the door that it was asked for through', async () => {
  const creative = {
    creative_id: 'c',
    headline: 'h',
    call_to_action: 'c',
    advertiser: 'a',
    target_url: 'https://shop.example/x',
  };
  const { url } = await startTestCollector(
    testConfig(
      { ads: [{ placement: 'hero', creatives: [creative] }] },
      { public_url: 'https://collector.example', door: { path: '/o' } },
    ),
  );
  const linkAt = async (base: string): Promise<string> => {
    const answer = await fetch(`${base}/v1/ads/decide?key=${KEY}&placement=hero`, { headers: { origin: ORIGIN } });
    return ((await answer.json()) as { creative: { click_url: string } }).creative.click_url;
  };
  expect(await linkAt(url)).toMatch(/^https:\/\/collector\.example\/v1\/ads\/click\?t=/);
  const link = await linkAt(`${url}/o`);
  expect(link).toMatch(/^\/o\/v1\/ads\/click\?t=/);
  const click = await fetch(`${url}${link}`, { redirect: 'manual' });
  expect(click.headers.get('location')).toBe('https://shop.example/x');
});

const SAME_ORIGIN = { origin: ORIGIN, 'sec-fetch-site': 'same-origin' };
const GRANTED = { analytics_storage: 'granted' };

async function ask(collector: { url: string }, body: object, headers: Record<string, string> = {}) {
  const answer = await post(
    `${collector.url}/v1/visitor`,
    { key: KEY, ...body },
    { ...SAME_ORIGIN, 'content-type': 'text/plain', ...headers },
  );
  return {
    status: answer.status,
    cookie: answer.headers.get('set-cookie'),
    body: (await answer.json()) as Record<string, unknown>,
    headers: answer.headers,
  };
}

const idOf = (at: number): string => newVisit(at).visitor_id;
const DAY_MS = 86_400_000;

test('the visitor’s cookie is set with consent alone, for the server’s eyes, for 13 months from the id’s making', async () => {
  const collector = await startTestCollector();
  const visitor_id = idOf(Date.now());
  const { cookie, body } = await ask(collector, { visitor_id, consent: GRANTED });
  expect(body).toEqual({ visitor_id });
  expect(cookie).toMatch(/^__Host-orderloop_demo=[0-9a-f-]{36}; Path=\/; Max-Age=\d+; HttpOnly; Secure; SameSite=Lax$/);
  const age = Number(/Max-Age=(\d+)/.exec(cookie!)![1]);
  expect(age).toBeGreaterThan(389 * 86_400);
  expect(age).toBeLessThanOrEqual(390 * 86_400);
  const old = await ask(collector, { visitor_id: idOf(Date.now() - 100 * DAY_MS), consent: GRANTED });
  expect(Number(/Max-Age=(\d+)/.exec(old.cookie!)![1])).toBeLessThanOrEqual(290 * 86_400);
});

test('whom the cookie names is the visitor, whatever is offered; and nothing is set anew', async () => {
  const collector = await startTestCollector();
  const known = idOf(Date.now() - DAY_MS);
  const cookie = { cookie: `other=1; __Host-orderloop_demo=${known}` };
  const answer = await ask(collector, { visitor_id: idOf(Date.now()), consent: GRANTED }, cookie);
  expect(answer).toMatchObject({ cookie: null, body: { visitor_id: known } });
});

test.each([
  ['denied', { analytics_storage: 'denied' }],
  ['not said', {}],
  ['said in other words', { analytics_storage: 'Granted' }],
])('consent that is %s removes the cookie, and sets none', async (_name, consent) => {
  const collector = await startTestCollector();
  const visitor_id = idOf(Date.now());
  const withCookie = await ask(collector, { visitor_id, consent }, { cookie: `__Host-orderloop_demo=${visitor_id}` });
  expect(withCookie).toMatchObject({ body: {}, cookie: expect.stringMatching(/^__Host-orderloop_demo=; Path=\/; Max-Age=0;/) });
  expect(await ask(collector, { visitor_id, consent })).toMatchObject({ body: {}, cookie: null });
});

test('a cookie that is no id of ours, too old or of the future is not believed', async () => {
  const collector = await startTestCollector();
  for (const known of ['x', idOf(Date.now() - 400 * DAY_MS), idOf(Date.now() + 30 * DAY_MS), 'a'.repeat(36)]) {
    const visitor_id = idOf(Date.now());
    const answer = await ask(collector, { visitor_id, consent: GRANTED }, { cookie: `__Host-orderloop_demo=${known}` });
    expect(answer.body, known).toEqual({ visitor_id });
  }
});

test('A2: the id is shown to pages of its own origin alone, and no answer ever allows credentials', async () => {
  const collector = await startTestCollector(testConfig({ accept_without_origin: true }));
  const visitor_id = idOf(Date.now());
  const from = async (headers: Record<string, string>) => {
    const answer = await post(
      `${collector.url}/v1/visitor`,
      { key: KEY, visitor_id, consent: GRANTED },
      { 'content-type': 'text/plain', ...headers },
    );
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    return { status: answer.status, cookie: answer.headers.get('set-cookie') };
  };
  const refused = { status: 403, cookie: null };
  expect(await from({ origin: ORIGIN, 'sec-fetch-site': 'cross-site' })).toEqual(refused);
  expect(await from({ origin: ORIGIN, 'sec-fetch-site': 'same-site' })).toEqual(refused);
  expect(await from({ origin: ORIGIN })).toEqual(refused);
  expect(await from({ origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' })).toEqual(refused);
  expect(await from({})).toEqual(refused);
  expect((await from(SAME_ORIGIN)).status).toBe(200);
});

test('A2: no answer of any route allows credentials, or every origin where a key is used', async () => {
  const collector = await startTestCollector();
  for (const path of [
    '/v1/events',
    '/v1/ads/decide',
    '/v1/rewards/offer',
    '/v1/visitor',
    '/v1/orders',
    '/v1/status',
    '/dashboard',
  ])
    for (const method of ['OPTIONS', 'POST', 'GET']) {
      const { headers } = await fetch(`${collector.url}${path}`, { method, headers: { origin: ORIGIN } });
      expect(headers.get('access-control-allow-credentials'), `${method} ${path}`).toBeNull();
      expect(headers.get('access-control-allow-origin'), `${method} ${path}`).not.toBe('*');
    }
});
