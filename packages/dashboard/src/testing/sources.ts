import type { SourceConnection, SourceConnections, SourceDelivery } from '@orderloop/protocol';

const NOW = Date.now();
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const connection = (more: Partial<SourceConnection>): SourceConnection => ({
  site: 'shop',
  source: 'shopify',
  account: 'lamps.myshopify.com',
  path: `/v1/sources/${more.source ?? 'shopify'}/${more.site ?? 'shop'}`,
  secrets: 1,
  last_delivery_at: NOW - 5 * MINUTE_MS,
  last_verdict: 'accepted',
  deliveries_24h: { accepted: 0, duplicate: 0, ignored: 0, rejected: 0 },
  poll: null,
  ...more,
});

/** One of each health. */
export const connections: SourceConnections = {
  public_url: 'https://collector.example/',
  connections: [
    connection({
      deliveries_24h: { accepted: 1204, duplicate: 3, ignored: 0, rejected: 0 },
      poll: { polled_at: NOW - 12 * MINUTE_MS, error: null },
    }),
    connection({ source: 'woocommerce', account: 'lamps.example', last_delivery_at: NOW - 3 * DAY_MS, secrets: 2 }),
    connection({
      source: 'stripe',
      account: 'acct_lamps',
      last_verdict: 'rejected',
      deliveries_24h: { accepted: 2, duplicate: 0, ignored: 1, rejected: 47 },
    }),
    connection({ source: 'paypal', account: 'MERCHANT', last_delivery_at: null, last_verdict: null, secrets: 0 }),
    connection({ source: 'bigcommerce', account: 'abcde', last_delivery_at: null, last_verdict: null, secrets: 0 }),
    connection({
      source: 'magento',
      account: 'lamps.example',
      last_delivery_at: null,
      last_verdict: null,
      secrets: 0,
      poll: { polled_at: NOW - 60 * MINUTE_MS, error: 'The platform answered 500.' },
    }),
    connection({ source: 'csv-import', account: 'shop', last_delivery_at: null, last_verdict: null }),
    connection({ source: 'generic', account: 'shop', path: '/v1/orders', last_delivery_at: null, last_verdict: null }),
  ],
};

/** A delivery that was taken, now. */
export const delivery = (id: string, more: Partial<SourceDelivery> = {}): SourceDelivery => {
  const received_at = more.received_at ?? NOW;
  return {
    site: 'shop',
    source: 'shopify',
    id,
    received_at,
    first_at: received_at,
    count: 1,
    verified: true,
    status: 200,
    verdict: 'accepted',
    reason: null,
    detail: null,
    pointer: null,
    topic: 'orders/paid',
    orders: 1,
    order_key: 'shopify:lamps.myshopify.com:5001',
    order_number: '#1042',
    state: 'paid',
    total: 12_900,
    currency: 'EUR',
    exponent: 2,
    test: false,
    has_session_ref: true,
    ...more,
  };
};

const nothing = {
  ...{ orders: 0, order_key: null, order_number: null, state: null, total: null, currency: null },
  ...{ exponent: null, test: null, has_session_ref: null },
} satisfies Partial<SourceDelivery>;

/** One that was refused; without `verified`, one that anybody may have sent. */
export const refusal = (id: string, reason: string, more: Partial<SourceDelivery> = {}): SourceDelivery =>
  delivery(id, { verified: false, status: 401, verdict: 'rejected', reason, topic: null, ...nothing, ...more });

/** One of each kind, newest first. */
export const deliveries: SourceDelivery[] = [
  refusal('bad_signature:1', 'bad_signature', {
    count: 47,
    first_at: NOW - 40 * MINUTE_MS,
    detail: 'X-Shopify-Hmac-SHA256 does not match: compare the app’s client secret with the configured one.',
  }),
  delivery('5', { received_at: NOW - MINUTE_MS }),
  delivery('4', { received_at: NOW - 2 * MINUTE_MS, verdict: 'duplicate', order_number: null, orders: 5 }),
  delivery('3', {
    ...{ received_at: NOW - 3 * MINUTE_MS, verdict: 'ignored', reason: 'unsupported_topic', topic: 'products/update' },
    ...nothing,
  }),
  refusal('2', 'unknown_currency', {
    ...{ received_at: NOW - 4 * MINUTE_MS, verified: true, status: 422, topic: 'orders/create' },
    ...{ pointer: '/currency', detail: 'Expected an ISO 4217 currency code.' },
  }),
];
