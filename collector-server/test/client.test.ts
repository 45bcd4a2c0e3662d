import { createClient } from '@orderloop/client';
import { expect, test } from 'vitest';
import { GRANTED, newId, orderInput, SECRET_KEY, SIGNING_SECRET, startTestCollector, testConfig } from './harness.ts';

test('what the Node client sends, a real collector takes: one order, many, and events', async () => {
  const collector = await startTestCollector(testConfig());
  const client = createClient({ url: collector.url, key: SECRET_KEY, signingSecret: SIGNING_SECRET });
  const order = orderInput() as unknown as Parameters<typeof client.sendOrder>[0];
  expect(await client.sendOrder(order, { id: 'order-1' })).toMatchObject({ accepted: 1, duplicate: 0 });
  expect(await client.sendOrder(order, { id: 'order-1' })).toMatchObject({ accepted: 0, duplicate: 1 });
  expect(await client.sendOrders([order, { ...order, order_id: 'another' }])).toMatchObject({ accepted: 2 });
  const event = {
    event: 'sign_up',
    event_id: newId(),
    occurred_at: Date.now(),
    action_source: 'server' as const,
    consent: GRANTED,
  };
  expect(await client.sendEvents([event])).toMatchObject({ accepted: 1, rejected: [] });
  expect((await collector.storage.events.counts(0)).total).toBe(4);
});

test('an order that the collector can’t use is an error that names the field', async () => {
  const collector = await startTestCollector(testConfig());
  const client = createClient({ url: collector.url, key: SECRET_KEY, signingSecret: SIGNING_SECRET });
  const order = orderInput({ currency: 'QQQ' }) as unknown as Parameters<typeof client.sendOrder>[0];
  await expect(client.sendOrder(order)).rejects.toMatchObject({
    status: 422,
    code: 'unknown_currency',
    errors: [{ pointer: '/currency' }],
  });
});
