import type { Outcome, OutgoingRequest } from '../destinations/contract.ts';
import type { CallResult } from '../outgoing/call.ts';
import type { Finish, OutboxRow } from '../storage/contract.ts';
import type { Sending } from './context.ts';
import { recordAttempt } from './record.ts';
import { outcomeOfFailure } from './send.ts';

/** Asks a platform what became of what it took, once for all rows that share a receipt. */
export async function askReceipts(
  sending: Sending,
  rows: readonly OutboxRow[],
  call: (request: OutgoingRequest) => Promise<CallResult>,
  settle: (results: readonly Finish[]) => Promise<void>,
): Promise<void> {
  for (const [receipt, group] of Map.groupBy(rows, (row) => row.receipt!)) {
    const { receipts } = sending.destination;
    if (!receipts) {
      await settle(
        group.map((row) => ({ row, state: 'delivered', accepted_at: sending.deps.now(), receipt: null, snapshot: null })),
      );
      continue;
    }
    const started_at = sending.deps.now();
    const request = receipts.request(receipt, sending.settings, sending.context());
    const result = await call(request);
    const timing = { started_at, duration_ms: sending.deps.now() - started_at };
    const event_ids = group.map(({ conversion_id }) => conversion_id);
    const outcomes =
      result.kind === 'reply'
        ? receipts.outcomes({ ...result.reply, body: result.reply.body.toString('utf8') }, event_ids)
        : event_ids.map((event_id) => outcomeOfFailure(event_id, result));
    const refused = outcomes.find(({ verdict }) => verdict === 'auth');
    if (refused) await sending.pause(refused.detail ?? refused.code ?? 'The platform refused our credentials.');
    await settle(
      group.map((row, index) => {
        const outcome: Outcome = outcomes[index] ?? { event_id: row.conversion_id, verdict: 'pending' };
        const settled = outcome.verdict !== 'pending' && outcome.verdict !== 'throttled';
        return {
          row,
          ...(settled && {
            attempt: recordAttempt(row.attempts + 1, { ...request, event_ids }, index, result, outcome.verdict, timing),
          }),
          ...(outcome.trace && { trace: outcome.trace }),
          ...afterReceipt(sending, row, result, outcome),
        };
      }),
    );
  }
}

function afterReceipt({ deps, destination }: Sending, row: OutboxRow, result: CallResult, outcome: Outcome): Omit<Finish, 'row'> {
  const now = deps.now();
  const { every_ms = 0, give_up_after_ms = 0 } = destination.receipts ?? {};
  const why = { reason: outcome.code ?? outcome.verdict, ...(outcome.detail && { detail: outcome.detail }) };
  switch (outcome.verdict) {
    case 'accepted':
    case 'duplicate':
      return { state: 'delivered', accepted_at: now, receipt: null, snapshot: null, ...(outcome.detail && why) };
    case 'rejected':
      return { state: 'dead', receipt: null, ...why };
    case 'auth':
      return { state: 'paused', ...why };
    case 'retry':
      // The platform wants it once more, later; a failure to ask is asked again.
      if (result.kind === 'reply' && outcome.retry_after_ms !== undefined)
        return { state: 'waiting', receipt: null, next_attempt_at: now + outcome.retry_after_ms, ...why };
      break;
  }
  if (now - (row.receipt_at ?? now) < give_up_after_ms) return { state: 'pending', next_attempt_at: now + every_ms, ...why };
  const detail = 'The platform took it, and did not say in time what became of it.';
  return { state: 'delivered', accepted_at: now, receipt: null, snapshot: null, reason: 'receipt_unanswered', detail };
}
