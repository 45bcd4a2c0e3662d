import type { EventInput, OrderInput } from '@orderloop/protocol';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createClient } from './client.ts';
import { OrderloopError } from './error.ts';
import type { ClientOptions } from './options.ts';

const URL_ = 'https://collector.example.com';
const KEY = 'sk_test_0123456789';
const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const NOW = Date.UTC(2026, 10, 20, 10, 15, 30);

interface Call {
  id: string;
  timestamp: number;
  body: string;
  headers: Record<string, string>;
}

type Answer = () => Response;

const ok: Answer = () => HttpResponse.json({ accepted: 1, duplicate: 0, rejected: [] }, { status: 202 });
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  () =>
    new HttpResponse(null, { status: code, headers });

let calls: Call[] = [];
let answers: Answer[] = [];

async function collect({ request }: { request: Request }): Promise<Response> {
  const headers = Object.fromEntries(request.headers);
  const body = await request.text();
  calls.push({ id: headers['webhook-id']!, timestamp: Number(headers['webhook-timestamp']), body, headers });
  return (answers.shift() ?? ok)();
}

const server = setupServer(http.post(`${URL_}/v1/orders`, collect), http.post(`${URL_}/v1/events`, collect));

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
beforeEach(() => {
  calls = [];
  answers = [];
});
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

/** A client whose clock moves only while it waits, and the waits it made. */
function patientClient(options: Partial<ClientOptions> = {}) {
  const waits: number[] = [];
  let now = NOW;
  const client = createClient({
    url: URL_,
    key: KEY,
    signingSecret: SECRET,
    now: () => now,
    random: () => 0.5,
    sleep: async (ms) => {
      waits.push(ms);
      now += ms;
    },
    ...options,
  });
  return { client, waits };
}

const ORDER: OrderInput = {
  source: 'shop',
  order_id: '1042',
  status: 'paid',
  currency: 'EUR',
  amounts: { total: '129.90' },
  created_at: '2026-11-20T10:15:30Z',
  updated_at: '2026-11-20T10:15:30Z',
};

const event = (n: number): EventInput => ({ event: 'page_view', event_id: `event-${n}`, occurred_at: NOW });

async function failure(promise: Promise<unknown>): Promise<OrderloopError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OrderloopError);
  return error as OrderloopError;
}

describe('an order', () => {
  test('goes out with the key, as JSON, and with a signature that the reference library accepts', async () => {
    const { client } = patientClient({ now: Date.now });
    expect(await client.sendOrder(ORDER)).toEqual({ accepted: 1, duplicate: 0, rejected: [] });
    expect(calls[0]!.headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'content-type': 'application/json' });
    expect(new Webhook(SECRET).verify(calls[0]!.body, calls[0]!.headers)).toEqual(ORDER);
    expect(() => new Webhook(SECRET).verify(`${calls[0]!.body} `, calls[0]!.headers)).toThrow();
  });

  test('keeps its id and its bytes on every attempt, and is signed for the time of each', async () => {
    const { client, waits } = patientClient();
    answers = [status(503), status(500), status(429), status(408), ok];
    await client.sendOrder(ORDER);
    expect(waits).toEqual([125, 250, 500, 1000]);
    expect(new Set(calls.map(({ id, body }) => id + body))).toHaveLength(1);
    expect(calls[0]!.id).toMatch(/^msg_[0-9a-f-]{36}$/);
    expect(calls.map(({ timestamp }) => timestamp - NOW / 1000)).toEqual([0, 0, 0, 0, 1]);
    expect(calls[3]!.headers['webhook-signature']).not.toBe(calls[4]!.headers['webhook-signature']);
  });

  test('takes the id that it is given, and another one each time when it is given none', async () => {
    const { client } = patientClient();
    await client.sendOrder(ORDER, { id: 'outbox-17' });
    await client.sendOrder(ORDER);
    await client.sendOrder(ORDER);
    expect(calls[0]!.id).toBe('outbox-17');
    expect(calls[1]!.id).not.toBe(calls[2]!.id);
  });

  test('is not sent under an id that no header could carry', async () => {
    const { client } = patientClient();
    await expect(client.sendOrder(ORDER, { id: 'a\r\nb' })).rejects.toThrow('id can’t be a webhook-id');
    expect(calls).toHaveLength(0);
  });
});

describe('a refusal', () => {
  const refused: Answer = () =>
    HttpResponse.json(
      {
        type: '/problems/invalid_order',
        title: 'The order is not valid',
        status: 422,
        code: 'invalid_order',
        instance: 'req_7',
        errors: [{ pointer: '/amounts/total', code: 'invalid_amount', detail: 'must be a decimal text such as "113.05"' }],
      },
      { status: 422, headers: { 'content-type': 'application/problem+json' } },
    );

  test('is thrown at once, names the field, and carries what the collector said', async () => {
    const { client, waits } = patientClient();
    answers = [refused];
    const error = await failure(client.sendOrder(ORDER));
    expect(error.message).toBe(
      '[orderloop] [client] POST /v1/orders was refused (422 invalid_order): /amounts/total: must be a decimal text such as "113.05"',
    );
    expect(error).toMatchObject({ status: 422, code: 'invalid_order', requestId: 'req_7', retryable: false, attempts: 1 });
    expect(error.errors[0]!.pointer).toBe('/amounts/total');
    expect(waits).toEqual([]);
    expect(calls).toHaveLength(1);
  });

  test.each([400, 401, 403, 404, 409, 413, 415])('with status %i is not tried again', async (code) => {
    const { client } = patientClient();
    answers = [status(code)];
    expect(await failure(client.sendOrder(ORDER))).toMatchObject({ status: code, code: 'unexpected_status' });
    expect(calls).toHaveLength(1);
  });

  test('by redirect is an error, so that the key never goes to another host', async () => {
    const { client } = patientClient();
    answers = [status(307, { location: 'https://elsewhere.example.com/v1/orders' })];
    expect(await failure(client.sendOrder(ORDER))).toMatchObject({ status: 307, retryable: false });
    expect(calls).toHaveLength(1);
  });

  test('never shows the key or the secret, whichever way the call fails', async () => {
    const { client } = patientClient({ maxAttempts: 1 });
    for (const answer of [refused, status(500), () => HttpResponse.error(), () => HttpResponse.text('<html>')]) {
      answers = [answer];
      const error = await failure(client.sendOrder(ORDER));
      const everything = JSON.stringify(error) + error.stack + String(error.cause);
      expect(everything).not.toContain(KEY);
      expect(everything).not.toContain(SECRET.slice(6));
    }
  });
});

describe('a failure that may pass', () => {
  test('ends in an error after five attempts that says so', async () => {
    const { client, waits } = patientClient();
    answers = Array.from({ length: 9 }, () => status(503));
    expect(await failure(client.sendOrder(ORDER))).toMatchObject({ status: 503, attempts: 5, retryable: true });
    expect(calls).toHaveLength(5);
    expect(waits).toHaveLength(4);
  });

  test('of the network is tried again', async () => {
    const { client } = patientClient();
    answers = [() => HttpResponse.error(), ok];
    await client.sendOrder(ORDER);
    expect(calls).toHaveLength(2);
  });

  test('waits as long as Retry-After asks', async () => {
    const { client, waits } = patientClient();
    answers = [status(429, { 'retry-after': '3' }), ok];
    await client.sendOrder(ORDER);
    expect(waits).toEqual([3125]);
  });

  test('hands the wait to its caller when Retry-After asks for more than a minute', async () => {
    const { client, waits } = patientClient();
    answers = [status(503, { 'retry-after': '600' })];
    expect(await failure(client.sendOrder(ORDER))).toMatchObject({ retryAfterMs: 600_000, retryable: true, attempts: 1 });
    expect(waits).toEqual([]);
  });

  test('is seen in a 200 that is no receipt, such as the page of a proxy', async () => {
    const { client } = patientClient();
    answers = [() => HttpResponse.html('<h1>Sign in</h1>'), ok];
    await client.sendOrder(ORDER);
    expect(calls).toHaveLength(2);
  });

  test('is seen when no answer comes in time', async () => {
    const { client } = patientClient({ timeoutMs: 20, maxAttempts: 2 });
    server.use(http.post(`${URL_}/v1/orders`, () => new Promise<Response>(() => {})));
    expect(await failure(client.sendOrder(ORDER))).toMatchObject({ code: 'timeout', attempts: 2, retryable: true });
  });

  test('is left alone once the caller gives up', async () => {
    const stop = new AbortController();
    const { client } = patientClient({
      sleep: async (_ms, signal) => {
        stop.abort(new Error('shutting down'));
        signal!.throwIfAborted();
      },
    });
    answers = [status(503)];
    await expect(client.sendOrder(ORDER, { signal: stop.signal })).rejects.toThrow('shutting down');
    expect(calls).toHaveLength(1);
  });
});

describe('many', () => {
  test('orders go a hundred a request, and a refused one keeps its place in the whole', async () => {
    const { client } = patientClient();
    const rejected = [{ index: 2, code: 'invalid_order', pointer: '/orders/2/currency', detail: 'is missing' }];
    answers = [
      () => HttpResponse.json({ accepted: 100, duplicate: 0, rejected: [] }),
      () => HttpResponse.json({ accepted: 1, duplicate: 1, rejected }),
    ];
    const orders = Array.from({ length: 103 }, (_, n) => ({ ...ORDER, order_id: String(n) }));
    const receipt = await client.sendOrders(orders);
    expect(calls.map(({ body }) => JSON.parse(body).orders.length)).toEqual([100, 3]);
    expect(calls.flatMap(({ body }) => JSON.parse(body).orders)).toEqual(orders);
    expect(receipt).toMatchObject({ accepted: 101, duplicate: 1, rejected: [{ index: 102, code: 'invalid_order' }] });
  });

  test('events go with the time they were sent at, and no request is over 1 MiB', async () => {
    const { client } = patientClient();
    const long = { ...event(0), properties: { note: 'é'.repeat(30_000) } };
    await client.sendEvents(Array.from({ length: 40 }, () => long));
    expect(calls.length).toBeGreaterThan(1);
    expect(calls.flatMap(({ body }) => JSON.parse(body).events)).toHaveLength(40);
    for (const { body } of calls) {
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(1024 * 1024);
      expect(JSON.parse(body).sent_at).toBe(NOW);
    }
  });

  test('events that had to wait are stamped again, as an old sent_at would move their times', async () => {
    const { client } = patientClient();
    answers = [status(503), status(503, { 'retry-after': '50' }), ok];
    await client.sendEvents([event(1)]);
    const sent = calls.map(({ id, body }) => ({ id, sent_at: JSON.parse(body).sent_at, events: JSON.parse(body).events }));
    expect(sent[1]).toEqual(sent[0]);
    expect(sent[2]!.id).not.toBe(sent[0]!.id);
    expect(sent[2]!.sent_at).toBeGreaterThanOrEqual(NOW + 50_000);
    expect(sent[2]!.events).toEqual(sent[0]!.events);
  });

  test('events of which one is too large for any request are refused before anything is sent', async () => {
    const { client } = patientClient();
    const huge = { ...event(1), properties: { note: 'x'.repeat(1024 * 1024) } };
    expect(await failure(client.sendEvents([event(0), huge]))).toMatchObject({ code: 'too_large', retryable: false });
    expect(calls).toHaveLength(0);
  });

  test('can be none, and then nothing is sent', async () => {
    const { client } = patientClient();
    expect(await client.sendEvents([])).toEqual({ accepted: 0, duplicate: 0, rejected: [] });
    expect(calls).toHaveLength(0);
  });
});
