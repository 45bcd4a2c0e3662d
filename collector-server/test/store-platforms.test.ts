import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startTestCollector, testConfig } from './harness.ts';

const recorded = readFileSync(new URL('./fixtures/sources/woocommerce/rest-v3-order-727.json', import.meta.url), 'utf8');

test('a WooCommerce shop saves its webhook, which pings with a form, and then sends its orders', async () => {
  const sources = { woocommerce: { account: 'shop.example', secrets: ['wc-secret'] } };
  const { url } = await startTestCollector(testConfig({ sources }));
  const post = async (body: string, headers: Record<string, string>) => {
    const response = await fetch(`${url}/v1/sources/woocommerce/demo`, { method: 'POST', headers, body });
    return { status: response.status, body: await response.json() };
  };
  expect(await post('webhook_id=5', { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' })).toMatchObject({
    status: 200,
    body: { verdict: 'ignored', reason: 'ping' },
  });
  const headers = {
    'content-type': 'application/json',
    'x-wc-webhook-topic': 'order.created',
    'x-wc-webhook-signature': createHmac('sha256', 'wc-secret').update(recorded).digest('base64'),
  };
  expect(await post(recorded, headers)).toMatchObject({ status: 200, body: { verdict: 'accepted', accepted: 1 } });
  expect(await post(recorded, headers)).toMatchObject({ status: 200, body: { verdict: 'duplicate' } });
  expect(await post(recorded.replace('29.35', '39.35'), headers)).toMatchObject({ status: 401, body: { code: 'bad_signature' } });
});
