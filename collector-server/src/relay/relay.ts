import type { Attempt, Conversion, Verdict } from '@orderloop/protocol';
import type { DestinationConfig } from '../config.ts';
import type { Destination, Outcome, OutgoingRequest } from '../destinations/contract.ts';
import { type RetrySettings, readRetryAfter, retryDelay } from '../outgoing/backoff.ts';
import type { Caller, CallResult } from '../outgoing/call.ts';
import { maskBody, maskHeaders, maskUrl } from '../privacy/mask.ts';
import type { Vault } from '../privacy/vault.ts';
import type { ConversionState } from '../stitch/conversion.ts';
import type { Finish, OutboxRow, Storage } from '../storage/contract.ts';

const LEASE_MS = 60_000;
const PARALLEL = 8;
const MAX_REPLY_BYTES = 64 * 1024;
const KEPT_REPLY = 4_096;
/** For destinations without an age limit of their own (O3). */
const MAX_AGE_MS = 72 * 3_600_000;
const IDLE_MS = 30_000;

export interface RelayDeps {
  storage: Pick<Storage, 'outbox' | 'projections'>;
  registry: Readonly<Record<string, Destination>>;
  /** The destination of a site that an outbox row names, if it is still configured. */
  destinationOf(site: string, id: string): DestinationConfig | undefined;
  caller: Caller;
  vault: Vault;
  retry: RetrySettings;
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** Where the contact data of a conversion was sealed. */
  userPlace(site: string, event_id: string): string;
  onAttempt?(row: OutboxRow, verdict: Verdict, duration_ms: number): void;
  onError?(error: unknown): void;
}

export interface Relay {
  /** Looks for work now. */
  wake(): void;
  /** Paused destinations, as `site/destination`, and why. */
  paused(): ReadonlyMap<string, string>;
  /** Takes a destination up again; answers how many conversions waited for it. */
  resume(site: string, destination: string): Promise<number>;
  /** Stops claiming, and resolves when what was being sent has its answer on record. */
  stop(): Promise<void>;
}

/** Works off the outbox: leases, sends, reads the reply, retries, and keeps every attempt. All I/O of all destinations. */
export function createRelay(deps: RelayDeps): Relay {
  const { storage, now } = deps;
  const paused = new Map<string, string>();
  const inFlight = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let again = false;
  let stopped = false;

  const look = async (): Promise<void> => {
    if (looking) again = true;
    if (looking || stopped) return;
    looking = true;
    clearTimeout(timer);
    try {
      do {
        again = false;
        const free = PARALLEL - inFlight.size;
        const rows = free > 0 ? await storage.outbox.claim(now(), LEASE_MS, free, [...paused.keys()]) : [];
        for (const row of rows) track(work(row));
      } while (again && !stopped);
      const due = await storage.outbox.nextDue([...paused.keys()]);
      // With every place taken, the end of a call looks again.
      const wait = inFlight.size >= PARALLEL ? IDLE_MS : Math.min(IDLE_MS, Math.max(0, (due ?? now() + IDLE_MS) - now()));
      if (!stopped) timer = setTimeout(() => void look(), wait);
    } catch (error) {
      deps.onError?.(error);
      if (!stopped) timer = setTimeout(() => void look(), deps.retry.floor_ms);
    } finally {
      looking = false;
      // Asked while the next time was looked up: what became due since would wait for the timer.
      if (again) void look();
    }
  };

  const track = (job: Promise<void>): void => {
    const settled = job
      .catch((error: unknown) => deps.onError?.(error))
      .finally(() => {
        inFlight.delete(settled);
        if (!stopped) void look();
      });
    inFlight.add(settled);
  };

  const work = async (row: OutboxRow): Promise<void> => {
    const config = deps.destinationOf(row.site, row.destination);
    const destination = config && deps.registry[config.type];
    const state = await storage.projections.conversion(row.site, row.conversion_id);
    if (!config || !destination || !state) return finish(row, { state: 'skipped', reason: 'no_mapping', snapshot: null });
    // Consent once more, just before sending: it may have been withdrawn since (O8).
    if (state.hold)
      return finish(row, { state: 'skipped', reason: state.hold === 'erased' ? 'erased' : 'consent_denied', snapshot: null });
    const conversion = row.snapshot ? openSnapshot(deps.vault, row) : unseal(deps, state);
    const { requests, skipped } = destination.requests([conversion], config.settings, { now: now() });
    const request = requests[0];
    const maxAge = destination.capabilities.maxAgeMs(conversion) ?? MAX_AGE_MS;
    if (!request) {
      const reason = skipped[0]?.reason ?? 'unsupported_event';
      // What was tried and grew too old is a dead letter; what the destination can't take was never tried.
      return finish(row, { state: row.attempts > 0 ? 'dead' : 'skipped', reason, snapshot: null });
    }
    if (now() - row.created_at > maxAge) return finish(row, { state: 'dead', reason: 'expired', snapshot: null });

    const started_at = now();
    const result = await deps.caller.call(request, MAX_REPLY_BYTES);
    const outcome = readOutcome(destination, result, row.conversion_id);
    const attempt = record(row, request, result, outcome, started_at, now() - started_at);
    deps.onAttempt?.(row, outcome.verdict, attempt.duration_ms);
    const snapshot = deps.vault.seal(snapshotPlace(row), JSON.stringify(conversion));
    await finish(row, { attempt, ...next(row, result, outcome, snapshot) });
  };

  const next = (row: OutboxRow, result: CallResult, outcome: Outcome, snapshot: string): Finish => {
    switch (outcome.verdict) {
      case 'accepted':
      case 'duplicate':
        return { state: 'delivered', snapshot: null };
      case 'rejected':
        return { state: 'dead', reason: outcome.detail ?? outcome.code ?? 'rejected', snapshot };
      case 'auth':
        paused.set(`${row.site}/${row.destination}`, outcome.detail ?? outcome.code ?? 'The platform refused our credentials.');
        return { state: 'paused', reason: outcome.detail ?? 'auth', snapshot };
      default: {
        const retryAfter = result.kind === 'reply' ? readRetryAfter(result.reply.headers['retry-after'], now()) : null;
        const throttled = outcome.verdict === 'throttled' || (result.kind === 'failed' && result.timedOut);
        const delay = retryDelay(row.attempts + 1, deps.retry, deps.random(), throttled, retryAfter);
        return {
          state: 'waiting',
          next_attempt_at: Math.round(now() + delay),
          reason: outcome.detail ?? outcome.code ?? outcome.verdict,
          snapshot,
        };
      }
    }
  };

  const finish = async (row: OutboxRow, result: Finish): Promise<void> => {
    await storage.outbox.finish(row, result);
  };

  return {
    wake: () => void look(),
    paused: () => paused,
    async resume(site, destination) {
      paused.delete(`${site}/${destination}`);
      const released = await storage.outbox.release({ site, destination, states: ['paused', 'waiting'] }, now());
      void look();
      return released;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await Promise.all(inFlight);
    },
  };
}

function readOutcome(destination: Destination, result: CallResult, event_id: string): Outcome {
  if (result.kind === 'reply') {
    const { status, headers, body } = result.reply;
    return (
      destination.outcomes({ status, headers, body: body.toString('utf8') }, [event_id])[0] ?? { event_id, verdict: 'retry' }
    );
  }
  // An address that must not be called is a mistake in the settings: the queue is kept until it is mended.
  if (result.kind === 'refused') return { event_id, verdict: 'auth', code: 'target_refused', detail: result.error };
  return { event_id, verdict: 'retry', code: result.error };
}

function record(
  row: OutboxRow,
  request: OutgoingRequest,
  result: CallResult,
  outcome: Outcome,
  started_at: number,
  duration_ms: number,
): Attempt {
  return {
    attempt: row.attempts + 1,
    started_at,
    duration_ms,
    verdict: outcome.verdict,
    request: {
      method: request.method,
      url: maskUrl(request.url),
      headers: maskHeaders(request.headers),
      body: maskBody(request.body),
    },
    ...(result.kind === 'reply'
      ? { reply: { status: result.reply.status, body: result.reply.body.toString('utf8').slice(0, KEPT_REPLY) } }
      : { error: result.error }),
  };
}

const snapshotPlace = (row: OutboxRow): string => `${row.site}|outbox|${row.conversion_id}|${row.destination}`;
const openSnapshot = (vault: Vault, row: OutboxRow): Conversion =>
  JSON.parse(vault.open(snapshotPlace(row), row.snapshot!)) as Conversion;

function unseal({ vault, userPlace }: RelayDeps, { site, conversion, user, user_event_id }: ConversionState): Conversion {
  const opened = user && user_event_id ? vault.openUser(userPlace(site, user_event_id), user) : undefined;
  return { ...conversion, ...(opened && { user: opened }) };
}
