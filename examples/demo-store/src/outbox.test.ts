import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { NewOrder } from './orders.ts';
import { createDemoStore } from './server.ts';
import { type Call, type FakeCollector, startFakeCollector } from './testing/fake-collector.ts';
import { SIGNING_SECRET, storeOptions } from './testing/options.ts';

const ORDER: NewOrder = {
  lines: [
    { slug: 'bollard', quantity: 1 },
    { slug: 'pebble', quantity: 2 },
  ],
  customer: { email: 'nora.lind@example.com', phone: '+4917139200042', first_name: 'Nora', last_name: 'Lind' },
  address: { street: 'Hafenstraße 4', postal_code: '24103', city: 'Kiel', country: 'DE' },
  delivery: 'express',
  payment: 'card',
  session_ref: 'session-1_0123456789ab',
  cart_token: 'cart_1',
  consent: 'all',
  created_at: Date.UTC(2026, 10, 20, 10, 15, 30),
};

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function collector(port = 0, answer?: (call: Call) => number): Promise<FakeCollector> {
  const fake = await startFakeCollector(port, answer);
  closing.push(() => fake.close());
  return fake;
}

async function openStore(collectorUrl: string, more: { database?: string } = {}) {
  const store = createDemoStore({ ...storeOptions(collectorUrl), ...more });
  const { close } = await store.listen(0);
  return { store, close };
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const { port, close } = await startFakeCollector();
  await close();
  return port;
}

const states = (store: { outbox(): { state: string }[] }) => store.outbox().map(({ state }) => state);

describe('an order goes to the collector', () => {
  test('signed, with exact amounts, its lines, its buyer and its session', async () => {
    const fake = await collector();
    const { store, close } = await openStore(fake.url);
    closing.push(close);
    const { order_id } = store.placeOrder(ORDER);
    await expect.poll(() => states(store)).toEqual(['sent']);
    const { headers, path, body } = fake.calls[0]!;
    expect([path, headers.authorization, headers['webhook-id']]).toEqual(['/v1/orders', 'Bearer sk_test_1', `order_${order_id}`]);
    expect(body).toEqual({
      source: 'shop',
      order_id,
      status: 'paid',
      currency: 'EUR',
      created_at: '2026-11-20T10:15:30.000Z',
      updated_at: '2026-11-20T10:15:30.000Z',
      tax_included: true,
      amounts: { total: '247.90', subtotal: '238.00', shipping: '9.90', tax: '41.32' },
      line_items: [
        { product_id: 'bollard', sku: 'bollard', title: 'Bollard', quantity: 1, unit_price: '129.00' },
        { product_id: 'pebble', sku: 'pebble', title: 'Pebble', quantity: 2, unit_price: '54.50' },
      ],
      customer: ORDER.customer,
      shipping_address: ORDER.address,
      session_ref: 'session-1_0123456789ab',
      cart_token: 'cart_1',
      consent: { ad_storage: 'granted', ad_user_data: 'granted', ad_personalization: 'granted', analytics_storage: 'granted' },
    });
    expect(() => new Webhook(SIGNING_SECRET).verify(fake.calls[0]!.text, headers as Record<string, string>)).not.toThrow();
  });

  test('as pending when it is bought on account, and without what is not known', async () => {
    const fake = await collector();
    const { store, close } = await openStore(fake.url);
    closing.push(close);
    const { session_ref, cart_token, consent, ...bare } = ORDER;
    store.placeOrder({ ...bare, payment: 'invoice' });
    await expect.poll(() => states(store)).toEqual(['sent']);
    expect(fake.calls[0]!.body['status']).toBe('pending');
    for (const name of ['session_ref', 'cart_token', 'consent']) expect(fake.calls[0]!.body).not.toHaveProperty(name);
  });
});

describe('a collector that is down loses nothing', () => {
  test('orders wait, and go out by themselves when it is back', async () => {
    const port = await freePort();
    const { store, close } = await openStore(`http://127.0.0.1:${port}`);
    closing.push(close);
    store.placeOrder(ORDER);
    store.placeOrder(ORDER);
    await expect.poll(() => store.outbox().every(({ attempts }) => attempts > 0)).toBe(true);
    expect(states(store)).toEqual(['pending', 'pending']);
    expect(store.outbox()[0]!.error).toContain('ECONNREFUSED');
    const fake = await collector(port);
    await expect.poll(() => states(store), { timeout: 5000 }).toEqual(['sent', 'sent']);
    expect(new Set(fake.calls.map(({ body }) => body['order_id']))).toEqual(
      new Set(store.orders().map(({ order_id }) => order_id)),
    );
  });

  test('nor does a shop that is stopped meanwhile: the next start sends them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'demo-store-'));
    closing.push(() => rm(folder, { recursive: true }));
    const database = join(folder, 'shop.db');
    const port = await freePort();
    const first = await openStore(`http://127.0.0.1:${port}`, { database });
    const { order_id } = first.store.placeOrder(ORDER);
    await first.close();
    const fake = await collector(port);
    const second = await openStore(fake.url, { database });
    closing.push(second.close);
    await expect.poll(() => states(second.store), { timeout: 5000 }).toEqual(['sent']);
    expect(fake.calls.map(({ body }) => body['order_id'])).toEqual([order_id]);
  });

  test('an order is repeated under one id, so that the collector knows it again', async () => {
    let failures = 3;
    const fake = await collector(0, () => (failures-- > 0 ? 503 : 202));
    const { store, close } = await openStore(fake.url);
    closing.push(close);
    store.placeOrder(ORDER);
    await expect.poll(() => states(store), { timeout: 5000 }).toEqual(['sent']);
    expect(fake.calls).toHaveLength(4);
    expect(new Set(fake.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });
});

test('an order that the collector refuses is kept with the reason, and not sent again', async () => {
  const fake = await collector(0, ({ body }) => (body['status'] === 'paid' ? 422 : 202));
  const complaint = vi.spyOn(console, 'error').mockImplementation(() => {});
  closing.push(async () => complaint.mockRestore());
  const { store, close } = await openStore(fake.url);
  closing.push(close);
  store.placeOrder(ORDER);
  await expect.poll(() => states(store)).toEqual(['refused']);
  expect(store.outbox()[0]!.error).toContain('/currency: is missing');
  // The next one passes it by.
  store.placeOrder({ ...ORDER, payment: 'invoice' });
  await expect.poll(() => states(store)).toEqual(['refused', 'sent']);
  expect(fake.calls).toHaveLength(2);
  expect(complaint).toHaveBeenCalledOnce();
});
