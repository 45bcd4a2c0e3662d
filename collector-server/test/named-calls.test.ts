import { expect, test } from 'vitest';
import { newId, newVisit, orderInput, SECRET_KEY, signedHeaders, startTestCollector } from './harness.ts';

async function call(url: string, path: string, body: unknown, headers: Record<string, string> = {}, id = newId()) {
  const text = JSON.stringify(body);
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${SECRET_KEY}`,
      ...signedHeaders(text, { id }),
      ...headers,
    },
    body: text,
  });
  return {
    status: answer.status,
    replayed: answer.headers.get('idempotent-replayed'),
    body: (await answer.json()) as Record<string, unknown>,
  };
}

const batch = (count = 2) => ({
  sent_at: Date.now(),
  events: [...Array.from({ length: count }, () => newVisit().event('page_view')), { event: 'no name!' }],
});

test('I2: the same call under its idempotency key is answered as it was, and done once', async () => {
  const collector = await startTestCollector();
  const body = batch();
  const first = await call(collector.url, '/v1/events', body, { 'idempotency-key': 'import-1' });
  const again = await call(collector.url, '/v1/events', body, { 'idempotency-key': 'import-1' });
  expect(first).toMatchObject({ status: 202, replayed: null, body: { accepted: 2, duplicate: 0, rejected: [{ index: 2 }] } });
  expect(again).toEqual({ ...first, replayed: 'true' });
  expect(await collector.storage.log.head()).toBe(2);
  expect(await collector.storage.deadLetters.count()).toBe(1);
  const order = orderInput();
  expect((await call(collector.url, '/v1/orders', order, { 'idempotency-key': 'import-1' })).body['verdict']).toBe('accepted');
  expect(await call(collector.url, '/v1/orders', order, { 'idempotency-key': 'import-1' })).toMatchObject({
    replayed: 'true',
    body: { verdict: 'accepted' },
  });
});

test('I2: another body under a key that was used is refused, and so is a key that can’t be one', async () => {
  const collector = await startTestCollector();
  expect((await call(collector.url, '/v1/events', batch(), { 'idempotency-key': 'k' })).status).toBe(202);
  const other = await call(collector.url, '/v1/events', batch(), { 'idempotency-key': 'k' });
  expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  for (const key of ['', 'two words', 'x'.repeat(256)]) {
    const refused = await call(collector.url, '/v1/events', batch(), { 'idempotency-key': key });
    expect(refused, key).toMatchObject({ status: 400, body: { code: 'bad_idempotency_key' } });
  }
  expect(await collector.storage.log.head()).toBe(2);
});

test('I2: what was refused before anything was done is not remembered', async () => {
  const collector = await startTestCollector();
  const body = { events: [{ event: 'no name!' }] };
  for (let round = 0; round < 2; round++)
    expect(await call(collector.url, '/v1/events', body, { 'idempotency-key': 'k' })).toMatchObject({
      status: 422,
      replayed: null,
    });
});

test('A3: a webhook-id that comes again with its body is duplicates, with another body a conflict', async () => {
  const collector = await startTestCollector();
  const body = batch();
  const id = newId();
  expect((await call(collector.url, '/v1/events', body, {}, id)).body).toMatchObject({ accepted: 2, duplicate: 0 });
  expect((await call(collector.url, '/v1/events', body, {}, id)).body).toMatchObject({ accepted: 0, duplicate: 2 });
  const other = await call(collector.url, '/v1/events', batch(), {}, id);
  expect(other).toMatchObject({ status: 409, body: { code: 'delivery_id_reused' } });
  expect(await collector.storage.log.head()).toBe(2);
});

test('D7: of a member that comes twice the last counts, once for the check and once for what is stored', async () => {
  const collector = await startTestCollector();
  const event = JSON.stringify(newVisit().event('page_view')).replace(
    '"event":"page_view"',
    '"event":"order","event":"page_view"',
  );
  const text = `{"sent_at":${Date.now()},"events":[${event}]}`;
  const answer = await fetch(`${collector.url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET_KEY}`, ...signedHeaders(text) },
    body: text,
  });
  expect(answer.status).toBe(202);
  expect((await collector.storage.events.newest('demo', 1))[0]!.event).toBe('page_view');
});
