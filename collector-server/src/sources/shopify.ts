import { createHash } from 'node:crypto';
import {
  CLICK_IDS,
  type DisputeState,
  deriveState,
  type Order,
  type OrderChange,
  type OrderSnapshot,
  type PaymentFactState,
  type PaymentState,
  type ShipmentState,
  type User,
} from '@orderloop/protocol';
import type { OrderFact, PrivacyRequest, Source, SourceReading } from './contract.ts';
import {
  amountAt,
  clickIdsOf,
  currencyAt,
  customerOf,
  instantAt,
  type Json,
  listAt,
  objectAt,
  parseBody,
  reading,
  sessionRefAt,
  textAt,
  UnusableDelivery,
} from './shared/fields.ts';
import { checkSecrets } from './shared/settings.ts';
import { verifyHmac } from './shared/verify.ts';
import { createShopifyApi } from './shopify-api.ts';

/**
 * Shopify's order webhooks (order-sources §5). Bodies are the REST order of the subscription's API version.
 * The session reference comes back in the order's note attributes, where the SDK planted it as a cart attribute.
 */
export const shopify: Source = {
  id: 'shopify',
  role: 'orders',
  check: ({ secrets }) => checkSecrets(secrets),
  read(request, { account, secrets }, { now }) {
    const digest = request.headers['x-shopify-hmac-sha256'];
    if (!digest) return { kind: 'refused', code: 'signature_missing', detail: 'X-Shopify-Hmac-SHA256 is missing.' };
    if (!verifyHmac(request.signed, digest, secrets)) {
      return {
        kind: 'refused',
        code: 'bad_signature',
        detail: 'X-Shopify-Hmac-SHA256 does not match: compare the app’s client secret with the configured one.',
      };
    }
    return reading(() => readTopic(request.headers, parseBody(request.body), account, request.body, now));
  },
  api: createShopifyApi((body, account, delivery_id) => orderFact(body, {}, account, delivery_id)),
};

const SESSION_ATTRIBUTES = new Set(['_sref', 'session_ref', '_session_ref']);
const ORDER_TOPICS = new Set(['create', 'updated', 'paid', 'cancelled', 'fulfilled', 'partially_fulfilled']);
const CLICK_PARAMS = CLICK_IDS.map(({ param }) => param);

/** Which delivery it is. */
interface Delivery {
  headers: Readonly<Record<string, string>>;
  account: string;
  delivery_id: string;
  /** When it happened, in UTC ms, for what says no time of its own. */
  triggered_at: number;
}

function readTopic(
  headers: Readonly<Record<string, string>>,
  body: Json,
  account: string,
  bytes: Uint8Array,
  now: number,
): SourceReading {
  const topic = headers['x-shopify-topic'] ?? '';
  const [resource, action = ''] = topic.split('/');
  const triggered_at = Date.parse(headers['x-shopify-triggered-at'] ?? '') || now;
  const delivery: Delivery = { headers, account, delivery_id: deliveryId(headers, topic, bytes), triggered_at };
  if (resource === 'orders' && ORDER_TOPICS.has(action))
    return { kind: 'facts', facts: [orderFact(body, headers, account, delivery.delivery_id)] };
  if (topic === 'refunds/create') return refundFact(body, delivery);
  if (topic === 'orders/edited') return editFact(objectAt(body['order_edit']), delivery);
  if (topic === 'order_transactions/create') return transactionFact(body, delivery);
  if (resource === 'fulfillments') return shipmentFact(body, delivery);
  if (resource === 'disputes') return disputeFact(body, delivery);
  const request = PRIVACY_TOPICS[topic];
  if (request) return privacyRequest(request, body, delivery);
  return { kind: 'ignored', reason: 'unsupported_topic' };
}

// One action can reach several subscriptions: same event id, other webhook ids. A retry repeats both.
function deliveryId(headers: Readonly<Record<string, string>>, topic: string, bytes: Uint8Array): string {
  const event_id = headers['x-shopify-event-id'];
  if (event_id) return `${topic}:${event_id}`;
  return headers['x-shopify-webhook-id'] ?? `${topic}:${createHash('sha256').update(bytes).digest('hex')}`;
}

function orderFact(body: Json, headers: Readonly<Record<string, string>>, account: string, delivery_id: string): OrderFact {
  const order = readOrder(body, headers, account);
  const client = objectAt(body['client_details']);
  const ip = textAt(client['browser_ip']) ?? textAt(body['browser_ip']);
  const user_agent = textAt(client['user_agent']);
  const cart_token = textAt(body['cart_token']);
  const checkout_token = textAt(body['checkout_token']);
  return {
    delivery_id,
    occurred_at: Date.parse(order.updated_at),
    order,
    user: readUser(body),
    tokens: { ...(cart_token && { cart_token }), ...(checkout_token && { checkout_token }) },
    context: { ...(ip && { ip }), ...(user_agent && { user_agent }) },
    action_source: body['source_name'] === 'pos' ? 'physical_store' : 'web',
  };
}

function readOrder(body: Json, headers: Readonly<Record<string, string>>, account: string): OrderSnapshot {
  const { currency, exponent } = currencyAt(body['currency'], '/currency');
  const money = (field: string) => amountAt(body[field], exponent, `/${field}`);
  const shopMoney = (field: string) =>
    amountAt(objectAt(objectAt(body[field])['shop_money'])['amount'], exponent, `/${field}/shop_money/amount`);
  const created_at = requiredInstant(body, 'created_at');
  const updated_at = requiredInstant(body, 'updated_at');
  if (textAt(body['total_price']) === null)
    throw new UnusableDelivery('invalid_amount', '/total_price', 'The order has no total_price.');

  const refunds = listAt(body['refunds']).flatMap((refund, index) => readRefund(refund, exponent, `/refunds/${index}`));
  const refunded = refunds.reduce((sum, refund) => sum + refund.amount, 0);
  const total = money('total_price');
  const paid = paidAmount(body, { total, refunded, exponent });
  const payment_state = paymentState(textAt(body['financial_status']), refunded, paid);
  const cancelled_at = instantAt(body['cancelled_at']);
  const axes = {
    payment_state,
    fulfillment_state: fulfillmentState(body['fulfillment_status']),
    dispute_state: 'none' as const,
    cancelled_at,
  };
  const landing_page = landingPage(textAt(body['landing_site']));
  const shipments = listAt(body['fulfillments']).map((one, index) => readShipment(one, `/fulfillments/${index}`));
  const noteAttributes = listAt(body['note_attributes']);
  return {
    source: 'shopify',
    account,
    order_id: gidTail(body, '/id'),
    order_number: textAt(body['name']) ?? textAt(body['order_number']),
    state: deriveState(axes),
    ...axes,
    test: isTest(body, headers),
    edited: false,
    currency,
    exponent,
    tax_included: body['taxes_included'] === true,
    amounts: {
      subtotal: money('subtotal_price'),
      discount: money('total_discounts'),
      shipping: shopMoney('total_shipping_price_set'),
      tax: money('total_tax'),
      tip: money('total_tip_received'),
      fees: shopMoney('total_cash_rounding_payment_adjustment_set') + shopMoney('current_total_duties_set'),
      total,
      paid,
      refunded,
      net: paid - refunded,
    },
    presentment: presentment(body, currency),
    created_at,
    paid_at: ['paid', 'partially_refunded', 'refunded'].includes(payment_state)
      ? (instantAt(body['processed_at']) ?? created_at)
      : null,
    updated_at,
    line_items: listAt(body['line_items']).map((line, index) => ({
      line_id: gidOrId(line),
      sku: textAt(line['sku']),
      product_id: textAt(line['product_id']),
      variant_id: textAt(line['variant_id']),
      quantity: typeof line['quantity'] === 'number' ? line['quantity'] : 0,
      unit_price: amountAt(line['price'], exponent, `/line_items/${index}/price`),
      gift_card: line['gift_card'] === true,
    })),
    customer: customerOf(contact(body)),
    refunds,
    tracking: shipments.flatMap(({ tracking }) => tracking),
    ...(shipments.length > 0 && { shipments }),
    session_ref: sessionRefAt(noteAttributes.find((attribute) => SESSION_ATTRIBUTES.has(String(attribute['name'])))?.['value']),
    attribution: { landing_page, referrer: textAt(body['referring_site']), click_ids: clickIdsOf(landing_page, CLICK_PARAMS) },
  };
}

/** A fact about an order that another message describes. */
function factOf(
  { account, delivery_id, triggered_at }: Delivery,
  order_id: string | null,
  order: Partial<OrderChange>,
  at?: string | null,
): SourceReading {
  if (!order_id) throw new UnusableDelivery('unusable_delivery', '/order_id', 'The delivery names no order.');
  const occurred_at = at ? Date.parse(at) : triggered_at;
  return {
    kind: 'facts',
    facts: [{ delivery_id, occurred_at, order: { source: 'shopify', account, order_id, ...order }, action_source: 'server' }],
  };
}

function refundFact(body: Json, delivery: Delivery): SourceReading {
  const transaction = listAt(body['transactions'])[0];
  // A refund without transactions moved no money: goods came back, or a fee was waived.
  if (!transaction) return { kind: 'ignored', reason: 'no_money_moved' };
  const { currency, exponent } = currencyAt(transaction['currency'], '/transactions/0/currency');
  const refunds = readRefund(body, exponent, '');
  if (refunds.length === 0) return { kind: 'ignored', reason: 'no_money_moved' };
  return factOf(delivery, textAt(body['order_id']), { currency, exponent, refunds }, refunds[0]?.at);
}

/** Says that the order was edited and no more: what it is now comes with its next version. */
function editFact(edit: Json, delivery: Delivery): SourceReading {
  return factOf(delivery, textAt(edit['order_id']), { edited: true }, instantAt(edit['committed_at']));
}

const PAYMENT_KINDS: ReadonlySet<unknown> = new Set(['sale', 'capture', 'authorization', 'void']);

/** What a gateway did with the money; refunds have a message of their own, by which they are counted once. */
function transactionFact(body: Json, delivery: Delivery): SourceReading {
  if (!PAYMENT_KINDS.has(body['kind'])) return { kind: 'ignored', reason: 'no_payment' };
  const { currency, exponent } = currencyAt(body['currency'], '/currency');
  const at = instantAt(body['processed_at']) ?? instantAt(body['created_at']);
  const payment = {
    payment_id: (body['kind'] === 'void' && textAt(body['parent_id'])) || gidTail(body, '/id'),
    state: transactionState(body['kind'], body['status']),
    amount: amountAt(body['amount'], exponent, '/amount'),
    at,
  };
  const references = gatewayIds(body).map((value) => ({ kind: 'payment' as const, value }));
  return factOf(
    delivery,
    textAt(body['order_id']),
    { currency, exponent, transactions: [payment], ...(references.length > 0 && { references }) },
    at,
  );
}

function transactionState(kind: unknown, status: unknown): PaymentFactState {
  if (status === 'failure' || status === 'error') return 'failed';
  if (status !== 'success') return 'pending';
  if (kind === 'void') return 'voided';
  return kind === 'authorization' ? 'authorized' : 'paid';
}

/** What the gateway calls the payment: its own connection reports the same sale under one of these. */
function gatewayIds(transaction: Json): string[] {
  const receipt = objectAt(transaction['receipt']);
  const found = [
    transaction['authorization'],
    receipt['id'],
    receipt['payment_intent_id'],
    objectAt(receipt['latest_charge'])['id'] ?? receipt['latest_charge'],
    receipt['transaction_id'],
    receipt['capture_id'],
  ];
  return [...new Set(found.flatMap((value) => textAt(value) ?? []))].filter((id) => id.length <= 128);
}

function shipmentFact(body: Json, delivery: Delivery): SourceReading {
  return factOf(delivery, textAt(body['order_id']), { shipments: [readShipment(body, '')] }, instantAt(body['updated_at']));
}

function readShipment(fulfillment: Json, pointer: string): NonNullable<OrderChange['shipments']>[number] {
  const carrier = textAt(fulfillment['tracking_company']);
  return {
    shipment_id: gidTail(fulfillment, `${pointer}/id`),
    state: shipmentState(fulfillment),
    tracking: trackingNumbers(fulfillment).map((number) => ({ carrier, number })),
  };
}

function shipmentState({ status, shipment_status }: Json): ShipmentState {
  if (status === 'cancelled' || status === 'error' || status === 'failure') return 'cancelled';
  if (shipment_status === 'delivered') return 'delivered';
  return status === 'success' ? 'shipped' : 'pending';
}

const DISPUTES: Readonly<Record<string, DisputeState>> = {
  needs_response: 'open',
  under_review: 'open',
  won: 'won',
  lost: 'lost',
  accepted: 'lost',
  charge_refunded: 'none',
};

function disputeFact(body: Json, delivery: Delivery): SourceReading {
  const state = DISPUTES[textAt(body['status']) ?? ''];
  if (!state) return { kind: 'ignored', reason: 'unknown_dispute_status' };
  const at = `${new Date(delivery.triggered_at).toISOString().slice(0, 19)}Z`;
  return factOf(delivery, textAt(body['order_id']), { disputes: [{ dispute_id: gidTail(body, '/id'), state, at }] });
}

const PRIVACY_TOPICS: Readonly<Record<string, PrivacyRequest['request']>> = {
  'customers/data_request': 'access',
  'customers/redact': 'erase',
  'shop/redact': 'erase_shop',
};

function privacyRequest(request: PrivacyRequest['request'], body: Json, { delivery_id, triggered_at }: Delivery): SourceReading {
  const { id, email, phone } = objectAt(body['customer']);
  const fields = { id: textAt(id), email: textAt(email), phone: textAt(phone) };
  const user = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as User;
  return { kind: 'privacy', request, delivery_id, occurred_at: triggered_at, user };
}

/** Money is what successful refund transactions moved; `refund_line_items` only say which goods. */
function readRefund(refund: Json, exponent: number, pointer: string): Order['refunds'] {
  const amount = listAt(refund['transactions'])
    .filter((transaction) => transaction['kind'] === 'refund' && transaction['status'] === 'success')
    .reduce(
      (sum, transaction, index) => sum + amountAt(transaction['amount'], exponent, `${pointer}/transactions/${index}/amount`),
      0,
    );
  return amount === 0
    ? []
    : [
        {
          refund_id: gidTail(refund, `${pointer}/id`),
          amount,
          at: instantAt(refund['processed_at']) ?? instantAt(refund['created_at']),
        },
      ];
}

function paidAmount(body: Json, { total, refunded, exponent }: { total: number; refunded: number; exponent: number }): number {
  const status = textAt(body['financial_status']);
  if (status === null || ['pending', 'authorized', 'voided', 'expired'].includes(status)) return 0;
  const current =
    body['current_total_price'] === undefined ? total : amountAt(body['current_total_price'], exponent, '/current_total_price');
  const outstanding = amountAt(body['total_outstanding'], exponent, '/total_outstanding');
  return Math.max(0, Math.min(current - outstanding + refunded, Math.max(total, current)));
}

function paymentState(status: string | null, refunded: number, paid: number): PaymentState {
  if (status === 'voided' || status === 'expired') return 'voided';
  if (status === 'paid' || status === 'partially_refunded' || status === 'refunded') {
    if (refunded === 0) return status;
    return refunded >= paid ? 'refunded' : 'partially_refunded';
  }
  return status === 'authorized' || status === 'partially_paid' ? status : 'pending';
}

function fulfillmentState(status: unknown): Order['fulfillment_state'] {
  if (status === 'fulfilled') return 'fulfilled';
  if (status === 'partial') return 'partially_fulfilled';
  return status === 'restocked' ? 'returned' : 'unfulfilled';
}

function presentment(body: Json, bookCurrency: string): Order['presentment'] {
  const code = textAt(body['presentment_currency']);
  if (!code || code === bookCurrency) return null;
  const { currency, exponent } = currencyAt(code, '/presentment_currency');
  const total = amountAt(
    objectAt(objectAt(body['total_price_set'])['presentment_money'])['amount'],
    exponent,
    '/total_price_set/presentment_money/amount',
  );
  return { currency, exponent, total };
}

function isTest(body: Json, headers: Readonly<Record<string, string>>): boolean {
  const gateways = Array.isArray(body['payment_gateway_names']) ? body['payment_gateway_names'] : [];
  return body['test'] === true || headers['x-shopify-test'] === 'true' || gateways.includes('bogus');
}

function contact(body: Json) {
  const customer = objectAt(body['customer']);
  const shipping = objectAt(body['shipping_address']);
  const billing = objectAt(body['billing_address']);
  return {
    id: gidOrId(customer),
    email: textAt(body['email']) ?? textAt(body['contact_email']) ?? textAt(customer['email']),
    phone: textAt(body['phone']) ?? textAt(customer['phone']) ?? textAt(shipping['phone']) ?? textAt(billing['phone']),
    country: textAt(shipping['country_code']) ?? textAt(billing['country_code']),
  };
}

function readUser(body: Json): User {
  const customer = objectAt(body['customer']);
  const address =
    Object.keys(objectAt(body['billing_address'])).length > 0
      ? objectAt(body['billing_address'])
      : objectAt(body['shipping_address']);
  const { id, email, phone, country } = contact(body);
  const fields = {
    id,
    email,
    phone,
    first_name: textAt(address['first_name']) ?? textAt(customer['first_name']),
    last_name: textAt(address['last_name']) ?? textAt(customer['last_name']),
    city: textAt(address['city']),
    region: textAt(address['province_code']) ?? textAt(address['province']),
    postal_code: textAt(address['zip']),
    country,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as User;
}

/** Accelerated wallets and cart permalinks report their own path, which says nothing of where the visit began. */
function landingPage(path: string | null): string | null {
  return path && !path.startsWith('/wallets/checkouts') && !path.startsWith('/cart/c/') ? path : null;
}

function trackingNumbers(fulfillment: Json): string[] {
  const several = Array.isArray(fulfillment['tracking_numbers']) ? fulfillment['tracking_numbers'].map(textAt) : [];
  const numbers = several.length > 0 ? several : [textAt(fulfillment['tracking_number'])];
  return numbers.filter((number) => number !== null);
}

// The numeric id can exceed 2^53 and may have been rounded on its way; the gid is a text and never was.
function gidOrId(resource: Json): string | null {
  return textAt(resource['admin_graphql_api_id'])?.split('/').pop()?.split('?')[0] ?? textAt(resource['id']);
}

function gidTail(resource: Json, pointer: string): string {
  const id = gidOrId(resource);
  if (!id) throw new UnusableDelivery('unusable_delivery', pointer, 'The resource has no id.');
  return id;
}

function requiredInstant(body: Json, field: string): string {
  const instant = instantAt(body[field]);
  if (!instant) throw new UnusableDelivery('invalid_order', `/${field}`, 'Expected an ISO 8601 time.');
  return instant;
}
