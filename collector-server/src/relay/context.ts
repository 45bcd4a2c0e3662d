import type { Verdict } from '@orderloop/protocol';
import type { DestinationConfig } from '../config.ts';
import type { Context, Destination } from '../destinations/contract.ts';
import type { RetrySettings } from '../outgoing/backoff.ts';
import type { Caller } from '../outgoing/call.ts';
import type { Vault } from '../privacy/vault.ts';
import type { ConsentMode } from '../stitch/conversion.ts';
import type { Lane, OutboxRow, Storage } from '../storage/contract.ts';

export interface RelayDeps {
  storage: Pick<Storage, 'outbox' | 'projections'>;
  registry: Readonly<Record<string, Destination>>;
  /** Every destination of every site. */
  destinations: readonly { site: string; config: DestinationConfig }[];
  consentModeOf(site: string): ConsentMode;
  caller: Caller;
  vault: Vault;
  retry: RetrySettings;
  /** How long a row belongs to who claimed it, in ms; a minute where nothing is said. */
  lease_ms?: number;
  /** How long a breaker opens at first, in ms; 30 s where nothing is said. */
  breaker_ms?: number;
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** Where the contact data of a conversion was sealed. */
  userPlace(site: string, event_id: string): string;
  onAttempt?(row: Lane, verdict: Verdict, duration_ms: number): void;
  onError?(error: unknown): void;
}

/** What is known of one destination while something is sent to it. */
export interface Sending {
  deps: RelayDeps;
  lane: Lane;
  destination: Destination;
  settings: Record<string, unknown>;
  /** The clock, and an access token where the platform wants one. */
  context(): Context;
  /** Keeps the destination from being told anything until somebody has looked. */
  pause(reason: string): Promise<void>;
  /** Lets its rows, and no others, wait for so many ms. */
  quiet(ms: number): void;
}

/** Where the snapshot of a row is sealed for. */
export const snapshotPlace = (row: Pick<OutboxRow, 'site' | 'conversion_id' | 'destination'>): string =>
  `${row.site}|outbox|${row.conversion_id}|${row.destination}`;
