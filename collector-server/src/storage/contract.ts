import type {
  Attempt,
  Consent,
  DeliveryState,
  DeliveryVerdict,
  Identifier,
  LinkKey,
  LoggedEvent,
  OrderSummary,
  SkipReason,
  SourceDelivery,
  StoredEvent,
  Touchpoint,
} from '@orderloop/protocol';
import type { ConversionState } from '../stitch/conversion.ts';
import type { Evidence, ReferenceKind, SaleReference, SaleRole } from '../stitch/evidence.ts';
import type { IdentityFact, Stamp } from '../stitch/identity.ts';
import type { StitchKey } from '../stitch/keys.ts';
import type { LinkChoice } from '../stitch/link.ts';
import type { OrderProjection } from '../stitch/order.ts';
import type { SessionState } from '../stitch/session.ts';

/**
 * The store could not do it: full, locked, gone. Whatever was asked for was not kept; asking again may help.
 * `fatal` when the engine could not make a write durable: after that nothing that it says can be trusted, and the process
 * ends for its supervisor to start it anew (U3).
 */
export class StorageFault extends Error {
  readonly kind: 'unavailable' | 'full' | 'fatal';

  constructor(message: string, options: { cause?: unknown; kind?: StorageFault['kind'] } = {}) {
    super(message, { cause: options.cause });
    this.kind = options.kind ?? 'unavailable';
  }
}

/**
 * Where things are kept. The event log is the truth; the projections are derived from it; the outbox remembers what was
 * said to whom. Log and projections are two contracts: they may lie in two engines, and each is held to its part by
 * `contract.suite.ts`.
 */
export interface Storage {
  log: EventLog;
  events: EventReader;
  deadLetters: DeadLetters;
  projections: Projections;
  outbox: Outbox;
  rewards: Rewards;
  erasures: Erasures;
  connections: Connections;
  deliveries: Deliveries;
  /** Writes and reads back; throws when the store can't be written to. */
  check(): Promise<void>;
  /** Bytes, for the metrics and `doctor`: what is kept, and what of it waits in a write-ahead log. */
  size(): Promise<{ bytes: number; wal_bytes: number }>;
  close(): Promise<void>;
}

export type DeadLetterStage = 'parse' | 'validate' | 'source' | 'project' | 'relay';
export type DeadLetterState = 'open' | 'replayed' | 'discarded';

/** Something that an authenticated caller sent and that was refused (B1). */
export interface DeadLetter {
  site: string;
  /** UTC ms. */
  received_at: number;
  stage: DeadLetterStage;
  code: string;
  pointer: string;
  detail: string;
  route: string;
  key_id: string;
  /** Bytes of the whole. */
  size: number;
  /** SHA-256 of the whole, hex: what was cut can still be recognised. */
  sha256: string;
  raw_truncated: boolean;
  /** Sealed: what was refused is personal data. */
  raw: string;
  /** What a replay needs beside the raw text, sealed with it: headers on an allow-list, the connection, the clock's offset. */
  collector_version: string;
  /** UTC ms after which it is swept. */
  expires_at: number;
}

export interface DeadLetterRow extends DeadLetter {
  id: number;
  attempts: number;
  state: DeadLetterState;
}

export type AppendResult = 'accepted' | 'duplicate';

/**
 * A writing call of a server that named itself (`webhook-id`, `Idempotency-Key`), kept with its effect, so that the same
 * call again gets the same answer (I2).
 */
export interface CallRecord {
  site: string;
  route: string;
  /** Who may repeat it: the key's id. */
  owner: string;
  key: string;
  /** SHA-256 of method, route and body, hex. */
  body_hash: string;
  /** UTC ms. */
  received_at: number;
  /** Which of the batch's events are this call's: from `first`, `count` of them. */
  first: number;
  count: number;
  /** What else the answer needs, as JSON. */
  answer: string;
}

export interface KnownCall extends Pick<CallRecord, 'body_hash' | 'answer' | 'received_at'> {
  /** What became of its events. */
  results: AppendResult[];
}

export interface LogBatch {
  events: readonly StoredEvent[];
  deadLetters?: readonly DeadLetter[];
  calls?: readonly CallRecord[];
}

/**
 * The log: append, and read in order from a position. Nothing else is asked of it, so that an engine made for logs can take
 * its place. Positions begin at 1, grow by 1, and are visible in their order: who has read up to a position has missed nothing.
 */
export interface EventLog {
  /** Into how many partitions events are put (`partitionOf`), 1 or more; projectors share the work by them. */
  readonly partitions: number;
  /**
   * Appends all of it in one transaction, on stable storage before it answers (D1). One answer an event, in order; a
   * repeat of `(site, event_id)` is a `duplicate` and changes nothing. Throws StorageFault, and then nothing was kept.
   */
  append(batch: LogBatch): Promise<AppendResult[]>;
  /** What became of an earlier call of this name; null when it is new. */
  call(site: string, route: string, owner: string, key: string): Promise<KnownCall | null>;
  /** Forgets up to `limit` calls that were received before a UTC ms, and answers how many. */
  forgetCalls(before: number, limit: number): Promise<number>;
  /** Events of one partition after a position, oldest first. */
  read(partition: number, after: number, limit: number): Promise<LoggedEvent[]>;
  /** The last position; 0 when empty. */
  head(): Promise<number>;
  /** Which partitions hold events after these positions, one for each partition. */
  waiting(positions: readonly number[]): Promise<number[]>;
  /** How many events lie after these positions, one for each partition; counted up to about 100,000. */
  behind(positions: readonly number[]): Promise<number>;
}

/** Single events, found by what an index knows of them. A log that has no indexes needs a projection for these. */
export interface EventReader {
  /** The newest events, newest first. */
  newest(site: string | undefined, limit: number): Promise<LoggedEvent[]>;
  find(site: string, event_id: string): Promise<LoggedEvent | null>;
  /** The newest of one visitor, in the order of the log. */
  ofVisitor(site: string, visitor_id: string, limit: number): Promise<LoggedEvent[]>;
  /** Events in all, and those received since a UTC ms. */
  counts(since: number): Promise<{ total: number; since: number }>;
}

export interface DeadLetters {
  /** Newest first, from below an id. */
  list(
    filter: { site?: string; state?: DeadLetterState; code?: string; before?: number },
    limit: number,
  ): Promise<DeadLetterRow[]>;
  get(id: number): Promise<DeadLetterRow | null>;
  /** Counts an attempt, and sets the state when one is given. */
  settle(id: number, state: DeadLetterState | undefined): Promise<void>;
  /** Open letters in all. */
  count(): Promise<number>;
  /** Bytes that the letters of each site take, about. */
  bytes(): Promise<Record<string, number>>;
  /** Drops up to `limit` letters that expired before `now`, and answers how many. */
  sweep(now: number, limit: number): Promise<number>;
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

/** What an order can be tied to a session by, and the event that brought it. */
export interface OrderKey {
  key: LinkKey;
  value: string;
  event_id: string;
  /** Not the order shows it, but its person is known by it. */
  by_person?: true;
}

export interface OrderRow {
  order_key: string;
  role: SaleRole;
  received_at: number;
  projection: Omit<OrderProjection, 'events'>;
}

export interface VisitorConsent {
  consent: Consent;
  occurred_at: number;
  event_id: string;
}

/** What a step is about to ask for: an engine that is asked over a network can fetch it at once. */
export interface WantedRows {
  sessions: readonly { site: string; session_id: string; visitor_id: string }[];
  visitors: readonly { site: string; visitor_id: string }[];
  keys: readonly { site: string; key: LinkKey; value: string }[];
}

/** A device event that names an identifier: its strongest (identity §2.4). */
export interface Claim extends Identifier {
  site: string;
  visitor_id: string;
  /** Empty when the event has none. */
  session_id: string;
  /** UTC ms. */
  at: number;
  event_id: string;
}

/** What a person's id stands for: an identifier, or a device. */
export type PersonMember = { site: string } & ({ id: Identifier } | { visitor_id: string });

/** What is kept of who is who. Facts that hang together are in one cluster, wherever persons part within it. */
export interface IdentityReader {
  /** The clusters of these identifiers, each once. */
  identityClusters(site: string, ids: readonly Identifier[]): Promise<string[]>;
  identityFacts(site: string, cluster: string): Promise<IdentityFact[]>;
  /** Claims of one session in canonical order, the newest `limit` of them. */
  claimsOfSession(site: string, visitor_id: string, session_id: string, limit: number): Promise<Claim[]>;
  /** The latest claim with one of these identifiers at or before a stamp, else the earliest after it. */
  claimNear(site: string, ids: readonly Identifier[], stamp: Stamp): Promise<Claim | null>;
  /** What was claimed on a device, each identifier once, those that say who it is first. */
  identifiersOfVisitor(site: string, visitor_id: string, limit: number): Promise<Identifier[]>;
  /** Devices on which one of these identifiers was claimed. */
  visitorsWith(site: string, ids: readonly Identifier[], limit: number): Promise<string[]>;
  /** Devices that came by one of these click ids. */
  visitorsWithClicks(site: string, click_ids: readonly string[], limit: number): Promise<string[]>;
  /** A device's first event; null when it has none. */
  visitorFirst(site: string, visitor_id: string): Promise<Stamp | null>;
  /** Sessions of a device that began at or before a UTC ms, newest first. */
  sessionsBefore(site: string, visitor_id: string, until: number, limit: number): Promise<SessionState[]>;
  /** Orders with these ids, newest first. */
  ordersWithIds(site: string, order_ids: readonly string[], limit: number): Promise<OrderRow[]>;
  /** The same, oldest first: in the order in which a person placed them. */
  firstOrders(site: string, order_ids: readonly string[], limit: number): Promise<OrderRow[]>;
}

export interface IdentityWriter {
  /** Puts identifiers into a cluster, with the ids of the persons that they may be; those that are in one are left alone. */
  putIdentifiers(site: string, ids: readonly (Identifier & { person_id: string })[], cluster: string): Promise<void>;
  /** Moves everything of some clusters into another. */
  joinClusters(site: string, from: readonly string[], into: string): Promise<void>;
  /** Keeps the earliest that says the same; answers whether there was anything to change. */
  putFact(site: string, cluster: string, key: string, fact: IdentityFact): Promise<boolean>;
  /** Answers whether the identifier is new on the device. */
  putClaim(claim: Claim): Promise<boolean>;
  /** Keeps an event that named no session, with the one that it was given. */
  putLoose(event: LoggedEvent): Promise<void>;
  /** Such events of a device before a stamp, the nearest first. */
  looseBefore(site: string, visitor_id: string, stamp: Stamp, limit: number): Promise<LoggedEvent[]>;
  looseAfter(site: string, visitor_id: string, stamp: Stamp, limit: number): Promise<LoggedEvent[]>;
  /** The first of a session. */
  looseFirst(site: string, visitor_id: string, session_id: string): Promise<LoggedEvent | null>;
  /** Takes out what is made of a session: its row, its touchpoints, its keys, its claims. */
  dropVisit(
    site: string,
    visitor_id: string,
    session_id: string,
    keys: readonly { key: LinkKey; value: string }[],
    event_ids: readonly string[],
  ): Promise<void>;
  /** Takes everything of some devices and clusters out, and the keys that sessions showed. */
  forget(
    site: string,
    gone: Pick<Forgotten, 'visitor_ids' | 'clusters'> & {
      keys: readonly { key: LinkKey; value: string }[];
      order_keys: readonly string[];
    },
  ): Promise<void>;
  tombstones(site: string): Promise<Tombstones[]>;
  /** Keeps the earliest. */
  putVisitor(site: string, visitor_id: string, person_id: string, first: Stamp): Promise<void>;
}

/** What ties messages of several ids and sources to one sale. */
export interface SaleWriter {
  /** The order that a key stands for beside its own; null when it is no alias. */
  orderOfAlias(site: string, alias: string): Promise<string | null>;
  /** Keeps the first. */
  putAlias(site: string, alias: string, order_key: string): Promise<void>;
  /** Puts what is kept of one order under another, and drops what was made of it: both turned out to be one. */
  joinOrders(site: string, from: string, into: string): Promise<void>;
  /** In place of what the order was known by. */
  putReferences(site: string, role: SaleRole, order_key: string, references: readonly SaleReference[]): Promise<void>;
  /** Orders of a role that are known by it, those that were placed last first. */
  ordersByReference(
    site: string,
    role: SaleRole,
    kind: ReferenceKind,
    value: string,
    limit: number,
  ): Promise<{ order_key: string; at: number }[]>;
  putEvidence(site: string, order_key: string, evidence: Evidence | null): Promise<void>;
  evidence(site: string, order_key: string): Promise<Evidence | null>;
  /** Something to do outside of the store; wanted again only by what came later than when it was last wanted. */
  putTask(task: Pick<SourceTask, 'site' | 'source' | 'kind' | 'subject' | 'wanted_at' | 'due_at'>): Promise<void>;
}

/** Payments that are evidence of an order. */
export interface EvidenceReader {
  evidenceOf(site: string, order_key: string): Promise<{ row: OrderRow; by: Evidence['by'] }[]>;
}

/**
 * What a message asks of us: `fetch` an order that it only names, `fetch_parked` one that facts came of and that itself did
 * not, `erase` a customer.
 */
export type SourceTaskKind = 'fetch' | 'fetch_parked' | 'erase';

export interface SourceTask {
  site: string;
  source: string;
  kind: SourceTaskKind;
  /** The order's id, or the id of the event that asks. */
  subject: string;
  /** UTC ms. */
  wanted_at: number;
  due_at: number;
  attempts: number;
}

/** Where a connection to a platform's API stands. */
export interface ConnectionState {
  /** Everything that changed before, in UTC ms, has been read; null before the first poll has come to its end. */
  watermark: number | null;
  /** Where a poll is on its way, and when it began. */
  cursor: { from: number; page: string | null } | null;
  began_at: number | null;
  /** UTC ms: when to ask again. */
  next_at: number;
  /** When it was last asked with success. */
  polled_at: number | null;
  failures: number;
  /** Why it can't be asked at the moment. */
  error: string | null;
  /** What proves who asks, sealed. */
  tokens: string | null;
}

/** Connections to platforms: what they were asked, and what there is to ask them. */
export interface Connections {
  /** Leases a connection that nobody else has; null when somebody has. What is not there yet begins as it is given. */
  claim(
    connection: { site: string; source: string },
    owner: string,
    now: number,
    lease_ms: number,
    initial: ConnectionState,
  ): Promise<ConnectionState | null>;
  /** Keeps a state and the lease; false, and nothing kept, when the lease was lost to another. */
  put(
    connection: { site: string; source: string },
    owner: string,
    now: number,
    lease_ms: number,
    state: ConnectionState,
  ): Promise<boolean>;
  release(connection: { site: string; source: string }, owner: string): Promise<void>;
  state(site: string, source: string): Promise<ConnectionState | null>;
  /** Due tasks of a source, the oldest first. */
  tasks(site: string, source: string, now: number, limit: number): Promise<SourceTask[]>;
  /** Done, unless it was wanted again meanwhile. */
  finishTask(task: SourceTask, now: number, reason?: string): Promise<void>;
  /** To be tried again later. */
  deferTask(task: SourceTask, due_at: number, reason: string): Promise<void>;
}

/** What came of one source lately. */
export interface DeliverySummary {
  site: string;
  source: string;
  /** UTC ms. */
  last_delivery_at: number;
  last_verdict: DeliveryVerdict;
  counts: Record<DeliveryVerdict, number>;
}

/**
 * What became of the deliveries of sources: for who connects one. Not derived from the log, which knows only what was taken,
 * so that a rebuild leaves it alone.
 */
export interface Deliveries {
  /** Keeps them. One whose id its source has used before is counted on to that: it is one more of the same, and later. */
  put(rows: readonly SourceDelivery[]): Promise<void>;
  /** Newest first. */
  list(filter: { site?: string; source?: string }, limit: number): Promise<SourceDelivery[]>;
  /** The last of each source, and how many came since the beginning of the hour of a UTC ms. */
  summaries(site: string | undefined, since: number): Promise<DeliverySummary[]>;
  /**
   * Throws away all but the newest of each source, those that were verified apart from those that anybody may have sent, and
   * what was counted before the hour of a UTC ms.
   */
  sweep(keep: { verified: number; unverified: number }, before: number): Promise<void>;
}

/** Reads and writes of one projector transaction. */
export interface ProjectionTx extends IdentityReader, IdentityWriter, SaleWriter, EvidenceReader {
  /** A hint, without which every answer is the same. */
  prefetch(wanted: WantedRows): Promise<void>;
  session(site: string, session_id: string, visitor_id: string): Promise<SessionState | null>;
  putSession(session: SessionState): Promise<void>;
  putTouchpoint(touchpoint: Touchpoint): Promise<void>;
  /** Keeps the earliest event that showed the key. */
  putSessionKey(row: SessionKeyRow): Promise<void>;
  /** What a server named a session by: its visit may not have begun. */
  putAwaitedKeys(site: string, session_id: string, visitor_id: string, keys: readonly StitchKey[]): Promise<void>;
  awaitedKeys(site: string, session_id: string, visitor_id: string): Promise<StitchKey[]>;
  sessionKeys(site: string, key: LinkKey, value: string, limit: number): Promise<SessionKeyRow[]>;
  visitorConsent(site: string, visitor_id: string): Promise<VisitorConsent | null>;
  putVisitorConsent(site: string, visitor_id: string, row: VisitorConsent): Promise<void>;
  /** Keeps an event about an order: the log is not asked for it again. */
  putOrderEvent(order_key: string, event: LoggedEvent): Promise<void>;
  /** Events about one order that have been projected, in the order of the log. */
  orderEvents(site: string, order_key: string): Promise<LoggedEvent[]>;
  putOrder(site: string, row: OrderRow): Promise<void>;
  order(site: string, order_key: string): Promise<OrderRow | null>;
  putOrderKey(site: string, key: LinkKey, value: string, order_key: string, event_id: string): Promise<void>;
  orderKeys(site: string, order_key: string): Promise<OrderKey[]>;
  /** In place of those that there were by the order's person. */
  putPersonKeys(site: string, order_key: string, keys: readonly OrderKey[]): Promise<void>;
  ordersWithKey(site: string, key: LinkKey, value: string, limit: number): Promise<string[]>;
  ordersOfVisitor(site: string, visitor_id: string, limit: number): Promise<string[]>;
  putLinks(site: string, order_key: string, visitor_id: string | null, choice: LinkChoice): Promise<void>;
  conversions(site: string, order_key: string): Promise<ConversionState[]>;
  putConversion(conversion: ConversionState): Promise<void>;
  /** Once per conversion and destination: a row that exists stays as it is. */
  enqueue(site: string, conversion_id: string, destination: string, now: number): Promise<void>;
  /** Notes that an event was projected out of its turn; false when it was noted before. */
  putLate(site: string, event_id: string): Promise<boolean>;
  /** Up to which position of the log a partition has been projected; 0 at first. */
  position(partition: number): Promise<number>;
  setPosition(partition: number, position: number): Promise<void>;
}

export interface Projections extends ProjectionReader {
  /**
   * Runs one projector step that is about `sites`; everything in it is kept, or nothing. Steps about one site run one after
   * the other, whichever process they run in: stitching reads what other partitions of the site write. A step may be run
   * again, so it has no effects but its writes.
   */
  transaction<T>(sites: readonly string[], step: (tx: ProjectionTx) => Promise<T>): Promise<T>;
  /** Drops every projection, and keeps the log and the outbox. */
  reset(): Promise<void>;
  /**
   * Takes partitions for `lease_ms`, renews the owner's own, and answers which it holds: at most its fair share, given how
   * many owners hold or ask for any. Leases are a matter of economy: `transaction` alone keeps projections right.
   */
  lease(owner: string, partitions: number, now: number, lease_ms: number): Promise<number[]>;
  /** Gives them back, for others to take at once. */
  release(owner: string): Promise<void>;
}

/** What is read of the projections by pages, reports and the relay. */
export interface ProjectionReader extends IdentityReader, EvidenceReader {
  /** What a person's id stands for, now or ever; of a site that is named, also a visitor's id. */
  personMember(site: string | undefined, person_id: string): Promise<PersonMember | null>;
  position(partition: number): Promise<number>;
  orders(site: string | undefined, limit: number): Promise<OrderSummary[]>;
  /** The same of single orders, newest first. */
  orderSummaries(site: string, order_keys: readonly string[]): Promise<OrderSummary[]>;
  /** By key, or by the order's own id or number. */
  findOrder(site: string | undefined, id: string): Promise<{ site: string; row: OrderRow } | null>;
  links(site: string, order_key: string): Promise<LinkChoice & { visitor_id: string | null }>;
  sessionsOfVisitor(site: string, visitor_id: string, limit: number): Promise<SessionState[]>;
  touchpointsOfVisitor(site: string, visitor_id: string, until: number, limit: number): Promise<Touchpoint[]>;
  orderEventsOf(site: string, order_key: string): Promise<LoggedEvent[]>;
  conversion(site: string, conversion_id: string): Promise<ConversionState | null>;
  /** Those that there are, in any order. */
  conversionsById(site: string, conversion_ids: readonly string[]): Promise<ConversionState[]>;
  conversionsOf(site: string, order_key: string): Promise<ConversionState[]>;
  counts(): Promise<{ orders: number; linked: number }>;
  /**
   * What became at one destination of every order that was placed in `[from, to)`, in UTC ms: each in one row's count. Payments
   * that are evidence of another order are none.
   */
  reconcile(lane: Lane, from: number, to: number): Promise<ReconciliationRow[]>;
  /** Every projected row as plain data in a fixed order: what `stitch` prints and what rebuilds are compared by. */
  dump(): Promise<Record<'sessions' | 'touchpoints' | 'orders' | 'links' | 'conversions', unknown[]>>;
  /** Everybody who may be a person: each identifier and each device, in a fixed order, from after another. */
  personMembers(after: PersonMember | null, limit: number): Promise<PersonMember[]>;
}

/** An erasure of a person, from when it is asked for until its tombstones are thrown away (identity §2.7). */
export interface Erasure {
  site: string;
  /** Of the `erase` event that ends it. */
  event_id: string;
  /** UTC ms: what was before belongs to nobody. */
  at: number;
  /** What the hashes are keyed with, base64url. */
  key: string;
  hashes: string[];
  by: string;
  reason?: string;
  /** Who it is, while there is still something to do. */
  subject?: { ids: Identifier[]; visitor_ids: string[]; shared_visitor_ids: string[]; clusters: string[] };
}

export interface Tombstones {
  at: number;
  key: string;
  hashes: ReadonlySet<string>;
}

export interface Erasures {
  begin(erasure: Erasure): Promise<void>;
  /** Those that are not done. */
  open(): Promise<Erasure[]>;
  /** Forgets who it was, and keeps the tombstones. */
  done(site: string, event_id: string): Promise<void>;
  /** Throws tombstones away that were made before a UTC ms, with their keys. */
  sweep(before: number): Promise<void>;
  /** Writes other contents over events of the log, and their visitor: the one change that the log allows (P6). */
  overwrite(events: readonly LoggedEvent[]): Promise<void>;
}

/** What is taken out of the projections: everything of these devices and clusters, with the keys that the events showed. */
export interface Forgotten {
  visitor_ids: readonly string[];
  clusters: readonly string[];
  events: readonly LoggedEvent[];
}

/** One destination of one site: what is queued for it is worked off apart from every other. */
export interface Lane {
  site: string;
  destination: string;
}

export interface OutboxRow extends Lane {
  id: number;
  conversion_id: string;
  state: DeliveryState;
  attempts: number;
  created_at: number;
  /** When it was queued last: with the conversion, or for a replay. */
  queued_at: number;
  /** Grows with each claim; finishing needs the same number, so that a late finisher changes nothing (O2). */
  fence: number;
  /** The conversion as it was at the first attempt, sealed: each attempt sends the same body (O8). */
  snapshot?: string;
  next_attempt_at?: number;
  /** Why it waits, was skipped or was given up, as a code. */
  reason?: string;
  /** The same in a sentence, for who has to mend it. */
  detail?: string;
  /** By what the platform is asked what became of it, and since when, in UTC ms. */
  receipt?: string;
  receipt_at?: number;
  accepted_at?: number;
  /** The value that the platform was told, in major units: what a refund restates. */
  told?: string;
  /** The platform's own id of what it answered, for its support. */
  trace?: string;
  /** Which identifiers went with it, separated by commas. */
  identifiers?: string;
}

/** What became of a claimed row. What is not said stays as it is. */
export interface Finish {
  row: Pick<OutboxRow, 'id' | 'fence'>;
  state: DeliveryState;
  attempt?: Attempt;
  next_attempt_at?: number;
  /** Of the present state: what is not said is forgotten. */
  reason?: SkipReason | string;
  detail?: string;
  /** Kept while it will be sent again; null drops it, when the row is done. */
  snapshot?: string | null;
  /** Null when there is nothing more to ask. */
  receipt?: string | null;
  receipt_at?: number;
  accepted_at?: number;
  told?: string;
  trace?: string;
  identifiers?: string;
}

/**
 * Orders with one fate at a destination. `no_conversion` were not to be told (a test, or not paid), `held` wait for consent or
 * came before the destination; the others are the delivery's state.
 */
export interface ReconciliationRow {
  state: DeliveryState | 'no_conversion' | 'held';
  reason: string | null;
  currency: string;
  orders: number;
  /** Minor units. */
  total: number;
}

/** Why a destination is not told anything for now. */
export interface Pause extends Lane {
  reason: string;
  /** UTC ms. */
  paused_at: number;
}

/** How many rows of a destination are in a state, by the reason where they are skipped or dead. */
export interface OutboxTally extends Lane {
  state: DeliveryState;
  reason?: string;
  count: number;
  /** When the oldest was queued, in UTC ms. */
  oldest_at: number;
}

export interface OutboxFilter extends Partial<Lane> {
  conversion_id?: string;
  states: readonly DeliveryState[];
  reason?: string;
}

export interface Outbox {
  /** Leases up to `limit` rows of a destination that are due, those that wait longest first. */
  claim(lane: Lane, now: number, lease_ms: number, limit: number): Promise<OutboxRow[]>;
  /** Lengthens the lease of claimed rows; answers the ids of those that are still the claimer's. */
  renew(rows: readonly Pick<OutboxRow, 'id' | 'fence'>[], now: number, lease_ms: number): Promise<number[]>;
  /** Keeps what became of claimed rows, all in one transaction; answers the ids of those whose lease was not lost. */
  finish(results: readonly Finish[]): Promise<number[]>;
  /** Puts rows at the front of their queue: after a pause, or for a replay. Answers how many. */
  release(filter: OutboxFilter, now: number): Promise<number>;
  ofConversion(site: string, conversion_id: string): Promise<(OutboxRow & { attempt_list: Attempt[] })[]>;
  /** Rows of many conversions at one destination. */
  ofConversions(lane: Lane, conversion_ids: readonly string[]): Promise<OutboxRow[]>;
  /** In the order in which they were queued, from after an id. */
  list(filter: OutboxFilter, after: number, limit: number): Promise<OutboxRow[]>;
  counts(): Promise<Record<DeliveryState, number>>;
  tally(site: string | undefined): Promise<OutboxTally[]>;
  /** Of what a destination accepted: how many had which identifiers, and how long the newest `limit` took, in ms. */
  quality(lane: Lane, limit: number): Promise<{ identifiers: { identifiers: string; count: number }[]; latencies_ms: number[] }>;
  /** When the next row of each destination falls due, in UTC ms; null where none waits. */
  nextDue(lanes: readonly Lane[]): Promise<(number | null)[]>;
  pause(pause: Pause): Promise<void>;
  /** Ends a pause, or all of them. */
  unpause(lane?: Lane): Promise<void>;
  pauses(): Promise<Pause[]>;
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
  /**
   * Started → claimed, with the grant's event beside it, which the caller then appends to the log; false when it was not
   * started, or the visitor has earned the placement before.
   */
  claim(site: string, nonce_hash: string, grant: StoredEvent): Promise<boolean>;
  /** Grants whose event may not have reached the log: appended again at a start, where a repeat is a duplicate. */
  unlogged(limit: number): Promise<{ site: string; nonce_hash: string; grant: StoredEvent }[]>;
  /** The grant's event is in the log. */
  logged(site: string, nonce_hash: string): Promise<void>;
  /** Points granted to a visitor, and the placements that they were earned at. */
  granted(site: string, visitor_id: string): Promise<{ balance: number; placements: string[] }>;
}
