/** Where a copy of an event came from: our script in the browser, or the shop's server. */
export type Source = 'pixel' | 'api';

export interface ReceivedEvent {
  /** Position in the order of arrival. */
  number: number;
  event_name: string;
  event_id: string | null;
  source: Source;
  /** UTC ms. */
  received_at: number;
  status: 'counted' | 'duplicate';
  /** For a dropped copy: whose copy was counted in its place. */
  kept: Source | null;
  value: number | null;
  currency: string | null;
  /** The event as it came, for whoever wants to look. */
  raw: unknown;
}

export interface ReceivedRequest {
  received_at: number;
  /** Without its query, which may hold an access token. */
  path: string;
  mode: Mode;
  status: number;
  events_received: number;
  /** What was wrong, where the request was refused. */
  error: string | null;
}

export interface ReceivedWebhook {
  received_at: number;
  webhook_id: string | null;
  type: string | null;
  status: 'accepted' | 'duplicate' | 'refused';
  /** Why it was refused. */
  error: string | null;
  raw: unknown;
}

export const MODES = ['ok', '429', '500', 'slow', 'garbage'] as const;
/** How the conversion endpoint answers. */
export type Mode = (typeof MODES)[number];

/** Plays shoppers; the platform only has the switch for it. */
export interface Visitors {
  isPlaying(): boolean;
  start(): void;
  stop(): void;
  progress(): { done: number; total: number };
}
