import { createHash } from 'node:crypto';
import { deriveState, type Order, type OrderChange, type OrderSnapshot, type PaymentState } from '@orderloop/protocol';
import type { ApiRequest, Connection, OrderFact, Source, SourceReading, SourceRequest } from './contract.ts';
import {
  amountAt,
  currencyAt,
  customerOf,
  idOrNullAt,
  instantAt,
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
  textAt,
  UnusableDelivery,
  userOf,
} from './shared/fields.ts';
import { partsOf, resourceOf, resourcesOf } from './shared/replies.ts';
import { checkLists, checkSecrets, checkTexts, hasTexts, textSetting, textsSetting } from './shared/settings.ts';
import { equalSecrets, verifyStandardWebhook } from './shared/verify.ts';
import { afterRefunds, keepingStates, wasPaid } from './shared/versions.ts';

const PAGE_SIZE = 250;
const HEADER_SETTINGS = ['header_name', 'header_secret'];

/**
 * BigCommerce (order-sources §8). Webhooks carry ids alone, so each is a fact without fields that names an order to be fetched;
 * `store/cart/converted` adds which cart the order came from, which is what ties it to its session. A fetch asks for the order,
 * its products, its shipments and the refunds that the order itself never shows. A poll's list includes the lines; for an order
 * of which something may have been sent or paid back, it also names it to be fetched.
 *
 * `currency` is the one that the buyer paid in: no amount is stated in the store's own, and one that we worked out from the
 * exchange rate would not add up to the cent.
 *
 * Settings: `store_hash` (without it the account is the hash), `access_token`, `header_name` and `header_secret` for webhooks of
 * older stores that are not signed, `offline_methods` (payment methods whose orders count as paid without a payment),
 * `test_payment_methods`, `api_url`.
 */
export const bigcommerce: Source = {
  id: 'bigcommerce',
  role: 'orders',
  check,
  read(request, connection, { now }) {
    const verdict = verifyDelivery(request, connection, now);
    if ('kind' in verdict) return verdict;
    return reading(() => readScope(parseBody(request.body), connection, verdict.id ?? digestOf(request.body), now));
  },
  api: {
    isConfigured: (connection) => hashOf(connection) !== null && hasTexts(connection.settings, ['access_token']),
    wait({ status, headers }) {
      const left = Number(headers['x-rate-limit-requests-left'] ?? Number.NaN);
      const reset = Number(headers['x-rate-limit-time-reset-ms'] ?? 0);
      return (left <= 0 || status === 429) && reset > 0 ? reset : 0;
    },
    poll: {
      list: (connection, { from, page }) =>
        apiRequest(connection, '/v2/orders', {
          // Not documented is whether it includes this second.
          min_date_modified: `${new Date(from - 1000).toISOString().slice(0, 19)}Z`,
          sort: 'date_modified:asc',
          include: 'consignments.line_items',
          limit: String(PAGE_SIZE),
          page: page ?? '1',
        }),
      read(reply, connection, cursor) {
        const orders = resourcesOf(reply);
        const page = readEach(
          orders,
          ({ id }) => textAt(id),
          (order) => orderFact(order, connection, 'poll', { products: productsIn(order) }),
        );
        const toFetch = orders.filter(hasMore).flatMap((order) => listedFact(order, connection) ?? []);
        const changes = orders.map(({ date_modified }) => Date.parse(String(date_modified)) || 0);
        const next = nextByTime(cursor, Math.max(...changes, 0), orders.length === PAGE_SIZE);
        return { facts: [...page.facts, ...toFetch], unusable: page.unusable, next };
      },
    },
    fetch: {
      requests: (connection, order_id) => {
        const id = encodeURIComponent(order_id);
        return [
          apiRequest(connection, `/v2/orders/${id}`),
          apiRequest(connection, `/v2/orders/${id}/products`, { limit: String(PAGE_SIZE) }),
          apiRequest(connection, `/v2/orders/${id}/shipments`, { limit: String(PAGE_SIZE) }),
          apiRequest(connection, `/v3/orders/${id}/payment_actions/refunds`),
        ];
      },
      read([order, products, shipments, refunds], connection) {
        const body = resourceOf(order);
        if (!body) return null;
        const parts = { products: partsOf(products), shipments: partsOf(shipments), refunds: partsOf(refunds, 'data') };
        const fact = orderFact(body, connection, 'fetch', parts);
        return fact ? [fact] : [];
      },
    },
  },
};

function check(connection: Connection): string[] {
  const { secrets, settings } = connection;
  const faults = checkLists(settings, ['offline_methods', 'test_payment_methods']);
  if (HEADER_SETTINGS.some((name) => hasTexts(settings, [name]))) faults.push(...checkTexts(settings, HEADER_SETTINGS));
  else faults.push(...checkSecrets(secrets));
  if (hasTexts(settings, ['store_hash'])) faults.push(...checkTexts(settings, ['access_token']));
  if (hasTexts(settings, ['access_token']) && !hashOf(connection)) faults.push('settings.store_hash is missing.');
  return faults;
}

/** What the API calls the store: `abcde`, which webhooks write `stores/abcde`. */
function hashOf({ account, settings }: Connection): string | null {
  const text = (textSetting(settings, 'store_hash') ?? account).replace(/^stores\//, '');
  return /^[A-Za-z0-9]+$/.test(text) ? text : null;
}

function apiRequest(connection: Connection, path: string, query: Record<string, string> = {}): ApiRequest {
  const { settings } = connection;
  const api = textSetting(settings, 'api_url') ?? 'https://api.bigcommerce.com';
  const parameters = new URLSearchParams(query);
  return {
    method: 'GET',
    url: `${api}/stores/${hashOf(connection)}${path}${parameters.size > 0 ? `?${parameters}` : ''}`,
    headers: { accept: 'application/json', 'x-auth-token': textSetting(settings, 'access_token') ?? '' },
  };
}

/** The delivery's id where it was signed under one. A signature that is there has to be right; without, the header's secret is. */
function verifyDelivery(
  { headers, signed }: SourceRequest,
  { secrets, settings }: Connection,
  now: number,
): { id: string | null } | Extract<SourceReading, { kind: 'refused' }> {
  const name = textSetting(settings, 'header_name')?.toLowerCase();
  const expected = textSetting(settings, 'header_secret');
  const isUnsigned = secrets.length === 0 || headers['webhook-signature'] === undefined;
  if (name && expected && isUnsigned) {
    if (equalSecrets(headers[name] ?? '', expected)) return { id: headers['webhook-id'] ?? null };
    return { kind: 'refused', code: 'bad_signature', detail: `The header ${name} does not hold settings.header_secret.` };
  }
  // The library that BigCommerce signs with is given the client secret in base64: the key is the secret's own bytes.
  const verdict = verifyStandardWebhook(headers, signed, secrets, now, (secret) => Buffer.from(secret));
  return verdict.ok ? { id: verdict.id } : { kind: 'refused', code: verdict.code, detail: verdict.detail };
}

const digestOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex').slice(0, 32);

function readScope(body: Json, connection: Connection, delivery: string, now: number): SourceReading {
  const scope = (textAt(body['scope']) ?? '').replace(/^store\/channel\/\d+\//, 'store/');
  const data = objectAt(body['data']);
  const isCart = scope === 'store/cart/converted';
  const isOrder = scope.startsWith('store/order/') && !scope.startsWith('store/order/message/');
  if (!isCart && !isOrder && !scope.startsWith('store/shipment/')) return { kind: 'ignored', reason: 'unsupported_scope' };
  const own = data['type'] === 'order' ? data['id'] : undefined;
  const order_id = requiredIdAt(data['order_id'] ?? data['orderId'] ?? own, isCart ? '/data/orderId' : '/data/id');
  const cart_id = isCart ? textAt(data['id']) : null;
  return {
    kind: 'facts',
    facts: [bareFact(order_id, connection, delivery, numberAt(body['created_at']) * 1000 || now, cart_id)],
  };
}

/** Names an order that changed, for the runtime to fetch it. */
function bareFact(
  order_id: string,
  { account }: Connection,
  delivery_id: string,
  occurred_at: number,
  cart_id: string | null = null,
): OrderFact {
  return {
    delivery_id,
    occurred_at,
    order: { source: 'bigcommerce', account, order_id },
    ...(cart_id && { tokens: { cart_token: cart_id } }),
    action_source: 'server',
  };
}

const SENT = new Set([2, 3, 10]);
const PAID_BACK = new Set([4, 14]);

/** Whether a list's order may have shipments or refunds, which only a fetch shows. */
function hasMore(order: Json): boolean {
  const status_id = numberAt(order['status_id']);
  return SENT.has(status_id) || PAID_BACK.has(status_id) || paymentStatus(order).endsWith('refunded');
}

function listedFact(order: Json, connection: Connection): OrderFact | null {
  const order_id = textAt(order['id']);
  const updated_at = instantAt(order['date_modified']);
  return order_id && updated_at ? bareFact(order_id, connection, `list:${order_id}:${updated_at}`, Date.parse(updated_at)) : null;
}

/** What of an order comes apart from it; what was not asked for is undefined. */
interface Parts {
  products: Json[];
  shipments?: Json[];
  refunds?: Json[];
}

/** The lines that `include=consignments.line_items` puts into an order: as many lists as there are ways of delivery. */
function productsIn(order: Json): Json[] {
  const consignments = [order['consignments']].flat().map(objectAt);
  return consignments
    .flatMap(({ pickups, shipping, downloads, email }) => [pickups, shipping, downloads, objectAt(email)['gift_certificates']])
    .flatMap(listAt)
    .flatMap((consignment) => listAt(consignment['line_items']));
}

/** Null for an order that was begun and not placed. */
function orderFact(body: Json, connection: Connection, delivery: string, parts: Parts): OrderFact | null {
  if (statusId(body) === 0) return null;
  const order = readOrder(body, connection, parts);
  const { order_id, updated_at, refunds = [], shipments = [] } = order;
  const cart_id = textAt(body['cart_id']);
  const ip = textAt(body['ip_address']) ?? textAt(body['ip_address_v6']);
  const returned = refunds.reduce((sum, refund) => sum + refund.amount, 0);
  return {
    delivery_id: [delivery, order_id, updated_at, body['status_id'], paymentStatus(body), returned, shipments.length].join(':'),
    occurred_at: Date.parse(updated_at!),
    order,
    user: readUser(body),
    tokens: { ...(cart_id && { cart_token: cart_id }) },
    context: { ...(ip && { ip }) },
    action_source: body['order_source'] === 'pos' ? 'physical_store' : 'web',
  };
}

const LAST_STATUS = 14;

function statusId(body: Json): number {
  const status_id = Number(textAt(body['status_id']) ?? Number.NaN);
  // Labels are the shop's own; ids are not.
  if (Number.isInteger(status_id) && status_id >= 0 && status_id <= LAST_STATUS) return status_id;
  throw new UnusableDelivery('invalid_order', '/status_id', `Expected a status from 0 to ${LAST_STATUS}.`);
}

const paymentStatus = (body: Json): string => (textAt(body['payment_status']) ?? '').toLowerCase();

const CAPTURED = new Set(['captured', 'paid', 'partially refunded', 'refunded']);

/** What the status says of the payment (order-sources §13); null where it says nothing, and nor does the payment's own. */
function paymentOf(status_id: number, body: Json, settings: Connection['settings']): PaymentState | null {
  const status = paymentStatus(body);
  const isAuthorized = status === 'authorized';
  const isCaptured = CAPTURED.has(status);
  switch (status_id) {
    case 1:
    case 7:
    case 12:
      return isAuthorized ? 'authorized' : 'pending';
    case 4:
      return 'refunded';
    case 14:
      return 'partially_refunded';
    case 5:
      return isCaptured ? 'paid' : 'voided';
    case 6:
      return 'failed';
    default: {
      const method = textAt(body['payment_method']) ?? '';
      if (isCaptured || textsSetting(settings, 'offline_methods').includes(method)) return 'paid';
      if (isAuthorized) return 'authorized';
      return status_id === DISPUTED ? null : 'pending';
    }
  }
}

const DISPUTED = 13;
const NOT_SENT = new Set([1, 7, 8, 9, 11, 12]);

function fulfillmentOf(status_id: number, body: Json): Order['fulfillment_state'] {
  if (status_id === 2 || status_id === 10) return 'fulfilled';
  if (status_id === 3) return 'partially_fulfilled';
  if (NOT_SENT.has(status_id)) return 'unfulfilled';
  const shipped = numberAt(body['items_shipped']);
  if (shipped > 0) return shipped >= numberAt(body['items_total']) ? 'fulfilled' : 'partially_fulfilled';
  return textAt(body['date_shipped']) ? 'fulfilled' : 'unfulfilled';
}

function readOrder(body: Json, { account, settings }: Connection, parts: Parts): OrderChange {
  const order_id = requiredIdAt(body['id'], '/id');
  const status_id = statusId(body);
  // `currency_code` is only what prices were shown in.
  const { currency, exponent } = currencyAt(body['default_currency_code'], '/default_currency_code');
  const money = (field: string) => amountAt(body[field], exponent, `/${field}`);
  const total = requiredAmountAt(body['total_inc_tax'], exponent, '/total_inc_tax');
  const created_at = requiredInstantAt(body['date_created'], '/date_created');
  const updated_at = requiredInstantAt(body['date_modified'], '/date_modified');
  const refunds = parts.refunds?.flatMap((refund, index) => readRefund(refund, exponent, `/refunds/${index}`));
  const shipments = parts.shipments?.map((shipment, index) => readShipment(shipment, `/shipments/${index}`));
  const listed = refunds?.reduce((sum, refund) => sum + refund.amount, 0) ?? 0;
  const isAllBack = status_id === 4 || paymentStatus(body) === 'refunded';
  const known = paymentOf(status_id, body, settings);
  const paid = known && wasPaid(known) ? total : 0;
  const refunded = isAllBack ? Math.max(listed, paid) : listed;
  const tax = body['is_tax_inclusive_pricing'] === true ? 'inc_tax' : 'ex_tax';
  const axes = {
    payment_state: afterRefunds(known ?? 'pending', refunded, paid),
    fulfillment_state: fulfillmentOf(status_id, body),
    dispute_state: status_id === DISPUTED ? ('open' as const) : ('none' as const),
    cancelled_at: status_id === 5 ? updated_at : null,
  };
  const payment_id = textAt(body['payment_provider_id']);
  const fees = listAt(body['fees']).reduce(
    (sum, fee, index) => sum + amountAt(fee['cost_inc_tax'], exponent, `/fees/${index}/cost_inc_tax`),
    0,
  );
  const order: OrderSnapshot = {
    source: 'bigcommerce',
    account,
    order_id,
    order_number: order_id,
    state: deriveState(axes),
    ...axes,
    test: isTest(body, settings),
    edited: false,
    currency,
    exponent,
    tax_included: tax === 'inc_tax',
    amounts: {
      subtotal: money(`subtotal_${tax}`),
      discount: money('discount_amount') + money('coupon_discount'),
      shipping: money('shipping_cost_inc_tax'),
      tax: money('total_tax'),
      tip: 0,
      fees: fees + money('handling_cost_inc_tax') + money('wrapping_cost_inc_tax'),
      total,
      paid,
      refunded,
      net: paid - refunded,
    },
    presentment: null,
    created_at,
    paid_at: null,
    updated_at,
    line_items: parts.products
      .map((product, index) => readLine(product, exponent, tax, `/products/${index}`))
      // Lists and the order's own products come in another order.
      .sort((left, right) => Number(left.line_id) - Number(right.line_id)),
    customer: customerOf(contact(body)),
    ...(refunds && { refunds }),
    tracking: shipments?.flatMap(({ tracking }) => tracking) ?? [],
    ...(shipments && shipments.length > 0 && { shipments }),
    session_ref: null,
    attribution: { landing_page: null, referrer: null, click_ids: {} },
    ...(payment_id && payment_id.length <= 128 && { references: [{ kind: 'payment', value: payment_id }] }),
  };
  if (known) return order;
  return { ...keepingStates(order), dispute_state: axes.dispute_state };
}

/** Amounts of v3 are numbers; a payment back to the buyer may have been declined. */
function readRefund(refund: Json, exponent: number, pointer: string): Order['refunds'] {
  const payments = Array.isArray(refund['payments']) ? listAt(refund['payments']) : null;
  const amount = payments
    ? payments
        .filter(({ is_declined }) => is_declined !== true)
        .reduce((sum, payment, index) => sum + amountAt(payment['amount'], exponent, `${pointer}/payments/${index}/amount`), 0)
    : amountAt(refund['total_amount'], exponent, `${pointer}/total_amount`);
  return amount === 0
    ? []
    : [{ refund_id: requiredIdAt(refund['id'], `${pointer}/id`), amount, at: instantAt(refund['created']) }];
}

function readShipment(shipment: Json, pointer: string): NonNullable<OrderChange['shipments']>[number] {
  const number = textAt(shipment['tracking_number']);
  const carrier = textAt(shipment['tracking_carrier']) ?? textAt(shipment['shipping_provider']);
  return {
    shipment_id: requiredIdAt(shipment['id'], `${pointer}/id`),
    state: 'shipped',
    tracking: number ? [{ carrier, number }] : [],
  };
}

function readLine(product: Json, exponent: number, tax: string, pointer: string): Order['line_items'][number] {
  return {
    line_id: textAt(product['id']),
    sku: textAt(product['sku']),
    product_id: idOrNullAt(product['product_id']),
    variant_id: idOrNullAt(product['variant_id']),
    quantity: numberAt(product['quantity']),
    unit_price: amountAt(product[`price_${tax}`], exponent, `${pointer}/price_${tax}`),
    gift_card: product['type'] === 'giftcertificate',
  };
}

/** History that was brought along from another platform was never bought here: like a test, it is kept and not relayed. */
function isTest(body: Json, settings: Connection['settings']): boolean {
  const methods = textsSetting(settings, 'test_payment_methods', ['Test Payment Gateway']);
  return body['external_source'] === 'M-MIG' || methods.includes(textAt(body['payment_method']) ?? '');
}

function contact(body: Json) {
  const billing = objectAt(body['billing_address']);
  return {
    id: idOrNullAt(body['customer_id']),
    email: textAt(billing['email']),
    phone: textAt(billing['phone']),
    country: textAt(billing['country_iso2']) ?? textAt(billing['country']),
  };
}

function readUser(body: Json): OrderFact['user'] {
  const billing = objectAt(body['billing_address']);
  return userOf({
    ...contact(body),
    first_name: textAt(billing['first_name']),
    last_name: textAt(billing['last_name']),
    city: textAt(billing['city']),
    region: textAt(billing['state']),
    postal_code: textAt(billing['zip']),
  });
}
