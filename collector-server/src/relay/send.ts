import type { Conversion } from '@orderloop/protocol';
import type { Outcome, OutgoingRequest } from '../destinations/contract.ts';
import { readRetryAfter, retryDelay } from '../outgoing/backoff.ts';
import type { CallResult } from '../outgoing/call.ts';
import type { Finish, OutboxRow } from '../storage/contract.ts';
import { type Sending, snapshotPlace } from './context.ts';
import type { Prepared } from './prepare.ts';
import { identifiersOf, recordAttempt } from './record.ts';

export const MAX_REPLY_BYTES = 64 * 1024;
/** Before the lease of a minute has run out by half, it is renewed (O2). */
const RENEW_PART = 1 / 3;

/** Sends, and hands over what became of each row as soon as it is known. */
export async function send(
  sending: Sending,
  prepared: readonly Prepared[],
  call: (request: OutgoingRequest) => Promise<CallResult>,
  settle: (results: readonly Finish[]) => Promise<void>,
): Promise<void> {
  if (prepared.length === 0) return;
  const { destination, settings } = sending;
  const byId = new Map(prepared.map((one) => [one.row.conversion_id, one]));
  const { requests, skipped } = destination.requests(
    prepared.map(({ conversion }) => conversion),
    settings,
    sending.context(),
  );
  await settle(
    skipped.map(({ event_id, reason, detail }): Finish => {
      const { row } = byId.get(event_id)!;
      // What was tried and grew too old is a dead letter; what the destination can't take was never tried.
      return { row, state: row.attempts > 0 ? 'dead' : 'skipped', reason, ...(detail && { detail }), snapshot: null };
    }),
  );
  for (const request of requests) {
    const batch = request.event_ids.map((event_id) => byId.get(event_id)!);
    await sendOne(sending, request, await stillOurs(sending, batch), call, settle);
  }
}

async function sendOne(
  sending: Sending,
  request: OutgoingRequest,
  batch: readonly Prepared[],
  call: (request: OutgoingRequest) => Promise<CallResult>,
  settle: (results: readonly Finish[]) => Promise<void>,
): Promise<void> {
  // Somebody else has some of them by now: what is ours is put into a request of its own.
  if (batch.length < request.event_ids.length) return send(sending, batch, call, settle);
  const { deps, destination } = sending;
  const started_at = deps.now();
  const result = await call(request);
  const timing = { started_at, duration_ms: deps.now() - started_at };
  const outcomes = readOutcomes(sending, result, request.event_ids);
  if (batch.length > 1 && IS_WHOLE.has(destination.capabilities.failure) && outcomes.every(isRejected)) {
    // One of them spoils it for all (R4): halves find which.
    const middle = Math.ceil(batch.length / 2);
    await send(sending, batch.slice(0, middle), call, settle);
    return send(sending, batch.slice(middle), call, settle);
  }
  const paused = outcomes.find(({ verdict }) => verdict === 'auth');
  if (paused) await sending.pause(paused.detail ?? paused.code ?? 'The platform refused our credentials.');
  await settle(
    batch.map(({ row, conversion }, index) => {
      const outcome = outcomes[index] ?? { event_id: row.conversion_id, verdict: 'retry' };
      deps.onAttempt?.(row, outcome.verdict, timing.duration_ms);
      return {
        row,
        attempt: recordAttempt(row.attempts + 1, request, index, result, outcome.verdict, timing),
        identifiers: identifiersOf(conversion, destination),
        ...(outcome.trace && { trace: outcome.trace }),
        ...next(sending, row, conversion, result, outcome),
      };
    }),
  );
}

/** Platforms that take a request as a whole, or not at all. */
const IS_WHOLE: ReadonlySet<string> = new Set(['all-or-nothing', 'async']);
const isRejected = ({ verdict }: Outcome): boolean => verdict === 'rejected';

/** What a row's outcome makes of it. */
function next(
  { deps, destination }: Sending,
  row: OutboxRow,
  conversion: Conversion,
  result: CallResult,
  outcome: Outcome,
): Omit<Finish, 'row'> {
  const now = deps.now();
  const why = { reason: outcome.code ?? outcome.verdict, ...(outcome.detail && { detail: outcome.detail }) };
  const told = String(conversion.refund?.left ?? conversion.order?.value ?? '');
  switch (outcome.verdict) {
    case 'accepted':
    case 'duplicate':
      return { state: 'delivered', accepted_at: now, told, snapshot: null, ...(outcome.detail && why) };
    case 'pending':
      return {
        state: 'pending',
        receipt: outcome.receipt ?? '',
        receipt_at: now,
        told,
        next_attempt_at: now + (destination.receipts?.first_after_ms ?? 0),
        snapshot: deps.vault.seal(snapshotPlace(row), JSON.stringify(conversion)),
      };
    case 'rejected':
      return { state: 'dead', ...why, snapshot: seal(deps, row, conversion) };
    case 'auth':
      return { state: 'paused', ...why, snapshot: seal(deps, row, conversion) };
    default:
      if (isUnsure(result) && destination.mayResend?.(conversion) === false) {
        const detail = 'It may have arrived, and the platform would count it twice.';
        return { state: 'dead', reason: 'arrival_unknown', detail, snapshot: null };
      }
      return {
        state: 'waiting',
        next_attempt_at: now + retryIn(deps, row, result, outcome),
        ...why,
        snapshot: seal(deps, row, conversion),
      };
  }
}

const seal = ({ vault }: Sending['deps'], row: OutboxRow, conversion: Conversion): string =>
  vault.seal(snapshotPlace(row), JSON.stringify(conversion));

/** No answer, after the request was on its way. */
const isUnsure = (result: CallResult): boolean => result.kind === 'failed' && result.mayHaveArrived;

/** In ms: what the platform asks for, or full jitter that grows with every attempt (O3). */
export function retryIn(
  { retry, random, now }: Pick<Sending['deps'], 'retry' | 'random' | 'now'>,
  row: Pick<OutboxRow, 'attempts'>,
  result: CallResult,
  { verdict, retry_after_ms }: Pick<Outcome, 'verdict' | 'retry_after_ms'>,
): number {
  if (retry_after_ms !== undefined) return Math.round(retry_after_ms);
  const asked = result.kind === 'reply' ? readRetryAfter(result.reply.headers['retry-after'], now()) : null;
  const throttled = verdict === 'throttled' || (result.kind === 'failed' && result.timedOut);
  return Math.round(retryDelay(row.attempts + 1, retry, random(), throttled, asked));
}

export function readOutcomes(
  { destination }: Pick<Sending, 'destination'>,
  result: CallResult,
  event_ids: readonly string[],
): Outcome[] {
  if (result.kind === 'reply') {
    const { status, headers, body } = result.reply;
    return destination.outcomes({ status, headers, body: body.toString('utf8') }, event_ids);
  }
  return event_ids.map((event_id) => outcomeOfFailure(event_id, result));
}

export function outcomeOfFailure(event_id: string, result: Exclude<CallResult, { kind: 'reply' }>): Outcome {
  // An address that must not be called is a mistake in the settings: the queue is kept until it is mended.
  if (result.kind === 'refused') return { event_id, verdict: 'auth', code: 'target_refused', detail: result.error };
  return { event_id, verdict: 'retry', code: result.error };
}

/** Lengthens leases that are half used up, and leaves out what another has taken meanwhile. */
async function stillOurs({ deps }: Sending, batch: readonly Prepared[]): Promise<readonly Prepared[]> {
  const lease_ms = deps.lease_ms ?? LEASE_MS;
  const now = deps.now();
  if (batch.every(({ row }) => (row.next_attempt_at ?? 0) - now > lease_ms * (1 - RENEW_PART))) return batch;
  const held = new Set(
    await deps.storage.outbox.renew(
      batch.map(({ row }) => row),
      now,
      lease_ms,
    ),
  );
  const ours = batch.filter(({ row }) => held.has(row.id));
  for (const { row } of ours) row.next_attempt_at = now + lease_ms;
  return ours;
}

/** How long a claimed row belongs to its claimer (O2). */
export const LEASE_MS = 60_000;
