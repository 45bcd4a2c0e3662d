// A closed loop of keep-alive connections for a bounded time, in a process of its own: prints what was acknowledged.
import { randomBytes } from 'node:crypto';
import { uuidv7 } from '@orderloop/protocol';
import { Pool } from 'undici';

const [url = '', path = '', seconds = '4', perRequest = '1', key = '', origin = ''] = process.argv.slice(2);
const CONNECTIONS = 50;
const CONSENT = { ad_storage: 'granted', ad_user_data: 'granted', ad_personalization: 'granted', analytics_storage: 'granted' };

const pool = new Pool(url, { connections: CONNECTIONS });
const latencies: number[] = [];
let acknowledged = 0;
let failed = 0;
const until = performance.now() + Number(seconds) * 1000;

await Promise.all(Array.from({ length: CONNECTIONS }, work));
latencies.sort((left, right) => left - right);
const at = (share: number): number => Number((latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2));
process.stdout.write(
  `${JSON.stringify({ acknowledged, failed, per_second: Math.round(acknowledged / Number(seconds)), p50_ms: at(0.5), p99_ms: at(0.99) })}\n`,
);
await pool.close();

async function work(): Promise<void> {
  while (performance.now() < until) {
    const body = JSON.stringify({ key, sent_at: Date.now(), events: Array.from({ length: Number(perRequest) }, newEvent) });
    const began = performance.now();
    const reply = await pool.request({ path, method: 'POST', headers: { 'content-type': 'text/plain', origin }, body });
    await reply.body.dump();
    latencies.push(performance.now() - began);
    if (reply.statusCode === 202) acknowledged += Number(perRequest);
    else failed += 1;
  }
}

/** About 1 KB, as the SDK sends it. */
function newEvent(): object {
  const now = Date.now();
  return {
    event: 'view_item',
    event_id: uuid(),
    occurred_at: now,
    visitor_id: uuid(),
    session_id: uuid(),
    seq: 3,
    action_source: 'web',
    page: {
      url: 'https://shop.example/products/bollard?utm_source=parlour&utm_campaign=autumn',
      referrer: 'https://www.example.com/',
      title: 'Bollard, a table lamp',
    },
    campaign: { source: 'parlour', medium: 'paid_social', campaign: 'autumn-lights', content: 'lamp' },
    click_ids: { fbclid: { value: randomBytes(60).toString('base64url'), first_seen_at: now } },
    cookies: { _fbp: `fb.1.${now}.1122334455` },
    consent: CONSENT,
    items: [{ item_id: 'bollard', item_name: 'Bollard', price: 129, quantity: 1 }],
    properties: { currency: 'EUR', value: 129 },
  };
}

function uuid(): string {
  return uuidv7(Date.now(), randomBytes(10));
}
