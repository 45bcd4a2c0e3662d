import Type, { type Static } from 'typebox';
import { ConsentSchema } from './consent-schema.ts';
import { ClickIdsSchema, EventSchema, IdSchema, TimeSchema } from './event.ts';
import { FULFILLMENT_STATES } from './order.ts';

/** `POST /v1/events`. The key may stand in the body, because a beacon can't set headers. */
export const BatchSchema = Type.Object(
  {
    key: Type.Optional(
      Type.String({ maxLength: 256, description: 'Publishable write key, where no `Authorization` header can be sent.' }),
    ),
    sent_at: Type.Optional(
      Type.Unsafe<number | string>({ ...TimeSchema, description: 'The sender’s clock when it sent; corrects a wrong clock.' }),
    ),
    events: Type.Array(Type.Unknown(), { minItems: 1, description: 'Events; each is judged by itself.' }),
  },
  { additionalProperties: false },
);
export type Batch = Static<typeof BatchSchema>;

/** The batch as the API page shows it, with its events spelt out. */
export const DocumentedBatchSchema = Type.Object({
  ...BatchSchema.properties,
  events: Type.Array(EventSchema, { minItems: 1, maxItems: 500 }),
});

/** The answer to a batch of which at least one event was good. */
export interface BatchReceipt {
  accepted: number;
  duplicate: number;
  rejected: { index: number; event_id?: string; code: string; pointer: string; detail: string }[];
}

const Amount = Type.String({
  maxLength: 32,
  description:
    'A decimal text in major units with at most the currency’s decimals: "113.05". Numbers are refused, because they are not exact.',
});

/** What a server says of an order's payment in one word; `cancelled` with `paid_at` keeps the payment. */
export const ORDER_INPUT_STATUSES = [
  'pending',
  'authorized',
  'partially_paid',
  'paid',
  'partially_refunded',
  'refunded',
  'voided',
  'failed',
  'cancelled',
] as const;

const OrderInputFields = {
  source: Type.String({
    pattern: '^[a-z][a-z0-9-]{0,63}$',
    description: 'A name for the sending system: `shop`, `erp-eu`, `pos-berlin`.',
  }),
  order_id: IdSchema,
  status: Type.Unsafe<(typeof ORDER_INPUT_STATUSES)[number]>({ type: 'string', enum: [...ORDER_INPUT_STATUSES] }),
  currency: Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217 code.' }),
  created_at: Type.String({ description: 'RFC 3339 with offset.' }),
  updated_at: Type.String({ description: 'RFC 3339 with offset. The version: an older one changes nothing.' }),
  amounts: Type.Object({
    total: Amount,
    subtotal: Type.Optional(Amount),
    discount: Type.Optional(Amount),
    shipping: Type.Optional(Amount),
    tax: Type.Optional(Amount),
    tip: Type.Optional(Amount),
    fees: Type.Optional(Amount),
  }),
  order_number: Type.Optional(Type.String({ maxLength: 128 })),
  fulfillment_status: Type.Optional(
    Type.Unsafe<(typeof FULFILLMENT_STATES)[number]>({ type: 'string', enum: [...FULFILLMENT_STATES] }),
  ),
  paid_at: Type.Optional(Type.String()),
  cancelled_at: Type.Optional(Type.String()),
  test: Type.Optional(Type.Boolean()),
  tax_included: Type.Optional(Type.Boolean()),
  line_items: Type.Optional(
    Type.Array(
      Type.Object({
        line_id: Type.Optional(Type.String()),
        sku: Type.Optional(Type.String()),
        product_id: Type.Optional(Type.String()),
        variant_id: Type.Optional(Type.String()),
        title: Type.Optional(Type.String()),
        quantity: Type.Number({ minimum: 0 }),
        unit_price: Amount,
        gift_card: Type.Optional(Type.Boolean()),
      }),
    ),
  ),
  customer: Type.Optional(
    Type.Object({
      id: Type.Optional(Type.String({ maxLength: 128 })),
      email: Type.Optional(Type.String({ maxLength: 320 })),
      phone: Type.Optional(Type.String({ maxLength: 64 })),
      email_sha256: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{64}$' })),
      phone_sha256: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{64}$' })),
      first_name: Type.Optional(Type.String({ maxLength: 256 })),
      last_name: Type.Optional(Type.String({ maxLength: 256 })),
    }),
  ),
  shipping_address: Type.Optional(
    Type.Object({
      street: Type.Optional(Type.String({ maxLength: 512 })),
      city: Type.Optional(Type.String({ maxLength: 256 })),
      region: Type.Optional(Type.String({ maxLength: 128 })),
      postal_code: Type.Optional(Type.String({ maxLength: 32 })),
      country: Type.Optional(Type.String({ maxLength: 64 })),
    }),
  ),
  refunds: Type.Optional(Type.Array(Type.Object({ refund_id: IdSchema, amount: Amount, at: Type.Optional(Type.String()) }))),
  tracking: Type.Optional(
    Type.Array(Type.Object({ carrier: Type.Optional(Type.String()), number: Type.Optional(Type.String()) })),
  ),
  session_ref: Type.Optional(
    Type.String({ pattern: '^[A-Za-z0-9_-]{1,100}$', description: 'The session reference that the SDK gave to the checkout.' }),
  ),
  cart_token: Type.Optional(IdSchema),
  checkout_token: Type.Optional(IdSchema),
  landing_page: Type.Optional(Type.String({ maxLength: 4096 })),
  referrer: Type.Optional(Type.String({ maxLength: 4096 })),
  click_ids: Type.Optional(ClickIdsSchema),
  consent: Type.Optional(ConsentSchema),
  location_id: Type.Optional(Type.String({ maxLength: 128 })),
  register_id: Type.Optional(Type.String({ maxLength: 128 })),
};

/** One order of `POST /v1/orders` (order-sources §12). Unknown fields are kept, not refused. */
export const OrderInputSchema = Type.Object(OrderInputFields, { description: 'One order, or a newer version of it.' });
export type OrderInput = Static<typeof OrderInputSchema>;

const { source, order_id, updated_at, amounts: Amounts, currency, ...others } = OrderInputFields;

/** A change of some fields of an order that is there, or will be: what it does not name stays as it is. */
export const OrderUpdateSchema = Type.Object(
  {
    partial: Type.Literal(true, { description: 'Says that the fields that are missing are not to be changed.' }),
    source,
    order_id,
    updated_at,
    ...Type.Partial(Type.Object({ ...others, amounts: Type.Partial(Amounts) })).properties,
    currency: Type.Optional(
      Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217 code of the order; needed where amounts are named.' }),
    ),
  },
  { description: 'Some fields of an order.' },
);
export type OrderUpdate = Static<typeof OrderUpdateSchema>;
