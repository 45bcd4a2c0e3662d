import { hash } from 'node:crypto';
import { IDENTIFIER_TYPES, type Identifier, type IdentifierType, type LoggedEvent } from '@orderloop/protocol';

const MAX_LENGTH = 1024;

const BLOCKED = new Set([
  '',
  '-1',
  'null',
  'undefined',
  'none',
  'nan',
  'anonymous',
  'guest',
  'true',
  'false',
  'id',
  'email',
  '[object object]',
]);

/** Placeholders that many visitors share, and what the site says of its own: treated as absent (identity §2.1). */
export function isBlocked(value: string, own: ReadonlySet<string> = NONE): boolean {
  const text = value.trim().toLowerCase();
  return BLOCKED.has(text) || /^[0-]*$/.test(text) || own.has(text);
}

const NONE: ReadonlySet<string> = new Set();

/**
 * The identifiers that an event names, the strongest first, each once (identity §2.1). Of an order its id, which a
 * thank-you page shows as `transaction_id`.
 */
export function identifiersOf(event: LoggedEvent, blocked?: ReadonlySet<string>): Identifier[] {
  const { user, order, refund, properties = {} } = event;
  const found: Identifier[] = [];
  const add = (type: IdentifierType, value: unknown): void => {
    const text = (typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '').trim();
    if (text.length > MAX_LENGTH || isBlocked(text, blocked)) return;
    if (!found.some((known) => known.type === type && known.value === text)) found.push({ type, value: text });
  };
  add('user_id', user?.id);
  add('email', user?.email_index);
  add('phone', user?.phone_index);
  add('order_id', order?.order_id);
  add('order_id', refund?.order_id);
  add('order_id', properties['transaction_id']);
  add('order_id', properties['order_id']);
  add('checkout_token', properties['checkout_token']);
  add('cart_token', properties['cart_token']);
  return found.sort(byPriority);
}

const RANK = new Map(IDENTIFIER_TYPES.map((type, index) => [type, index]));

/** Strongest first; of one type, in the order of their bytes. */
export function byPriority(left: Identifier, right: Identifier): number {
  return RANK.get(left.type)! - RANK.get(right.type)! || (left.value < right.value ? -1 : left.value > right.value ? 1 : 0);
}

/** One text for an identifier, to find it by. */
export const keyOf = ({ type, value }: Identifier): string => `${type}:${value}`;

const PERSON_ID_LENGTH = 22;

/** What a person is called by the member that was seen first: an identifier, or a device (identity §2.8). */
export function personId(site: string, member: Identifier | { visitor_id: string }): string {
  const key = 'visitor_id' in member ? `visitor_id:${member.visitor_id}` : keyOf(member);
  return `prs_${hash('sha256', `${site}\n${key}`, 'base64url').slice(0, PERSON_ID_LENGTH)}`;
}

/** The session of a visit that no client named: by its first event. */
export function visitId(site: string, { visitor_id = '', event_id }: Pick<LoggedEvent, 'visitor_id' | 'event_id'>): string {
  return `ses_${hash('sha256', `${site}\n${visitor_id}\n${event_id}`, 'base64url').slice(0, PERSON_ID_LENGTH)}`;
}
