import type { Identifier, LinkKey, LoggedEvent, OrderSummary, StoredEvent, UnlinkedReason } from '@orderloop/protocol';
import type { SaleRole } from '../stitch/evidence.ts';
import type { SessionState } from '../stitch/session.ts';
import type { AppendResult, Erasure, OrderKey, OrderRow, PersonMember, Tombstones } from './contract.ts';

// What rows mean that both engines keep alike: so that they are read alike.

/** A row of the log: the body holds what of the event the columns don't. */
export interface EventRow {
  position: number;
  site: string;
  event_id: string;
  visitor_id: string | null;
  received_at: number;
  body: string;
}

export const EVENT_COLUMNS = 'position, site, event_id, visitor_id, received_at, body';

export function toEvent({ body, visitor_id, ...columns }: EventRow): LoggedEvent {
  return { ...(JSON.parse(body) as StoredEvent), ...(visitor_id !== null && { visitor_id }), ...columns };
}

/** The row that an event is; the body holds what the columns don't. */
export function fromEvent({ position, site, event_id, visitor_id, received_at, ...body }: LoggedEvent): EventRow {
  return { position, site, event_id, visitor_id: visitor_id ?? null, received_at, body: JSON.stringify(body) };
}

/** Results are packed as text, a letter each: `a` accepted, `d` duplicate; null is so many accepted. */
export function unpackResults(packed: string | null, count: number): AppendResult[] {
  if (packed === null) return new Array<AppendResult>(count).fill('accepted');
  return Array.from(packed, (letter): AppendResult => (letter === 'a' ? 'accepted' : 'duplicate'));
}

/** What is derived from the log, and dropped by a reset. */
export const PROJECTION_TABLES = [
  'sessions',
  'touchpoints',
  'session_keys',
  'visitor_consents',
  'orders',
  'order_events',
  'late_events',
  'order_keys',
  'links',
  'conversions',
  'identifiers',
  'identity_facts',
  'claims',
  'visitor_identifiers',
  'visitors',
  'loose_events',
  'awaited_keys',
  'order_aliases',
  'order_references',
  'projector',
] as const;

/** Tables whose rows are each of one device. */
export const VISITOR_TABLES = [
  'sessions',
  'touchpoints',
  'visitor_consents',
  'claims',
  'visitor_identifiers',
  'visitors',
  'loose_events',
  'awaited_keys',
] as const;

/** Those that say who it is before all carts and orders: where there are too many, they are not what is left out. */
export const NAMING_FIRST = "type IN ('user_id', 'email', 'phone') DESC";

export interface OrderBodyRow {
  order_key: string;
  role: SaleRole;
  received_at: number;
  body: string;
}

export function toOrderRow({ order_key, role, received_at, body }: OrderBodyRow): OrderRow {
  return { order_key, role, received_at, projection: JSON.parse(body) as OrderRow['projection'] };
}

export interface OrderKeyRow extends Omit<OrderKey, 'by_person'> {
  by_person: number | boolean;
}

export const toOrderKey = ({ by_person, ...row }: OrderKeyRow): OrderKey => ({ ...row, ...(by_person && { by_person: true }) });

export function toTombstones(body: string): Tombstones {
  const { at, key, hashes } = JSON.parse(body) as Erasure;
  return { at, key, hashes: new Set(hashes) };
}

export interface IdentifierRow extends Identifier {
  site: string;
}

export interface VisitorRow {
  site: string;
  visitor_id: string;
}

export const toMember = ({ site, type, value }: IdentifierRow): PersonMember => ({ site, id: { type, value } });

/** An order as lists show it, with the session that its channel comes from. Bodies are JSON. */
export interface OrderListRow {
  order_key: string;
  body: string;
  link_key: LinkKey | null;
  unlinked_reason: UnlinkedReason | null;
  session: string | null;
  hold: string | null;
}

export function toOrderSummary(row: OrderListRow, deliveries: OrderSummary['deliveries']): OrderSummary {
  const { order } = JSON.parse(row.body) as OrderRow['projection'];
  const session = row.session ? (JSON.parse(row.session) as SessionState) : null;
  return {
    order_key: row.order_key,
    order_id: order.order_id,
    order_number: order.order_number,
    source: order.source,
    state: order.state,
    payment_state: order.payment_state,
    fulfillment_state: order.fulfillment_state,
    dispute_state: order.dispute_state,
    cancelled_at: order.cancelled_at,
    total: order.amounts.total,
    currency: order.currency,
    exponent: order.exponent,
    created_at: order.created_at,
    link_key: row.link_key,
    ...(row.unlinked_reason && { unlinked_reason: row.unlinked_reason }),
    channel: session?.channel ?? null,
    ...(session?.platform && { platform: session.platform }),
    deliveries,
    ...(row.hold && { hold: row.hold as NonNullable<OrderSummary['hold']> }),
    test: order.test,
  };
}
