import { createHmac, randomBytes } from 'node:crypto';
import { sessionRef, uuidv7 } from '@orderloop/protocol';
import { onTestFinished } from 'vitest';
import { type Config, readConfig } from '../src/config.ts';
import { type Collector, type CollectorOptions, startCollector } from '../src/main.ts';
import type { Storage } from '../src/storage/contract.ts';
import { openSqlite } from '../src/storage/sqlite/index.ts';

export const KEY = 'pk_demo_abcdef1';
export const SECRET_KEY = 'sk_demo_0123456789';
export const SIGNING_SECRET = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
export const SHOPIFY_SECRET = 'shpss_test';
export const ORIGIN = 'https://shop.example';

/** What no list of bots knows. */
export const BROWSER_NAME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

export const GRANTED = {
  ad_storage: 'granted',
  ad_user_data: 'granted',
  ad_personalization: 'granted',
  analytics_storage: 'granted',
} as const;

export function testConfig(site: Partial<Config['sites'][string]> = {}, more: Partial<Config> = {}): Config {
  return readConfig(
    {
      data_key: 'test',
      dashboard_token: 'a-dashboard-token',
      relay: { base_ms: 20, throttled_floor_ms: 20 },
      ...more,
      limits: { drain_ms: 0, network_per_second: 1_000_000, network_burst: 1_000_000, ...more.limits },
      sites: {
        demo: {
          name: 'Demo',
          publishable_keys: [KEY],
          secret_keys: [SECRET_KEY],
          signing_secrets: [SIGNING_SECRET],
          origins: [ORIGIN],
          sources: { shopify: { account: 'shop.myshopify.com', secrets: [SHOPIFY_SECRET] } },
          destinations: [],
          ...site,
        },
      },
    },
    {},
  );
}

export interface TestCollector extends Collector {
  storage: Storage;
  /** Unexpected errors; a test that caused none expects none. */
  errors: unknown[];
}

/** A collector on a free port with a store of its own, stopped when the test ends. */
export async function startTestCollector(
  config: Config = testConfig(),
  storage: Storage = openSqlite(),
  more: Partial<CollectorOptions> = {},
): Promise<TestCollector> {
  const errors: unknown[] = [];
  const collector = await startCollector(
    { config, storage, onError: (error) => errors.push(error), ...more },
    { port: 0, host: '127.0.0.1' },
  );
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (!stopped) await collector.stop();
    stopped = true;
  };
  onTestFinished(stop);
  return { ...collector, stop, storage, errors };
}

export const newId = (now = Date.now()): string => uuidv7(now, randomBytes(10));

export interface Visit {
  visitor_id: string;
  session_id: string;
  session_ref: string;
  event(name: string, more?: Record<string, unknown>): Record<string, unknown>;
}

/** A visitor in one session, whose events follow each other by a second, the last of them about now. */
export function newVisit(started_at = Date.now() - 60_000): Visit {
  const visitor_id = newId(started_at);
  const session_id = newId(started_at);
  let seq = 0;
  return {
    visitor_id,
    session_id,
    session_ref: sessionRef(session_id, visitor_id),
    event(name, more = {}) {
      const occurred_at = started_at + seq * 1000;
      return {
        event: name,
        event_id: newId(occurred_at),
        occurred_at,
        visitor_id,
        session_id,
        seq: seq++,
        action_source: 'web',
        page: { url: `${ORIGIN}/` },
        consent: GRANTED,
        ...more,
      };
    },
  };
}

export async function postEvents(
  collector: { url: string },
  events: unknown,
  headers: Record<string, string> = {},
  more: Record<string, unknown> = {},
) {
  const response = await fetch(`${collector.url}/v1/events`, {
    method: 'POST',
    headers: { origin: ORIGIN, 'content-type': 'text/plain', 'user-agent': BROWSER_NAME, ...headers },
    body: JSON.stringify({ key: KEY, sent_at: Date.now(), events, ...more }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown> & { errors?: { pointer: string; code: string }[] },
  };
}

/** A Shopify delivery as the platform sends it: signed over its exact bytes. */
export async function postShopify(
  collector: { url: string },
  order: unknown,
  headers: Record<string, string> = {},
  secret = SHOPIFY_SECRET,
) {
  const body = typeof order === 'string' ? order : JSON.stringify(order);
  const response = await fetch(`${collector.url}/v1/sources/shopify/demo`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-shopify-topic': 'orders/paid',
      'x-shopify-webhook-id': newId(),
      'x-shopify-hmac-sha256': createHmac('sha256', secret).update(body).digest('base64'),
      ...headers,
    },
    body,
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

export function signedHeaders(
  body: string,
  { id = newId(), at = Date.now(), secret = SIGNING_SECRET } = {},
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const signature = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

export async function postOrder(collector: { url: string }, order: unknown, headers: Record<string, string> = {}) {
  const body = JSON.stringify(order);
  const response = await fetch(`${collector.url}/v1/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET_KEY}`, ...signedHeaders(body), ...headers },
    body,
  });
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown> & { errors?: { pointer: string; code: string }[] },
  };
}

export async function read<T>(collector: { url: string }, path: string): Promise<T> {
  const response = await fetch(`${collector.url}${path}`, { headers: { authorization: `Bearer ${SECRET_KEY}` } });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return (await response.json()) as T;
}

/** Waits for what will come: asks again until the answer is truthy. Fails after `limit_ms`. */
export async function eventually<T>(ask: () => Promise<T | undefined | false | null>, limit_ms = 10_000): Promise<T> {
  const until = Date.now() + limit_ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > until) throw new Error(`It did not come within ${limit_ms} ms: ${ask}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** An order as a shop's own server sends it. */
export function orderInput(more: Record<string, unknown> = {}): Record<string, unknown> {
  const now = new Date().toISOString();
  return {
    source: 'shop',
    order_id: `O-${randomBytes(6).toString('hex')}`,
    status: 'paid',
    currency: 'EUR',
    created_at: now,
    paid_at: now,
    updated_at: now,
    amounts: { subtotal: '100.00', shipping: '4.90', tax: '16.75', total: '104.90' },
    line_items: [{ sku: 'SKU-1', quantity: 2, unit_price: '50.00' }],
    customer: { email: 'buyer@example.com', first_name: 'Nora' },
    ...more,
  };
}
