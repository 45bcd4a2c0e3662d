import Type, { type Static } from 'typebox';
import { ConsentSchema } from './consent-schema.ts';
import { ClickIdsSchema, ContextSchema, CookiesSchema, IdSchema, PageSchema, TimeSchema, UserSchema } from './event.ts';

const Decimal = Type.Union([Type.Number(), Type.String({ maxLength: 32 })], {
  description: 'Major units, as an exact decimal text.',
});

export const ConversionItemSchema = Type.Object({
  id: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  brand: Type.Optional(Type.String()),
  category: Type.Optional(Type.String()),
  variant: Type.Optional(Type.String()),
  price: Type.Optional(Decimal),
  quantity: Type.Optional(Type.Number()),
});

export const OriginalPurchaseSchema = Type.Object(
  {
    event_id: Type.Optional(Type.String()),
    occurred_at: Type.Optional(TimeSchema),
    click_ids: Type.Optional(ClickIdsSchema),
    value: Type.Optional(Decimal),
    currency: Type.Optional(Type.String()),
    accepted: Type.Optional(
      Type.Record(Type.String({ maxLength: 64 }), Type.Object({ value: Type.Optional(Decimal) }), {
        description: 'By destination: which of them accepted the purchase, and the value that it was last told.',
      }),
    ),
  },
  { description: 'The purchase that money goes back of, from the ledger of what was delivered.' },
);

/** The canonical conversion: the neutral event of the relay fact sheet (relays §1), which every destination maps from. */
export const ConversionSchema = Type.Object(
  {
    event: Type.String({ description: 'purchase, refund, sign_up …' }),
    event_id: Type.Unsafe<string>({
      type: 'string',
      minLength: 1,
      maxLength: 512,
      description:
        'The dedup id: `site:order:stage`. Byte for byte the same in the browser, on every retry and on every replay (R1).',
    }),
    occurred_at: TimeSchema,
    action_source: Type.Optional(Type.String()),
    page: Type.Optional(PageSchema),
    user: Type.Optional(UserSchema),
    context: Type.Optional(ContextSchema),
    click_ids: Type.Optional(ClickIdsSchema),
    cookies: Type.Optional(CookiesSchema),
    consent: Type.Optional(ConsentSchema),
    order: Type.Optional(
      Type.Object({
        id: Type.Optional(IdSchema),
        value: Type.Optional(Decimal),
        currency: Type.Optional(Type.String()),
        tax: Type.Optional(Decimal),
        shipping: Type.Optional(Decimal),
        discount: Type.Optional(Decimal),
        coupon: Type.Optional(Type.String()),
        new_customer: Type.Optional(Type.Boolean()),
        items: Type.Optional(Type.Array(ConversionItemSchema)),
      }),
    ),
    refund: Type.Optional(
      Type.Object({
        order_id: Type.Optional(IdSchema),
        amount: Type.Optional(Type.Unsafe<number | string>({ ...Decimal, description: 'What went back now, in major units.' })),
        full: Type.Optional(Type.Boolean()),
        left: Type.Optional(
          Type.Unsafe<number | string>({
            ...Decimal,
            description: 'What is left of the purchase after this and every refund before it.',
          }),
        ),
        items: Type.Optional(Type.Array(ConversionItemSchema)),
        original: Type.Optional(OriginalPurchaseSchema),
      }),
    ),
  },
  { description: 'What we tell a platform about a stage of an order. Money in major units, as the platforms want it.' },
);

export type Conversion = Static<typeof ConversionSchema>;
export type ConversionItem = Static<typeof ConversionItemSchema>;

/** The seven verdicts that a reply can have, one per conversion. */
export const VERDICTS = ['accepted', 'duplicate', 'rejected', 'retry', 'throttled', 'auth', 'pending'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Why a destination was not told about a conversion. */
export const SKIP_REASONS = [
  'unsupported_event',
  'no_mapping',
  'no_identifiers',
  'consent_denied',
  'expired',
  'future',
  'invalid_value',
  'unsupported_currency',
  'original_not_delivered',
  'test_blocked',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];
