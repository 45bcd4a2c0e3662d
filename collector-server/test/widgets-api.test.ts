import type { AdDecision, RewardClaim, RewardOffer } from '@orderloop/protocol';
import { expect, test } from 'vitest';
import { startCollector } from '../src/main.ts';
import { openSqlite } from '../src/storage/sqlite/index.ts';
import { KEY, newVisit, ORIGIN, startTestCollector, testConfig } from './harness.ts';

const SITE = {
  ads: [
    {
      placement: 'home',
      creatives: [
        {
          creative_id: 'c1',
          headline: 'Autumn',
          call_to_action: 'See',
          advertiser: 'Demo',
          target_url: 'https://shop.example/autumn',
        },
      ],
    },
  ],
  rewards: [
    {
      placement: 'cart',
      points: 50,
      duration_ms: 5000,
      creative: { headline: 'Watch', text: 'Five seconds', advertiser: 'Demo' },
    },
  ],
};

async function post<T>(
  url: string,
  path: string,
  body: object,
): Promise<{ status: number; body: T & { code?: string; retry_after?: number } }> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { origin: ORIGIN, 'content-type': 'text/plain' },
    body: JSON.stringify({ key: KEY, ...body }),
  });
  return { status: response.status, body: (await response.json()) as T & { code?: string } };
}

const decide = (url: string, placement: string, origin = ORIGIN) =>
  fetch(`${url}/v1/ads/decide?key=${KEY}&placement=${placement}&format=banner`, { headers: { origin } });

test('R1: a click is counted once a decision, leads where the configuration says, and can’t be made up', async () => {
  const collector = await startTestCollector(testConfig(SITE));
  const decision = (await (await decide(collector.url, 'home')).json()) as AdDecision;
  expect(decision.creative).toMatchObject({ creative_id: 'c1', headline: 'Autumn' });
  expect(JSON.stringify(decision)).not.toContain('target_url');
  const visit = newVisit();
  const link = `${collector.url}${decision.creative!.click_url}`;
  for (let click = 0; click < 2; click++) {
    const answer = await fetch(`${link}&visitor_id=${visit.visitor_id}&session_id=${visit.session_id}`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'https://shop.example/autumn']);
  }
  expect((await collector.storage.log.read(0, 0, 10)).map(({ event, visitor_id }) => [event, visitor_id])).toEqual([
    ['ad_click', visit.visitor_id],
  ]);
  expect((await fetch(`${link.slice(0, -2)}xx`, { redirect: 'manual' })).status).toBe(404);
});

test('a placement without an ad is empty, and a foreign page gets none', async () => {
  const collector = await startTestCollector(testConfig(SITE));
  expect(await (await decide(collector.url, 'nowhere')).json()).toMatchObject({ placement: 'nowhere', creative: null });
  expect((await decide(collector.url, 'home', 'https://evil.example')).status).toBe(403);
});

test('R4: the server measures the time, grants once, and keeps the grant in the log', async () => {
  let now = Date.now();
  const storage = openSqlite();
  const collector = await startCollector({ config: testConfig(SITE), storage, now: () => now }, { port: 0, host: '127.0.0.1' });
  try {
    const { visitor_id, session_id } = newVisit();
    const { body: offered } = await post<RewardOffer>(collector.url, '/v1/rewards/offer', {
      placement: 'cart',
      visitor_id,
      session_id,
    });
    const nonce = offered.offer!.nonce;
    expect(offered).toMatchObject({ offer: { points: 50, duration_ms: 5000 }, balance: 0 });
    expect(await post(collector.url, '/v1/rewards/claim', { nonce, visitor_id })).toMatchObject({
      status: 409,
      body: { code: 'too_early' },
    });
    expect(await post(collector.url, '/v1/rewards/start', { nonce, visitor_id: 'another' })).toMatchObject({ status: 404 });
    expect(await post(collector.url, '/v1/rewards/start', { nonce, visitor_id })).toMatchObject({
      status: 200,
      body: { ready_at: now + 5000 },
    });
    now += 4999;
    expect(await post(collector.url, '/v1/rewards/claim', { nonce, visitor_id, points: 9999 })).toMatchObject({
      status: 409,
      body: { code: 'too_early', retry_after: 1 },
    });
    now += 1;
    const claims = await Promise.all(
      Array.from({ length: 5 }, () => post<RewardClaim>(collector.url, '/v1/rewards/claim', { nonce, visitor_id })),
    );
    expect(claims.filter(({ status }) => status === 200).map(({ body }) => [body.points, body.balance])).toEqual([[50, 50]]);
    expect(claims.filter(({ status }) => status === 409)).toHaveLength(4);
    const { events } = { events: await storage.log.read(0, 0, 10) };
    expect(events.map(({ event, properties }) => [event, properties?.['points']])).toEqual([['reward_grant', 50]]);
    expect(await post(collector.url, '/v1/rewards/offer', { placement: 'cart', visitor_id, session_id })).toMatchObject({
      body: { offer: null, balance: 50, reason: 'already_earned' },
    });
  } finally {
    await collector.stop();
  }
});

test('points need a visitor, and so consent', async () => {
  const collector = await startTestCollector(testConfig(SITE));
  expect(await post(collector.url, '/v1/rewards/offer', { placement: 'cart' })).toMatchObject({
    status: 403,
    body: { code: 'consent_missing' },
  });
});
