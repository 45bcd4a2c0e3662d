import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createSender } from './send.ts';

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

function newSender(origins: string[]) {
  const sender = createSender(origins);
  onTestFinished(() => sender.close());
  return sender;
}

const requestTo = (url: string) => ({
  method: 'POST' as const,
  url,
  headers: { 'content-type': 'application/json' },
  body: '{}',
  event_ids: ['1'],
});

test('O4: a redirect is an answer, and is not followed', async () => {
  const inner = await listen((_request, response) => response.end('secret'));
  const outer = await listen((_request, response) => response.writeHead(302, { location: inner.origin }).end());
  const result = await newSender([outer.origin, inner.origin]).send(requestTo(outer.origin));
  expect(result).toMatchObject({ kind: 'reply', reply: { status: 302 } });
  expect(inner.calls()).toBe(0);
});

test('O5: of an endless answer 64 KiB are read, and then the connection ends', async () => {
  let closed = false;
  const { origin } = await listen((_request, response) => {
    const timer = setInterval(() => response.write('x'.repeat(16_384)), 1);
    response.on('close', () => {
      closed = true;
      clearInterval(timer);
    });
  });
  const result = await newSender([origin]).send(requestTo(origin));
  expect(result.kind === 'reply' && result.reply.body.length).toBe(65_536);
  await expect.poll(() => closed).toBe(true);
});

test('a platform that is not there is a failure, and not an exception', async () => {
  const { origin } = await listen((request) => request.socket.destroy());
  expect(await newSender([origin]).send(requestTo(origin))).toMatchObject({ kind: 'failed', timedOut: false });
});

test('A11: a name that leads to this machine is not called', async () => {
  const { calls } = await listen((_request, response) => response.end());
  const sender = newSender([]);
  expect(await sender.send(requestTo('https://localhost/'))).toMatchObject({ kind: 'failed' });
  expect(await sender.send(requestTo('https://127.0.0.1/'))).toMatchObject({ kind: 'refused' });
  expect(calls()).toBe(0);
});
