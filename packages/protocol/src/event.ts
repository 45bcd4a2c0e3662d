import Type, { type Static } from 'typebox';
import { ConsentSchema } from './consent-schema.ts';
import { EVENT_NAME_PATTERN } from './events.ts';
import { OrderChangeSchema } from './order.ts';

/** 1–128 characters, none of them a control character. */
export const IdSchema = Type.String({
  minLength: 1,
  maxLength: 128,
  pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]+$',
});

/** An RFC 3339 time with its zone, or integer UTC ms. Kept as UTC ms. */
export const TimeSchema = Type.Union([Type.Integer({ minimum: 0 }), Type.String({ minLength: 20, maxLength: 40 })], {
  description: 'RFC 3339 with zone, or integer UTC ms.',
});

const Text = (maxLength: number, description?: string) => Type.String({ maxLength, ...(description && { description }) });

export const PageSchema = Type.Object({
  url: Type.Optional(Text(4096, 'Kept without fragment, user part and query parameters that are not on the allow-list.')),
  referrer: Type.Optional(Text(4096)),
  title: Type.Optional(Text(1024)),
});

export const CampaignSchema = Type.Object(
  {
    source: Type.Optional(Text(256)),
    medium: Type.Optional(Text(256)),
    campaign: Type.Optional(Text(256)),
    term: Type.Optional(Text(256)),
    content: Type.Optional(Text(256)),
    id: Type.Optional(Text(256)),
  },
  { description: 'The UTM parameters of the landing page.' },
);

export const ClickIdsSchema = Type.Record(
  Type.String({ maxLength: 128 }),
  Type.Union([
    Text(1024),
    Type.Object({
      value: Type.String({ minLength: 1, maxLength: 1024 }),
      first_seen_at: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
  ]),
  { description: 'Click ids by URL parameter, each with the UTC ms at which it was first seen.' },
);

export const CookiesSchema = Type.Record(Type.String({ maxLength: 128 }), Text(1024), {
  description: 'First-party cookies of ad platforms, as they stand.',
});

export const UserSchema = Type.Object(
  {
    id: Type.Optional(IdSchema),
    email: Type.Optional(Text(320)),
    email_sha256: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{64}$' })),
    phone: Type.Optional(Text(64)),
    phone_sha256: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{64}$' })),
    first_name: Type.Optional(Text(256)),
    last_name: Type.Optional(Text(256)),
    street: Type.Optional(Text(512)),
    city: Type.Optional(Text(256)),
    region: Type.Optional(Text(128)),
    postal_code: Type.Optional(Text(32)),
    country: Type.Optional(Text(64)),
    gender: Type.Optional(Text(32)),
    date_of_birth: Type.Optional(Text(32)),
  },
  { description: 'Who it was. Contact data is encrypted before it is stored, and found again by a keyed hash.' },
);

export const ItemSchema = Type.Object(
  {
    item_id: Type.Optional(Text(128)),
    item_name: Type.Optional(Text(1024)),
    item_brand: Type.Optional(Text(256)),
    item_category: Type.Optional(Text(256)),
    item_variant: Type.Optional(Text(256)),
    price: Type.Optional(Type.Union([Type.Number(), Text(32)])),
    quantity: Type.Optional(Type.Number({ minimum: 0 })),
    coupon: Type.Optional(Text(256)),
    discount: Type.Optional(Type.Union([Type.Number(), Text(32)])),
  },
  { description: 'A GA4 item. Prices in major units of the event’s currency.' },
);

export const ACTION_SOURCES = ['web', 'app', 'server', 'physical_store'] as const;

export const ContextSchema = Type.Object({
  ip: Type.Optional(Text(64)),
  user_agent: Type.Optional(Text(1024)),
  language: Type.Optional(Text(64)),
});

/** An event as a browser or a server sends it. */
export const EventSchema = Type.Object(
  {
    event: Type.String({ pattern: EVENT_NAME_PATTERN, description: 'The name, from the catalogue of events or the shop’s own.' }),
    event_id: Type.Unsafe<string>({ ...IdSchema, description: 'UUIDv7. The idempotency key: a repeat changes nothing.' }),
    occurred_at: TimeSchema,
    visitor_id: Type.Optional(Type.Unsafe<string>({ ...IdSchema, description: 'One browser’s id.' })),
    session_id: Type.Optional(Type.Unsafe<string>({ ...IdSchema, description: 'A run of the visitor’s events.' })),
    seq: Type.Optional(Type.Integer({ minimum: 0, description: 'Position in the session; orders events of the same ms.' })),
    action_source: Type.Optional(Type.Unsafe<(typeof ACTION_SOURCES)[number]>({ type: 'string', enum: [...ACTION_SOURCES] })),
    page: Type.Optional(PageSchema),
    campaign: Type.Optional(CampaignSchema),
    click_ids: Type.Optional(ClickIdsSchema),
    cookies: Type.Optional(CookiesSchema),
    consent: Type.Optional(ConsentSchema),
    user: Type.Optional(UserSchema),
    order: Type.Optional(OrderChangeSchema),
    refund: Type.Optional(
      Type.Object({
        order_id: Type.Optional(IdSchema),
        amount: Type.Optional(Type.Union([Type.Number(), Text(32)])),
        full: Type.Optional(Type.Boolean()),
      }),
    ),
    items: Type.Optional(Type.Array(ItemSchema, { maxItems: 200 })),
    context: Type.Optional(ContextSchema),
    properties: Type.Optional(
      Type.Record(Type.String({ maxLength: 128 }), Type.Unknown(), { description: 'GA4 parameters and the shop’s own.' }),
    ),
  },
  { additionalProperties: false, description: 'One immutable thing that happened.' },
);

export type EventInput = Static<typeof EventSchema>;

/** What the collector keeps in place of plain contact data: an encrypted envelope, and keyed hashes to find it by. */
export interface SealedUser {
  id?: string;
  /** AES-256-GCM over the JSON of the contact fields; see the collector's vault. */
  sealed?: string;
  /** HMAC-SHA256 of the SHA-256 of the normalised address: a blind index (P1). */
  email_index?: string;
  phone_index?: string;
}

/** An event as the log holds it: validated, cleared by consent, contact data sealed. */
export interface StoredEvent extends Omit<EventInput, 'occurred_at' | 'user'> {
  /** UTC ms, corrected for the sender's clock. */
  occurred_at: number;
  user?: SealedUser;
  site: string;
  /** UTC ms at which the collector had it. */
  received_at: number;
  /** What the sender's clock was off by, in ms, where it was corrected. */
  clock_offset_ms?: number;
  /** Known bots, prefetches and the like: flagged, never dropped. */
  flags?: string[];
}

/** A stored event with its place in the log. */
export interface LoggedEvent extends StoredEvent {
  position: number;
}

export type Item = Static<typeof ItemSchema>;
export type User = Static<typeof UserSchema>;
export type Context = Static<typeof ContextSchema>;
export type ActionSource = (typeof ACTION_SOURCES)[number];
