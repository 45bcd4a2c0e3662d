import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAdPlatform } from './server.ts';

const TOKEN = 'EAAexample';
const DATASET = '1234567890';
const SECRET = 'whsec_D/ym8xiEtWSgKE+sfqEKKOONPkwqTWWH';
const HASH = '7c90631fe9ea44a4255c42b5f062069023b180ae72837a24e01ca1d565648846';
const NOW = 1795170930_000;

let url: string;
let close: () => Promise<void>;
let platform: ReturnType<typeof createAdPlatform>;
let playing: boolean;
let now: number;

async function start(options: { slowMs?: number } = {}): Promise<void> {
  platform = createAdPlatform({
    shopUrl: 'http://127.0.0.1:4100',
    now: () => now,
    webhookSecret: SECRET,
    accessToken: TOKEN,
    datasetId: DATASET,
    visitors: {
      isPlaying: () => playing,
      start: () => {
        playing = true;
      },
      stop: () => {
        playing = false;
      },
      progress: () => ({ done: 3, total: 300 }),
    },
    ...options,
  });
  ({ url, close } = await platform.listen(0));
}

beforeEach(async () => {
  now = NOW;
  playing = false;
  await start();
});
afterEach(() => close());

const purchase = (event_id: string) => ({
  event_name: 'Purchase',
  event_id,
  event_time: NOW / 1000 - 5,
  action_source: 'website',
  event_source_url: 'http://127.0.0.1:4100/thank-you/x',
  user_data: { em: [HASH], client_user_agent: 'Mozilla/5.0 (example)' },
  custom_data: { value: 129.9, currency: 'EUR' },
});

function send(
  body: unknown,
  { token = TOKEN, dataset = DATASET, signal }: { token?: string; dataset?: string; signal?: AbortSignal } = {},
) {
  return fetch(`${url}/v26.0/${dataset}/events?access_token=${token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });

const counted = () => platform.received().events.filter(({ status }) => status === 'counted');

describe('the conversion endpoint', () => {
  test('takes a purchase, and keeps it as it came', async () => {
    const response = await send({ data: [purchase('demo:M-1:purchase')] });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      events_received: 1,
      messages: [],
      fbtrace_id: expect.stringMatching(/^A[\w-]{22}$/),
    });
    expect(platform.received().events).toMatchObject([
      { event_name: 'Purchase', event_id: 'demo:M-1:purchase', source: 'api', status: 'counted', value: 129.9, received_at: NOW },
    ]);
    expect(platform.received().events[0]!.raw).toEqual(purchase('demo:M-1:purchase'));
  });

  test('takes the token from the query, from the body and as Bearer', async () => {
    const data = [purchase('1')];
    const bare = `${url}/v26.0/${DATASET}/events`;
    const json = { 'content-type': 'application/json' };
    const inBody = await fetch(bare, { method: 'POST', headers: json, body: JSON.stringify({ data, access_token: TOKEN }) });
    const bearer = await fetch(bare, {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ data }),
    });
    expect([inBody.status, bearer.status]).toEqual([200, 200]);
  });

  test.each(['', 'EAAanother'])('answers 401 and code 190 to the token %j', async (token) => {
    const response = await send({ data: [purchase('1')] }, { token });
    expect(response.status).toBe(401);
    expect((await response.json()).error).toMatchObject({ type: 'OAuthException', code: 190 });
    expect(platform.received().events).toEqual([]);
  });

  test('answers code 100 and subcode 33 for a dataset that is not there', async () => {
    const response = await send({ data: [purchase('1')] }, { dataset: '99' });
    expect(response.status).toBe(400);
    expect((await response.json()).error).toMatchObject({ code: 100, error_subcode: 33 });
  });

  test('stores nothing of a request of which one event is bad', async () => {
    const response = await send({ data: [purchase('1'), { ...purchase('2'), event_time: NOW / 1000 - 8 * 86_400 }] });
    expect(response.status).toBe(400);
    expect((await response.json()).error).toMatchObject({ code: 100, error_subcode: 2804003, is_transient: false });
    expect(platform.received().events).toEqual([]);
  });

  test('answers with the same envelope to what is not JSON', async () => {
    const response = await send('{"data":');
    expect(response.status).toBe(400);
    expect((await response.json()).error).toMatchObject({ type: 'OAuthException', code: 100 });
  });

  test('never keeps the token, which stands in the query', async () => {
    await send({ data: [purchase('1')] });
    expect(await (await fetch(`${url}/received`)).text()).not.toContain(TOKEN);
  });
});

describe('the pixel', () => {
  const hit = (id: string, eid: string) =>
    fetch(`${url}/tr?id=${id}&ev=Purchase&eid=${encodeURIComponent(eid)}&cd[value]=129.9&cd[currency]=EUR&dl=x&ts=1`);

  test('is an image that another site may show, and counts', async () => {
    const response = await hit(DATASET, 'demo:M-1:purchase');
    expect(response.headers.get('content-type')).toBe('image/gif');
    expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(counted()).toMatchObject([{ source: 'pixel', event_id: 'demo:M-1:purchase', value: 129.9, currency: 'EUR' }]);
  });

  test('and the server together are counted once, the browser’s copy before the server’s', async () => {
    await send({ data: [purchase('demo:M-1:purchase')] });
    await hit(DATASET, 'demo:M-1:purchase');
    expect(platform.received().events.map(({ source, status, kept }) => [source, status, kept])).toEqual([
      ['api', 'duplicate', 'pixel'],
      ['pixel', 'counted', null],
    ]);
  });

  test('of another dataset is not counted', async () => {
    expect((await hit('99', 'demo:M-1:purchase')).status).toBe(200);
    expect(platform.received().events).toEqual([]);
  });

  test('is served as a script to other sites', async () => {
    const response = await fetch(`${url}/pixel.js`);
    expect(response.headers.get('content-type')).toContain('javascript');
    expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  });
});

describe('the switches', () => {
  test('make one request fail with 429 and a Retry-After, and the next succeed', async () => {
    await post('/control', { mode: '429', times: 1 });
    const first = await send({ data: [purchase('1')] });
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, '2']);
    expect((await first.json()).error).toMatchObject({ code: 4, is_transient: true });
    expect((await send({ data: [purchase('1')] })).status).toBe(200);
    expect(counted()).toHaveLength(1);
  });

  test('make all requests fail with 500 until told otherwise', async () => {
    platform.setMode('500');
    expect((await send({ data: [purchase('1')] })).status).toBe(500);
    expect((await send({ data: [purchase('1')] })).status).toBe(500);
    platform.setMode('ok');
    expect((await send({ data: [purchase('1')] })).status).toBe(200);
    expect(counted()).toHaveLength(1);
  });

  test('make it answer with a web page that it took nothing for', async () => {
    platform.setMode('garbage', 1);
    const response = await send({ data: [purchase('1')] });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(platform.received().events).toEqual([]);
  });

  test('make it slow: the caller gives up, sends again, and is counted once', async () => {
    platform.setMode('slow', 1);
    const stop = new AbortController();
    const slow = send({ data: [purchase('1')] }, { signal: stop.signal });
    await expect.poll(() => platform.received().events).toHaveLength(1);
    stop.abort();
    await expect(slow).rejects.toThrow();
    expect((await send({ data: [purchase('1')] })).status).toBe(200);
    expect(platform.received().events.map(({ status }) => status)).toEqual(['counted', 'duplicate']);
  });

  test('let a slow answer come in the end', async () => {
    await close();
    await start({ slowMs: 1 });
    platform.setMode('slow', 1);
    expect(await (await send({ data: [purchase('1')] })).json()).toMatchObject({ events_received: 1 });
  });

  test('leave the pixel and the webhook alone', async () => {
    platform.setMode('500');
    expect((await fetch(`${url}/tr?id=${DATASET}&ev=PageView`)).status).toBe(200);
  });

  test.each([{}, { mode: 'sometimes' }, { mode: '500', times: 0 }, { mode: '500', times: 'many' }])('refuse %j', async (body) => {
    expect((await post('/control', body)).status).toBe(400);
    expect((await send({ data: [purchase('1')] })).status).toBe(200);
  });

  test('can’t be thrown by another site’s page', async () => {
    expect((await post('/control', { mode: '500' }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  test('work as plain forms, without a script', async () => {
    const response = await fetch(`${url}/control`, {
      method: 'POST',
      body: new URLSearchParams({ mode: '500', times: '1' }),
      redirect: 'manual',
    });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/']);
    expect((await send({ data: [purchase('1')] })).status).toBe(500);
  });

  test('start and stop the visitors', async () => {
    await post('/visitors', { play: 'yes' });
    expect(playing).toBe(true);
    expect((await (await fetch(`${url}/received`)).json()).visitors).toEqual({ playing: true, done: 3, total: 300 });
    await post('/visitors', { play: 'no' });
    expect(playing).toBe(false);
  });

  test('empty the inbox, and what was counted before counts again', async () => {
    await send({ data: [purchase('1')] });
    await post('/reset', {});
    expect(platform.received()).toEqual({ events: [], requests: [], webhooks: [] });
    await send({ data: [purchase('1')] });
    expect(counted()).toHaveLength(1);
  });
});

describe('the webhook', () => {
  const BODY =
    '{"type":"order.refunded","timestamp":"2026-11-20T10:15:30.250Z","data":{"order_id":"N-2044","amount":"19.90","currency":"EUR"}}';
  const SIGNATURE = 'v1,KQCHQRptAmBBOscCQNDdBcfxYYZQo1USOewNqxrGm4o=';

  const deliver = (headers: Record<string, string> = {}, body = BODY) =>
    fetch(`${url}/webhook`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': 'msg_2f9sheetExample01',
        'webhook-timestamp': '1795170930',
        'webhook-signature': SIGNATURE,
        ...headers,
      },
      body,
    });

  test('accepts the vector of relays §11, and shows it', async () => {
    expect((await deliver()).status).toBe(200);
    expect(platform.received().webhooks).toMatchObject([
      { status: 'accepted', type: 'order.refunded', webhook_id: 'msg_2f9sheetExample01', raw: JSON.parse(BODY) },
    ]);
  });

  test('accepts it when one of two signatures matches, as while a secret is changed', async () => {
    expect((await deliver({ 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')} ${SIGNATURE}` })).status).toBe(200);
  });

  test('answers 200 to the same id again, and calls it a duplicate', async () => {
    await deliver();
    expect((await deliver()).status).toBe(200);
    expect(platform.received().webhooks.map(({ status }) => status)).toEqual(['accepted', 'duplicate']);
  });

  test('refuses a changed body, a changed id, a missing and a short signature', async () => {
    const answers = await Promise.all([
      deliver({}, BODY.replace('19.90', '1.90')),
      deliver({ 'webhook-id': 'msg_other' }),
      deliver({ 'webhook-signature': '' }),
      deliver({ 'webhook-signature': 'v1,AAAA' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(platform.received().webhooks.every(({ status, raw }) => status === 'refused' && raw === null)).toBe(true);
  });

  test('refuses what was signed more than five minutes ago or ahead', async () => {
    now = NOW + 300_000;
    expect((await deliver()).status).toBe(200);
    now = NOW + 301_000;
    expect((await deliver()).status).toBe(401);
    now = NOW - 301_000;
    expect((await deliver()).status).toBe(401);
  });
});

describe('the page', () => {
  const read = async (path = '/', headers: Record<string, string> = {}) => (await fetch(url + path, { headers })).text();
  const links = (text: string) =>
    [...text.matchAll(/href="(http:\/\/127\.0\.0\.1:4100[^"]*)"/g)].map(([, href]) => new URL(href!.replaceAll('&#38;', '&')));

  test('links to the shop with UTM tags and the click id of each network', async () => {
    const found = links(await read());
    expect(found).toHaveLength(7);
    for (const { searchParams } of found) {
      for (const name of ['utm_source', 'utm_medium', 'utm_campaign', 'utm_content']) expect(searchParams.get(name)).toBeTruthy();
      const clicks = ['fbclid', 'gclid', 'ttclid'].filter((name) => searchParams.has(name));
      expect(clicks).toHaveLength(1);
      expect(searchParams.get(clicks[0]!)).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*-)(?=.*_)[\w.-]{60,}$/);
    }
    expect(new Set(found.flatMap(({ searchParams }) => [...searchParams.keys()].filter((key) => key.endsWith('clid'))))).toEqual(
      new Set(['fbclid', 'gclid', 'ttclid']),
    );
  });

  test('has new click ids each time', async () => {
    const all = [...links(await read()), ...links(await read())].map(({ href }) => href);
    expect(new Set(all).size).toBe(14);
  });

  test.each([
    ['de-AT,de;q=0.9', 'de'],
    ['zh-CN', 'zh'],
    ['pt-BR', 'en'],
  ])('speaks, to a browser that asks for %s, %s', async (header, language) => {
    expect(await read('/', { 'accept-language': header })).toContain(`<html lang="${language}" dir="ltr">`);
  });

  test('speaks what its address says before what the browser asks', async () => {
    expect(await read('/?lang=fr&dir=rtl', { 'accept-language': 'de' })).toContain('<html lang="fr" dir="rtl">');
  });

  test('allows no script but its own', async () => {
    const policy = (await fetch(url)).headers.get('content-security-policy')!;
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain('unsafe');
    expect(await read()).not.toMatch(/ on[a-z]+="|style="/);
  });

  test('has no switch for visitors where there is nothing to play them', async () => {
    expect(await read()).toContain('id="day"');
    const bare = createAdPlatform({ shopUrl: 'http://127.0.0.1:4100' });
    const other = await bare.listen(0);
    expect(await (await fetch(other.url)).text()).not.toContain('id="day"');
    await other.close();
  });

  test('asks again cheaply: without news it gets no lists', async () => {
    const first = await (await fetch(`${url}/received`)).json();
    const again = await (await fetch(`${url}/received?version=${first.version}`)).json();
    expect([first.events, again.events, again.mode]).toEqual([[], undefined, 'ok']);
  });
});
