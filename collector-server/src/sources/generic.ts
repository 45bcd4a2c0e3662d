import {
  CLICK_IDS,
  clickIdValue,
  deriveState,
  exponentOf,
  type FulfillmentState,
  firstFault,
  hasSurplusDecimals,
  type Order,
  type OrderChange,
  type OrderInput,
  OrderInputSchema,
  type OrderSnapshot,
  type OrderUpdate,
  OrderUpdateSchema,
  type PaymentState,
  parseDecimal,
  type User,
} from '@orderloop/protocol';
import { Compile } from 'typebox/compile';
import type { OrderFact, Source, SourceReading } from './contract.ts';
import { clickIdsOf, customerOf, instantAt, isObject, type Json, parseBody, reading, UnusableDelivery } from './shared/fields.ts';
import { checkSecrets } from './shared/settings.ts';
import { verifyStandardWebhook } from './shared/verify.ts';

/**
 * Orders from a shop's own server, or from anything that can sign a request (order-sources §12): one order, or
 * `{orders: [...]}` with up to 100. `webhook-id` is the idempotency key.
 */
export const generic: Source = {
  id: 'generic',
  role: 'orders',
  check: ({ secrets }) => checkSecrets(secrets),
  read(request, { account, secrets }, { now }) {
    const signature = verifyStandardWebhook(request.headers, request.signed, secrets, now);
    if (!signature.ok) return { kind: 'refused', code: signature.code, detail: signature.detail };
    return reading(() => readOrders(parseBody(request.body), account, signature.id));
  },
};

const MAX_ORDERS = 100;
const validator = Compile(OrderInputSchema);
const updateValidator = Compile(OrderUpdateSchema);
const CLICK_PARAMS = CLICK_IDS.map(({ param }) => param);

function readOrders(body: Json, account: string, webhook_id: string): SourceReading {
  if (!('orders' in body)) return { kind: 'facts', facts: [readOrderInput(body, account, webhook_id, '')] };
  const list = body['orders'];
  if (!Array.isArray(list) || list.length === 0 || list.length > MAX_ORDERS) {
    throw new UnusableDelivery('invalid_order', '/orders', `Expected a list of 1 to ${MAX_ORDERS} orders.`);
  }
  return {
    kind: 'facts',
    facts: list.map((order, index) => readOrderInput(order, account, `${webhook_id}:${index}`, `/orders/${index}`)),
  };
}

/**
 * One order as `POST /v1/orders` takes it, or some fields of one. Throws UnusableDelivery, whose pointer begins with `pointer`.
 */
export function readOrderInput(value: unknown, account: string, delivery_id: string, pointer: string): OrderFact {
  const isPartial = isObject(value) && value['partial'] === true;
  const schema = isPartial ? updateValidator : validator;
  if (!isObject(value) || !schema.Check(value)) {
    const fault = firstFault(schema.Errors(value));
    const at = `${pointer}${fault.pointer}`;
    const isAmount = fault.kind === 'wrong' && /\/(amounts\/\w+|unit_price|amount)$/.test(at);
    throw new UnusableDelivery(
      isAmount ? 'invalid_amount' : 'invalid_order',
      at,
      isAmount ? 'Expected a decimal text such as "113.05", not a number.' : fault.detail,
    );
  }
  const input = value as unknown as OrderInput;
  const order = isPartial ? toChange(value as unknown as OrderUpdate, account, pointer) : toOrder(input, account, pointer);
  return {
    delivery_id,
    occurred_at: Date.parse(order.updated_at!),
    order,
    user: toUser(input),
    tokens: {
      ...(input.cart_token && { cart_token: input.cart_token }),
      ...(input.checkout_token && { checkout_token: input.checkout_token }),
    },
    ...(input.consent && { consent: input.consent }),
    ...tillOf(input),
  };
}

/** What is sold at a till is sold in a shop: which, and by which register (order-sources §12). */
function tillOf({ source, location_id, register_id }: OrderInput): Pick<OrderFact, 'action_source' | 'properties'> {
  const isTill = source.startsWith('pos') || location_id !== undefined || register_id !== undefined;
  return {
    action_source: isTill ? 'physical_store' : 'web',
    ...(isTill && { properties: { ...(location_id && { location_id }), ...(register_id && { register_id }) } }),
  };
}

/** Which fields of the order each field of the input changes. */
const CHANGES: Partial<Record<keyof OrderUpdate, readonly (keyof OrderChange)[]>> = {
  order_number: ['order_number'],
  status: ['payment_state', 'cancelled_at'],
  fulfillment_status: ['fulfillment_state'],
  created_at: ['created_at'],
  paid_at: ['paid_at'],
  cancelled_at: ['cancelled_at'],
  test: ['test'],
  tax_included: ['tax_included'],
  line_items: ['line_items'],
  customer: ['customer'],
  refunds: ['refunds'],
  tracking: ['tracking'],
  session_ref: ['session_ref'],
  landing_page: ['attribution'],
  referrer: ['attribution'],
  click_ids: ['attribution'],
};

/** A version that holds what the input names, and nothing of what it does not. */
function toChange(input: OrderUpdate, account: string, pointer: string): OrderChange {
  const hasAmounts = input.amounts !== undefined || (input.refunds ?? input.line_items) !== undefined;
  if (hasAmounts && input.currency === undefined)
    throw new UnusableDelivery('invalid_order', `${pointer}/currency`, 'Name the currency of the amounts.');
  const { source, order_id, updated_at, currency = 'XXX', created_at = updated_at, status = 'pending' } = input;
  const amounts = { total: '0', ...input.amounts };
  const whole: OrderChange = toOrder(
    { ...input, source, order_id, updated_at, created_at, status, amounts, currency: hasAmounts ? currency : 'EUR' },
    account,
    pointer,
  );
  const named = Object.keys(input).flatMap((field) => CHANGES[field as keyof OrderUpdate] ?? []);
  const stated = Object.keys(input.amounts ?? {}) as (keyof Order['amounts'])[];
  // Undone only by who says so: a word on the payment is none on a cancellation.
  const fields = named.filter((field) => field !== 'cancelled_at' || whole.cancelled_at !== null);
  return {
    ...{ source, account, order_id, updated_at: whole.updated_at },
    ...(hasAmounts && { currency: whole.currency, exponent: whole.exponent }),
    ...Object.fromEntries(fields.map((field) => [field, whole[field]])),
    ...(stated.length > 0 && { amounts: Object.fromEntries(stated.map((amount) => [amount, whole.amounts![amount]])) }),
  };
}

function toOrder(input: OrderInput, account: string, pointer: string): OrderSnapshot {
  const { currency } = input;
  const exponent = exponentOf(currency);
  if (exponent === null)
    throw new UnusableDelivery('unknown_currency', `${pointer}/currency`, 'Expected an ISO 4217 currency code.');
  const money = (text: string | undefined, at: string) => decimal(text, exponent, `${pointer}${at}`);
  const time = (field: 'created_at' | 'updated_at' | 'paid_at' | 'cancelled_at') => instant(input[field], `${pointer}/${field}`);

  const total = money(input.amounts.total, '/amounts/total');
  const refunds = (input.refunds ?? []).map((refund, index) => ({
    refund_id: refund.refund_id,
    amount: money(refund.amount, `/refunds/${index}/amount`),
    at: instant(refund.at, `${pointer}/refunds/${index}/at`),
  }));
  const listed = refunds.reduce((sum, refund) => sum + refund.amount, 0);
  const paid_at = time('paid_at');
  const payment_state = paymentState(input, paid_at, listed, total);
  const paid = ['paid', 'partially_refunded', 'refunded'].includes(payment_state) ? total : 0;
  // A status without a list of refunds still says that all of it went back.
  const refunded = payment_state === 'refunded' && listed === 0 ? paid : listed;
  const updated_at = time('updated_at')!;
  const axes = {
    payment_state,
    fulfillment_state: (input.fulfillment_status ?? 'unfulfilled') as FulfillmentState,
    dispute_state: 'none' as const,
    cancelled_at: input.status === 'cancelled' ? (time('cancelled_at') ?? updated_at) : time('cancelled_at'),
  };
  const carried = Object.fromEntries(
    Object.entries(input.click_ids ?? {}).map(([param, entry]) => [param, clickIdValue(entry) ?? '']),
  );
  return {
    source: input.source,
    account,
    order_id: input.order_id,
    order_number: input.order_number ?? null,
    state: deriveState(axes),
    ...axes,
    test: input.test ?? false,
    edited: false,
    currency,
    exponent,
    tax_included: input.tax_included ?? false,
    amounts: {
      subtotal: money(input.amounts.subtotal, '/amounts/subtotal'),
      discount: money(input.amounts.discount, '/amounts/discount'),
      shipping: money(input.amounts.shipping, '/amounts/shipping'),
      tax: money(input.amounts.tax, '/amounts/tax'),
      tip: money(input.amounts.tip, '/amounts/tip'),
      fees: money(input.amounts.fees, '/amounts/fees'),
      total,
      paid,
      refunded,
      net: paid - refunded,
    },
    presentment: null,
    created_at: time('created_at')!,
    paid_at: paid_at ?? (paid > 0 ? updated_at : null),
    updated_at,
    line_items: (input.line_items ?? []).map((line, index) => ({
      line_id: line.line_id ?? null,
      sku: line.sku ?? null,
      product_id: line.product_id ?? null,
      variant_id: line.variant_id ?? null,
      quantity: line.quantity,
      unit_price: money(line.unit_price, `/line_items/${index}/unit_price`),
      gift_card: line.gift_card ?? false,
    })),
    customer: customer(input),
    // A version without a list leaves the earlier one.
    ...(input.refunds && { refunds }),
    tracking: (input.tracking ?? []).map((entry) => ({ carrier: entry.carrier ?? null, number: entry.number ?? null })),
    session_ref: input.session_ref ?? null,
    attribution: {
      landing_page: input.landing_page ?? null,
      referrer: input.referrer ?? null,
      click_ids: { ...clickIdsOf(input.landing_page ?? null, CLICK_PARAMS), ...carried },
    },
  };
}

function paymentState(input: OrderInput, paid_at: string | null, refunded: number, total: number): PaymentState {
  const status = input.status === 'cancelled' ? (paid_at ? 'paid' : 'voided') : input.status;
  if (status !== 'paid' || refunded === 0) return status;
  return refunded >= total ? 'refunded' : 'partially_refunded';
}

function customer(input: OrderInput): Order['customer'] {
  const { id, email, phone, email_sha256 } = input.customer ?? {};
  const read = customerOf({ id, email, phone, country: input.shipping_address?.country });
  return { ...read, email_sha256: read.email_sha256 ?? email_sha256?.toLowerCase() ?? null };
}

function toUser(input: OrderInput): User {
  return { ...input.customer, ...input.shipping_address };
}

function decimal(text: string | undefined, exponent: number, pointer: string): number {
  if (text === undefined) return 0;
  const minor = /^\d{1,12}(\.\d+)?$/.test(text) && !hasSurplusDecimals(text, exponent) ? parseDecimal(text, exponent) : null;
  if (minor === null) {
    throw new UnusableDelivery(
      'invalid_amount',
      pointer,
      `Expected a decimal text of at least 0 with at most ${exponent} decimals, such as "${exponent ? '113.05'.padEnd(4 + exponent - 1, '0') : '113'}".`,
    );
  }
  return minor;
}

function instant(text: string | undefined, pointer: string): string | null {
  if (text === undefined) return null;
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i.test(text) ? instantAt(text) : null;
  if (!at)
    throw new UnusableDelivery(
      'invalid_order',
      pointer,
      'Expected an RFC 3339 time with its offset, such as 2026-02-03T12:20:07+01:00.',
    );
  return at;
}
