import { expect, test } from 'vitest';
import { KEY, ORIGIN, startTestCollector, testConfig } from './harness.ts';
import { exchange, open, untilClosed } from './raw.ts';

const get = (path: string, ...headers: string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n');

/** A collector whose limits are low enough to be waited for. */
const impatient = (limits: object) => startTestCollector(testConfig({}, { limits }));

test('L4: a request in order is answered', async () => {
  const { url } = await startTestCollector();
  expect((await exchange(url, get('/healthz'))).status).toBe(200);
});

test.each([
  ['two Host headers', get('/healthz', 'Host: other.example'), 400],
  ['no Host header', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ['HTTP/0.9', 'GET /healthz HTTP/0.9\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
  ['HTTP/0.9 without a version', 'GET /healthz\r\n\r\n', 400],
  ['101 headers', get('/healthz', ...Array.from({ length: 99 }, (_, index) => `X-${index}: 1`)), 431],
  ['1,500 headers', get('/healthz', ...Array.from({ length: 1500 }, (_, index) => `X-${index}: 1`)), 431],
  ['17 KiB of headers', get('/healthz', `X-Long: ${'a'.repeat(17 * 1024)}`), 431],
  ['TRACE', 'TRACE /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 405],
  ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: localhost\r\n\r\n', 405],
  ['an absolute address', 'GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
  ['steps up', get('/assets/../..'), 400],
  ['steps up, written out', get('/assets/%2e%2E/..%2fhealthz'), 400],
  ['steps up behind a slash that is written out', get('/assets/a%2f..%2Fb'), 400],
  ['steps up with the other slash', get('/assets\\..\\healthz'), 400],
  ['two lengths', 'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
  [
    'a length and chunks',
    'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    400,
  ],
])('L4: %s is refused', async (_name, text, status) => {
  const collector = await startTestCollector();
  const answer = await exchange(collector.url, text);
  expect(answer.status).toBe(status);
  expect(answer.said).toContain('application/problem+json');
  expect(collector.errors).toEqual([]);
});

test('L4: 100 headers are let in', async () => {
  const { url } = await startTestCollector();
  const answer = await exchange(url, get('/healthz', ...Array.from({ length: 98 }, (_, index) => `X-${index}: 1`)));
  expect(answer.status).toBe(200);
});

test('F20: half-sent headers are given up, and their sockets are gone on the server', async () => {
  const collector = await impatient({ headers_ms: 300 });
  const slow = await Promise.all(Array.from({ length: 500 }, () => open(collector.url)));
  const closed = slow.map(untilClosed);
  for (const socket of slow) socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
  expect((await fetch(`${collector.url}/healthz`)).status).toBe(200);
  const answers = await Promise.all(closed);
  expect(answers.every((answer) => answer.startsWith('HTTP/1.1 408'))).toBe(true);
  await expect.poll(() => collector.connections()).toBeLessThanOrEqual(1);
});

test('F20: a half-sent body of a browser is answered 408, and its connection ends', async () => {
  const collector = await impatient({ browser_request_ms: 300 });
  const answer = await exchange(
    collector.url,
    `POST /v1/events HTTP/1.1\r\nHost: localhost\r\nOrigin: ${ORIGIN}\r\nContent-Type: text/plain\r\nContent-Length: 500\r\n\r\n{"key":"${KEY}"`,
  );
  expect(answer.status).toBe(408);
  expect(answer.said).toContain('"request_timeout"');
  expect(answer.said).toContain(`access-control-allow-origin: ${ORIGIN}`);
  expect(collector.errors).toEqual([]);
});

test('F20: a half-sent body of a server has the longer time, and then goes as well', async () => {
  const collector = await impatient({ browser_request_ms: 100, server_request_ms: 400, headers_ms: 100 });
  const began = Date.now();
  const answer = await exchange(
    collector.url,
    'POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk_x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{',
  );
  expect(answer.status).toBe(408);
  expect(Date.now() - began).toBeGreaterThan(350);
});

test('F20: a client that reads nothing of its answer is given up', async () => {
  const collector = await impatient({ idle_ms: 300 });
  const socket = await open(collector.url);
  const closed = untilClosed(socket);
  socket.pause();
  // More answers than its buffers hold.
  for (let index = 0; index < 4000; index++) socket.write('GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await expect.poll(() => collector.connections(), { timeout: 10_000 }).toBe(0);
  socket.resume();
  await closed;
});

test('more connections than the limit are closed, and the others are answered', async () => {
  const collector = await impatient({ connections: 3 });
  const kept = await Promise.all([open(collector.url), open(collector.url), open(collector.url)]);
  const refused = await open(collector.url);
  expect(await untilClosed(refused)).toBe('');
  const answer = untilClosed(kept[2]!);
  kept[2]!.write(get('/healthz'));
  expect(await answer).toMatch(/^HTTP\/1\.1 200/);
});
