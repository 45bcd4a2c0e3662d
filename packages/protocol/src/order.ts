import Type, { type Static } from 'typebox';

const words = <T extends readonly string[]>(values: T) => Type.Unsafe<T[number]>({ type: 'string', enum: [...values] });
const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const PAYMENT_STATES = [
  'pending',
  'authorized',
  'partially_paid',
  'paid',
  'partially_refunded',
  'refunded',
  'voided',
  'failed',
] as const;
export const FULFILLMENT_STATES = ['unfulfilled', 'partially_fulfilled', 'fulfilled', 'delivered', 'returned'] as const;
export const DISPUTE_STATES = ['none', 'open', 'won', 'lost'] as const;
export const ORDER_STATES = [
  'disputed',
  'charged_back',
  'cancelled',
  'partially_refunded',
  'refunded',
  'failed',
  'pending',
  'authorized',
  'partially_paid',
  'partially_fulfilled',
  'fulfilled',
  'paid',
] as const;

export type PaymentState = (typeof PAYMENT_STATES)[number];
export type FulfillmentState = (typeof FULFILLMENT_STATES)[number];
export type DisputeState = (typeof DISPUTE_STATES)[number];
export type OrderState = (typeof ORDER_STATES)[number];

const Minor = Type.Integer({ description: 'Minor units of `currency`.' });
const Instant = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$', description: 'UTC, to the second.' });
const Id = Type.String({ minLength: 1, maxLength: 128 });
const Currency = Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217 code.' });

export const AmountsSchema = Type.Object(
  {
    subtotal: Minor,
    discount: Minor,
    shipping: Minor,
    tax: Minor,
    tip: Minor,
    fees: Minor,
    total: Type.Integer({ description: 'As the platform states it; never rebuilt from the lines.' }),
    paid: Minor,
    refunded: Minor,
    net: Type.Integer({ description: '`paid` − `refunded`.' }),
  },
  { description: 'Integer minor units of `currency`, the merchant’s book currency; `discount` is positive.' },
);

export const LineItemSchema = Type.Object({
  line_id: nullable(Type.String()),
  sku: nullable(Type.String()),
  product_id: nullable(Type.String()),
  variant_id: nullable(Type.String()),
  quantity: Type.Number(),
  unit_price: Type.Integer({ description: 'Before discounts.' }),
  gift_card: Type.Boolean(),
});

export const RefundSchema = Type.Object(
  { refund_id: Id, amount: Minor, at: nullable(Instant) },
  { description: 'A successful movement of money back to the buyer.' },
);

const OrderFields = {
  source: Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$', description: 'Where it came from: shopify, generic …' }),
  account: Type.String({
    minLength: 1,
    maxLength: 255,
    description: 'Shop domain or merchant id: order ids are unique only inside it.',
  }),
  order_id: Id,
  order_number: nullable(Type.String({ maxLength: 128 })),
  state: words(ORDER_STATES),
  payment_state: words(PAYMENT_STATES),
  fulfillment_state: words(FULFILLMENT_STATES),
  dispute_state: words(DISPUTE_STATES),
  test: Type.Boolean({ description: 'Stored, never relayed.' }),
  edited: Type.Boolean({ description: 'The total or the lines changed between two versions.' }),
  currency: Currency,
  exponent: Type.Integer({ minimum: 0, maximum: 4 }),
  tax_included: Type.Boolean(),
  amounts: AmountsSchema,
  presentment: nullable(Type.Object({ currency: Currency, exponent: Type.Integer(), total: Minor })),
  created_at: Instant,
  paid_at: nullable(Instant),
  updated_at: Instant,
  cancelled_at: nullable(Instant),
  line_items: Type.Array(LineItemSchema),
  customer: Type.Object({
    id: nullable(Type.String()),
    email_sha256: nullable(Type.String()),
    phone_e164: nullable(Type.String()),
  }),
  refunds: Type.Array(RefundSchema),
  tracking: Type.Array(Type.Object({ carrier: nullable(Type.String()), number: nullable(Type.String()) })),
  session_ref: nullable(Type.String({ pattern: '^[A-Za-z0-9_-]{1,100}$' })),
  attribution: Type.Object({
    landing_page: nullable(Type.String()),
    referrer: nullable(Type.String()),
    click_ids: Type.Record(Type.String(), Type.String()),
  }),
};

/** The canonical order, in the same words whichever source it came from (order-sources §1). */
export const OrderSchema = Type.Object(OrderFields, { description: 'The canonical order.' });
export type Order = Static<typeof OrderSchema>;

/** What a payment may have come to; a later message never takes it down this list. */
export const PAYMENT_FACT_STATES = ['pending', 'failed', 'authorized', 'voided', 'paid'] as const;
export type PaymentFactState = (typeof PAYMENT_FACT_STATES)[number];
export const SHIPMENT_STATES = ['pending', 'shipped', 'delivered', 'cancelled'] as const;
export type ShipmentState = (typeof SHIPMENT_STATES)[number];

export const PaymentSchema = Type.Object(
  { payment_id: Id, state: words(PAYMENT_FACT_STATES), amount: Minor, at: nullable(Instant) },
  { description: 'One payment by its id at the gateway, and what came of it.' },
);
export const DisputeSchema = Type.Object(
  { dispute_id: Id, state: words(DISPUTE_STATES), at: nullable(Instant) },
  { description: 'One dispute. `none` takes it back: an inquiry that came to nothing.' },
);
export const ShipmentSchema = Type.Object({
  shipment_id: Id,
  state: words(SHIPMENT_STATES),
  tracking: Type.Array(Type.Object({ carrier: nullable(Type.String()), number: nullable(Type.String()) })),
});
export const FailedRefundSchema = Type.Object(
  { refund_id: Id, amount: Minor, at: nullable(Instant) },
  { description: 'A refund that did not reach the buyer after all.' },
);
export const RefundTotalSchema = Type.Object(
  { payment_id: Id, amount: Minor, at: nullable(Instant) },
  { description: 'What of a payment had gone back in all at a moment.' },
);
export const OrderReferenceSchema = Type.Object(
  { kind: words(['order', 'payment'] as const), value: Id },
  { description: 'What another source knows the same sale by: the merchant’s order id, or a gateway’s payment id.' },
);
export type OrderReference = Static<typeof OrderReferenceSchema>;

/** Facts that come by themselves, each known by its id: none shrinks by an older message. */
const FactFields = {
  payments: Type.Array(PaymentSchema, { description: 'Of a gateway, whose payments are all that is known of the order.' }),
  transactions: Type.Array(PaymentSchema, { description: 'Payments of an order that the same source describes.' }),
  failed_refunds: Type.Array(FailedRefundSchema),
  refund_totals: Type.Array(RefundTotalSchema),
  disputes: Type.Array(DisputeSchema),
  shipments: Type.Array(ShipmentSchema),
  references: Type.Array(OrderReferenceSchema),
  aliases: Type.Array(Id, { description: 'Other ids that messages about this order may come under, as PayPal’s captures.' }),
};

/**
 * A change of an order. With `updated_at` it is a version: the whole of it, as snapshot sources send, or the fields alone that
 * it changes. Without, it is facts about it (a refund whose order may not even be known yet); of a gateway, facts are all that
 * there is, and the order is put together from them.
 */
export const OrderChangeSchema = Type.Intersect([
  Type.Object({ source: OrderFields.source, account: OrderFields.account, order_id: OrderFields.order_id }),
  Type.Partial(Type.Object({ ...OrderFields, ...FactFields, amounts: Type.Partial(AmountsSchema) })),
]);
export type OrderChange = Static<typeof OrderChangeSchema>;

/** A version that holds the whole order. Without `refunds` it says nothing of them. */
export type OrderSnapshot = Omit<Order, 'refunds'> & Omit<OrderChange, keyof Omit<Order, 'refunds'>>;

/** A change that holds the whole order, as opposed to some of it or facts about it. */
export function isSnapshot(change: OrderChange): change is OrderSnapshot {
  return change.amounts?.net !== undefined && change.payment_state !== undefined && change.updated_at !== undefined;
}

/** The one word for display and rules: the first rule of order-sources §1 that holds. Sources fill the axes, never this. */
export function deriveState(
  order: Pick<Order, 'dispute_state' | 'cancelled_at' | 'payment_state' | 'fulfillment_state'>,
): OrderState {
  if (order.dispute_state === 'open') return 'disputed';
  if (order.dispute_state === 'lost') return 'charged_back';
  if (order.cancelled_at || order.payment_state === 'voided') return 'cancelled';
  if (order.payment_state !== 'paid') return order.payment_state;
  if (order.fulfillment_state === 'partially_fulfilled') return 'partially_fulfilled';
  if (order.fulfillment_state === 'fulfilled' || order.fulfillment_state === 'delivered') return 'fulfilled';
  return 'paid';
}

/** An order's identity inside a site: order ids are unique only within a source's account. */
export function orderKey(order: Pick<Order, 'source' | 'account' | 'order_id'>): string {
  return `${order.source}:${order.account}:${order.order_id}`;
}
