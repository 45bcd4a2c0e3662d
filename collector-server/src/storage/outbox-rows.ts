import { DELIVERY_STATES, type DeliveryState } from '@orderloop/protocol';
import type { OutboxRow, OutboxTally } from './contract.ts';

export const OUTBOX_COLUMNS =
  'id, site, conversion_id, destination, state, attempts, fence, created_at, queued_at, next_attempt_at, reason, detail, snapshot, receipt, receipt_at, accepted_at, told, trace, identifiers';

/** A row as both engines give it: null where there is nothing. */
export type StoredOutboxRow = { [Field in keyof OutboxRow]-?: OutboxRow[Field] | null };

export function toOutboxRow(row: StoredOutboxRow): OutboxRow {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as OutboxRow;
}

/** The order that `claim` takes rows in, which an updating statement does not keep. */
export const byAge = (one: OutboxRow, other: OutboxRow): number => one.created_at - other.created_at || one.id - other.id;

export function countsOf(rows: readonly { state: DeliveryState; n: number }[]): Record<DeliveryState, number> {
  const counts = Object.fromEntries(DELIVERY_STATES.map((state) => [state, 0])) as Record<DeliveryState, number>;
  for (const { state, n } of rows) counts[state] = n;
  return counts;
}

export type StoredTally = Omit<OutboxTally, 'reason'> & { reason: string | null };
export const toTally = ({ reason, ...rest }: StoredTally): OutboxTally => ({ ...rest, ...(reason !== null && { reason }) });
