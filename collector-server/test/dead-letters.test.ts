import Stripe from 'stripe';
import { expect, onTestFinished, test } from 'vitest';
import { dataKey } from '../src/config.ts';
import { createCertificates } from '../src/connections/certificates.ts';
import { deadLetterOf, openDeadLetter } from '../src/ingest/dead-letter.ts';
import { replayDeadLetter } from '../src/ingest/replay.ts';
import type { CallResult } from '../src/outgoing/call.ts';
import { createVault } from '../src/privacy/vault.ts';
import { SOURCES } from '../src/sources/index.ts';
import { makeCertificate, paypalHeaders } from '../src/sources/shared/testing.ts';
import { openSqlite } from '../src/storage/sqlite/index.ts';
import { newVisit, postEvents, postShopify, read, SECRET_KEY, startTestCollector, testConfig } from './harness.ts';

interface Letter {
  id: number;
  code: string;
  state: string;
  attempts: number;
  size: number;
}
const list = async (collector: { url: string }, query = '') =>
  (await read<{ dead_letters: Letter[] }>(collector, `/v1/dead-letters${query}`)).dead_letters;
const post = (collector: { url: string }, path: string) =>
  fetch(`${collector.url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${SECRET_KEY}` } });

test('B3: an event that a later configuration can take is replayed with its own id and time, and twice is harmless', async () => {
  const storage = openSqlite();
  const keep = { ...storage, close: async () => undefined };
  const before = await startTestCollector(testConfig({ custom_events: [] }), keep);
  const event = newVisit().event('spin_the_wheel', { click_ids: { gclid: { value: 'g1', first_seen_at: 1 } } });
  expect((await postEvents(before, [event])).status).toBe(422);
  const [letter] = await list(before);
  expect(letter).toMatchObject({ code: 'unknown_event', state: 'open', attempts: 0 });
  const refusedAgain = await (await post(before, `/v1/dead-letters/${letter!.id}/replay`)).json();
  expect(refusedAgain).toMatchObject({ outcomes: [{ result: 'refused', code: 'unknown_event' }] });
  await before.stop();

  const after = await startTestCollector(testConfig({ custom_events: ['spin_the_wheel'] }), storage);
  for (let round = 0; round < 2; round++) {
    const { outcomes } = (await (await post(after, `/v1/dead-letters/${letter!.id}/replay`)).json()) as { outcomes: unknown[] };
    expect(outcomes).toEqual([{ id: letter!.id, result: 'replayed' }]);
  }
  expect(await list(after, '?state=open')).toEqual([]);
  expect(await list(after, '?state=replayed')).toMatchObject([{ attempts: 3 }]);
  const [stored, ...others] = await storage.events.newest('demo', 10);
  expect(others).toEqual([]);
  expect(stored).toMatchObject({ event_id: event['event_id'], occurred_at: event['occurred_at'] });
  expect(stored!.received_at).toBeLessThanOrEqual(Date.now());
  expect(stored!.context?.ip).toBe('127.0.0.0');
});

test('B3: a range of letters is replayed at once, and says of each what became of it', async () => {
  const storage = openSqlite();
  const before = await startTestCollector(testConfig(), { ...storage, close: async () => undefined });
  await postEvents(before, [
    newVisit().event('spin_the_wheel'),
    newVisit().event('page_view', { occurred_at: 'never' }),
    newVisit().event('page_view'),
    newVisit().event('spin_the_wheel'),
  ]);
  await before.stop();
  const after = await startTestCollector(testConfig({ custom_events: 'any' }), storage);
  const { outcomes } = (await (await post(after, '/v1/dead-letters/replay')).json()) as { outcomes: { result: string }[] };
  expect(outcomes.map(({ result }) => result)).toEqual(['replayed', 'refused', 'replayed']);
  expect(await list(after, '?state=open')).toMatchObject([{ code: 'invalid_event' }]);
});

test('B3: a delivery of a source is read again as it was signed', async () => {
  const storage = openSqlite();
  const before = await startTestCollector(testConfig(), { ...storage, close: async () => undefined });
  const order = { id: 820982911946154500, currency: 'XXQ', created_at: '2026-11-01T10:00:00Z' };
  expect((await postShopify(before, order, { authorization: 'Bearer not-to-be-kept', cookie: 'a=b' })).status).toBe(422);
  const [row] = await storage.deadLetters.list({}, 1);
  const kept = openDeadLetter(row!, createVault(dataKey('test')));
  expect(Object.keys(kept!.headers!)).not.toContain('authorization');
  expect(Object.keys(kept!.headers!)).not.toContain('cookie');
  const { outcomes } = (await (await post(before, `/v1/dead-letters/${row!.id}/replay`)).json()) as { outcomes: unknown[] };
  // Its signature still holds, a clock's tick later too; what is wrong with it is what was wrong then.
  expect(outcomes).toMatchObject([{ result: 'refused', code: row!.code }]);
});

const PAYPAL_CAPTURE = {
  ...{ id: 'WH-1', event_type: 'PAYMENT.CAPTURE.COMPLETED', create_time: '2026-02-03T11:20:08Z' },
  resource: { id: 'C1', amount: { value: '10.00', currency_code: 'XXQ' } },
};

test('B3: what Stripe and PayPal signed is read again as it was signed', async () => {
  const signer = makeCertificate();
  const collector = await startTestCollector(
    testConfig({
      sources: {
        stripe: { account: 'acct', secrets: ['whsec_1'], role: 'payments' },
        paypal: { account: 'm', role: 'payments', settings: { webhook_id: 'W', cert_pem: signer.pem } },
      },
    }),
  );
  const deliver = (source: string, body: string, headers: Record<string, string>) =>
    fetch(`${collector.url}/v1/sources/${source}/demo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  const charge = { id: 'evt_1', type: 'charge.succeeded', created: 1, data: { object: { id: 'ch_1', currency: 'xxq' } } };
  const payload = JSON.stringify(charge);
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: 'whsec_1' });
  expect((await deliver('stripe', payload, { 'stripe-signature': signature })).status).toBe(422);
  const capture = JSON.stringify(PAYPAL_CAPTURE);
  expect((await deliver('paypal', capture, paypalHeaders(capture, signer, 'W'))).status).toBe(422);
  const { outcomes } = (await (await post(collector, '/v1/dead-letters/replay')).json()) as { outcomes: object[] };
  // Were the signature lost, it would be that which is wrong.
  expect(outcomes).toMatchObject([
    { result: 'refused', code: 'unknown_currency' },
    { result: 'refused', code: 'unknown_currency' },
  ]);
});

test('B3: a certificate that a delivery was signed with is fetched for its replay', async () => {
  const root = makeCertificate({ name: 'Root', ca: true });
  const signer = makeCertificate({ issuer: root });
  const settings = { webhook_id: 'W', certificate_authorities: [root.pem] };
  const config = testConfig({ sources: { paypal: { account: 'm', role: 'payments', settings } } });
  const storage = openSqlite();
  onTestFinished(() => storage.close());
  const vault = createVault(dataKey('test'));
  const received_at = Date.now();
  const raw = JSON.stringify({
    ...PAYPAL_CAPTURE,
    resource: { ...PAYPAL_CAPTURE.resource, amount: { value: '1', currency_code: 'EUR' } },
  });
  const facts = {
    site: 'demo',
    received_at,
    stage: 'source',
    code: 'x',
    pointer: '',
    detail: '',
    route: '',
    key_id: 'paypal',
  } as const;
  const letters = [deadLetterOf(facts, { raw, headers: paypalHeaders(raw, signer, 'W'), vault })];
  await storage.log.append({ events: [], deadLetters: letters });
  const [letter] = await storage.deadLetters.list({}, 1);
  const replayWith = (result: CallResult) => {
    const certificates = createCertificates(
      async () => ({ call: async () => result, close: async () => undefined }),
      () => 0,
    );
    return replayDeadLetter(letter!, {
      storage,
      config,
      sources: SOURCES,
      certificates,
      vault,
      projector: { projectLate: async () => undefined },
    });
  };
  expect(await replayWith({ kind: 'failed', error: 'ECONNRESET', timedOut: false, mayHaveArrived: true })).toMatchObject({
    result: 'impossible',
    detail: expect.stringContaining('ECONNRESET'),
  });
  const answer = { status: 200, headers: {}, body: Buffer.from(signer.pem), truncated: false };
  expect(await replayWith({ kind: 'reply', reply: answer })).toEqual({ id: letter!.id, result: 'replayed' });
  expect(await storage.events.newest('demo', 1)).toMatchObject([{ order: { order_id: 'C1', payments: [{ amount: 100 }] } }]);
});

test('B1: what is too large is cut, recognisable by its hash, and can’t be replayed', async () => {
  const collector = await startTestCollector();
  await postEvents(collector, [newVisit().event('page_view', { properties: { text: Array(40).fill('x'.repeat(1000)) } })]);
  const [letter] = await list(collector);
  expect(letter).toMatchObject({ code: 'event_too_large', raw_truncated: true, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(letter!.size).toBeGreaterThan(40_000);
  const answer = (await (await post(collector, `/v1/dead-letters/${letter!.id}/replay`)).json()) as { outcomes: unknown[] };
  expect(answer.outcomes).toMatchObject([{ result: 'impossible' }]);
});

test('a letter of another site is not there, and one that is discarded is not replayed with the rest', async () => {
  const collector = await startTestCollector();
  await postEvents(collector, [newVisit().event('spin_the_wheel')]);
  const [letter] = await list(collector);
  expect((await post(collector, '/v1/dead-letters/999/replay')).status).toBe(404);
  expect((await post(collector, '/v1/dead-letters/x/replay')).status).toBe(404);
  expect((await post(collector, `/v1/dead-letters/${letter!.id}/discard`)).status).toBe(204);
  expect(await (await post(collector, '/v1/dead-letters/replay')).json()).toEqual({ outcomes: [] });
  expect((await fetch(`${collector.url}/v1/dead-letters/replay`, { method: 'POST' })).status).toBe(401);
});
