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

export interface SourceSettings {
  /** Shop domain or merchant id; order ids are unique only inside it. */
  account: string;
  /** Several are valid at once, so that they can be rotated. */
  secrets: readonly string[];
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
  context?: { ip?: string; user_agent?: string; language?: string };
  consent?: Record<string, string | boolean>;
  action_source?: 'web' | 'server' | 'physical_store';
}

export type SourceReading =
  | { kind: 'facts'; facts: OrderFact[] }
  /** Understood, and nothing for us: answered 200, so that the platform doesn't send it again. */
  | { kind: 'ignored'; reason: string }
  | { kind: 'refused'; code: 'bad_signature' | 'signature_missing' | 'stale_timestamp'; detail: string }
  | {
      kind: 'unusable';
      code: 'unusable_delivery' | 'malformed_json' | 'unknown_currency' | 'invalid_amount' | 'invalid_order';
      pointer: string;
      detail: string;
    };

/**
 * An order source: a pure function from a delivery to facts about orders. No I/O, no clock, no store; the runtime has them.
 */
export interface Source {
  id: string;
  /** `now` in UTC ms. */
  read(request: SourceRequest, settings: SourceSettings, context: { now: number }): SourceReading;
}
