import type { ConsentPurpose, Conversion, SkipReason, Verdict } from '@orderloop/protocol';

export interface OutgoingRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  /** The exact bytes to send, as text; empty for a GET. */
  body: string;
  /** The conversions that it carries, in the order in which the body holds them. */
  event_ids: string[];
  /** What of the body is about each of them, as JSON: what is kept on record of a batch. */
  parts?: readonly string[];
}

export interface Skip {
  event_id: string;
  reason: SkipReason;
  /** What was missing or wrong, for the person who has to mend it. */
  detail?: string;
}

export interface Reply {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: string;
}

export interface Outcome {
  event_id: string;
  verdict: Verdict;
  /** The platform's own code, and its trace id, for support. */
  code?: string;
  detail?: string;
  trace?: string;
  /** With `pending`: what the platform is asked by, later. */
  receipt?: string;
  /** The soonest that it may be sent again, in ms from now, where the platform's documentation says so. */
  retry_after_ms?: number;
}

export interface Context {
  /** UTC ms. */
  now: number;
  /** Where `access` says that one has to be fetched. */
  access_token?: string;
}

export interface Capabilities {
  /** The platform's name for an event; absent means that it has none. Settings may map more (`settings.events`). */
  events: Readonly<Record<string, string>>;
  /** What can be told of money that went back: nothing, an event of its own, or the purchase's new total (relays §2.7). */
  refund: 'none' | 'event' | 'restate';
  /** Of one request: conversions, and bytes of its body. */
  batch: { max: number; max_bytes: number };
  /** How old an event may be, in ms; null is without limit. */
  maxAgeMs: (conversion: Pick<Conversion, 'action_source' | 'event' | 'click_ids'>) => number | null;
  /** What the platform tells a repeat by, and for how long in ms (null: not limited); null where nothing does. */
  dedup: { key: readonly string[]; window_ms: number | null } | null;
  /** How it answers when some of a batch are wrong (relays §2.3). */
  failure: 'all-or-nothing' | 'per-item' | 'async' | 'silent';
  rate?: { per_minute: number; per_day?: number };
  /** Requests at one time; 4 where nothing is said. */
  parallel?: number;
  /** What the buyer must have agreed to; without this, to `ad_storage` and `ad_user_data` (R8). */
  purposes?: readonly ConsentPurpose[];
  /** Whether a denied purpose can be stated, or keeps the conversion back (relays §2.4). */
  consent: 'field' | 'gate';
  /** How the platform is asked without counting (relays §2.5). */
  test: 'code' | 'validate-only' | 'debug-endpoint' | 'query' | 'none';
}

/** How a platform is asked what became of what it took. */
export interface Receipts {
  /** From the `pending` reply to the first question, between questions, and until it is given up, in ms. */
  first_after_ms: number;
  every_ms: number;
  give_up_after_ms: number;
  request(receipt: string, settings: Record<string, unknown>, context: Context): OutgoingRequest;
  /** One verdict for each; `pending` asks again later. */
  outcomes(reply: Reply, event_ids: readonly string[]): Outcome[];
}

/** How a short-lived access token is got, where settings hold what proves who asks instead of a token. */
export interface Access {
  /** Null when the settings hold a token themselves. */
  request(settings: Record<string, unknown>, now: number): Omit<OutgoingRequest, 'event_ids'> | null;
  /** Null when the reply holds no token. `expires_in_ms` from now. */
  token(reply: Reply): { access_token: string; expires_in_ms: number } | null;
}

/** The platform's own validating or test request: what the *verify* button sends. */
export interface Verification {
  /** Settings that it needs beside those of every day, such as a test code. */
  needs?: readonly string[];
  /** `validated`: looked at and thrown away. `test_view`: shown where the platform shows tests. `message`: a real message that says that it is a test. */
  effect: 'validated' | 'test_view' | 'message';
  request(sample: Conversion, settings: Record<string, unknown>, context: Context): OutgoingRequest;
  outcome(reply: Reply): Omit<Outcome, 'event_id'>;
}

/**
 * A conversion destination: pure functions from conversions to requests, and from a reply to outcomes (relays §13). No I/O,
 * no clock, no store: the relay sends, retries, redacts and keeps the ledger.
 */
export interface Destination<Settings = Record<string, unknown>> {
  id: string;
  /** What the platform calls it. */
  name: string;
  apiVersion: string;
  /** The day on which `apiVersion` ends, as `YYYY-MM-DD`, where it is known (R14). */
  sunset?: string;
  capabilities: Capabilities;
  /** What the collector has to keep of a visit for it: click ids by URL parameter, and cookies; `*` ends a prefix. */
  capture: { params: readonly string[]; cookies: readonly string[] };
  /** Settings that hold secrets. */
  secrets: readonly string[];
  /** What is wrong with the settings, in sentences that begin with `settings.` and the field; empty when they can be used. */
  checkSettings(settings: Record<string, unknown>): string[];
  /** At most one request for every batch that the platform takes. */
  requests(
    conversions: readonly Conversion[],
    settings: Settings,
    context: Context,
  ): { requests: OutgoingRequest[]; skipped: Skip[] };
  outcomes(reply: Reply, event_ids: readonly string[]): Outcome[];
  /**
   * Whether it may be sent again when nobody knows whether it arrived; without this, always. A platform that tells no
   * repeats apart would count it twice.
   */
  mayResend?(conversion: Pick<Conversion, 'event'>): boolean;
  access?: Access;
  receipts?: Receipts;
  verification?: Verification;
}
