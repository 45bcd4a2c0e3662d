import { orderKey, type StoredEvent } from '@orderloop/protocol';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The partition of the log that an event belongs to, from 0: everything of one visitor is in one, and everything of one
 * order, so that each is projected in the order of the log. FNV-1a over the UTF-16 code units: fast, and the same for ever.
 */
export function partitionOf(event: StoredEvent, partitions: number): number {
  if (partitions === 1) return 0;
  const subject = event.order ? orderKey(event.order) : (event.visitor_id ?? event.session_id ?? event.event_id);
  let hash = FNV_OFFSET;
  for (const text of [event.site, '|', subject])
    for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME) >>> 0;
  return hash % partitions;
}
