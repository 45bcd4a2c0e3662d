import { createHmac } from 'node:crypto';
import { type Identifier, isIdentifying, type LoggedEvent, type OrderChange } from '@orderloop/protocol';
import { identifiersOf, keyOf } from '../stitch/identifiers.ts';
import type { Tombstones } from '../storage/contract.ts';

/** What is left of an erased person's event: that there was one. Of an order what the books need, and nobody in it (P6). */
export function redact(event: LoggedEvent): LoggedEvent {
  const { position, site, event_id, received_at, occurred_at, order } = event;
  const stub: LoggedEvent = { position, site, event_id, received_at, occurred_at, event: 'erased' };
  if (!order) return stub;
  return { ...stub, event: 'order', action_source: event.action_source, order: withoutPerson(order), flags: ['erased'] };
}

export const isRedacted = ({ event, flags }: Pick<LoggedEvent, 'event' | 'flags'>): boolean =>
  event === 'erased' || flags?.includes('erased') === true;

function withoutPerson(order: OrderChange): OrderChange {
  return {
    ...order,
    ...(order.customer && { customer: { id: null, email_sha256: null, phone_e164: null } }),
    ...(order.tracking && { tracking: [] }),
    ...(order.attribution && { attribution: { landing_page: null, referrer: null, click_ids: {} } }),
    ...(order.session_ref !== undefined && { session_ref: null }),
  };
}

/** What tells an erased person's late events, and nothing else of them: keyed hashes, under a key that is thrown away. */
export function tombstone(key: string, member: Identifier | { visitor_id: string }): string {
  const text = 'visitor_id' in member ? `visitor_id:${member.visitor_id}` : keyOf(member);
  return createHmac('sha256', Buffer.from(key, 'base64url')).update(text).digest('base64url');
}

/** Whether an event of before an erasure came after it (identity §2.7). */
export function isOfErased(event: LoggedEvent, erased: readonly Tombstones[]): boolean {
  return erased.some(({ at, key, hashes }) => {
    if (event.occurred_at > at || isRedacted(event)) return false;
    // Whose an event is its strongest identifier says; of one that names nobody, the device (identity §2.5).
    const [strongest] = identifiersOf(event);
    if (strongest && hashes.has(tombstone(key, strongest))) return true;
    const { visitor_id } = event;
    return !(strongest && isIdentifying(strongest.type)) && !!visitor_id && hashes.has(tombstone(key, { visitor_id }));
  });
}
