import { readFileSync } from 'node:fs';
import { createAdPlatform } from '@orderloop/example-ad-platform';
import type { Journey } from '@orderloop/protocol';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { purposesOf } from '../src/destinations/index.ts';
import { createProjector, projectionLag } from '../src/ingest/project.ts';
import { siteFactsOf } from '../src/ingest/site-facts.ts';
import type { Storage } from '../src/storage/contract.ts';
import { openSqlite } from '../src/storage/sqlite/index.ts';
import { eventually, newVisit, postEvents, postShopify, read, startTestCollector, testConfig } from './harness.ts';

const recorded = (name: string) =>
  JSON.parse(readFileSync(new URL(`./fixtures/sources/shopify/webhook-2024-10-${name}.json`, import.meta.url), 'utf8')).body;
const instant = (ms: number): string => new Date(ms).toISOString();

/** The recorded order as a real, paid one of today: the platform's own sample is a cancelled test order. */
function realOrder(name: string, at: number, session_ref: string, more: object = {}) {
  return {
    ...recorded(name),
    test: false,
    payment_gateway_names: ['visa'],
    cancelled_at: null,
    financial_status: 'paid',
    total_outstanding: '0.00',
    current_total_price: '388.00',
    created_at: instant(at),
    processed_at: instant(at),
    updated_at: instant(at),
    note_attributes: [{ name: '_sref', value: session_ref }],
    ...more,
  };
}

async function startLoop() {
  const platform = createAdPlatform({ shopUrl: 'https://shop.example', accessToken: 'token', datasetId: '123456' });
  const { url, close } = await platform.listen(0);
  onTestFinished(close);
  const destinations = [{ id: 'meta', type: 'meta', settings: { dataset_id: '123456', access_token: 'token', endpoint: url } }];
  const collector = await startTestCollector(testConfig({ destinations }, { allow_private_targets: [url] }));
  return { platform, collector };
}

test('the recorded Shopify deliveries, in any order and doubled, become one order, one session and one conversion', async () => {
  const { platform, collector } = await startLoop();
  const at = Date.now() - 30_000;
  const visit = newVisit(at - 60_000);
  await postEvents(collector, [
    visit.event('page_view', {
      click_ids: { fbclid: { value: 'IwLoop', first_seen_at: at - 60_000 } },
      page: { url: 'https://shop.example/?fbclid=IwLoop' },
    }),
    visit.event('begin_checkout'),
  ]);
  const deliveries = [
    [realOrder('orders-updated', at + 3000, visit.session_ref), 'orders/updated'],
    [realOrder('orders-create', at, visit.session_ref, { financial_status: 'pending' }), 'orders/create'],
    [realOrder('orders-paid', at + 2000, visit.session_ref), 'orders/paid'],
  ] as const;
  for (const [order, topic] of [...deliveries, ...deliveries]) {
    const id = `${topic}-delivery`;
    expect((await postShopify(collector, order, { 'x-shopify-topic': topic, 'x-shopify-webhook-id': id })).status).toBe(200);
  }
  const journey = await eventually(async () => {
    const found = await read<Journey>(collector, `/v1/orders/820982911946154508/journey`).catch(() => null);
    return found?.conversions[0]?.deliveries[0]?.state === 'delivered' && found;
  });
  expect(journey.order).toMatchObject({
    order_id: '820982911946154508',
    order_number: '#9999',
    state: 'paid',
    amounts: { total: 38800, paid: 38800 },
    session_ref: visit.session_ref,
  });
  expect(journey.link).toMatchObject({ key: 'session_ref', session_id: visit.session_id });
  expect(journey.touchpoints).toMatchObject([{ kind: 'session', channel: 'paid_social', platform: 'meta' }]);
  const { events } = platform.received();
  expect(events.map(({ event_name, event_id, status, value }) => ({ event_name, event_id, status, value }))).toEqual([
    { event_name: 'Purchase', event_id: 'demo:820982911946154508:purchase', status: 'counted', value: 388 },
  ]);
  expect(collector.errors).toEqual([]);
});

test('the platform’s own sample order is stored, and no platform is told', async () => {
  const { platform, collector } = await startLoop();
  await postShopify(collector, recorded('orders-paid'));
  const journey = await eventually(() => read<Journey>(collector, '/v1/orders/820982911946154508/journey').catch(() => null));
  expect(journey).toMatchObject({ order: { test: true }, conversions: [] });
  expect(platform.received().events).toEqual([]);
});

test('an order that comes before its visit is stitched when the visit arrives', async () => {
  const { collector } = await startLoop();
  const visit = newVisit();
  await postShopify(collector, realOrder('orders-paid', Date.now(), visit.session_ref));
  const before = await eventually(() => read<Journey>(collector, '/v1/orders/%239999/journey').catch(() => null));
  expect(before).toMatchObject({
    link: null,
    unlinked_reason: 'no_session_with_key',
    conversions: [{ hold: 'consent_missing' }],
  });
  await postEvents(collector, [visit.event('page_view')]);
  const after = await eventually(async () => {
    const found = await read<Journey>(collector, '/v1/orders/%239999/journey');
    return found.conversions[0]?.deliveries[0]?.state === 'delivered' && found;
  });
  expect(after.link).toMatchObject({ key: 'session_ref' });
});

test('2.6: a late identify changes the conversion that was not sent, with the click of another device, and it is sent once', async () => {
  const { platform, collector } = await startLoop();
  const at = Date.now() - 300_000;
  const [phone, laptop] = [newVisit(at), newVisit(at + 60_000)];
  await postEvents(collector, [
    phone.event('page_view', {
      click_ids: { fbclid: { value: 'IwPhone', first_seen_at: at } },
      page: { url: 'https://shop.example/?fbclid=IwPhone' },
    }),
    phone.event('identify', { user: { id: 'customer-7' } }),
  ]);
  const email = 'late@example.com';
  await postShopify(collector, realOrder('orders-paid', at + 120_000, '', { email, contact_email: email, customer: { email } }));
  const before = await eventually(() => read<Journey>(collector, '/v1/orders/%239999/journey').catch(() => null));
  expect(before).toMatchObject({ link: null, conversions: [{ hold: 'consent_missing', deliveries: [] }] });

  const late = laptop.event('identify', { user: { id: 'customer-7', email } });
  await postEvents(collector, [laptop.event('page_view'), late]);
  const after = await eventually(async () => {
    const found = await read<Journey>(collector, '/v1/orders/%239999/journey');
    return found.conversions[0]?.deliveries[0]?.state === 'delivered' && found;
  });
  expect(after.sessions.map(({ session_id }) => session_id)).toEqual([phone.session_id, laptop.session_id]);
  // Only the phone came by a click; what was sent is shown masked.
  expect(after.conversions[0]!.deliveries[0]!.attempts[0]!.request.body).toContain('"fbc":"fb.1');
  await postEvents(collector, [late, laptop.event('identify', { user: { id: 'customer-7', email } })]);
  await eventually(
    async () => (await read<{ outbox: { waiting: number; sending: number } }>(collector, '/v1/status')).outbox.waiting === 0,
  );
  expect(platform.received().events).toHaveLength(1);
});

/** A few visits and orders as the log would hold them, with every kind of key. */
async function fillLog(storage: Storage): Promise<void> {
  const { collector } = await startRecording(storage);
  for (let index = 0; index < 6; index++) {
    const at = Date.now() - 600_000 + index * 60_000;
    const visit = newVisit(at);
    const email = `buyer${index % 3}@example.com`;
    await postEvents(collector, [
      visit.event('page_view', {
        campaign: { source: 'meta', medium: 'paid_social' },
        click_ids: { fbclid: { value: `Iw${index}`, first_seen_at: at } },
      }),
      visit.event('identify', { user: { email } }),
      visit.event('add_to_cart', { properties: { cart_token: `cart-${index}` } }),
    ]);
    const order = realOrder('orders-paid', at + 10_000, index % 2 ? visit.session_ref : '', {
      admin_graphql_api_id: `gid://shopify/Order/100${index}`,
      name: `#100${index}`,
      email,
      cart_token: `cart-${index % 4}`,
    });
    await postShopify(collector, order);
    if (index === 3)
      await postEvents(collector, [
        visit.event('consent_update', { consent: { analytics_storage: 'denied', ad_storage: 'denied' } }),
      ]);
    if (index === 4)
      await postShopify(collector, { ...order, updated_at: instant(at + 20_000), cancelled_at: instant(at + 20_000) });
  }
  // What a stop leaves unprojected is projected at the next start.
  await eventually(async () => (await projectionLag(storage)) === 0);
  await collector.stop();
}

async function startRecording(storage: Storage) {
  // The store outlives this collector: it is closed by the test.
  const collector = await startTestCollector(testConfig(), { ...storage, close: async () => undefined });
  return { collector };
}

test('rebuild gives the same rows as live processing, and sends nothing again', async () => {
  const storage = openSqlite();
  onTestFinished(() => storage.close());
  await fillLog(storage);
  const live = await storage.projections.dump();
  expect(live.orders).toHaveLength(6);
  expect(live.links.length).toBeGreaterThan(6);
  expect(live.conversions.length).toBeGreaterThan(6);
  const outbox = await storage.outbox.counts();
  await storage.projections.reset();
  expect((await storage.projections.dump()).orders).toEqual([]);
  await createProjector(storage, siteFactsOf(testConfig(), purposesOf), { now: Date.now }).catchUp();
  expect(await storage.projections.dump()).toEqual(live);
  expect(await storage.outbox.counts()).toEqual(outbox);
});

test('sessions, touchpoints, orders and links don’t depend on the order of arrival', async () => {
  const storage = openSqlite();
  onTestFinished(() => storage.close());
  await fillLog(storage);
  const events = await storage.log.read(0, 0, 1000);
  const { sessions, touchpoints, orders, links } = await storage.projections.dump();
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(events, { minLength: events.length }), async (shuffled) => {
      const other = openSqlite();
      try {
        await other.log.append({ events: shuffled.map(({ position: _, ...event }) => event) });
        await createProjector(other, siteFactsOf(testConfig(), purposesOf), { now: Date.now }).catchUp();
        const dump = await other.projections.dump();
        expect({ sessions: dump.sessions, touchpoints: dump.touchpoints, orders: dump.orders, links: dump.links }).toEqual({
          sessions,
          touchpoints,
          orders,
          links,
        });
      } finally {
        await other.close();
      }
    }),
    { seed: 11, numRuns: 25 },
  );
});
