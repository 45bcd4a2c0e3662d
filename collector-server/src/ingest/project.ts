import { promisify } from 'node:util';
import { type LoggedEvent, orderKey } from '@orderloop/protocol';
import { createPersonLookup, type PersonLookup } from '../persons/lookup.ts';
import { isOfErased, redact } from '../persons/redact.ts';
import { personId } from '../stitch/identifiers.ts';
import { keysOfEvent, type StitchKey } from '../stitch/keys.ts';
import { foldSession, isOfDevice } from '../stitch/session.ts';
import { touchpointOfEvent, touchpointOfSession } from '../stitch/touchpoint.ts';
import {
  type DeadLetter,
  type EventLog,
  type Forgotten,
  type ProjectionReader,
  type ProjectionTx,
  type Storage,
  StorageFault,
  type Tombstones,
  type WantedRows,
} from '../storage/contract.ts';
import { deadLetterOf } from './dead-letter.ts';
import { identify } from './identify.ts';
import { isLoose, placeLoose } from './loose.ts';
import { restitch } from './restitch.ts';
import { projectSale, putErasureTask, putSale } from './sale.ts';
import { MAX_MATCHES, type SiteFacts } from './site-facts.ts';

const BATCH = 1000;
const nextTurn = promisify(setImmediate);
/** A projector that died is followed by another after this long. */
const LEASE_MS = 10_000;
const RENEW_MS = 2_000;
/** Where a partition stands that another holds: past all that comes. */
const ELSEWHERE = Number.MAX_SAFE_INTEGER;

const NONE_BLOCKED: ReadonlySet<string> = new Set();

export interface Projector {
  /**
   * Projects what the log holds beyond the projections, in the partitions that this owner may have; resolves when it has
   * caught up. `onProgress` is told how many events have been projected so far.
   */
  catchUp(onProgress?: (events: number) => void): Promise<void>;
  /** Projects an event of the log that a projector had put aside; once, however often it is asked. */
  projectLate(event: LoggedEvent): Promise<void>;
  /** Takes what is forgotten out of the projections, and projects these events of a site anew, in one step. */
  reproject(site: string, gone: Forgotten, events: readonly LoggedEvent[]): Promise<void>;
  /** Ends what runs after the step that it is in, and gives its partitions back: the rest is projected by who comes next. */
  stop(): Promise<void>;
}

export interface ProjectorOptions {
  /** Tells this projector from those of other processes that share the store. */
  owner?: string;
  /** UTC ms. */
  now: () => number;
  /** Called after each transaction, long before all is caught up under load: there may be conversions to send. */
  onStep?: () => void;
}

/** Events of one partition, the next after a position. */
interface Take {
  partition: number;
  after: number;
  events: LoggedEvent[];
}

/**
 * Drives the pure projectors over the log, each partition in its order, in transactions of up to 1,000 events: the rows of an
 * event, the outbox rows of its conversions and the position are kept together or not at all.
 */
export function createProjector(
  storage: Pick<Storage, 'log' | 'projections' | 'erasures'>,
  siteFacts: (site: string) => SiteFacts,
  { owner = 'only', now, onStep }: ProjectorOptions,
): Projector {
  const { log, projections } = storage;
  let running: Promise<void> | null = null;
  /** Up to which position each partition has been projected, as far as this projector knows; asked for anew with each lease. */
  let reached: number[] = [];
  let stopped = false;
  /** By the process's own clock, in ms. */
  let renewed_at = Number.NEGATIVE_INFINITY;

  /** Who holds nothing asks each time: something may have become free. */
  const renew = async (): Promise<void> => {
    if (performance.now() - renewed_at < RENEW_MS && reached.some((position) => position !== ELSEWHERE)) return;
    const held = await projections.lease(owner, log.partitions, now(), LEASE_MS);
    const positions = new Array<number>(log.partitions).fill(ELSEWHERE);
    for (const partition of held) positions[partition] = await projections.position(partition);
    reached = positions;
    renewed_at = performance.now();
  };

  /** False, and nothing done, when another process has been in one of the partitions since its position was read. */
  const projectAll = (takes: readonly Take[]): Promise<boolean> => {
    const events = takes.flatMap((take) => take.events);
    return projections.transaction(sitesOf(events), async (tx) => {
      for (const { partition, after } of takes) if ((await tx.position(partition)) !== after) return false;
      await tx.prefetch(wantedBy(events));
      await projectInOrder(tx, await withoutErased(tx, events));
      for (const take of takes) await tx.setPosition(take.partition, take.events.at(-1)!.position);
      return true;
    });
  };

  /** Visits of all devices, or of those alone whose were taken out: a visit that is there already would be counted twice. */
  const projectInOrder = async (
    tx: ProjectionTx,
    events: readonly LoggedEvent[],
    visitors?: ReadonlySet<string>,
  ): Promise<void> => {
    const persons = createPersonLookup(tx);
    for (const event of events) {
      const isVisit = visitors === undefined || visitors.has(event.visitor_id ?? '');
      await projectEvent(tx, event, siteFacts(event.site), persons, now, isVisit);
    }
  };

  /** What came late of a person who was erased is made nobody's, here and in the log (identity §2.7). */
  const withoutErased = async (tx: ProjectionTx, events: readonly LoggedEvent[]): Promise<LoggedEvent[]> => {
    const tombstones = new Map<string, Tombstones[]>();
    for (const site of sitesOf(events)) tombstones.set(site, await tx.tombstones(site));
    const erased = events.filter((event) => isOfErased(event, tombstones.get(event.site)!));
    if (erased.length === 0) return [...events];
    const redacted = new Map(erased.map((event) => [event, redact(event)]));
    await storage.erasures.overwrite([...redacted.values()]);
    return events.map((event) => redacted.get(event) ?? event);
  };

  /** What the next of these partitions hold, until there is enough for a transaction; takes them off the list. */
  const take = async (waiting: number[]): Promise<Take[]> => {
    const takes: Take[] = [];
    for (let size = 0; size < BATCH && waiting.length > 0; ) {
      const partition = waiting.shift()!;
      const after = reached[partition]!;
      const events = await log.read(partition, after, BATCH - size);
      if (events.length > 0) takes.push({ partition, after, events });
      size += events.length;
    }
    return takes;
  };

  const step = async (takes: readonly Take[]): Promise<void> => {
    let isDone = false;
    try {
      isDone = await projectAll(takes);
    } catch (error) {
      if (error instanceof StorageFault) throw error;
      for (const { partition, after, events } of takes)
        for (const [index, event] of events.entries()) await projectAlone(partition, events[index - 1]?.position ?? after, event);
    }
    for (const { partition, events } of takes)
      reached[partition] = isDone ? events.at(-1)!.position : await projections.position(partition);
  };

  /** An event that a projector can't take keeps no other waiting: it is put aside, with the reason, and stays in the log. */
  const projectAlone = async (partition: number, after: number, event: LoggedEvent): Promise<void> => {
    try {
      await projectAll([{ partition, after, events: [event] }]);
    } catch (error) {
      if (error instanceof StorageFault) throw error;
      await log.append({ events: [], deadLetters: [unprojected(event, error, now())] });
      await projections.transaction([event.site], async (tx) => {
        if ((await tx.position(partition)) === after) await tx.setPosition(partition, event.position);
      });
    }
  };

  const run = async (onProgress?: (events: number) => void): Promise<void> => {
    let done = 0;
    let taken: number;
    do {
      taken = 0;
      await renew();
      const waiting = await log.waiting(reached);
      while (waiting.length > 0 && !stopped) {
        const takes = await take(waiting);
        if (takes.length > 0) {
          await step(takes);
          onStep?.();
        }
        for (const { events } of takes) taken += events.length;
        // An engine that answers at once would let nothing else of this thread have its turn.
        await nextTurn();
      }
      done += taken;
      if (taken > 0) onProgress?.(done);
    } while (taken > 0 && !stopped);
  };

  return {
    catchUp(onProgress) {
      // One at a time; who asks while it runs waits for a run that began after the question.
      const next: Promise<void> = (running ?? Promise.resolve()).then(
        () => run(onProgress),
        () => run(onProgress),
      );
      running = next;
      return next.finally(() => {
        if (running === next) running = null;
      });
    },
    projectLate: (event) =>
      projections.transaction([event.site], async (tx) => {
        if (await tx.putLate(event.site, event.event_id))
          await projectEvent(tx, event, siteFacts(event.site), createPersonLookup(tx), now);
      }),
    reproject: (site, gone, events) =>
      projections.transaction([site], async (tx) => {
        const keys = gone.events.flatMap((one) => keysOfEvent(one));
        const orders = new Set(gone.events.flatMap(({ order }) => (order ? [orderKey(order)] : [])));
        for (const visitor_id of gone.visitor_ids)
          for (const order_key of await tx.ordersOfVisitor(site, visitor_id, MAX_MATCHES)) orders.add(order_key);
        await tx.forget(site, { visitor_ids: gone.visitor_ids, clusters: gone.clusters, keys, order_keys: [...orders] });
        await projectInOrder(tx, events, new Set(gone.visitor_ids));
        const persons = createPersonLookup(tx);
        for (const order_key of orders) {
          await putSale(tx, site, order_key, siteFacts(site));
          await restitch(tx, site, order_key, siteFacts(site), persons, now);
        }
      }),
    async stop() {
      stopped = true;
      await running?.catch(() => undefined);
      await projections.release(owner);
    },
  };
}

const sitesOf = (events: readonly LoggedEvent[]): string[] => [...new Set(events.map(({ site }) => site))];

/** What projecting these events begins by asking for. */
function wantedBy(events: readonly LoggedEvent[]): WantedRows {
  const sessions: WantedRows['sessions'][number][] = [];
  const visitors: WantedRows['visitors'][number][] = [];
  const keys: WantedRows['keys'][number][] = [];
  for (const event of events) {
    const { site, visitor_id, session_id } = event;
    if (!visitor_id) continue;
    visitors.push({ site, visitor_id });
    if (!session_id) continue;
    sessions.push({ site, session_id, visitor_id });
    for (const { key, value } of keysOfEvent(event)) keys.push({ site, key, value });
  }
  return { sessions, visitors, keys };
}

/** How many events of the log are not projected yet. */
export async function projectionLag({
  log,
  projections,
}: {
  log: Pick<EventLog, 'partitions' | 'behind'>;
  projections: ProjectionReader;
}): Promise<number> {
  const partitions = Array.from({ length: log.partitions }, (_, partition) => partition);
  return log.behind(await Promise.all(partitions.map((partition) => projections.position(partition))));
}

function unprojected(event: LoggedEvent, error: unknown, received_at: number): DeadLetter {
  return deadLetterOf(
    {
      site: event.site,
      received_at,
      stage: 'project',
      code: 'internal_error',
      pointer: '',
      detail: error instanceof Error ? error.message : 'unknown',
      route: '',
      key_id: event.event_id,
    },
    // The event itself is in the log.
    null,
  );
}

async function projectEvent(
  tx: ProjectionTx,
  logged: LoggedEvent,
  facts: SiteFacts,
  persons: PersonLookup,
  now: () => number,
  isVisit = true,
): Promise<void> {
  // Nothing says that a page of the shop sent it: it is counted, and neither linked to an order nor relayed (A1).
  if (logged.flags?.includes('low_trust') || logged.event === 'erased') return;
  const affected = new Set<string>();
  // A visit that is there already has its claims, too.
  let event = isVisit ? logged : { ...logged, visitor_id: undefined };
  if (isVisit && isLoose(logged)) {
    const { placed, visits } = await placeLoose(tx, logged, facts.blocked ?? NONE_BLOCKED);
    event = placed;
    for (const visit of visits) await projectVisit(tx, visit, facts, affected);
  } else if (isVisit) await projectVisit(tx, event, facts, affected);
  const { site } = event;
  if (event.visitor_id && event.consent && (await newestConsent(tx, event))) {
    for (const order_key of await tx.ordersOfVisitor(site, event.visitor_id, MAX_MATCHES)) affected.add(order_key);
  }
  if (event.event === 'privacy_request') await putErasureTask(tx, event);
  for (const order_key of await projectSale(tx, event, facts)) affected.add(order_key);
  // After the order's own row is there: it may be among those of the person.
  for (const order_key of await identify(tx, event, facts.blocked ?? NONE_BLOCKED, persons)) affected.add(order_key);
  for (const order_key of affected) await restitch(tx, site, order_key, facts, persons, now);
}

/** The session and touchpoint of a browser event, the keys that it shows, and the orders that wait for one of them. */
async function projectVisit(tx: ProjectionTx, event: LoggedEvent, facts: SiteFacts, affected: Set<string>): Promise<void> {
  if (!event.session_id || !event.visitor_id) return;
  const { site, session_id, visitor_id, event_id, occurred_at } = event;
  const keys = keysOfEvent(event, facts.blocked);
  const waiting = isOfDevice(event) ? await foldVisit(tx, event, facts) : keys;
  if (!isOfDevice(event)) await tx.putAwaitedKeys(site, session_id, visitor_id, keys);
  for (const { key, value } of keys) await tx.putSessionKey({ site, key, value, session_id, visitor_id, event_id, occurred_at });
  for (const { key, value } of [...keys, ...waiting])
    for (const order_key of await tx.ordersWithKey(site, key, value, MAX_MATCHES)) affected.add(order_key);
}

/** The session and touchpoints of a device's event. Answers the keys that a server named the visit by before it began. */
async function foldVisit(tx: ProjectionTx, event: LoggedEvent, { hosts }: SiteFacts): Promise<StitchKey[]> {
  const { site, event_id, occurred_at } = event;
  const [session_id, visitor_id] = [event.session_id!, event.visitor_id!];
  const before = await tx.session(site, session_id, visitor_id);
  const session = foldSession(before, event, hosts)!;
  await tx.putSession(session);
  // Of several events of that moment, whichever comes first by its id: the session itself asks for their `seq` before.
  if (occurred_at === session.started_at)
    await tx.putVisitor(site, visitor_id, personId(site, { visitor_id }), { at: occurred_at, event_id });
  await tx.putTouchpoint(touchpointOfSession(session));
  const touchpoint = touchpointOfEvent(event);
  if (touchpoint) await tx.putTouchpoint(touchpoint);
  return before ? [] : tx.awaitedKeys(site, session_id, visitor_id);
}

async function newestConsent(
  tx: ProjectionTx,
  { site, visitor_id, consent, occurred_at, event_id }: LoggedEvent,
): Promise<boolean> {
  const known = await tx.visitorConsent(site, visitor_id!);
  const isNewer = !known || occurred_at > known.occurred_at || (occurred_at === known.occurred_at && event_id > known.event_id);
  if (isNewer) await tx.putVisitorConsent(site, visitor_id!, { consent: consent!, occurred_at, event_id });
  return isNewer && JSON.stringify(known?.consent) !== JSON.stringify(consent);
}
