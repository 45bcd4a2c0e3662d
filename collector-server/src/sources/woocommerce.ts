import { CLICK_IDS, deriveState, type Order, type OrderChange, type OrderSnapshot, type PaymentState } from '@orderloop/protocol';
import type { ApiReply, ApiRequest, Connection, OrderFact, Source, SourceReading, SourceRequest } from './contract.ts';
import {
  amountAt,
  clickIdsOf,
  currencyAt,
  customerOf,
  idOrNullAt,
  instantAt,
  isObject,
  type Json,
  listAt,
  nextByTime,
  numberAt,
  objectAt,
  parseBody,
  readEach,
  reading,
  requiredAmountAt,
  requiredIdAt,
  requiredInstantAt,
  sessionRefAt,
  textAt,
  userOf,
  utcText,
} from './shared/fields.ts';
import { partsOf, resourceOf, resourcesOf } from './shared/replies.ts';
import { checkSecrets, checkStoreUrl, checkTexts, hasTexts, storeUrl, textSetting } from './shared/settings.ts';
import { verifyHmac } from './shared/verify.ts';
import { afterRefunds, keepingStates, wasPaid } from './shared/versions.ts';

const API_KEYS = ['consumer_key', 'consumer_secret'];
const PAGE_SIZE = 100;

/**
 * WooCommerce (order-sources §6): its order webhooks, and its REST API v3 for what they lose, as WooCommerce sends each
 * once. Both carry the same order, so a poll needs no completing; only the times of refunds come with a fetch.
 *
 * Settings: `store_url` (without it the account is the shop's address), `consumer_key`, `consumer_secret`, `query_auth: true`
 * where the host strips `Authorization`, `statuses` (a plugin's status → the one of WooCommerce's that it stands for),
 * `test_meta` (a list of `{key, value}`: orders with such meta are tests), `attribution_prefix`.
 */
export const woocommerce: Source = {
  id: 'woocommerce',
  role: 'orders',
  check: (connection) => [...checkSecrets(connection.secrets), ...checkApi(connection), ...checkRules(connection.settings)],
  read(request, connection) {
    const digest = request.headers['x-wc-webhook-signature'];
    if (!digest) {
      return isPing(request)
        ? { kind: 'ignored', reason: 'ping' }
        : { kind: 'refused', code: 'signature_missing', detail: 'X-WC-Webhook-Signature is missing.' };
    }
    if (!verifyHmac(request.signed, digest, keysOf(connection.secrets))) {
      return {
        kind: 'refused',
        code: 'bad_signature',
        detail: 'X-WC-Webhook-Signature does not match: compare the webhook’s secret with the configured one.',
      };
    }
    return reading(() => readTopic(request.headers, parseBody(request.body), connection));
  },
  api: {
    isConfigured: (connection) => storeUrl(connection) !== null && hasTexts(connection.settings, API_KEYS),
    poll: {
      list: (connection, { from, page }) =>
        apiRequest(connection, '', {
          // Later than, to the second, and read in the shop's zone if it names one: then it would be that far off.
          modified_after: new Date(from - 1000).toISOString().slice(0, 19),
          dates_are_gmt: 'true',
          orderby: 'modified',
          order: 'asc',
          per_page: String(PAGE_SIZE),
          page: page ?? '1',
        }),
      read(reply, connection, cursor) {
        const orders = resourcesOf(reply);
        const page = readEach(
          orders,
          ({ id }) => textAt(id),
          (order) => orderFact(order, connection, 'poll'),
        );
        const changes = orders.map((order) => Date.parse(utcText(order['date_modified_gmt']) ?? '') || 0);
        return { ...page, next: nextByTime(cursor, Math.max(...changes, 0), orders.length === PAGE_SIZE) };
      },
    },
    fetch: {
      requests: (connection, order_id) => [
        apiRequest(connection, `/${encodeURIComponent(order_id)}`),
        apiRequest(connection, `/${encodeURIComponent(order_id)}/refunds`, { per_page: String(PAGE_SIZE) }),
      ],
      read([order, refunds], connection) {
        const body = resourceOf(order);
        const fact = body && orderFact(body, connection, 'fetch', timesOf(refunds));
        return body && (fact ? [fact] : []);
      },
    },
  },
};

function checkApi(connection: Connection): string[] {
  const { settings } = connection;
  if (!API_KEYS.some((name) => hasTexts(settings, [name]))) return [];
  return [...checkStoreUrl(connection), ...checkTexts(settings, API_KEYS)];
}

function checkRules({ statuses = {}, test_meta = [] }: Connection['settings']): string[] {
  const faults: string[] = [];
  if (!isObject(statuses) || !Object.values(statuses).every((status) => OWN_STATUSES.has(String(status))))
    faults.push(`settings.statuses must name for each status one of ${[...OWN_STATUSES].join(', ')}.`);
  if (!Array.isArray(test_meta) || test_meta.some((rule) => textAt(objectAt(rule)['key']) === null))
    faults.push('settings.test_meta must be a list of {key, value}.');
  return faults;
}

/** Sent when a webhook is saved: a form, and not signed. */
const isPing = ({ body }: SourceRequest): boolean =>
  body.length <= 32 && /^webhook_id=\d+$/.test(Buffer.from(body).toString('latin1').trim());

// WordPress keeps what was typed with its special characters as entities, and signs with the characters themselves. Who
// copies the secret out of the database configures the one, who copies it from the form the other.
const keysOf = (secrets: readonly string[]): string[] => secrets.flatMap((secret) => [decodeEntities(secret), secret]);

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };
const SPECIAL = new Set(['&', '<', '>', '"', "'"]);

/** What `wp_specialchars_decode` makes of a text: one turn, these five characters alone. */
function decodeEntities(text: string): string {
  return text.replace(/&(?:(amp|lt|gt|quot)|#0*(\d{2})|#x0*([\da-f]{2}));/gi, (entity, name, decimal, hex) => {
    if (name) return ENTITIES[name] ?? entity;
    const sign = String.fromCharCode(decimal ? Number(decimal) : Number.parseInt(hex, 16));
    return SPECIAL.has(sign) ? sign : entity;
  });
}

function apiRequest(connection: Connection, path: string, query: Record<string, string> = {}): ApiRequest {
  const { settings } = connection;
  const [key, secret] = API_KEYS.map((name) => textSetting(settings, name) ?? '');
  const inQuery = settings['query_auth'] === true;
  const parameters = new URLSearchParams({ ...query, ...(inQuery && { consumer_key: key!, consumer_secret: secret! }) });
  const basic = `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`;
  return {
    method: 'GET',
    url: `${storeUrl(connection)}/wp-json/wc/v3/orders${path}${parameters.size > 0 ? `?${parameters}` : ''}`,
    headers: { accept: 'application/json', ...(!inQuery && { authorization: basic }) },
  };
}

const TOPICS = new Set(['order.created', 'order.updated', 'order.restored']);

function readTopic(headers: SourceRequest['headers'], body: Json, connection: Connection): SourceReading {
  const topic = headers['x-wc-webhook-topic'] ?? 'order.updated';
  // All that it says is an id, and an order that was paid was paid, whether or not somebody tidied it away.
  if (topic === 'order.deleted') return { kind: 'ignored', reason: 'order_deleted' };
  if (!TOPICS.has(topic)) return { kind: 'ignored', reason: 'unsupported_topic' };
  const names = [headers['x-wc-webhook-id'], headers['x-wc-webhook-delivery-id'], topic];
  const fact = orderFact(body, connection, names.map((name) => name ?? '').join(':'));
  return fact ? { kind: 'facts', facts: [fact] } : { kind: 'ignored', reason: 'draft_or_trash' };
}

/** When each refund was made: the order alone doesn't say. */
type RefundTimes = ReadonlyMap<string | null, string | null>;

const timesOf = (refunds: ApiReply | undefined): RefundTimes =>
  new Map(partsOf(refunds).map((refund) => [textAt(refund['id']), utcText(refund['date_created_gmt'])]));

/**
 * The order as a fact; null where it is none yet, or in the bin. WooCommerce names a delivery by its webhook and the second,
 * which two orders may share, so what was delivered is part of the name (order-sources §4).
 */
function orderFact(body: Json, connection: Connection, delivery: string, times: RefundTimes = new Map()): OrderFact | null {
  const status = statusOf(body, connection.settings);
  if (IGNORED.has(status)) return null;
  const order = readOrder(body, status, connection, times);
  const { order_id, updated_at, refunds = [] } = order;
  const order_key = textAt(body['order_key']);
  const ip = textAt(body['customer_ip_address']);
  const user_agent = textAt(body['customer_user_agent']);
  return {
    delivery_id: [delivery, order_id, updated_at, body['status'], refunds.length].join(':'),
    occurred_at: Date.parse(updated_at!),
    order,
    user: readUser(body),
    tokens: { ...(order_key && { checkout_token: order_key }) },
    context: { ...(ip && { ip }), ...(user_agent && { user_agent }) },
    action_source: body['created_via'] === 'pos-rest-api' ? 'physical_store' : 'web',
  };
}

const IGNORED = new Set(['checkout-draft', 'auto-draft', 'draft', 'trash']);
const OWN_STATUSES = new Set(['pending', 'on-hold', 'processing', 'completed', 'cancelled', 'refunded', 'failed']);

function statusOf(body: Json, settings: Connection['settings']): string {
  const status = (textAt(body['status']) ?? '').replace(/^wc-/, '');
  const statuses = objectAt(settings['statuses']);
  return textAt(statuses[status]) ?? textAt(statuses[`wc-${status}`]) ?? status;
}

/**
 * What the status says of the payment (order-sources §13). A plugin's own says nothing; then `date_paid` does, which
 * WooCommerce sets itself. Null when there is none.
 */
function paymentOf(status: string, { payment_method, date_paid_gmt }: Json): PaymentState | null {
  const isPaid = textAt(date_paid_gmt) !== null;
  switch (status) {
    case 'pending':
    case 'on-hold':
      return 'pending';
    case 'processing':
      return payment_method === 'cod' && !isPaid ? 'pending' : 'paid';
    case 'completed':
      return 'paid';
    case 'cancelled':
      return isPaid ? 'paid' : 'voided';
    case 'refunded':
    case 'failed':
      return status;
    default:
      return isPaid ? 'paid' : null;
  }
}

const UNFULFILLED = new Set(['pending', 'on-hold', 'processing']);

function readOrder(body: Json, status: string, { account, settings }: Connection, times: RefundTimes): OrderChange {
  const order_id = requiredIdAt(body['id'], '/id');
  const { currency, exponent } = currencyAt(body['currency'], '/currency');
  const total = requiredAmountAt(body['total'], exponent, '/total');
  const created_at = requiredInstantAt(utcText(body['date_created_gmt']), '/date_created_gmt');
  const updated_at = requiredInstantAt(utcText(body['date_modified_gmt']), '/date_modified_gmt');
  const completed_at = instantAt(utcText(body['date_completed_gmt']));
  const refunds = readRefunds(body, exponent, times);
  const listed = refunds.reduce((sum, refund) => sum + refund.amount, 0);
  // By hand, a status alone can say that all of it went back.
  const refunded = status === 'refunded' ? Math.max(listed, total) : listed;
  const known = paymentOf(status, body);
  const paid = known && wasPaid(known) ? total : 0;
  const axes = {
    payment_state: afterRefunds(known ?? 'pending', refunded, paid),
    // What was shipped stays shipped, whatever becomes of the money.
    fulfillment_state: completed_at && !UNFULFILLED.has(status) ? ('fulfilled' as const) : fulfillmentOf(status),
    dispute_state: 'none' as const,
    cancelled_at: status === 'cancelled' ? updated_at : null,
  };
  const money = (field: string) => amountAt(body[field], exponent, `/${field}`);
  const transaction_id = textAt(body['transaction_id']);
  const meta = metaOf(body);
  const order: OrderSnapshot = {
    source: 'woocommerce',
    account,
    order_id,
    order_number: textAt(body['number']),
    state: deriveState(axes),
    ...axes,
    test: isTest(meta, settings),
    edited: false,
    currency,
    exponent,
    // The API states lines without tax, whatever `prices_include_tax` says of the shop's price tags.
    tax_included: false,
    amounts: {
      subtotal: sumOf(body, 'line_items', exponent),
      discount: money('discount_total'),
      shipping: money('shipping_total'),
      tax: money('total_tax'),
      tip: 0,
      fees: sumOf(body, 'fee_lines', exponent),
      total,
      paid,
      refunded,
      net: paid - refunded,
    },
    presentment: null,
    created_at,
    paid_at: paid > 0 ? (instantAt(utcText(body['date_paid_gmt'])) ?? completed_at) : null,
    updated_at,
    line_items: listAt(body['line_items']).map((line, index) => readLine(line, exponent, `/line_items/${index}`)),
    customer: customerOf(contact(body)),
    refunds,
    tracking: listAt(meta.get('_wc_shipment_tracking_items')).map((item) => ({
      carrier: textAt(item['custom_tracking_provider']) ?? textAt(item['tracking_provider']),
      number: textAt(item['tracking_number']),
    })),
    session_ref: sessionRefAt(meta.get('_sref')),
    attribution: readAttribution(meta, textSetting(settings, 'attribution_prefix') ?? '_wc_order_attribution_'),
    ...(transaction_id && transaction_id.length <= 128 && { references: [{ kind: 'payment', value: transaction_id }] }),
  };
  return known ? order : keepingStates(order);
}

const fulfillmentOf = (status: string): Order['fulfillment_state'] => (status === 'completed' ? 'fulfilled' : 'unfulfilled');

function readRefunds(body: Json, exponent: number, times: RefundTimes): Order['refunds'] {
  return listAt(body['refunds']).map((refund, index) => ({
    refund_id: requiredIdAt(refund['id'], `/refunds/${index}/id`),
    amount: Math.abs(amountAt(refund['total'], exponent, `/refunds/${index}/total`)),
    at: instantAt(times.get(textAt(refund['id']))),
  }));
}

const sumOf = (body: Json, list: string, exponent: number): number =>
  listAt(body[list]).reduce((sum, line, index) => sum + amountAt(line['total'], exponent, `/${list}/${index}/total`), 0);

function readLine(line: Json, exponent: number, pointer: string): Order['line_items'][number] {
  const quantity = numberAt(line['quantity']);
  const subtotal = amountAt(line['subtotal'], exponent, `${pointer}/subtotal`);
  return {
    line_id: textAt(line['id']),
    sku: textAt(line['sku']),
    product_id: idOrNullAt(line['product_id']),
    variant_id: idOrNullAt(line['variation_id']),
    quantity,
    unit_price: quantity > 0 ? Math.round(subtotal / quantity) : subtotal,
    gift_card: false,
  };
}

type Meta = ReadonlyMap<string, unknown>;

const metaOf = (body: Json): Meta => new Map(listAt(body['meta_data']).map(({ key, value }) => [String(key), value]));

/** What WooPayments writes in its test mode. */
const TEST_META = [{ key: '_wcpay_mode', value: 'test' }];

function isTest(meta: Meta, settings: Connection['settings']): boolean {
  const rules: Json[] = Array.isArray(settings['test_meta']) ? listAt(settings['test_meta']) : TEST_META;
  return rules.some(({ key, value }) => meta.has(String(key)) && String(meta.get(String(key))) === String(value));
}

const CLICK_PARAMS = CLICK_IDS.map(({ param }) => param);

/** WooCommerce's own order attribution: where the visit began, if the visitor agreed to be asked. */
function readAttribution(meta: Meta, prefix: string): Order['attribution'] {
  const landing_page = textAt(meta.get(`${prefix}session_entry`));
  return { landing_page, referrer: textAt(meta.get(`${prefix}referrer`)), click_ids: clickIdsOf(landing_page, CLICK_PARAMS) };
}

function contact(body: Json) {
  const billing = objectAt(body['billing']);
  return {
    id: idOrNullAt(body['customer_id']),
    email: textAt(billing['email']),
    phone: textAt(billing['phone']),
    country: textAt(billing['country']),
  };
}

function readUser(body: Json): OrderFact['user'] {
  const billing = objectAt(body['billing']);
  return userOf({
    ...contact(body),
    first_name: textAt(billing['first_name']),
    last_name: textAt(billing['last_name']),
    city: textAt(billing['city']),
    region: textAt(billing['state']),
    postal_code: textAt(billing['postcode']),
  });
}
