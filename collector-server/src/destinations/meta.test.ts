import type { Conversion } from '@orderloop/protocol';
import { expect, test } from 'vitest';
import { fixtures } from '../../test/fixtures.ts';
import type { Skip } from './contract.ts';
import { type MetaSettings, meta } from './meta.ts';

interface Case {
  settings: MetaSettings;
  now: number;
  given: Conversion[];
  sent: Record<string, unknown>[];
  skipped: Skip[];
}

for (const { title, settings, now, given, sent, skipped } of fixtures<Case>('destinations/meta')) {
  test(`Meta: ${title}`, () => {
    const result = meta.requests(given, settings, { now });
    expect(result.requests.flatMap(({ body }) => JSON.parse(body).data)).toEqual(sent);
    expect(result.skipped.map(({ event_id, reason }) => ({ event_id, reason }))).toEqual(skipped);
  });
}

const SETTINGS = { dataset_id: '123', access_token: 'tok' };
const conversion = (event_id: string): Conversion => ({
  event: 'purchase',
  event_id,
  occurred_at: 0,
  action_source: 'physical_store',
  user: { email: 'a@example.com' },
  order: { value: '1.00', currency: 'EUR' },
});

test('the token travels in a header, and never in the URL or the body', () => {
  const [request] = meta.requests([conversion('1')], SETTINGS, { now: 0 }).requests;
  expect(request!.url).toBe('https://graph.facebook.com/v26.0/123/events');
  expect(request!.headers['authorization']).toBe('Bearer tok');
  expect(request!.url + request!.body).not.toContain('tok"');
});

test('a batch holds a thousand events', () => {
  const many = Array.from({ length: 1001 }, (_, index) => conversion(String(index)));
  expect(meta.requests(many, SETTINGS, { now: 0 }).requests.map(({ event_ids }) => event_ids.length)).toEqual([1000, 1]);
});

test('test events say so', () => {
  const [request] = meta.requests([conversion('1')], { ...SETTINGS, test_event_code: 'TEST1' }, { now: 0 }).requests;
  expect(JSON.parse(request!.body).test_event_code).toBe('TEST1');
});

test.each([
  [200, { events_received: 1, fbtrace_id: 'T' }, 'accepted'],
  [200, { events_received: 0 }, 'retry'],
  [200, '<html>', 'retry'],
  [400, { error: { code: 100, error_subcode: 2804003 } }, 'rejected'],
  [400, { error: { code: 190 } }, 'auth'],
  [401, {}, 'auth'],
  [400, { error: { code: 4 } }, 'throttled'],
  [429, '', 'throttled'],
  [500, '', 'retry'],
  [400, { error: { code: 100, is_transient: true } }, 'retry'],
  [400, { error: { code: 99_999 } }, 'retry'],
])('a reply of %i %j is %s', (status, body, verdict) => {
  const reply = { status, headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body) };
  expect(meta.outcomes(reply, ['1'])[0]).toMatchObject({ event_id: '1', verdict });
});

test('the trace id of the platform is kept for its support', () => {
  const reply = {
    status: 400,
    headers: {},
    body: JSON.stringify({ error: { code: 100, error_subcode: 33, message: 'no', fbtrace_id: 'AbC' } }),
  };
  expect(meta.outcomes(reply, ['1'])[0]).toEqual({
    event_id: '1',
    verdict: 'rejected',
    code: '100/33',
    detail: 'no',
    trace: 'AbC',
  });
});

test('settings that miss something say what, and where to find it', () => {
  expect(meta.checkSettings({})).toHaveLength(2);
  expect(meta.checkSettings({ pixel_id: '1' })[0]).toMatch(/^settings\.access_token is missing/);
  expect(meta.checkSettings(SETTINGS)).toEqual([]);
});
