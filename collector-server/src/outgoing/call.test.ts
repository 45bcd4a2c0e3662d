import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { createCaller } from './call.ts';

async function listen(answer: RequestListener): Promise<{ origin: string; calls: () => number }> {
  let calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls };
}

function newCaller(origins: string[]) {
  const caller = createCaller(origins);
  onTestFinished(() => caller.close());
  return caller;
}

const MAX = 65_536;

const requestTo = (url: string) => ({
  method: 'POST' as const,
  url,
  headers: { 'content-type': 'application/json' },
  body: '{}',
});

test('O4: a redirect is an answer, and is not followed', async () => {
  const inner = await listen((_request, response) => response.end('secret'));
  const outer = await listen((_request, response) => response.writeHead(302, { location: inner.origin }).end());
  const result = await newCaller([outer.origin, inner.origin]).call(requestTo(outer.origin), MAX);
  expect(result).toMatchObject({ kind: 'reply', reply: { status: 302 } });
  expect(inner.calls()).toBe(0);
});

test('O5: of an endless answer as much is read as was asked for, and then the connection ends', async () => {
  let closed = false;
  const { origin } = await listen((_request, response) => {
    const timer = setInterval(() => response.write('x'.repeat(16_384)), 1);
    response.on('close', () => {
      closed = true;
      clearInterval(timer);
    });
  });
  const result = await newCaller([origin]).call(requestTo(origin), MAX);
  expect(result).toMatchObject({ kind: 'reply', reply: { truncated: true, body: { length: MAX } } });
  await expect.poll(() => closed).toBe(true);
});

const SHORT = { connect_ms: 200, headers_ms: 300, total_ms: 500 };

test.each([
  ['hangs', () => undefined, { kind: 'failed', timedOut: true, mayHaveArrived: true }],
  [
    'drips a byte at a time',
    (_request, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    },
    { kind: 'failed', timedOut: true },
  ],
  [
    'sends headers without end',
    (_request, response) => void response.writeHead(200, { 'x-long': 'y'.repeat(1_000_000) }).end(),
    { kind: 'failed' },
  ],
  [
    'speaks no HTTP',
    (request) => void request.socket.end('rubbish\r\n\r\n'),
    { kind: 'failed', timedOut: false, mayHaveArrived: true },
  ],
  [
    'answers packed, as it was not asked to',
    (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000))),
    // Not unpacked: what is read is bounded by the bytes on the wire.
    { kind: 'reply', reply: { status: 200 } },
  ],
] as [string, RequestListener, object][])(
  'F11: a platform that %s holds a call no longer than its budget',
  async (_what, answer, expected) => {
    const { origin } = await listen(answer);
    const caller = createCaller([origin], SHORT);
    onTestFinished(() => caller.close());
    const began = performance.now();
    expect(await caller.call(requestTo(origin), MAX)).toMatchObject(expected);
    expect(performance.now() - began).toBeLessThan(5_000);
  },
);

test('a platform that is not there is a failure, and not an exception', async () => {
  const { origin } = await listen((request) => request.socket.destroy());
  expect(await newCaller([origin]).call(requestTo(origin), MAX)).toMatchObject({ kind: 'failed', timedOut: false });
});

test('A11: a name that leads to this machine is not called', async () => {
  const { calls } = await listen((_request, response) => response.end());
  const caller = newCaller([]);
  expect(await caller.call(requestTo('https://localhost/'), MAX)).toMatchObject({ kind: 'failed' });
  expect(await caller.call(requestTo('https://127.0.0.1/'), MAX)).toMatchObject({ kind: 'refused' });
  expect(calls()).toBe(0);
});
