import type { BatchReceipt } from '@orderloop/protocol';
import { readObject } from './problem.ts';

/** What the collector made of a call. `rejected` names the position of each refused part, and the field at fault. */
export type Receipt = BatchReceipt;

/** Undefined when it is no receipt: a proxy's login page also answers 200. */
export function readReceipt(text: string): Receipt | undefined {
  const body = readObject(text);
  if (!body || typeof body['accepted'] !== 'number') return undefined;
  return {
    accepted: body['accepted'],
    duplicate: typeof body['duplicate'] === 'number' ? body['duplicate'] : 0,
    rejected: Array.isArray(body['rejected']) ? (body['rejected'] as Receipt['rejected']) : [],
  };
}

/** One receipt for the parts of a call that was too large for one request; positions count through the whole call. */
export function joinReceipts(parts: { offset: number; receipt: Receipt }[]): Receipt {
  return {
    accepted: parts.reduce((sum, { receipt }) => sum + receipt.accepted, 0),
    duplicate: parts.reduce((sum, { receipt }) => sum + receipt.duplicate, 0),
    rejected: parts.flatMap(({ offset, receipt }) =>
      receipt.rejected.map((entry) => ({ ...entry, index: entry.index + offset })),
    ),
  };
}
