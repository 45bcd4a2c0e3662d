import type { LoggedEvent } from '@orderloop/protocol';
import { identifiersOf, visitId } from '../stitch/identifiers.ts';
import type { Stamp } from '../stitch/identity.ts';
import { keysOfEvent } from '../stitch/keys.ts';
import { isOfDevice } from '../stitch/session.ts';
import { beginsVisit, IDLE_MS, landingOf, splitIntoVisits } from '../stitch/split.ts';
import type { ProjectionTx } from '../storage/contract.ts';

/** Events on either side that a late one is looked at with; a longer visit is cut there. */
const MAX_RUN = 1000;

/** An event of a browser or an app that says which device it is from, and not which session. */
export const isLoose = (event: LoggedEvent): boolean =>
  event.visitor_id !== undefined && event.session_id === undefined && !event.order && isOfDevice(event);

/**
 * Finds an event that names no session its visit. Answers the events to be projected, with their sessions: it alone where it
 * goes on with a visit or begins one; where it came late, all of the visits that it changes, which are taken out first.
 */
export async function placeLoose(
  tx: ProjectionTx,
  event: LoggedEvent,
  blocked: ReadonlySet<string>,
): Promise<{ placed: LoggedEvent; visits: readonly LoggedEvent[] }> {
  const { site, occurred_at: at, event_id } = event;
  const visitor_id = event.visitor_id!;
  const stamp: Stamp = { at, event_id };
  const [previous] = await tx.looseBefore(site, visitor_id, stamp, 1);
  const [next] = await tx.looseAfter(site, visitor_id, stamp, 1);
  if (!next || next.occurred_at - at > IDLE_MS) {
    const placed = { ...event, session_id: await nextSession(tx, previous, event) };
    await tx.putLoose(placed);
    return { placed, visits: [placed] };
  }
  const before = chain(await tx.looseBefore(site, visitor_id, stamp, MAX_RUN), event).reverse();
  const after = chain(await tx.looseAfter(site, visitor_id, stamp, MAX_RUN), event);
  const visits = splitIntoVisits([...before, event, ...after]).flatMap((visit) => {
    const session_id = visitId(site, visit[0]!);
    return visit.map((one) => ({ ...one, session_id }));
  });
  const known = new Map([...before, ...after].map((one) => [one.event_id, one.session_id!]));
  const moved = visits.filter((one) => known.get(one.event_id) !== one.session_id);
  const changed = new Set(moved.flatMap((one) => [one.session_id, known.get(one.event_id) ?? one.session_id]));
  for (const session_id of changed) {
    const left = [...before, ...after].filter((one) => one.session_id === session_id);
    await tx.dropVisit(
      site,
      visitor_id,
      session_id,
      left.flatMap((one) => keysOfEvent(one)),
      left.map((one) => one.event_id),
    );
  }
  const again = visits.filter((one) => changed.has(one.session_id));
  for (const one of again) {
    await tx.putLoose(one);
    const [strongest] = identifiersOf(one, blocked);
    if (strongest)
      await tx.putClaim({
        site,
        visitor_id,
        session_id: one.session_id,
        at: one.occurred_at,
        event_id: one.event_id,
        ...strongest,
      });
  }
  return { placed: visits.find((one) => one.event_id === event_id)!, visits: again };
}

/** The session that an event goes on with, which nothing follows; or its own. */
async function nextSession(tx: ProjectionTx, previous: LoggedEvent | undefined, event: LoggedEvent): Promise<string> {
  const own = visitId(event.site, event);
  if (!previous || event.occurred_at - previous.occurred_at > IDLE_MS) return own;
  const first = await tx.looseFirst(event.site, event.visitor_id!, previous.session_id!);
  return beginsVisit(landingOf(first ?? previous), previous.occurred_at, event) ? own : previous.session_id!;
}

/** Those that no silence parts from an event, the nearest first. */
function chain(events: readonly LoggedEvent[], event: LoggedEvent): LoggedEvent[] {
  const linked: LoggedEvent[] = [];
  let last = event.occurred_at;
  for (const one of events) {
    if (Math.abs(one.occurred_at - last) > IDLE_MS) break;
    linked.push(one);
    last = one.occurred_at;
  }
  return linked;
}
