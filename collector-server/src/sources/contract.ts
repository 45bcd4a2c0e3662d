import type { OrderChange, User } from '@orderloop/protocol';

/** What reached us over HTTP, untouched. */
export interface SourceRequest {
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** The bytes as they came over the wire: what was signed. */
  signed: Uint8Array;
  /** The same, after gunzip. */
  body: Uint8Array;
}

/** `orders` says what the shop's orders are; `payments` is evidence of how they were paid (order-sources §14.4). */
export type SourceRole = 'orders' | 'payments';

/** How a site is connected to a source. */
export interface Connection {
  /** Shop domain or merchant id; order ids are unique only inside it. */
  account: string;
  /** Several are valid at once, so that they can be rotated. */
  secrets: readonly string[];
  /** The source's own settings, as its `settings` check them. */
  settings: Readonly<Record<string, unknown>>;
}

/** What a delivery says of an order, before it becomes an event. */
export interface OrderFact {
  /** Names this delivery: the same on a retry, another on every other delivery. */
  delivery_id: string;
  /** When it happened at the platform, in UTC ms. */
  occurred_at: number;
  order: OrderChange;
  user?: User;
  tokens?: { cart_token?: string; checkout_token?: string };
  /** What else the event keeps. */
  properties?: Readonly<Record<string, string>>;
  context?: { ip?: string; user_agent?: string; language?: string };
  consent?: Record<string, string | boolean>;
  action_source?: 'web' | 'server' | 'physical_store';
}

/** What a customer, or the platform for one, asks of the shop by law (P6). */
export interface PrivacyRequest {
  request: 'access' | 'erase' | 'erase_shop';
  delivery_id: string;
  /** UTC ms. */
  occurred_at: number;
  user: User;
}

export type SourceReading =
  | { kind: 'facts'; facts: OrderFact[] }
  | ({ kind: 'privacy' } & PrivacyRequest)
  /** Understood, and nothing for us: answered 200, so that the platform doesn't send it again. */
  | { kind: 'ignored'; reason: string }
  | { kind: 'refused'; code: 'bad_signature' | 'signature_missing' | 'stale_timestamp'; detail: string }
  | UnusableReading;

export interface UnusableReading {
  kind: 'unusable';
  code: 'unusable_delivery' | 'malformed_json' | 'unknown_currency' | 'invalid_amount' | 'invalid_order';
  pointer: string;
  detail: string;
}

/** What is asked of a platform's API. */
export interface ApiRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
}

export interface ApiReply {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
}

/** What a request to a platform needs beyond its settings: a source has no clock, no chance and no memory of its own. */
export interface ApiContext {
  /** UTC ms. */
  now: number;
  /** Never used before. */
  nonce: string;
  /** Of `ApiAccess.token`, where the source has one. */
  access_token?: string;
}

/** Where a poll stands: everything that changed before `from` has been read. */
export interface Cursor {
  /** UTC ms. */
  from: number;
  /** What the platform calls the page, or its number; null is the first. */
  page: string | null;
}

export interface Page {
  facts: OrderFact[];
  /** Orders of the page that could not be read: each is put aside with the reason, and keeps no other waiting. */
  unusable: (UnusableReading & { order_id: string | null; raw: unknown })[];
  /** Where to go on at once; null when there is no more for now. */
  next: Cursor | null;
}

/** Asks a platform for what changed, oldest first, so that what a webhook lost is found (order-sources §4). */
export interface Poll {
  list(connection: Connection, cursor: Cursor, context: ApiContext): ApiRequest;
  /** Reads a page that `list` asked for. Throws UnusableDelivery when the reply as a whole can't be read. */
  read(reply: ApiReply, connection: Connection, cursor: Cursor, context: { now: number }): Page;
}

/** Asks a platform for one order: where webhooks carry ids alone, and for facts whose order never came. */
export interface OrderFetch {
  /** In this order; each is asked for after the one before was answered. */
  requests(connection: Connection, order_id: string, context: ApiContext): ApiRequest[];
  /** Of as many replies. Null when the platform does not know the order (any more). Throws UnusableDelivery. */
  read(replies: readonly ApiReply[], connection: Connection, order_id: string, context: { now: number }): OrderFact[] | null;
}

/** What proves to a platform who asks. */
export interface ApiTokens {
  access_token: string;
  /** Single use, where it rotates. */
  refresh_token?: string;
  /** UTC ms. */
  expires_at: number;
}

export interface ApiAccess {
  /** True when the settings hold what the API wants: without, nothing is asked of it. */
  isConfigured(connection: Connection): boolean;
  /** Where access tokens expire: how to get one, with what is kept of the last (null at first). */
  token?: {
    /** False where a connection has a token that does not expire. */
    isNeeded?(connection: Connection): boolean;
    request(connection: Connection, last: ApiTokens | null, context: ApiContext): ApiRequest;
    /** Null when the platform refused; then somebody has to mend the settings. */
    read(reply: ApiReply, last: ApiTokens | null, context: { now: number }): ApiTokens | null;
  };
  /** Whether a reply only says that it was too much, though its status does not. */
  isThrottled?(reply: ApiReply): boolean;
  /** How long to leave the platform alone, in ms, as a reply tells beyond `Retry-After`; 0 when it says nothing. */
  wait?(reply: ApiReply): number;
  poll?: Poll;
  fetch?: OrderFetch;
}

/**
 * An order source: a pure function from a delivery to facts about orders. No I/O, no clock, no store; the runtime has them.
 */
export interface Source {
  id: string;
  /** What a connection is unless it says so; null where it has to say. */
  role: SourceRole | null;
  /** What is wrong with a connection, in sentences that name the field; empty when it can be used. */
  check(connection: Connection): string[];
  /** `now` in UTC ms; `certificate` is the PEM text behind `certificateUrl`. */
  read(request: SourceRequest, connection: Connection, context: { now: number; certificate?: string }): SourceReading;
  /** Where what it signs with can be fetched; null when it names no address that may be asked. */
  certificateUrl?(request: SourceRequest, connection: Connection): string | null;
  api?: ApiAccess;
}
