import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createVault } from '../privacy/vault.ts';
import { canonicalOrder } from '../stitch/testing.ts';
import { checkShape, plainBytes } from './shape.ts';
import { type IngestContext, judgeEvent, userPlace } from './validate.ts';

const NOW = Date.UTC(2026, 10, 20);
const vault = createVault(new Uint8Array(32));
const CONTEXT: IngestContext = { site: 'demo', from: 'browser', received_at: NOW, clock_offset_ms: 0, custom_events: [], vault };
const GRANTED = { ad_storage: 'granted', ad_user_data: 'granted', ad_personalization: 'granted', analytics_storage: 'granted' };
const EVENT = {
  event: 'page_view',
  event_id: 'e1',
  occurred_at: NOW,
  visitor_id: 'v1',
  session_id: 's1',
  seq: 0,
  action_source: 'web',
  consent: GRANTED,
};

const judge = (more: Record<string, unknown> = {}, context: Partial<IngestContext> = {}) =>
  judgeEvent(JSON.parse(JSON.stringify({ ...EVENT, ...more })), 3, { ...CONTEXT, ...context });
function kept(more: Record<string, unknown> = {}, context: Partial<IngestContext> = {}) {
  const judgement = judge(more, context);
  if ('error' in judgement) throw new Error(JSON.stringify(judgement.error));
  // As it is written: what is absent is undefined until then.
  return JSON.parse(JSON.stringify(judgement.event)) as typeof judgement.event;
}

const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });

test.each([
  ['no event', { event: undefined }, '/event', 'invalid_event'],
  ['a name that is no name', { event: '1st!' }, '/event', 'unknown_event'],
  ['a name that is in no catalogue', { event: 'quiz_done' }, '/event', 'unknown_event'],
  ['no id', { event_id: undefined }, '/event_id', 'invalid_event'],
  ['a control character in an id', { event_id: 'a\u0007b' }, '/event_id', 'invalid_event'],
  ['NUL in an id', { visitor_id: 'a\u0000' }, '/visitor_id', 'invalid_event'],
  ['an id of 129 characters', { event_id: 'x'.repeat(129) }, '/event_id', 'invalid_event'],
  ['a wrong type', { seq: 'one' }, '/seq', 'invalid_event'],
  ['an unknown field', { hit: 1 }, '/hit', 'invalid_event'],
  ['a word that is no consent', { consent: { analytics_storage: 'yes' } }, '/consent/analytics_storage', 'invalid_event'],
  ['a visitor without consent', { consent: undefined }, '/consent/analytics_storage', 'consent_missing'],
  ['a time that is none', { occurred_at: '2026-11-20 10:00 in the morning' }, '/occurred_at', 'invalid_time'],
  ['a time of last year', { occurred_at: NOW - 31 * 86_400_000 }, '/occurred_at', 'invalid_time'],
  ['L3: an order from a browser', { event: 'order' }, '/event', 'server_only'],
  ['L3: a reward from a browser', { event: 'reward_grant' }, '/event', 'server_only'],
  ['L3: an address of its own from a browser', { context: { ip: '1.2.3.4' } }, '/context', 'server_only'],
  [
    'I1: an id that only a server makes from a browser',
    { event_id: '0f8fad5b-d9cb-869f-a165-70867728950e' },
    '/event_id',
    'server_only',
  ],
  ['L1: a key that pollutes', { properties: JSON.parse('{"__proto__": 1}') }, '/properties/__proto__', 'forbidden_key'],
  ['six levels in properties', { properties: deep(6) }, '/properties/a/a/a/a/a', 'event_too_deep'],
  ['a key of 129 characters', { properties: { ['k'.repeat(129)]: 1 } }, `/properties/${'k'.repeat(128)}`, 'invalid_event'],
  ['a text of 1,025 characters', { properties: { note: 'x'.repeat(1025) } }, '/properties/note', 'invalid_event'],
  [
    '257 keys',
    { properties: Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`k${index}`, 1])) },
    '/properties',
    'invalid_event',
  ],
  ['an inexact integer', { properties: { n: 2 ** 53 } }, '/properties/n', 'invalid_event'],
])('%s is refused by field', (_name, more, pointer, code) => {
  expect(judge(more)).toMatchObject({ error: { index: 3, pointer: `/events/3${pointer}`, code } });
});

test('what is no object is refused', () => {
  for (const value of [null, 1, 'text', []])
    expect(judgeEvent(value, 0, CONTEXT)).toMatchObject({ error: { code: 'invalid_event', pointer: '/events/0' } });
});

test('an event of more than 32 KiB is refused, and one of a little less is kept', () => {
  const properties = (texts: number) =>
    Object.fromEntries(Array.from({ length: texts }, (_, index) => [`k${index}`, 'x'.repeat(1000)]));
  expect(judge({ properties: properties(33) })).toMatchObject({ error: { code: 'event_too_large' } });
  expect(judge({ properties: properties(31) })).toHaveProperty('event');
});

test('the limits themselves are legal', () => {
  expect(judge({ properties: deep(5) as object, event_id: 'x'.repeat(128) })).toHaveProperty('event');
  expect(judge({ properties: { n: 2 ** 53 - 1, note: 'x'.repeat(1024) } })).toHaveProperty('event');
});

test('an order that is neither whole nor a fact alone is refused by field', () => {
  const order = {
    source: 'shop',
    account: 'demo',
    order_id: '1',
    payment_state: 'paid',
    updated_at: '2026-11-20T00:00:00Z',
    amounts: canonicalOrder().amounts,
  };
  const server = { from: 'server', visitor_id: undefined } as const;
  expect(judge({ event: 'order', order }, server)).toMatchObject({
    error: { code: 'invalid_order', pointer: expect.stringMatching(/^\/events\/3\/order\/\w+$/) },
  });
  expect(judge({ event: 'order', order: canonicalOrder() }, server)).toHaveProperty('event');
  expect(
    judge({ event: 'order', order: { source: 'shop', account: 'demo', order_id: '1', refunds: [] } }, server),
  ).toHaveProperty('event');
  expect(judge({ event: 'page_view', order: canonicalOrder() }, server)).toMatchObject({ error: { pointer: '/events/3/order' } });
});

test('a site may name events of its own', () => {
  expect(kept({ event: 'quiz_done' }, { custom_events: ['quiz_done'] }).event).toBe('quiz_done');
  expect(kept({ event: 'anything' }, { custom_events: 'any' }).event).toBe('anything');
});

test('P3: denied analytics keeps no visitor, no session and no agent; counts only', () => {
  const event = kept(
    { consent: { ...GRANTED, analytics_storage: 'denied' } },
    { connection: { ip: '203.0.113.77', user_agent: 'Mozilla' } },
  );
  expect(event).not.toHaveProperty('visitor_id');
  expect(event).not.toHaveProperty('session_id');
  expect(event).not.toHaveProperty('seq');
  expect(event.context).toEqual({ ip: '203.0.113.0' });
});

test('P3: denied ad storage keeps no click id and no cookie, denied user data no contact', () => {
  const input = {
    click_ids: { fbclid: { value: 'x', first_seen_at: NOW } },
    cookies: { _fbp: 'fb.1.1.1' },
    event: 'identify',
    user: { id: 'c1', email: 'a@example.com' },
  };
  expect(kept(input)).toMatchObject({
    click_ids: { fbclid: { value: 'x' } },
    cookies: { _fbp: 'fb.1.1.1' },
    user: { id: 'c1', email_index: expect.any(String), sealed: expect.any(String) },
  });
  const denied = kept({ ...input, consent: { analytics_storage: 'granted', ad_storage: 'denied' } });
  expect(denied).not.toHaveProperty('click_ids');
  expect(denied).not.toHaveProperty('cookies');
  expect(denied.user).toEqual({ id: 'c1' });
});

test('a withdrawal names the visitor whose consent ends, and keeps nothing else', () => {
  const event = kept({ event: 'consent_update', consent: { analytics_storage: 'denied' } });
  expect(event.visitor_id).toBe('v1');
  expect(event).not.toHaveProperty('session_id');
});

test('contact data is unreadable in what is kept, and can be opened again', () => {
  const event = kept({ event: 'identify', user: { email: 'Nora.Lind@Example.com', phone: '+4915123456789' } });
  expect(JSON.stringify(event).toLowerCase()).not.toMatch(/nora|lind|example\.com|4915123456789/);
  expect(vault.openUser(userPlace('demo', 'e1'), event.user)).toEqual({
    email: 'Nora.Lind@Example.com',
    phone: '+4915123456789',
  });
});

test('the address of a page loses its secrets, the connection its last part', () => {
  const page = {
    url: 'https://u:p@shop.example/a?utm_source=x&fbclid=Iw&email=a@b.example&token=1#frag',
    referrer: 'javascript:alert(1)',
    title: 'Lamp',
  };
  const event = kept({ page }, { connection: { ip: '2001:db8:1:2::3', language: 'de' } });
  expect(event.page).toEqual({ url: 'https://shop.example/a?utm_source=x&fbclid=Iw', title: 'Lamp' });
  expect(event.context).toEqual({ ip: '2001:db8:1::', language: 'de' });
});

test('D8: NUL and lone surrogates in free text become U+FFFD', () => {
  expect(kept({ page: { title: 'a\u0000b\ud800c' } }).page).toEqual({ title: 'a\uFFFDb\uFFFDc' });
});

test('L2: a corrected clock moves the event and its clicks, and says so', () => {
  const event = kept({ click_ids: { gclid: { value: 'x', first_seen_at: NOW - 5000 } } }, { clock_offset_ms: 90_000 });
  expect(event).toMatchObject({
    occurred_at: NOW + 90_000,
    clock_offset_ms: 90_000,
    click_ids: { gclid: { first_seen_at: NOW + 85_000 } },
  });
});

test('what is told quickly to be right is right, and no larger than was told', () => {
  const text = fc.stringMatching(/^[ -~]{0,40}$/).filter((value) => !value.includes('\\') && !value.includes('"'));
  const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'prototype', 'k'.repeat(129)));
  const value = fc.letrec((tie) => ({
    any: fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('object')),
    list: fc.array(tie('any'), { maxLength: 4 }),
    object: fc.dictionary(key, tie('any'), { maxKeys: 4, noNullPrototype: false }),
  })).object;
  fc.assert(
    fc.property(value, (object) => {
      const bytes = plainBytes(object, 30);
      if (bytes === -1) return;
      expect(checkShape(object, 30)).toBeNull();
      expect(bytes).toBeGreaterThanOrEqual(Buffer.byteLength(JSON.stringify(object)));
    }),
    { numRuns: 2000 },
  );
});
