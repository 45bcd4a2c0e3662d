import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Journey, Order } from '@orderloop/protocol';
import { expect, onTestFinished, test } from 'vitest';
import { fixture } from './fixtures.ts';
import {
  eventually,
  newVisit,
  orderInput,
  postEvents,
  postOrder,
  postShopify,
  read,
  SHOPIFY_SECRET,
  startTestCollector,
  testConfig,
} from './harness.ts';

/** Shopify's GraphQL API, as far as a poll and a fetch see it. */
async function playShopify() {
  const orders = new Map<string, Record<string, unknown>>();
  const asked: string[] = [];
  const read = async (request: IncomingMessage): Promise<string> => {
    let text = '';
    for await (const chunk of request) text += chunk;
    return text;
  };
  const server = createServer(async (request, response) => {
    const { query, variables } = JSON.parse(await read(request)) as { query: string; variables: { id?: string } };
    const isOne = query.includes('order(id: $id)');
    asked.push(isOne ? `order ${variables.id}` : 'orders');
    const data = isOne
      ? { order: orders.get(String(variables.id)) ?? null }
      : { orders: { nodes: [...orders.values()], pageInfo: { hasNextPage: false, endCursor: null } } };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify(request.headers['x-shopify-access-token'] === 'shpat_1' ? { data } : { errors: [{ message: 'no' }] }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, orders, asked };
}

const bag = (amount: string) => ({ shopMoney: { amount, currencyCode: 'EUR' } });
const node = (id: string, total: string, more: Record<string, unknown> = {}) => ({
  ...{ id: `gid://shopify/Order/${id}`, name: `#${id}`, currencyCode: 'EUR', test: false, displayFinancialStatus: 'PAID' },
  ...{ createdAt: '2026-11-20T10:00:00Z', updatedAt: new Date().toISOString(), processedAt: '2026-11-20T10:00:00Z' },
  ...{ totalPriceSet: bag(total), currentTotalPriceSet: bag(total), totalOutstandingSet: bag('0.00') },
  ...more,
});

const orderOf = (collector: { url: string }, id: string, isSo: (order: Order) => boolean = () => true) =>
  eventually(async () => {
    const journey = await read<Journey>(collector, `/v1/orders/${id}/journey`).catch(() => null);
    return journey && isSo(journey.order) && journey;
  });

const withApi = (url: string) =>
  testConfig(
    {
      sources: {
        shopify: {
          ...{ account: 'shop.myshopify.com', secrets: [SHOPIFY_SECRET] },
          ...{ settings: { access_token: 'shpat_1', api_url: url }, poll: { every_s: 10 } },
        },
      },
    },
    { allow_private_targets: [url] },
  );

test('an order whose webhook was lost is found by the poll', async () => {
  const shopify = await playShopify();
  shopify.orders.set('gid://shopify/Order/501', node('501', '12.50'));
  const collector = await startTestCollector(withApi(shopify.url));
  const { order } = await orderOf(collector, '501');
  expect(order).toMatchObject({ source: 'shopify', state: 'paid', amounts: { total: 1250, paid: 1250 } });
  expect(collector.errors).toEqual([]);
});

test('an order that was edited is asked for, and says what it is now', async () => {
  const shopify = await playShopify();
  const collector = await startTestCollector(withApi(shopify.url));
  await eventually(async () => shopify.asked.length > 0);
  shopify.orders.set('gid://shopify/Order/502', node('502', '20.00'));
  const edit = { order_edit: { order_id: 502, committed_at: new Date().toISOString() } };
  expect((await postShopify(collector, edit, { 'x-shopify-topic': 'orders/edited' })).status).toBe(200);
  const { order } = await orderOf(collector, '502');
  expect(order).toMatchObject({ edited: true, amounts: { total: 2000 } });
  expect(shopify.asked).toContain('order gid://shopify/Order/502');
});

test('P6: a customer whom Shopify asks to have erased is erased, and the shop’s books stay', async () => {
  const collector = await startTestCollector();
  const visit = newVisit();
  await postEvents(collector, [visit.event('identify', { user: { id: 'C-9', email: 'gone@example.com' } })]);
  await postOrder(collector, orderInput({ order_id: 'O-9', customer: { id: 'C-9', email: 'gone@example.com' } }));
  await orderOf(collector, 'O-9');
  const redact = { shop_domain: 'shop.myshopify.com', customer: { id: 'C-9', email: 'gone@example.com' }, orders_to_redact: [] };
  const answer = await postShopify(collector, redact, { 'x-shopify-topic': 'customers/redact' });
  expect(answer).toMatchObject({ status: 200, body: { verdict: 'accepted' } });
  await eventually(async () => (await collector.storage.events.newest('demo', 50)).some(({ event }) => event === 'erased'));
  const kept = JSON.stringify(await collector.storage.events.newest('demo', 50));
  expect(kept).not.toContain('C-9');
  expect((await orderOf(collector, 'O-9')).order.amounts.total).toBe(10490);
});

test('a connection that can’t be used is refused at the start, by its field', async () => {
  const start = (sources: Record<string, unknown>) => startTestCollector(testConfig({ sources } as never));
  await expect(start({ shopify: { account: 'a', secrets: [] } })).rejects.toThrow('sites.demo.sources.shopify: secrets is empty');
  await expect(start({ shopfy: { account: 'a', secrets: ['s'] } })).rejects.toThrow('There is no such source; known are');
});

test('the recorded deliveries of one order, shuffled and doubled over HTTP, make one order', async () => {
  const collector = await startTestCollector();
  const names = [
    'orders-create',
    'orders-paid',
    'orders-updated',
    'refunds-create',
    'disputes-create',
    'order_transactions-create',
  ];
  const deliveries = names.map((name) =>
    fixture<{ body: unknown; topic: string }>(`sources/shopify/webhook-2024-10-${name}.json`),
  );
  const send = (delivery: { body: unknown; topic: string }) => {
    const id = `${delivery.topic}-once`;
    return postShopify(collector, delivery.body, { 'x-shopify-topic': delivery.topic, 'x-shopify-event-id': id });
  };
  for (const delivery of [...deliveries.toReversed(), ...deliveries]) expect((await send(delivery)).status).toBe(200);
  // The recorder rounded the ids of what names the order by its number alone.
  const { orders } = await eventually(async () => {
    const list = await read<{ orders: { order_id: string }[] }>(collector, '/v1/orders');
    return list.orders.length > 0 && list;
  });
  expect(orders).toHaveLength(1);
});
