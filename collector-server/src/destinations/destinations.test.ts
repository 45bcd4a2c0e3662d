import { existsSync, readdirSync } from 'node:fs';
import type { Conversion } from '@orderloop/protocol';
import { expect, test } from 'vitest';
import { DESTINATIONS, purposesOf } from './index.ts';
import { NOW, purchase, read, refund, SETTINGS, sent } from './testing.ts';

const IDS = Object.keys(DESTINATIONS);
const AD_IDS = IDS.filter((id) => id !== 'webhook' && id !== 'ga4');
const withGa = purchase({ cookies: { _ga: 'GA1.1.1234567890.1790000000' } });

test('every file is a destination of the registry, with a guide of its own', () => {
  const files = readdirSync(import.meta.dirname)
    .filter((file) => /^[a-z0-9-]+\.ts$/.test(file) && !['contract.ts', 'index.ts', 'testing.ts'].includes(file))
    .map((file) => file.replace('.ts', '').replaceAll('-', '_'));
  expect(IDS.toSorted()).toEqual(files.toSorted());
  for (const id of IDS)
    expect(existsSync(new URL(`../../../docs/guides/destination-${id.replaceAll('_', '-')}.md`, import.meta.url)), id).toBe(true);
});

test.each(IDS)('%s: settings that are missing are named, with where to find them', (id) => {
  const wrong = DESTINATIONS[id]!.checkSettings({});
  expect(wrong.length).toBeGreaterThan(0);
  for (const sentence of wrong) expect(sentence).toMatch(/^settings\.\w+ .*; .*\.$/);
  expect(DESTINATIONS[id]!.checkSettings(SETTINGS[id]!)).toEqual([]);
});

test.each(IDS)('%s: R1, R2: the dedup id goes out byte for byte, and the same conversion gives the same bytes', (id) => {
  const odd = { ...withGa, event_id: 'shop:№ 7/ä:purchase' };
  const first = sent(id, [odd]).requests[0]!;
  expect(first.event_ids).toEqual(['shop:№ 7/ä:purchase']);
  const later = sent(id, [odd], {}, NOW + 60_000).requests[0]!;
  expect(later.body).toBe(first.body);
  if (id !== 'ga4' && id !== 'google_ads' && id !== 'google_ads_api') expect(first.body).toContain('shop:№ 7/ä:purchase');
});

test.each(IDS)('%s: R3: what is too old is expired and what is of the future is not sent', (id) => {
  const age = DESTINATIONS[id]!.capabilities.maxAgeMs(withGa);
  const at = (occurred_at: number) => sent(id, [{ ...withGa, occurred_at }]);
  if (age !== null) {
    expect(at(NOW - age - 1).skipped).toMatchObject([{ reason: 'expired' }]);
    expect(at(NOW - age + 1000).requests).toHaveLength(1);
    expect(at(NOW + 3_600_000).skipped).toMatchObject([{ reason: 'future' }]);
    expect(at(NOW + 30_000).requests).toHaveLength(1);
  }
});

test.each(IDS)('%s: R5: nothing is made of nothing: no null, no empty text, list or object, no hash of nothing', (id) => {
  const bare: Conversion = {
    ...withGa,
    user: { email: 'a@example.com', phone: '', first_name: '   ', city: '', country: 'Atlantis' },
    order: { id: '1', value: '0', currency: 'eur', items: [] },
  };
  const [request] = sent(id, [bare]).requests;
  const text = request!.body;
  if (id === 'webhook') return;
  expect(text).not.toMatch(/null|""|\[\]|\{\}|NaN|undefined/);
  expect(text).not.toContain('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  // A free order is an order, and its currency is in upper case.
  expect(text).toMatch(/"(value|conversionValue|amount)":\{?("currencyCode":"EUR","amount":)?"?0(\.00)?"?[,}]/);
  expect(text).toContain('"EUR"');
});

test.each(IDS)('%s: R8: without the consent that it needs nothing is sent', (id) => {
  for (const purpose of purposesOf(id)) {
    const { requests, skipped } = sent(id, [{ ...withGa, consent: { [purpose]: 'denied' } }]);
    expect([requests, skipped.map(({ reason }) => reason)]).toEqual([[], ['consent_denied']]);
  }
});

test.each(AD_IDS)('%s: R9: money is exact, in the decimals of its currency', (id) => {
  const priced = (value: string, currency: string) =>
    sent(id, [{ ...withGa, order: { id: '1', value, currency } }]).requests[0]?.body;
  expect(priced('129.90', 'EUR')).toMatch(/:"?129\.90?"?[,}]/);
  if (id !== 'tiktok') expect(priced('12.345', 'KWD')).toMatch(/:"?12\.345"?[,}]/);
  expect(priced('12000', 'JPY')).toMatch(/:"?12000"?[,}]/);
  expect(priced('0.1', 'EUR')).toMatch(/:"?0\.10?"?[,}]/);
  for (const [value, currency] of [
    ['129.90', ''],
    ['129.90', 'XXZ'],
    ['-1', 'EUR'],
    ['much', 'EUR'],
  ] as const)
    expect(sent(id, [{ ...withGa, order: { id: '1', value, currency } }]).skipped).toMatchObject([
      { reason: 'invalid_value', detail: expect.stringMatching(/order\./) },
    ]);
});

test.each(IDS)('%s: R10: a refund is never a negative purchase', (id) => {
  const { requests, skipped } = sent(id, [refund(null, '110.00', { cookies: withGa.cookies })]);
  for (const { body } of requests) expect(body).not.toMatch(/:"?-\d/);
  const { refund: kind } = DESTINATIONS[id]!.capabilities;
  if (kind === 'none') expect(skipped).toMatchObject([{ reason: 'unsupported_event' }]);
  if (kind === 'restate') expect(skipped).toMatchObject([{ reason: 'original_not_delivered' }]);
  if (kind === 'event') expect(requests).toHaveLength(1);
});

test.each(AD_IDS)('%s: R11: a click id goes out as it came', (id) => {
  const { params } = DESTINATIONS[id]!.capture;
  const value = 'Cj0_Mixed-CASE.%2B+~xyz';
  const { requests } = sent(id, [purchase({ click_ids: { [params[0]!]: value } })]);
  expect(requests[0]!.body).toContain(value);
});

test.each(AD_IDS)('%s: a click is taken as stated, else from the address, else from the cookie', (id) => {
  const { params } = DESTINATIONS[id]!.capture;
  const page = { url: `https://shop.example/?${params[0]}=In-The_Address1` };
  expect(sent(id, [purchase({ page })]).requests[0]!.body.replaceAll(page.url, '')).toContain('In-The_Address1');
  const stated = sent(id, [purchase({ page, click_ids: { [params[0]!]: 'Stated-1' } })]).requests[0]!.body;
  expect(stated).toContain('Stated-1');
  expect(stated.replaceAll(page.url, '')).not.toContain('In-The_Address1');
});

test.each(IDS)('%s: R13: no secret in the body or the address, but where the platform wants it', (id) => {
  const { url, body } = sent(
    id,
    [withGa],
    id === 'webhook' ? {} : { access_token: 'SECRETTOKEN', pixel_token: 'SECRETTOKEN', api_secret: 'SECRETTOKEN' },
  ).requests[0]!;
  expect(body).not.toContain('SECRETTOKEN');
  if (id !== 'ga4' && id !== 'snapchat') expect(url).not.toContain('SECRETTOKEN');
});

test.each(IDS)('%s: a batch is split by the platform’s limit', (id) => {
  const { max } = DESTINATIONS[id]!.capabilities.batch;
  const count = Math.min(max + 1, 5_001);
  const many = Array.from({ length: count }, (_, index) => ({ ...withGa, event_id: `e${index}` }));
  const sizes = sent(id, many).requests.map(({ event_ids }) => event_ids.length);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(count);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(max);
});

test.each(IDS)('%s: what no platform documents is tried again, and a proxy’s page is no success', (id) => {
  if (id !== 'ga4' && id !== 'webhook' && id !== 'reddit')
    for (const body of ['<html>hello</html>', '']) expect(read(id, 200, body)[0]!.verdict).toBe('retry');
  for (const status of [500, 502, 503]) expect(['retry', 'throttled']).toContain(read(id, status, '<html>')[0]!.verdict);
  expect(read(id, 429, '')[0]!.verdict).toBe('throttled');
  expect(read(id, 401, '{}')[0]!.verdict).toBe('auth');
});

test.each(IDS.filter((id) => DESTINATIONS[id]!.capabilities.test !== 'none'))(
  '%s: a test request carries one sample, and is read',
  (id) => {
    const { verification } = DESTINATIONS[id]!;
    const settings = { ...SETTINGS[id], ...Object.fromEntries((verification!.needs ?? []).map((name) => [name, 'TEST1'])) };
    const request = verification!.request(purchase(), settings, { now: NOW });
    expect(request.event_ids).toHaveLength(1);
    const isMarked = /TEST1|validateOnly|debug\/mp|validate|test=true/.test(request.url + request.body);
    expect(isMarked).toBe(true);
    expect(verification!.outcome({ status: 500, headers: {}, body: '' }).verdict).toBe('retry');
  },
);

test.each(IDS.filter((id) => id !== 'webhook' && id !== 'linkedin' && id !== 'x' && !id.startsWith('google')))(
  '%s: settings may rename an event, add one, or switch one off',
  (id) => {
    const events = { purchase: 'Bought', my_event: 'Mine', sign_up: null };
    expect(sent(id, [withGa], { events }).requests[0]!.body).toContain('Bought');
    expect(sent(id, [{ ...withGa, event: 'my_event' }], { events }).requests[0]!.body).toContain('Mine');
    expect(sent(id, [{ ...withGa, event: 'sign_up' }], { events }).skipped).toMatchObject([{ reason: 'no_mapping' }]);
    expect(sent(id, [{ ...withGa, event: 'nobody_knows' }]).skipped).toMatchObject([{ reason: 'unsupported_event' }]);
  },
);

test.each(['google_ads', 'google_ads_api', 'linkedin', 'x'])('%s: an event goes where settings map it, or nowhere', (id) => {
  expect(sent(id, [{ ...withGa, event: 'sign_up' }]).skipped).toMatchObject([{ reason: 'no_mapping' }]);
  expect(sent(id, [{ ...withGa, event: 'sign_up' }], { events: { sign_up: '4711' } }).requests[0]!.body).toContain('4711');
});
