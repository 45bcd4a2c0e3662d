import { createHash } from 'node:crypto';
import { deriveState, type Order, type OrderChange, type OrderSnapshot, type PaymentState } from '@orderloop/protocol';
import type {
  ApiContext,
  ApiReply,
  ApiRequest,
  Connection,
  Cursor,
  OrderFact,
  Page,
  Source,
  SourceReading,
  SourceRequest,
} from './contract.ts';
import {
  amountAt,
  currencyAt,
  customerOf,
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
  sessionRefAt,
  textAt,
  UnusableDelivery,
  userOf,
  utcText,
} from './shared/fields.ts';
import { encodeQuery, type OAuth1Credentials, oauth1Header } from './shared/oauth1.ts';
import { partsOf, replyJson, resourceOf, resourcesOf } from './shared/replies.ts';
import { checkLists, checkStoreUrl, checkTexts, hasTexts, storeUrl, textSetting, textsSetting } from './shared/settings.ts';
import { verifyRsa, verifyStandardWebhook } from './shared/verify.ts';
import { afterRefunds, keepingStates, wasPaid } from './shared/versions.ts';

const OAUTH = ['consumer_key', 'consumer_secret', 'access_token', 'access_token_secret'] as const;
const PAGE_SIZE = 100;

/**
 * Magento Open Source and Adobe Commerce (order-sources §7). Open Source has no webhooks: its orders come by polling, or from a
 * module that signs as Standard Webhooks do (`whsec_` secrets). Adobe Commerce's webhooks are signed with the shop's own RSA
 * key: its public half is `settings.public_key`, or a secret. A delivery that holds less than an order names one to be fetched.
 * A polled order knows how much was refunded; which credit memos and shipments there are comes with a fetch.
 *
 * Settings: `store_url` (without it the account is the shop's address), `store` (a store view's code), the integration's
 * `consumer_key`, `consumer_secret`, `access_token`, `access_token_secret`, or a `bearer_token` in their place; `public_key`;
 * `test_payment_methods`, `test_store_ids`.
 */
export const magento: Source = {
  id: 'magento',
  role: 'orders',
  check,
  read(request, connection, { now }) {
    const refused = verifyDelivery(request, connection, now);
    return refused ?? reading(() => readDelivery(request, connection, now));
  },
  api: {
    isConfigured,
    poll: {
      list: (connection, cursor, context) => apiRequest(connection, '/orders', pollQuery(cursor), context),
      read: readPage,
    },
    fetch: {
      requests: (connection, order_id, context) => [
        apiRequest(connection, `/orders/${encodeURIComponent(order_id)}`, {}, { ...context, nonce: `0${context.nonce}` }),
        apiRequest(connection, '/creditmemos', ofOrder(order_id), { ...context, nonce: `1${context.nonce}` }),
        apiRequest(connection, '/shipments', ofOrder(order_id), { ...context, nonce: `2${context.nonce}` }),
      ],
      read([order, creditmemos, shipments], connection) {
        const body = resourceOf(order);
        const parts = { creditmemos: partsOf(creditmemos, 'items'), shipments: partsOf(shipments, 'items') };
        return body && [orderFact(body, connection, 'fetch', parts)];
      },
    },
  },
};

function isConfigured(connection: Connection): boolean {
  const { settings } = connection;
  return storeUrl(connection) !== null && (hasTexts(settings, ['bearer_token']) || hasTexts(settings, OAUTH));
}

function check(connection: Connection): string[] {
  const { settings } = connection;
  const hasBearer = hasTexts(settings, ['bearer_token']);
  const isAsked = hasBearer || OAUTH.some((name) => hasTexts(settings, [name]));
  const faults = checkLists(settings, ['test_payment_methods', 'test_store_ids']);
  if (isAsked) faults.push(...checkStoreUrl(connection), ...(hasBearer ? [] : checkTexts(settings, OAUTH)));
  else if (publicKeysOf(connection).length === 0 && connection.secrets.every((secret) => secret === ''))
    faults.push('secrets is empty and settings.consumer_key is missing: orders are delivered signed, polled, or both.');
  if (textSetting(settings, 'public_key') && !isPem(textSetting(settings, 'public_key')!))
    faults.push('settings.public_key must be a public key in PEM.');
  return faults;
}

const isPem = (text: string): boolean => /-----BEGIN (RSA )?PUBLIC KEY-----/.test(text);

const publicKeysOf = ({ secrets, settings }: Connection): string[] =>
  [textSetting(settings, 'public_key') ?? '', ...secrets].filter(isPem);

/** Null when the delivery is the shop's own. */
function verifyDelivery({ headers, signed }: SourceRequest, connection: Connection, now: number): SourceReading | null {
  const signature = headers['x-adobe-commerce-webhook-signature'];
  if (signature) {
    // Not the body itself is signed, but its base64.
    const text = Buffer.from(Buffer.from(signed).toString('base64'));
    if (verifyRsa(text, signature, publicKeysOf(connection))) return null;
    return {
      kind: 'refused',
      code: 'bad_signature',
      detail: 'X-Adobe-Commerce-Webhook-Signature does not match: compare the webhooks’ public key with settings.public_key.',
    };
  }
  const secrets = connection.secrets.filter((secret) => secret.startsWith('whsec_'));
  const verdict = verifyStandardWebhook(headers, signed, secrets, now);
  return verdict.ok ? null : { kind: 'refused', code: verdict.code, detail: verdict.detail };
}

const filter = (field: string, value: string, condition: string): Record<string, string> => ({
  'searchCriteria[filter_groups][0][filters][0][field]': field,
  'searchCriteria[filter_groups][0][filters][0][condition_type]': condition,
  'searchCriteria[filter_groups][0][filters][0][value]': value,
  'searchCriteria[pageSize]': String(PAGE_SIZE),
});

const ofOrder = (order_id: string) => filter('order_id', order_id, 'eq');

function pollQuery({ from, page }: Cursor): Record<string, string> {
  const since = new Date(from).toISOString().slice(0, 19).replace('T', ' ');
  return {
    ...filter('updated_at', since, 'gteq'),
    'searchCriteria[sortOrders][0][field]': 'updated_at',
    'searchCriteria[sortOrders][0][direction]': 'ASC',
    // Within one second as well, or a page could repeat an order and leave out another.
    'searchCriteria[sortOrders][1][field]': 'entity_id',
    'searchCriteria[sortOrders][1][direction]': 'ASC',
    'searchCriteria[currentPage]': page ?? '1',
  };
}

function apiRequest(connection: Connection, path: string, query: Record<string, string>, context: ApiContext): ApiRequest {
  const { settings } = connection;
  const store = textSetting(settings, 'store');
  const url = `${storeUrl(connection)}/rest/${store ? `${encodeURIComponent(store)}/` : ''}V1${path}`;
  const bearer = textSetting(settings, 'bearer_token');
  const authorization = bearer ? `Bearer ${bearer}` : oauth1Header({ url, query }, credentialsOf(settings), shortNonce(context));
  const text = encodeQuery(query);
  return { method: 'GET', url: text ? `${url}?${text}` : url, headers: { accept: 'application/json', authorization } };
}

function credentialsOf(settings: Connection['settings']): OAuth1Credentials {
  const text = (name: (typeof OAUTH)[number]) => textSetting(settings, name) ?? '';
  return {
    consumer_key: text('consumer_key'),
    consumer_secret: text('consumer_secret'),
    access_token: text('access_token'),
    access_token_secret: text('access_token_secret'),
  };
}

// Magento's table of nonces has room for 32 characters.
const shortNonce = ({ now, nonce }: ApiContext) => ({ now, nonce: nonce.replaceAll('-', '').slice(0, 32) });

function readPage(reply: ApiReply, connection: Connection, cursor: Cursor): Page {
  const resources = resourcesOf(reply, 'items');
  const page = readEach(
    resources,
    (resource) => textAt(resource['order_id']) ?? textAt(resource['entity_id']),
    (resource) => (isPartOfOrder(resource) ? partFact(resource, connection) : orderFact(resource, connection, 'poll')),
  );
  const changes = resources.map((resource) => Date.parse(utcText(resource['updated_at']) ?? '') || 0);
  // A page past the end repeats the last one; only the count tells.
  const total = numberAt(objectAt(replyJson(reply))['total_count']);
  const isFull = Number(cursor.page ?? 1) * PAGE_SIZE < total;
  return { ...page, next: nextByTime(cursor, Math.max(...changes, 0), isFull) };
}

/** What a delivery is about: the body itself, or what a webhook or an event through Adobe I/O wraps around it. */
function unwrap(body: Json): { value: Json; pointer: string } {
  const data = objectAt(objectAt(body['event'])['data'] ?? body['data']);
  const prefix = 'event' in body ? '/event/data' : '/data';
  if ('value' in data) return { value: objectAt(data['value']), pointer: `${prefix}/value` };
  if ('order' in data) return { value: objectAt(data['order']), pointer: `${prefix}/order` };
  return 'order' in body ? { value: objectAt(body['order']), pointer: '/order' } : { value: body, pointer: '' };
}

function readDelivery({ headers, body }: SourceRequest, connection: Connection, now: number): SourceReading {
  const { value, pointer } = unwrap(parseBody(body));
  const delivery = headers['webhook-id'] ?? createHash('sha256').update(body).digest('hex').slice(0, 32);
  if (isPartOfOrder(value)) {
    const fact =
      partFact(value, connection) ??
      bareFact(requiredIdAt(value['order_id'], `${pointer}/order_id`), value, connection, delivery, now);
    return { kind: 'facts', facts: [fact] };
  }
  // A hook before the order is saved: it is not known by an id yet, and the one after it will be.
  if (textAt(value['entity_id']) === null && textAt(value['increment_id']) !== null)
    return { kind: 'ignored', reason: 'order_without_id' };
  const order_id = requiredIdAt(value['entity_id'], `${pointer}/entity_id`);
  if (!isWhole(value)) return { kind: 'facts', facts: [bareFact(order_id, value, connection, delivery, now)] };
  return { kind: 'facts', facts: [within(pointer, () => orderFact(value, connection, delivery))] };
}

/** What is wrong inside of a wrapping is told from the outside. */
function within<T>(pointer: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UnusableDelivery)) throw error;
    throw new UnusableDelivery(error.code, `${pointer}${error.pointer}`, error.message);
  }
}

/** Which fields a webhook or an event carries is the shop's choice. */
const isWhole = (value: Json): boolean =>
  ['state', 'created_at', 'updated_at', 'base_currency_code', 'items'].every((field) => value[field] != null) &&
  (value['base_grand_total'] ?? value['grand_total']) != null;

/** Names an order that changed, for the runtime to fetch it. */
function bareFact(order_id: string, value: Json, { account }: Connection, delivery: string, now: number): OrderFact {
  const updated_at = instantAt(utcText(value['updated_at']));
  return {
    // Without a time of its own, the same bytes may say that something changed again.
    delivery_id: updated_at ? delivery : `${delivery}:${now}`,
    occurred_at: updated_at ? Date.parse(updated_at) : now,
    order: { source: 'magento', account, order_id },
    action_source: 'server',
  };
}

/** Invoices, credit memos and shipments name their order. */
const isPartOfOrder = (value: Json): boolean => textAt(value['order_id']) !== null;

/** A credit memo is a refund, and a shipment is one; null for what only says that the order changed, as an invoice. */
function partFact(value: Json, { account }: Connection): OrderFact | null {
  const order_id = requiredIdAt(value['order_id'], '/order_id');
  const fact = (kind: string, order: Partial<OrderChange>): OrderFact => {
    const at = requiredInstantAt(utcText(value['created_at']), '/created_at');
    return {
      delivery_id: [kind, value['entity_id'], value['state'], value['updated_at']].join(':'),
      occurred_at: Date.parse(at),
      order: { source: 'magento', account, order_id, ...order },
      action_source: 'server',
    };
  };
  if ('tracks' in value) return fact('shipment', { shipments: [readShipment(value, '')] });
  if (!('adjustment' in value || 'adjustment_positive' in value) || !isRefunded(value)) return null;
  const money = moneyOf(value);
  return fact('creditmemo', { currency: money.currency, exponent: money.exponent, refunds: [readCreditmemo(value, '')] });
}

/** 1 is open, 3 is cancelled. */
const isRefunded = ({ state }: Json): boolean => state === undefined || numberAt(state) === 2;

function readCreditmemo(memo: Json, pointer: string): Order['refunds'][number] {
  const { base, exponent } = moneyOf(memo);
  return {
    refund_id: requiredIdAt(memo['entity_id'], `${pointer}/entity_id`),
    amount: requiredAmountAt(base('grand_total').value, exponent, `${pointer}${base('grand_total').pointer}`),
    at: instantAt(utcText(memo['created_at'])),
  };
}

function readShipment(shipment: Json, pointer: string): NonNullable<OrderChange['shipments']>[number] {
  return {
    shipment_id: requiredIdAt(shipment['entity_id'], `${pointer}/entity_id`),
    state: 'shipped',
    tracking: listAt(shipment['tracks']).map(({ carrier_code, title, track_number }) => ({
      carrier: (carrier_code === 'custom' ? null : textAt(carrier_code)) ?? textAt(title),
      number: textAt(track_number),
    })),
  };
}

/** Amounts in the shop's own currency. Where there is only one, some senders leave the `base_` fields out. */
function moneyOf(body: Json) {
  const { currency, exponent } = currencyAt(body['base_currency_code'], '/base_currency_code');
  const isOne = (textAt(body['order_currency_code']) ?? currency).toUpperCase() === currency;
  const base = (field: string) =>
    body[`base_${field}`] === undefined && isOne && body[field] !== undefined
      ? { value: body[field], pointer: `/${field}` }
      : { value: body[`base_${field}`], pointer: `/base_${field}` };
  const money = (field: string) => amountAt(base(field).value, exponent, base(field).pointer);
  return { currency, exponent, isOne, base, money };
}

interface Parts {
  creditmemos: Json[];
  shipments: Json[];
}

function orderFact(body: Json, connection: Connection, delivery: string, parts?: Parts): OrderFact {
  const order = readOrder(body, connection, parts);
  const { order_id, updated_at, refunds = [], shipments = [] } = order;
  const quote_id = textAt(body['quote_id']);
  const ip = textAt(body['x_forwarded_for'])?.split(',')[0]?.trim() ?? textAt(body['remote_ip']);
  return {
    delivery_id: [delivery, order_id, updated_at, body['state'], refunds.length, shipments.length].join(':'),
    occurred_at: Date.parse(updated_at!),
    order,
    user: readUser(body),
    tokens: { ...(quote_id && { cart_token: quote_id }) },
    context: { ...(ip && { ip }) },
    action_source: 'web',
  };
}

function readOrder(body: Json, { account, settings }: Connection, parts: Parts | undefined): OrderChange {
  const order_id = requiredIdAt(body['entity_id'], '/entity_id');
  const { currency, exponent, isOne, base, money } = moneyOf(body);
  const total = requiredAmountAt(base('grand_total').value, exponent, base('grand_total').pointer);
  const created_at = requiredInstantAt(utcText(body['created_at']), '/created_at');
  const updated_at = requiredInstantAt(utcText(body['updated_at']), '/updated_at');
  const refunds = parts?.creditmemos
    .filter(isRefunded)
    .map((memo, index) => within(`/creditmemos/${index}`, () => readCreditmemo(memo, '')));
  const shipments = parts?.shipments.map((shipment, index) => readShipment(shipment, `/shipments/${index}`));
  // On hold, an order is what it was before.
  const state = textAt(body['state']) === 'holded' ? textAt(body['hold_before_state']) : textAt(body['state']);
  const stated = money('total_paid');
  const known = paymentOf(state, body, {
    total,
    paid: stated,
    due: base('total_due').value === undefined ? total - stated : money('total_due'),
  });
  const paid = stated === 0 && known && wasPaid(known) ? total : stated;
  const listed = refunds?.reduce((sum, refund) => sum + refund.amount, 0) ?? 0;
  const returned = Math.max(money('total_refunded'), listed);
  const refunded = state === 'closed' && returned === 0 ? paid : returned;
  const axes = {
    payment_state: afterRefunds(known ?? 'pending', refunded, paid),
    fulfillment_state: fulfillmentOf(state, listAt(body['items'])),
    dispute_state: 'none' as const,
    cancelled_at: state === 'canceled' ? updated_at : null,
  };
  const order: OrderSnapshot = {
    source: 'magento',
    account,
    order_id,
    order_number: textAt(body['increment_id']),
    state: deriveState(axes),
    ...axes,
    test: isTest(body, settings),
    edited: false,
    currency,
    exponent,
    tax_included: false,
    amounts: {
      subtotal: money('subtotal'),
      discount: Math.abs(money('discount_amount')),
      shipping: money('shipping_amount'),
      tax: money('tax_amount'),
      tip: 0,
      fees: 0,
      total,
      paid,
      refunded,
      net: paid - refunded,
    },
    presentment: isOne ? null : presentment(body),
    created_at,
    paid_at: null,
    updated_at,
    line_items: readLines(body, exponent, isOne),
    customer: customerOf(contact(body)),
    ...(refunds && { refunds }),
    tracking: shipments?.flatMap(({ tracking }) => tracking) ?? [],
    ...(shipments && shipments.length > 0 && { shipments }),
    session_ref: sessionRefAt(sessionField(body)),
    attribution: { landing_page: null, referrer: null, click_ids: {} },
    references: referencesOf(body),
  };
  return known ? order : keepingStates(order);
}

function paymentOf(
  state: string | null,
  body: Json,
  { total, paid, due }: Record<'total' | 'paid' | 'due', number>,
): PaymentState | null {
  const payment = objectAt(body['payment']);
  const isAuthorized = numberAt(payment['base_amount_authorized'] ?? payment['amount_authorized']) > 0;
  switch (state) {
    case 'new':
      return isAuthorized ? 'authorized' : 'pending';
    case 'pending_payment':
    case 'payment_review':
      return 'pending';
    case 'processing':
      if (due <= 0) return 'paid';
      if (isAuthorized) return 'authorized';
      return paid > 0 && total > 0 ? 'partially_paid' : 'pending';
    case 'complete':
      return 'paid';
    case 'closed':
      return 'refunded';
    case 'canceled':
      return paid > 0 ? 'paid' : 'voided';
    default:
      return null;
  }
}

function fulfillmentOf(state: string | null, items: Json[]): Order['fulfillment_state'] {
  if (state === 'complete') return 'fulfilled';
  const goods = items.flatMap((item) => shippedAs(item, items)).filter((item) => numberAt(item['is_virtual']) === 0);
  // What has nothing to ship was complete before it was closed.
  if (goods.length === 0) return state === 'closed' ? 'fulfilled' : 'unfulfilled';
  const shipped = goods.reduce((sum, item) => sum + numberAt(item['qty_shipped']), 0);
  const left = goods.reduce((sum, item) => sum + numberAt(item['qty_ordered']) - gone(item), 0);
  if (shipped === 0) return 'unfulfilled';
  return shipped >= left ? 'fulfilled' : 'partially_fulfilled';
}

const gone = (item: Json): number => numberAt(item['qty_canceled']) + numberAt(item['qty_refunded']);

/** A bundle is shipped as itself or part by part, and counts at the one of the two that is counted at. */
function shippedAs(item: Json, items: Json[]): Json[] {
  if (parentOf(item)) return [];
  const parts = items.filter((part) => parentOf(part) === textAt(item['item_id']));
  return parts.length > 0 && numberAt(item['qty_shipped']) === 0 ? parts : [item];
}

/** A configurable product comes twice: as what is sold, and under it as what is packed. */
const parentOf = (item: Json): string | null => textAt(item['parent_item_id']);

function readLines(body: Json, exponent: number, isOne: boolean): Order['line_items'] {
  return listAt(body['items']).flatMap((item, index) => {
    const field = item['base_price'] === undefined && isOne ? 'price' : 'base_price';
    if (parentOf(item)) return [];
    return {
      line_id: textAt(item['item_id']),
      sku: textAt(item['sku']),
      product_id: textAt(item['product_id']),
      variant_id: null,
      quantity: numberAt(item['qty_ordered']),
      unit_price: amountAt(item[field], exponent, `/items/${index}/${field}`),
      gift_card: item['product_type'] === 'giftcard',
    };
  });
}

function presentment(body: Json): Order['presentment'] {
  const { currency, exponent } = currencyAt(body['order_currency_code'], '/order_currency_code');
  return { currency, exponent, total: amountAt(body['grand_total'], exponent, '/grand_total') };
}

function isTest(body: Json, settings: Connection['settings']): boolean {
  const method = textAt(objectAt(body['payment'])['method']);
  const store_id = textAt(body['store_id']);
  return (
    (method !== null && textsSetting(settings, 'test_payment_methods').includes(method)) ||
    (store_id !== null && textsSetting(settings, 'test_store_ids').includes(store_id))
  );
}

/** Where a module may put what the checkout carried. */
function sessionField(body: Json): unknown {
  const extension = objectAt(body['extension_attributes']);
  return extension['sref'] ?? extension['_sref'] ?? extension['session_ref'] ?? body['sref'] ?? body['_sref'];
}

/** Gateways are told the order's number, not its id; Magento marks what it did with a payment at the end of the gateway's id. */
function referencesOf(body: Json): NonNullable<OrderChange['references']> {
  const number = textAt(body['increment_id']);
  const payment = textAt(objectAt(body['payment'])['last_trans_id'])?.replace(/-(capture|void|refund)(-\d+)?$/, '');
  return [
    ...(number && number.length <= 128 ? [{ kind: 'order' as const, value: number }] : []),
    ...(payment && payment.length <= 128 ? [{ kind: 'payment' as const, value: payment }] : []),
  ];
}

function contact(body: Json) {
  const billing = objectAt(body['billing_address']);
  return {
    id: textAt(body['customer_id']),
    email: textAt(body['customer_email']) ?? textAt(billing['email']),
    phone: textAt(billing['telephone']),
    country: textAt(billing['country_id']),
  };
}

function readUser(body: Json): OrderFact['user'] {
  const billing = objectAt(body['billing_address']);
  return userOf({
    ...contact(body),
    first_name: textAt(billing['firstname']) ?? textAt(body['customer_firstname']),
    last_name: textAt(billing['lastname']) ?? textAt(body['customer_lastname']),
    city: textAt(billing['city']),
    region: textAt(billing['region_code']) ?? textAt(billing['region']),
    postal_code: textAt(billing['postcode']),
  });
}
