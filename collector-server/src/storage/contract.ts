import type {
  Attempt,
  Consent,
  DeliveryState,
  LinkKey,
  LoggedEvent,
  OrderSummary,
  SkipReason,
  StoredEvent,
  Touchpoint,
} from '@orderloop/protocol';
import type { ConversionState } from '../stitch/conversion.ts';
import type { LinkChoice } from '../stitch/link.ts';
import type { OrderConflict, OrderProjection } from '../stitch/order.ts';
import type { SessionState } from '../stitch/session.ts';

/** The store could not do it: full, locked, gone. Whatever was asked for was not kept; asking again may help. */
export class StorageFault extends Error {}

/**
 * Where things are kept. The event log is the truth; the projections are derived from it; the outbox remembers what was
 * said to whom. Each engine implements all three, and `contract.suite.ts` holds them to it.
 */
export interface Storage {
  log: EventLog;
  projections: Projections;
  outbox: Outbox;
  rewards: Rewards;
  /** Throws when the store can't be written to. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export interface DeadLetter {
  site: string;
  received_at: number;
  stage: 'parse' | 'validate' | 'source' | 'project' | 'relay';
  code: string;
  pointer: string;
  detail: string;
  route: string;
  key_id: string;
  /** Bytes of the whole. */
  size: number;
  /** Sealed: what was refused is personal data. */
  raw: string;
}

export type AppendResult = 'accepted' | 'duplicate';

export interface EventLog {
  /**
   * Appends events and dead letters in one transaction, on stable storage before it answers (D1). One answer an event,
   * in order; a repeat of `(site, event_id)` is a `duplicate` and changes nothing.
   */
  append(events: readonly StoredEvent[], deadLetters?: readonly DeadLetter[]): Promise<AppendResult[]>;
  /** Events after a position, oldest first. */
  read(after: number, limit: number): Promise<LoggedEvent[]>;
  /** The newest events, newest first. */
  newest(site: string | undefined, limit: number): Promise<LoggedEvent[]>;
  find(site: string, event_id: string): Promise<LoggedEvent | null>;
  ofSessions(site: string, session_ids: readonly string[], limit: number): Promise<LoggedEvent[]>;
  /** The last position; 0 when empty. */
  head(): Promise<number>;
  counts(since: number): Promise<{ total: number; since: number; dead_letters: number }>;
  deadLetters(limit: number): Promise<(DeadLetter & { id: number })[]>;
}

export interface SessionKeyRow {
  site: string;
  key: LinkKey;
  value: string;
  session_id: string;
  visitor_id: string;
  event_id: string;
  occurred_at: number;
}

export interface OrderRow {
  order_key: string;
  received_at: number;
  projection: Omit<OrderProjection, 'events'> & { conflicts: OrderConflict[] };
}

export interface VisitorConsent {
  consent: Consent;
  occurred_at: number;
  event_id: string;
}

/** Reads and writes of one projector transaction. */
export interface ProjectionTx {
  session(site: string, session_id: string, visitor_id: string): Promise<SessionState | null>;
  putSession(session: SessionState): Promise<void>;
  putTouchpoint(touchpoint: Touchpoint): Promise<void>;
  /** Keeps the earliest event that showed the key. */
  putSessionKey(row: SessionKeyRow): Promise<void>;
  sessionKeys(site: string, key: LinkKey, value: string, limit: number): Promise<SessionKeyRow[]>;
  visitorConsent(site: string, visitor_id: string): Promise<VisitorConsent | null>;
  putVisitorConsent(site: string, visitor_id: string, row: VisitorConsent): Promise<void>;
  /** Events about one order up to a position of the log, in its order. */
  orderEvents(site: string, order_key: string, upTo: number): Promise<LoggedEvent[]>;
  putOrder(site: string, row: OrderRow): Promise<void>;
  order(site: string, order_key: string): Promise<OrderRow | null>;
  putOrderKey(site: string, key: LinkKey, value: string, order_key: string, event_id: string): Promise<void>;
  orderKeys(site: string, order_key: string): Promise<{ key: LinkKey; value: string; event_id: string }[]>;
  ordersWithKey(site: string, key: LinkKey, value: string, limit: number): Promise<string[]>;
  ordersOfVisitor(site: string, visitor_id: string, limit: number): Promise<string[]>;
  putLinks(site: string, order_key: string, visitor_id: string | null, choice: LinkChoice): Promise<void>;
  conversions(site: string, order_key: string): Promise<ConversionState[]>;
  putConversion(conversion: ConversionState): Promise<void>;
  /** Once per conversion and destination: a row that exists stays as it is. */
  enqueue(site: string, conversion_id: string, destination: string, now: number): Promise<void>;
  position(): Promise<number>;
  setPosition(position: number): Promise<void>;
}

export interface Projections {
  /** Runs one projector step; everything in it is kept, or nothing. */
  transaction<T>(step: (tx: ProjectionTx) => Promise<T>): Promise<T>;
  /** Drops every projection, and keeps the log and the outbox. */
  reset(): Promise<void>;
  position(): Promise<number>;
  orders(site: string | undefined, limit: number): Promise<OrderSummary[]>;
  /** By key, or by the order's own id or number. */
  findOrder(site: string | undefined, id: string): Promise<{ site: string; row: OrderRow } | null>;
  links(site: string, order_key: string): Promise<LinkChoice & { visitor_id: string | null }>;
  sessionsOfVisitor(site: string, visitor_id: string, limit: number): Promise<SessionState[]>;
  touchpointsOfVisitor(site: string, visitor_id: string, until: number, limit: number): Promise<Touchpoint[]>;
  orderEventsOf(site: string, order_key: string): Promise<LoggedEvent[]>;
  conversion(site: string, conversion_id: string): Promise<ConversionState | null>;
  conversionsOf(site: string, order_key: string): Promise<ConversionState[]>;
  counts(): Promise<{ orders: number; linked: number }>;
  /** Every projected row as plain data in a fixed order: what `stitch` prints and what rebuilds are compared by. */
  dump(): Promise<Record<'sessions' | 'touchpoints' | 'orders' | 'links' | 'conversions', unknown[]>>;
}

export interface OutboxRow {
  id: number;
  site: string;
  conversion_id: string;
  destination: string;
  state: DeliveryState;
  attempts: number;
  created_at: number;
  /** Grows with each claim; finishing needs the same number, so that a late finisher changes nothing (O2). */
  fence: number;
  /** The conversion as it was at the first attempt, sealed: each attempt sends the same body (O8). */
  snapshot?: string;
  next_attempt_at?: number;
  reason?: string;
}

export interface Finish {
  state: DeliveryState;
  attempt?: Attempt;
  next_attempt_at?: number;
  reason?: SkipReason | string;
  /** Kept while it will be sent again; null drops it, when the row is done. */
  snapshot?: string | null;
}

export interface Outbox {
  /** Leases up to `limit` rows that are due, of destinations that aren't in `paused` (`site/destination`). */
  claim(now: number, lease_ms: number, limit: number, paused: readonly string[]): Promise<OutboxRow[]>;
  /** False when the lease was lost to another. */
  finish(row: Pick<OutboxRow, 'id' | 'fence'>, result: Finish): Promise<boolean>;
  /** Puts waiting rows of a destination, or one row, at the front: after a pause, or for a replay. */
  release(
    filter: { destination?: string; site?: string; conversion_id?: string; states: readonly DeliveryState[] },
    now: number,
  ): Promise<number>;
  ofConversion(site: string, conversion_id: string): Promise<(OutboxRow & { attempt_list: Attempt[] })[]>;
  counts(): Promise<Record<DeliveryState, number>>;
  /** When the next row falls due, in UTC ms, those of `paused` left out; null when none waits. */
  nextDue(paused: readonly string[]): Promise<number | null>;
}

export interface RewardOfferRow {
  site: string;
  nonce_hash: string;
  placement: string;
  visitor_id: string;
  session_id: string;
  points: number;
  duration_ms: number;
  expires_at: number;
  state: 'offered' | 'started' | 'claimed';
  started_at: number | null;
}

export interface Rewards {
  putOffer(row: RewardOfferRow): Promise<void>;
  offer(site: string, nonce_hash: string): Promise<RewardOfferRow | null>;
  /** Offered → started, once; false when it was not offered. */
  start(site: string, nonce_hash: string, now: number): Promise<boolean>;
  /** Started → claimed with the grant's event in one transaction; false when it was not started. */
  claim(site: string, nonce_hash: string, grant: StoredEvent): Promise<boolean>;
  /** Points granted to a visitor, and the placements that they were earned at. */
  granted(site: string, visitor_id: string): Promise<{ balance: number; placements: string[] }>;
}
