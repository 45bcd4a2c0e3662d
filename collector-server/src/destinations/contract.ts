import type { Conversion, SkipReason, Verdict } from '@orderloop/protocol';

export interface OutgoingRequest {
  method: 'POST';
  url: string;
  headers: Record<string, string>;
  /** The exact bytes to send, as text. */
  body: string;
  /** The conversions that it carries. */
  event_ids: string[];
}

export interface Skip {
  event_id: string;
  reason: SkipReason;
  /** What was missing or wrong, for the person who has to mend it. */
  detail?: string;
}

export interface Reply {
  status: number;
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
}

export interface Capabilities {
  /** The platform's name for an event; absent means that it has none. */
  events: Readonly<Record<string, string>>;
  refund: 'none' | 'event' | 'restate';
  batch: { max: number };
  /** How old an event may be, in ms; null is without limit. */
  maxAgeMs: (conversion: Pick<Conversion, 'action_source'>) => number | null;
  failure: 'all-or-nothing' | 'per-item' | 'async' | 'silent';
  consent: 'field' | 'gate';
}

/**
 * A conversion destination: pure functions from conversions to requests, and from a reply to outcomes. No I/O, no clock,
 * no store: the relay sends, retries, redacts and keeps the ledger.
 */
export interface Destination<Settings = Record<string, unknown>> {
  id: string;
  apiVersion: string;
  capabilities: Capabilities;
  /** What is wrong with the settings, in sentences; empty when they can be used. */
  checkSettings(settings: Record<string, unknown>): string[];
  /** `now` in UTC ms. */
  requests(
    conversions: readonly Conversion[],
    settings: Settings,
    context: { now: number },
  ): { requests: OutgoingRequest[]; skipped: Skip[] };
  outcomes(reply: Reply, event_ids: readonly string[]): Outcome[];
}
