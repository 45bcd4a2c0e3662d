// Deliveries of Shopify's largest sample to a collector, each of an order and a buyer of its own, signed, in a process of its own.
//   deliver.ts <url> <seconds> <secret> <deliveries a second, or 0: each connection sends as soon as it is answered>
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';

const [url = '', seconds = '5', secret = '', rate = '0'] = process.argv.slice(2);
const CONNECTIONS = Number(rate) > 0 ? 200 : 32;
const SAMPLE = join(import.meta.dirname, '..', 'collector-server/test/fixtures/sources/shopify/rest-order-2026-07.json');
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const run = Date.now();
const latencies: number[] = [];
const statuses: Record<string, number> = {};
let count = 0;

const { order } = JSON.parse(readFileSync(SAMPLE, 'utf8')) as { order: Record<string, unknown> };
const sample = JSON.stringify({ ...order, updated_at: new Date().toISOString() });
const GID = String(order['admin_graphql_api_id']);
const { id: CUSTOMER } = order['customer'] as { id: number };
const EMAIL = String(order['email']);
const PHONE = String(order['phone']);

async function deliver(due: number): Promise<void> {
  count += 1;
  const id = `${run}${String(count).padStart(8, '0')}`;
  const text = sample
    .replaceAll(GID, `gid://shopify/Order/${id}`)
    .replaceAll(String(CUSTOMER), `${count}`)
    .replaceAll(EMAIL, `buyer-${id}@example.com`)
    .replaceAll(PHONE, `+1555${String(count).padStart(7, '0')}`);
  const body = Buffer.from(text);
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    'x-shopify-topic': 'orders/updated',
    'x-shopify-event-id': id,
    'x-shopify-hmac-sha256': createHmac('sha256', secret).update(body).digest('base64'),
  };
  await new Promise<void>((resolve) => {
    const call = request(`${url}/v1/sources/shopify/bench`, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => {
        statuses[String(response.statusCode)] = (statuses[String(response.statusCode)] ?? 0) + 1;
        if (response.statusCode === 200) latencies.push(performance.now() - due);
        resolve();
      });
    });
    call.on('error', () => resolve());
    call.end(body);
  });
}

const began = performance.now();
const until = began + Number(seconds) * 1000;
if (Number(rate) > 0) {
  const open = new Set<Promise<void>>();
  for (let due = began; due < until; due += 1000 / Number(rate)) {
    const wait = due - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    const sent = deliver(due).finally(() => open.delete(sent));
    open.add(sent);
  }
  await Promise.all(open);
} else {
  const send = async (): Promise<void> => {
    while (performance.now() < until) await deliver(performance.now());
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, send));
}
latencies.sort((left, right) => left - right);
const at = (share: number): number => Number((latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2));
const per_second = Math.round(latencies.length / Number(seconds));
process.stdout.write(`${JSON.stringify({ statuses, per_second, p50_ms: at(0.5), p99_ms: at(0.99), bytes: sample.length })}\n`);
process.exit(0);
