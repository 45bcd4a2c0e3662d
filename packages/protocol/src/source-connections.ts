import Type, { type Static } from 'typebox';
import { ORDER_STATES, type OrderState } from './order.ts';
import type { ProblemCode } from './problems.ts';

/** What became of a delivery. */
export const DELIVERY_VERDICTS = ['accepted', 'duplicate', 'ignored', 'rejected'] as const;
export type DeliveryVerdict = (typeof DELIVERY_VERDICTS)[number];

/** Codes that a delivery of a connected source may be refused with; `GET /problems/{code}` says what each means. */
export const SOURCE_PROBLEMS = [
  'bad_signature',
  'signature_missing',
  'stale_timestamp',
  'secret_key_in_browser',
  'unsupported_media_type',
  'unsupported_encoding',
  'body_too_large',
  'malformed_request',
  'malformed_gzip',
  'malformed_json',
  'unusable_delivery',
  'invalid_order',
  'unknown_currency',
  'invalid_amount',
  'delivery_id_reused',
  'bad_idempotency_key',
  'idempotency_key_reused',
  'call_running',
  'rate_limited',
  'certificate_unavailable',
  'storage_unavailable',
  'disk_full',
  'internal_error',
] as const satisfies readonly ProblemCode[];
export type SourceProblem = (typeof SOURCE_PROBLEMS)[number];

const nullable = <T extends Type.TSchema>(schema: T, description: string) => Type.Union([schema, Type.Null()], { description });
const Instant = Type.Integer({ description: 'UTC ms.' });

/** A delivery of a source and what became of it. Nothing of a customer is in it, nothing of the body, and no secret. */
export const SourceDeliverySchema = Type.Object(
  {
    id: Type.String(),
    site: Type.String(),
    source: Type.String(),
    received_at: Type.Integer({ description: 'UTC ms; of several that are counted together, of the last.' }),
    first_at: Type.Integer({ description: 'UTC ms; of several that are counted together, of the first.' }),
    count: Type.Integer({
      minimum: 1,
      description:
        'How many deliveries it stands for: those that nobody signed are counted together, by the hour and the reason, since anybody can send them.',
    }),
    verified: Type.Boolean({ description: 'Signed by whom we know.' }),
    status: Type.Integer({ description: 'What was answered, as an HTTP status.' }),
    verdict: Type.Unsafe<DeliveryVerdict>({ type: 'string', enum: [...DELIVERY_VERDICTS] }),
    reason: nullable(Type.String(), 'A problem code when it was rejected, the source’s own word when it was ignored.'),
    detail: nullable(Type.String(), 'The sentence that was answered.'),
    pointer: nullable(Type.String(), 'Which field was wrong: RFC 6901.'),
    topic: nullable(Type.String(), 'What the platform calls the occasion: `orders/paid`.'),
    orders: Type.Integer({ description: 'Of how many orders it told; the fields below are those of the first.' }),
    order_key: nullable(Type.String(), 'As in `GET /v1/orders`.'),
    order_number: nullable(Type.String(), 'What the shop calls the order.'),
    state: nullable(Type.Unsafe<OrderState>({ type: 'string', enum: [...ORDER_STATES] }), 'Where it told the whole order.'),
    total: nullable(Type.Integer(), 'Minor units of `currency`.'),
    currency: nullable(Type.String(), 'ISO 4217 code.'),
    exponent: nullable(Type.Integer(), 'How many decimals the currency’s minor unit has.'),
    test: nullable(Type.Boolean(), 'A test order: stored, never relayed.'),
    has_session_ref: nullable(Type.Boolean(), 'Whether the order carried a session reference; never which.'),
  },
  { description: 'A delivery of a source and what became of it. Null where nothing was read.' },
);
export type SourceDelivery = Static<typeof SourceDeliverySchema>;

/** How a site is connected to a source, and how it does. */
export const SourceConnectionSchema = Type.Object(
  {
    site: Type.String(),
    source: Type.String({ description: '`generic` is the site’s own servers, by `POST /v1/orders`.' }),
    account: Type.String({ description: 'Shop domain or merchant id.' }),
    path: Type.String({ description: 'Where its deliveries go: `/v1/sources/shopify/demo`.' }),
    secrets: Type.Integer({ description: 'How many secrets are configured.' }),
    last_delivery_at: nullable(Instant, 'UTC ms; null when nothing ever came.'),
    last_verdict: nullable(
      Type.Unsafe<DeliveryVerdict>({ type: 'string', enum: [...DELIVERY_VERDICTS] }),
      'What became of the last delivery.',
    ),
    deliveries_24h: Type.Object(
      { accepted: Type.Integer(), duplicate: Type.Integer(), ignored: Type.Integer(), rejected: Type.Integer() },
      { description: 'Counted by whole hours.' },
    ),
    poll: nullable(
      Type.Object({
        polled_at: nullable(Instant, 'UTC ms of the last success.'),
        error: nullable(Type.String(), 'Why it can’t be asked at the moment.'),
      }),
      'How the platform’s API is asked for what its deliveries lost; null where it isn’t.',
    ),
  },
  { description: 'How a site is connected to a source, and how it does.' },
);
export type SourceConnection = Static<typeof SourceConnectionSchema>;

/** `GET /v1/sources`. */
export const SourceConnectionsSchema = Type.Object({
  connections: Type.Array(SourceConnectionSchema),
  public_url: nullable(Type.String(), 'The collector’s address, where the configuration says it; paths are under it.'),
});
export type SourceConnections = Static<typeof SourceConnectionsSchema>;

/** `GET /v1/sources/{source}/{site}/deliveries`, newest first. */
export const SourceDeliveriesSchema = Type.Object({ deliveries: Type.Array(SourceDeliverySchema) });
export type SourceDeliveries = Static<typeof SourceDeliveriesSchema>;
