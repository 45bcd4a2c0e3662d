import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { PROBLEMS } from '@orderloop/protocol';
import { expect, test } from 'vitest';
import { StorageFault } from '../src/storage/contract.ts';
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
  signedHeaders,
  startTestCollector,
  testConfig,
} from './harness.ts';

/** Sends exact bytes, with exactly these headers. */
function raw(
  url: string,
  path: string,
  body: Buffer | string,
  headers: Record<string, string>,
  method = 'POST',
): Promise<{ status: number; body: Record<string, unknown>; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}${path}`, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          body: JSON.parse(Buffer.concat(chunks).toString() || '{}'),
          headers: response.headers,
        }),
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}

const BROWSER = { origin: ORIGIN, 'content-type': 'application/json' };
const batch = (events: unknown[], more: object = {}) => JSON.stringify({ key: KEY, sent_at: Date.now(), events, ...more });

test('D6: the good events of a batch are kept, the bad are answered one by one', async () => {
  const collector = await startTestCollector();
  const visit = newVisit();
  const good = visit.event('page_view');
  const { status, body } = await postEvents(collector, [
    good,
    visit.event('page_view', { occurred_at: 'x' }),
    good,
    'text',
    { ...visit.event('page_view'), consent: undefined },
  ]);
  expect(status).toBe(202);
  expect(body).toMatchObject({
    accepted: 1,
    duplicate: 1,
    rejected: [
      { index: 1, code: 'invalid_event', pointer: '/events/1/occurred_at' },
      { index: 3, code: 'invalid_event', pointer: '/events/3' },
      { index: 4, code: 'consent_missing', pointer: '/events/4/consent/analytics_storage' },
    ],
  });
  const { dead_letters } = await read<{ dead_letters: Record<string, unknown>[] }>(collector, '/v1/dead-letters');
  expect(dead_letters).toHaveLength(3);
  expect(JSON.stringify(dead_letters)).not.toContain(visit.visitor_id);
});

test('a batch of which nothing can be used is 422, and says of each why', async () => {
  const collector = await startTestCollector();
  const { status, headers, body } = await postEvents(collector, [{ ...newVisit().event('page_view'), event: 'no name!' }]);
  expect(status).toBe(422);
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toMatchObject({
    code: 'invalid_batch',
    type: '/problems/invalid_batch',
    instance: expect.stringMatching(/^req_/),
    errors: [{ index: 0, pointer: '/events/0/event', code: 'unknown_event' }],
  });
});

test.each([
  ['no JSON', Buffer.from('{"events":['), {}, 400, 'malformed_json'],
  ['no UTF-8', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]), {}, 400, 'malformed_utf8'],
  ['a list', Buffer.from('[]'), {}, 422, 'invalid_batch'],
  ['no events', Buffer.from(JSON.stringify({ key: KEY })), {}, 422, 'invalid_batch'],
  ['too deep', Buffer.from('['.repeat(65)), {}, 400, 'too_deep'],
  ['too many tokens', Buffer.from(`[${'1,'.repeat(50_001)}1]`), {}, 413, 'too_many_tokens'],
  ['too large', Buffer.alloc(256 * 1024 + 1, 0x20), {}, 413, 'body_too_large'],
  ['a form', Buffer.from('a=1'), { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
  ['another charset', Buffer.from('{}'), { 'content-type': 'application/json; charset=latin1' }, 415, 'unsupported_media_type'],
  ['brotli', Buffer.from('{}'), { 'content-encoding': 'br' }, 415, 'unsupported_encoding'],
  ['gzip that is none', Buffer.from('{}'), { 'content-encoding': 'gzip' }, 400, 'malformed_gzip'],
  ['a gzip bomb', gzipSync(Buffer.alloc(1024 * 1024 + 1, 0x20)), { 'content-encoding': 'gzip' }, 413, 'body_too_large'],
  ['a batch of 101', Buffer.from(batch(Array(101).fill({}))), {}, 413, 'too_many_events'],
  ['no key', Buffer.from(JSON.stringify({ events: [{}] })), {}, 401, 'key_missing'],
  ['an unknown key', Buffer.from(batch([{}], { key: 'pk_demo_zzzzzz' })), {}, 401, 'key_unknown'],
  ['a foreign origin', Buffer.from(batch([{}])), { origin: 'https://shop.example.evil.example' }, 403, 'origin_not_allowed'],
  ['another port', Buffer.from(batch([{}])), { origin: `${ORIGIN}:444` }, 403, 'origin_not_allowed'],
] as const)('%s is refused with the right status and code', async (_name, body, headers, status, code) => {
  const collector = await startTestCollector();
  const answer = await raw(collector.url, '/v1/events', body, { ...BROWSER, ...headers });
  expect({ status: answer.status, code: answer.body['code'] }).toEqual({ status, code });
  expect(await collector.storage.log.head()).toBe(0);
  expect(collector.errors).toEqual([]);
});

test('L5: one byte under the limit is let in', async () => {
  const collector = await startTestCollector();
  const text = batch([newVisit().event('page_view')]);
  const full = Buffer.from(text.padEnd(256 * 1024, ' '));
  expect((await raw(collector.url, '/v1/events', full, BROWSER)).status).toBe(202);
  const zipped = gzipSync(Buffer.from(batch([newVisit().event('page_view')]).padEnd(1024 * 1024, ' ')));
  expect((await raw(collector.url, '/v1/events', zipped, { ...BROWSER, 'content-encoding': 'gzip' })).status).toBe(202);
});

test('a body without a stated length is counted as it comes', async () => {
  const collector = await startTestCollector();
  const answer = await raw(collector.url, '/v1/events', Buffer.alloc(300 * 1024, 0x20), {
    ...BROWSER,
    'transfer-encoding': 'chunked',
  });
  expect(answer.status).toBe(413);
});

test('A1: a browser without an origin is not let in', async () => {
  const collector = await startTestCollector();
  const answer = await raw(collector.url, '/v1/events', batch([{}]), { 'content-type': 'application/json' });
  expect(answer.status).toBe(403);
});

test('A2: a listed origin is echoed, another is not, and nothing is allowed credentials', async () => {
  const collector = await startTestCollector();
  const preflight = (origin: string) =>
    fetch(`${collector.url}/v1/events`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
  const listed = await preflight(ORIGIN);
  expect(listed.status).toBe(204);
  expect(listed.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  expect(listed.headers.get('access-control-allow-credentials')).toBeNull();
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
});

test('GPC denies advertising whatever the page says', async () => {
  const collector = await startTestCollector();
  await postEvents(collector, [newVisit().event('page_view', { click_ids: { gclid: 'x' } })], { 'sec-gpc': '1' });
  const [event] = await collector.storage.log.read(0, 0, 1);
  expect(event).toMatchObject({ consent: { ad_storage: 'denied', analytics_storage: 'granted' }, flags: ['gpc'] });
  expect(event).not.toHaveProperty('click_ids');
});

test('A3: a server’s call needs its key and its signature', async () => {
  const collector = await startTestCollector();
  const body = JSON.stringify(orderInput());
  const call = async (headers: Record<string, string>) => {
    const answer = await raw(collector.url, '/v1/orders', body, { 'content-type': 'application/json', ...headers });
    return [answer.status, answer.body['code']];
  };
  const authorization = `Bearer ${SECRET_KEY}`;
  expect(await call({})).toEqual([401, 'key_missing']);
  expect(await call({ authorization: 'Bearer sk_nobody', ...signedHeaders(body) })).toEqual([401, 'key_unknown']);
  expect(await call({ authorization })).toEqual([401, 'signature_missing']);
  expect(await call({ authorization, ...signedHeaders(`${body} `) })).toEqual([401, 'bad_signature']);
  expect(await call({ authorization, ...signedHeaders(body, { at: Date.now() - 301_000 }) })).toEqual([401, 'stale_timestamp']);
  expect(await call({ authorization, ...signedHeaders(body, { id: 'a.b' }) })).toEqual([401, 'bad_signature']);
  expect(await call({ authorization, origin: ORIGIN, ...signedHeaders(body) })).toEqual([403, 'secret_key_in_browser']);
  expect(await call({ authorization, ...signedHeaders(body) })).toEqual([202, undefined]);
});

test('I3: the same delivery again is a duplicate; another order under its id is refused', async () => {
  const collector = await startTestCollector();
  const order = orderInput();
  const id = newId();
  const send = (value: unknown) => postOrder(collector, value, signedHeaders(JSON.stringify(value), { id }));
  expect((await send(order)).body).toMatchObject({ verdict: 'accepted' });
  expect((await send(order)).body).toMatchObject({ verdict: 'duplicate' });
  expect(await send({ ...order, status: 'cancelled' })).toMatchObject({ status: 409, body: { code: 'delivery_id_reused' } });
});

test('an order that can’t be used names its field, and is kept as a dead letter', async () => {
  const collector = await startTestCollector();
  const answer = await postOrder(collector, orderInput({ amounts: { total: 104.9 } }));
  expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_amount', errors: [{ pointer: '/amounts/total' }] } });
  expect(await collector.storage.deadLetters.list({}, 5)).toMatchObject([
    { stage: 'source', code: 'invalid_amount', pointer: '/amounts/total' },
  ]);
});

test('a store’s webhook with a wrong signature is refused, and a source that is not connected is not there', async () => {
  const collector = await startTestCollector();
  expect(await postShopify(collector, {}, {}, 'wrong')).toMatchObject({ status: 401, body: { code: 'bad_signature' } });
  const unknown = await raw(collector.url, '/v1/sources/stripe/demo', '{}', { 'content-type': 'application/json' });
  const foreign = await raw(collector.url, '/v1/sources/shopify/other', '{}', { 'content-type': 'application/json' });
  expect([unknown.status, foreign.status]).toEqual([404, 404]);
  expect({ ...unknown.body, instance: '' }).toEqual({ ...foreign.body, instance: '' });
});

test('orders are read with a key or a session, and by nobody else', async () => {
  const collector = await startTestCollector();
  const status = async (headers: Record<string, string>) => (await fetch(`${collector.url}/v1/orders`, { headers })).status;
  expect(await status({})).toBe(401);
  expect(await status({ authorization: `Bearer ${SECRET_KEY}` })).toBe(200);

  const login = (token: string) =>
    fetch(`${collector.url}/v1/dashboard/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
  expect((await login('a-guess')).status).toBe(401);
  const cookie = (await login('a-dashboard-token')).headers.get('set-cookie')!;
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
  const session = cookie.split(';')[0]!;
  expect(await status({ cookie: session })).toBe(200);
  expect(await status({ cookie: session, 'sec-fetch-site': 'cross-site' })).toBe(403);
  await fetch(`${collector.url}/v1/dashboard/session/end`, { method: 'POST', headers: { cookie: session } });
  expect(await status({ cookie: session })).toBe(401);
});

test('an open dashboard answers its own pages, and not those of other sites', async () => {
  const collector = await startTestCollector(testConfig({}, { open_dashboard: true }));
  const status = async (headers: Record<string, string>) => (await fetch(`${collector.url}/v1/orders`, { headers })).status;
  expect(await status({ 'sec-fetch-site': 'same-origin' })).toBe(200);
  expect(await status({ 'sec-fetch-site': 'cross-site' })).toBe(401);
  expect((await raw(collector.url, '/v1/orders', '', { host: 'rebound.example' }, 'GET')).status).toBe(400);
  // What a proxy on this machine passes on comes from elsewhere.
  expect(await status({ 'sec-fetch-site': 'same-origin', 'x-forwarded-for': '198.51.100.7' })).toBe(401);
});

test('A5: on https the session’s cookie is bound to its host', async () => {
  const collector = await startTestCollector(testConfig({}, { public_url: 'https://collector.example' }));
  const answer = await fetch(`${collector.url}/v1/dashboard/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"token":"a-dashboard-token"}',
  });
  expect(answer.headers.get('set-cookie')).toMatch(
    /^__Host-orderloop=.*; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure$/,
  );
});

test('U6, U9: health, readiness, metrics and the API’s description are there', async () => {
  const collector = await startTestCollector();
  await postEvents(collector, [newVisit().event('page_view')]);
  const get = (path: string) => fetch(`${collector.url}${path}`);
  expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' });
  expect(await (await get('/readyz')).json()).toEqual({ status: 'ok' });
  const metrics = await (await get('/metrics')).text();
  expect(metrics).toContain('orderloop_events_total{result="accepted"} 1');
  expect(metrics).toContain('# TYPE orderloop_outbox_rows gauge');
  const description = (await (await get('/openapi.json')).json()) as {
    openapi: string;
    paths: object;
    components: { schemas: { Problem: { properties: { code: { enum: string[] } } } } };
  };
  expect(description.openapi).toBe('3.1.0');
  expect(description.components.schemas.Problem.properties.code.enum).toEqual(Object.keys(PROBLEMS));
  expect((await get('/problems/bad_signature')).status).toBe(200);
});

test('what is not there is 404, a wrong method 405, and a path that can’t be read 400', async () => {
  const collector = await startTestCollector();
  expect((await raw(collector.url, '/nothing', '', {}, 'GET')).body['code']).toBe('not_found');
  expect((await raw(collector.url, '/v1/orders', '', { 'content-length': '0' }, 'DELETE')).body['code']).toBe(
    'method_not_allowed',
  );
  expect((await raw(collector.url, '/v1/events', '', { 'content-length': '0' }, 'PUT')).body['code']).toBe('method_not_allowed');
  expect((await raw(collector.url, '/problems/%E0%A4%A', '', {}, 'GET')).status).toBe(400);
  expect((await raw(collector.url, '/../../package.json', '', {}, 'GET')).status).toBe(404);
});

test('the answer of every error names a problem of the catalogue', async () => {
  const collector = await startTestCollector();
  const { body } = await raw(collector.url, '/nothing', '', {}, 'GET');
  expect(PROBLEMS).toHaveProperty(String(body['code']));
  expect(body).not.toHaveProperty('stack');
});

test('D5: a store that can’t be written to is 503 with Retry-After, and nothing is said to be kept', async () => {
  const collector = await startTestCollector();
  const log = collector.storage.log as { append: unknown };
  const append = log.append;
  log.append = async () => {
    throw new StorageFault('disk I/O error');
  };
  const { status, headers, body } = await postEvents(collector, [newVisit().event('page_view')]);
  log.append = append;
  expect({ status, code: body['code'] }).toEqual({ status: 503, code: 'storage_unavailable' });
  expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect((await postEvents(collector, [newVisit().event('page_view', { consent: GRANTED })])).status).toBe(202);
});
