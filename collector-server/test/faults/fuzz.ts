import { gzipSync } from 'node:zlib';
import { KEY, newVisit, ORIGIN } from '../harness.ts';

export interface FuzzRequest {
  /** What was done to a valid one, for whoever reads a failure. */
  kind: string;
  method: string;
  headers: Record<string, string>;
  body: Buffer;
}

/** Numbers in [0, 1) from a seed: mulberry32, the same on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Json = Record<string, unknown>;

/** A generator of envelopes that are valid but for one thing, of every kind that the limits name; and of some that are valid. */
export function createFuzzer(seed: number): () => FuzzRequest {
  const random = seeded(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;

  const validEvent = (): Json => ({
    ...newVisit().event(pick(['page_view', 'view_item', 'add_to_cart', 'search', 'purchase'])),
    page: {
      url: `${ORIGIN}/p/${below(1000)}?utm_source=a&q=${below(10)}`,
      title: pick(['Lamp', 'Lámpara “été” 🪔', '灯', 'a\u200eb']),
    },
    click_ids: { gclid: { value: `g${below(1e6)}`, first_seen_at: Date.now() } },
    properties: { value: below(1000) / 100, currency: 'EUR', nested: { a: [1, { b: true }] } },
  });
  const envelope = (events: unknown[], more: Json = {}): Json => ({ key: KEY, sent_at: Date.now(), events, ...more });
  const deep = (levels: number): unknown => (levels === 0 ? 1 : random() < 0.5 ? [deep(levels - 1)] : { a: deep(levels - 1) });

  const badValues = [
    null,
    true,
    0,
    -1,
    1e308,
    2 ** 53,
    '',
    ' ',
    [],
    {},
    'x'.repeat(5000),
    '\u0001',
    '\ud800',
    '\u0000',
    'ｆｕｌｌ',
    [[]],
    -0,
    0.1,
  ];
  const badTimes = [
    0,
    -1,
    1e15,
    Date.now() + 9e7,
    'yesterday',
    '2026-02-30T00:00:00Z',
    '2026-11-23',
    Date.now() - 40 * 864e5,
    null,
    '1e400',
  ];
  const fields = [
    'event',
    'event_id',
    'occurred_at',
    'visitor_id',
    'session_id',
    'seq',
    'action_source',
    'page',
    'campaign',
    'click_ids',
  ];
  const more = [
    'cookies',
    'consent',
    'user',
    'order',
    'refund',
    'items',
    'context',
    'properties',
    'received_at',
    'site',
    'flags',
    '__proto__',
  ];

  const changeField = (event: Json): Json => {
    const field = pick([...fields, ...more]);
    return Object.fromEntries([...Object.entries(event).filter(([name]) => name !== field), [field, pick(badValues)]]);
  };
  const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const withRaw = (raw: string): Buffer =>
    Buffer.from(JSON.stringify(envelope([{ ...validEvent(), properties: { x: '@@' } }])).replace('"@@"', raw));

  const kinds: Record<string, () => Partial<FuzzRequest>> = {
    valid: () => ({ body: text(envelope(Array.from({ length: 1 + below(4) }, validEvent))) }),
    'valid, zipped': () => ({ body: gzipSync(text(envelope([validEvent()]))), headers: { 'content-encoding': 'gzip' } }),
    'a field of another type': () => ({ body: text(envelope([changeField(validEvent()), validEvent()])) }),
    'a time that can’t be': () => ({
      body: text(envelope([{ ...validEvent(), occurred_at: pick(badTimes) }], { sent_at: pick(badTimes) })),
    }),
    'another envelope': () => ({
      body: text(
        pick<unknown>([[], {}, null, 1, 'x', { key: KEY }, envelope([]), { key: 1, events: 1 }, envelope([1, null, 'x', []])]),
      ),
    }),
    'nested too deep': () => ({ body: text(envelope([{ ...validEvent(), properties: { x: deep(4 + below(70)) } }])) }),
    brackets: () => ({ body: Buffer.from(pick(['[', '{"a":', '[{"a":']).repeat(1 + below(2000))) }),
    'many tokens': () => ({ body: Buffer.from(`{"key":"${KEY}","events":[${'1,'.repeat(below(60_000))}1]}`) }),
    'many keys': () => ({
      body: text(
        envelope([
          { ...validEvent(), properties: Object.fromEntries(Array.from({ length: below(600) }, (_, at) => [`k${at}`, at])) },
        ]),
      ),
    }),
    'a long key': () => ({ body: text(envelope([{ ...validEvent(), properties: { ['k'.repeat(below(300))]: 1 } }])) }),
    'a key that builds': () => ({ body: withRaw(`{"${pick(['__proto__', 'constructor', 'prototype'])}":{"polluted":true}}`) }),
    'a number that is none': () => ({
      body: withRaw(pick(['1e400', '-1e999', '9007199254740993', '1e-400', '0.1e1', '01', '1.', '.5', 'NaN', 'Infinity'])),
    }),
    'a text that can’t be kept': () => ({
      body: withRaw(pick(['"\\u0000"', '"\\ud800"', '"\\udfff\\ud800"', '"\\u0000\\u0001"', '"a\\u2028b"', '"\\x"', '"\t"'])),
    }),
    'an id that can’t be kept': () => ({
      body: text(envelope([{ ...validEvent(), event_id: pick(['\u0000', '\ud800', 'x'.repeat(200), '', 'a\nb', '\u007f']) }])),
    }),
    'a member twice': () => ({
      body: Buffer.from(`{"key":"${KEY}","key":"pk_demo_zzzzzz","events":[{"event":"page_view","event":"order"}]}`),
    }),
    'a batch too large': () => ({ body: text(envelope(Array.from({ length: 99 + below(4) }, validEvent))) }),
    'an event too large': () => ({
      body: text(envelope([{ ...validEvent(), properties: { list: Array(below(60)).fill('x'.repeat(1000)) } }])),
    }),
    'a body too large': () => ({ body: Buffer.alloc(250 * 1024 + below(12 * 1024), 0x20) }),
    'a zip bomb': () => ({
      body: gzipSync(Buffer.alloc(1024 * 1024 * (1 + below(8)), 0x20)),
      headers: { 'content-encoding': 'gzip' },
    }),
    'a zip that is none': () => ({ body: text(envelope([validEvent()])), headers: { 'content-encoding': 'gzip' } }),
    'a zip cut off': () => ({
      body: gzipSync(text(envelope([validEvent()]))).subarray(0, 40 + below(60)),
      headers: { 'content-encoding': 'gzip' },
    }),
    'another encoding': () => ({ headers: { 'content-encoding': pick(['br', 'deflate', 'gzip, gzip', 'x', '']) } }),
    'another type': () => ({
      headers: {
        'content-type': pick(['text/html', 'application/xml', 'application/json; charset=latin1', '', 'multipart/form-data']),
      },
    }),
    'another origin': () => ({
      headers: { origin: pick(['null', `${ORIGIN}:1`, 'https://evil.example', `${ORIGIN}.evil.example`, '']) },
    }),
    'another key': () => ({
      body: text(
        envelope([validEvent()], { key: pick(['', 'pk_demo_', 'pk_x_y', 'sk_demo_0123456789', '__proto__', 'a'.repeat(3000)]) }),
      ),
    }),
    'a secret key': () => ({
      headers: { authorization: pick(['Bearer sk_demo_0123456789', 'Bearer x', 'Basic eDp5', 'Bearer']) },
    }),
    'bytes changed': () => {
      const body = text(envelope([validEvent(), validEvent()]));
      for (let count = 1 + below(4); count > 0; count--) body[below(body.length)] = below(256);
      return { body };
    },
    'cut off': () => ({ body: text(envelope([validEvent()])).subarray(0, below(600)) }),
    nothing: () => ({ body: Buffer.alloc(0) }),
    noise: () => ({ body: Buffer.from(Array.from({ length: below(400) }, () => below(256))) }),
    'another method': () => ({ method: pick(['PUT', 'DELETE', 'PATCH', 'OPTIONS']) }),
  };
  const names = Object.keys(kinds);
  return () => {
    const kind = random() < 0.3 ? 'valid' : pick(names);
    const made = kinds[kind]!();
    return {
      kind,
      method: made.method ?? 'POST',
      headers: { origin: ORIGIN, 'content-type': 'application/json', 'user-agent': 'Mozilla/5.0 (fuzz)', ...made.headers },
      body: made.body ?? text(envelope([validEvent()])),
    };
  };
}
