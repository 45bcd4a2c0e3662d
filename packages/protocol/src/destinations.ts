import type { DeliveryState } from './journey.ts';

/** One configured destination, and what it was told. */
export interface DestinationSummary {
  site: string;
  destination: string;
  type: string;
  /** What the platform calls it. */
  name: string;
  api_version: string;
  state: 'ok' | 'paused' | 'failing' | 'unknown_type';
  /** Why nothing is sent until somebody has looked, and since when, in UTC ms. */
  paused?: { reason: string; at: number };
  /** Its settings make everything a test. */
  test: boolean;
  /** What is wrong with its settings, in sentences. */
  faults: string[];
  /** What to say of an API version that ends soon. */
  sunset?: string;
  refund: 'none' | 'event' | 'restate';
  /** What *verify* does, and which settings it needs besides; null where the platform has no test request. */
  verification: { effect: 'validated' | 'test_view' | 'message'; needs: string[] } | null;
  counts: Record<DeliveryState, number>;
  /** Why conversions were skipped or given up, the commonest first. */
  reasons: { state: DeliveryState; reason: string; count: number }[];
  /** When the one that waits longest was queued, in UTC ms. */
  oldest_waiting_at: number | null;
}

/** `GET /v1/destinations`. */
export interface Destinations {
  destinations: DestinationSummary[];
}

/** `GET /v1/destinations/{site}/{destination}`. */
export interface DestinationDetail extends DestinationSummary {
  /** How many of the accepted conversions had each identifier. */
  match_quality: { accepted: number; identifiers: { name: string; count: number }[] };
  /** From the order to the platform's acceptance, of the newest. */
  latency: { count: number; p50_ms: number | null; p95_ms: number | null };
}

/** One conversion at one destination, as `GET /v1/destinations/{site}/{destination}/deliveries` lists it. */
export interface DestinationDelivery {
  id: number;
  site: string;
  conversion_id: string;
  destination: string;
  state: DeliveryState;
  attempts: number;
  /** UTC ms. */
  created_at: number;
  queued_at: number;
  next_attempt_at?: number;
  accepted_at?: number;
  receipt_at?: number;
  reason?: string;
  detail?: string;
  /** The value that the platform was told, in major units. */
  told?: string;
  trace?: string;
  identifiers?: string;
}

/**
 * `GET /v1/destinations/{site}/{destination}/reconciliation`: what became of every order that was placed in `[from, to)`. The
 * rows' counts add up to `orders`.
 */
export interface DestinationReconciliation {
  /** UTC ms. */
  from: number;
  to: number;
  orders: number;
  rows: {
    state: DeliveryState | 'no_conversion' | 'held';
    reason: string | null;
    currency: string;
    orders: number;
    /** Minor units. */
    total: number;
  }[];
}

/** `POST /v1/destinations/{site}/{destination}/verify`. */
export type DestinationVerification =
  | { refused: 'no_test_mode' | 'settings' | 'access'; detail: string }
  | {
      verdict: string;
      effect: 'validated' | 'test_view' | 'message';
      code?: string;
      detail?: string;
      trace?: string;
      request: { method: string; url: string; headers: Record<string, string>; body: string };
      reply?: { status: number; body: string };
      error?: string;
      duration_ms: number;
    };

/** `POST /v1/destinations/{site}/{destination}/replay`. */
export interface DestinationReplay {
  sent: number;
  skipped: Record<string, number>;
  more: boolean;
}
