import type { DestinationConfig } from '../config.ts';
import type { Destination, OutgoingRequest } from '../destinations/contract.ts';
import { readRetryAfter } from '../outgoing/backoff.ts';
import type { CallResult } from '../outgoing/call.ts';
import type { Finish, Lane, OutboxRow } from '../storage/contract.ts';
import { createTokenKeeper } from './access.ts';
import { type BreakerState, createBreaker } from './breaker.ts';
import { createBucket } from './bucket.ts';
import type { RelayDeps, Sending } from './context.ts';
import { prepare } from './prepare.ts';
import { askReceipts } from './receipts.ts';
import { LEASE_MS, MAX_REPLY_BYTES, readOutcomes, send } from './send.ts';

const PARALLEL = 4;
/** Of one claim: what is held in memory of a queue of any length. */
const MAX_CLAIM = 500;
const BREAKER_MS = 30_000;
/** The soonest that a destination whose pace is used up is looked at again. */
const SHORTEST_WAIT_MS = 5;

/** One destination's work: its pace, its breaker, what is on its way. A dead or slow one keeps no other waiting (O6). */
export interface LaneWorker {
  lane: Lane;
  breaker(now: number): BreakerState;
  /** In ms, how long before it may claim: 0 is now, infinity when the end of a call has to come first. */
  waitMs(now: number): number;
  /** Claims once, and sends what it claimed. Answers whether there may be more. */
  work(): Promise<boolean>;
  inFlight(): number;
  /** Forgets how it went before: its settings were mended. */
  reset(): void;
  /** Resolves when what is being sent has its answer on record. */
  settled(): Promise<void>;
}

export function createLane(
  deps: RelayDeps,
  { site, config }: { site: string; config: DestinationConfig },
  destination: Destination,
  settle: (results: readonly Finish[]) => Promise<void>,
  pause: (lane: Lane, reason: string) => Promise<void>,
  onFree: () => void,
): LaneWorker {
  const lane: Lane = { site, destination: config.id };
  const { batch, rate, parallel = PARALLEL } = destination.capabilities;
  const bucket = createBucket(rate?.per_minute);
  const daily = createBucket(rate?.per_day === undefined ? undefined : rate.per_day / 1440, rate?.per_day);
  const token = createTokenKeeper(destination.access, config.settings, deps);
  const inFlight = new Set<Promise<void>>();
  let breaker = createBreaker(deps.breaker_ms ?? BREAKER_MS, deps.random);
  let quietUntil = 0;
  let access_token: string | undefined;

  const sending: Sending = {
    deps,
    lane,
    destination,
    settings: config.settings,
    context: () => ({ now: deps.now(), ...(access_token !== undefined && { access_token }) }),
    pause: (reason) => pause(lane, reason),
    quiet: (ms) => {
      quietUntil = Math.max(quietUntil, deps.now() + ms);
    },
  };

  const call = async (request: OutgoingRequest): Promise<CallResult> => {
    const result = await deps.caller.call({ ...request, body: request.body || undefined }, MAX_REPLY_BYTES);
    note(request, result);
    return result;
  };

  /** What the reply says of the destination itself, whatever it says of single conversions. */
  const note = (request: OutgoingRequest, result: CallResult): void => {
    const now = deps.now();
    const status = result.kind === 'reply' ? result.reply.status : 0;
    if (result.kind === 'refused') return;
    const verdict = request.event_ids.length > 0 ? readOutcomes(sending, result, request.event_ids)[0]?.verdict : undefined;
    if (status === 429 || verdict === 'throttled') {
      const asked = result.kind === 'reply' ? readRetryAfter(result.reply.headers['retry-after'], now) : null;
      sending.quiet(asked ?? Math.min(deps.retry.throttled_floor_ms, deps.retry.cap_ms));
    } else if (result.kind === 'failed' || status >= 500) breaker.failure(now);
    else breaker.success(now);
  };

  const run = async (rows: readonly OutboxRow[]): Promise<void> => {
    const got = await token();
    if ('error' in got) {
      if (got.refused) await pause(lane, got.error);
      else breaker.failure(deps.now());
      const next_attempt_at = deps.now() + (got.refused ? 0 : deps.retry.throttled_floor_ms);
      return settle(
        rows.map((row) => ({ row, state: 'waiting', reason: 'no_access_token', detail: got.error, next_attempt_at })),
      );
    }
    access_token = got.access_token;
    const [asked, sent] = [
      rows.filter(({ receipt }) => receipt !== undefined),
      rows.filter(({ receipt }) => receipt === undefined),
    ];
    await askReceipts(sending, asked, call, settle);
    const { ready, done } = await prepare(sending, sent);
    await settle(done);
    // Claimed together, sent side by side where a request takes few of them.
    const size = Math.min(batch.max, MAX_CLAIM);
    for (let start = 0; start < ready.length; start += size * parallel) {
      const chunks = Array.from({ length: parallel }, (_, index) =>
        ready.slice(start + index * size, start + (index + 1) * size),
      );
      await Promise.all(chunks.map((chunk) => send(sending, chunk, call, settle)));
    }
  };

  return {
    lane,
    breaker: (now) => breaker.state(now),
    inFlight: () => inFlight.size,
    reset() {
      breaker = createBreaker(deps.breaker_ms ?? BREAKER_MS, deps.random);
      quietUntil = 0;
    },
    waitMs(now) {
      const state = breaker.state(now);
      // What a half-open breaker lets through is one.
      if (inFlight.size >= (state === 'closed' ? parallel : 1)) return Number.POSITIVE_INFINITY;
      return Math.max(0, quietUntil - now, state === 'open' ? breaker.open_until() - now : 0);
    },
    async work() {
      const now = deps.now();
      const pace = Math.max(bucket.take(now), daily.take(now));
      if (pace > 0) {
        sending.quiet(Math.max(SHORTEST_WAIT_MS, pace));
        return false;
      }
      const one = breaker.state(now) === 'half_open';
      const limit = one ? 1 : Math.min(MAX_CLAIM, batch.max * parallel);
      const rows = await deps.storage.outbox.claim(lane, now, deps.lease_ms ?? LEASE_MS, limit);
      if (rows.length === 0) return false;
      const job = run(rows)
        .catch((error: unknown) => deps.onError?.(error))
        .finally(() => {
          inFlight.delete(job);
          onFree();
        });
      inFlight.add(job);
      return rows.length === limit;
    },
    settled: async () => {
      await Promise.all(inFlight);
    },
  };
}
