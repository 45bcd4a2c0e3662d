import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
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
