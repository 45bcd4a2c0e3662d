import type { Identifier, Order, Person, PersonDevice, PersonIdentifier, Session, Touchpoint } from '@orderloop/protocol';
import { keyOf, personId } from '../stitch/identifiers.ts';
import { compareStamps, type IdentityFact, type Stamp } from '../stitch/identity.ts';
import { toSession } from '../stitch/session.ts';
import type { PersonMember, ProjectionReader } from '../storage/contract.ts';
import { createPersonLookup, type Owner, type PersonLookup } from './lookup.ts';

const MAX_SESSIONS = 100;
const MAX_TOUCHPOINTS = 500;
const MAX_DEVICES = 50;
const FOREVER = Number.MAX_SAFE_INTEGER;
const PAGE = 500;

/** What is asked about people. Every answer is plain data. */
export interface Persons {
  /** A person by any id that it ever had, or by a visitor's; null when nobody has it. */
  read(site: string | undefined, id: string): Promise<Person | null>;
  /** Whose an order is, and what led to it until a UTC ms: of the person on all devices, else of the linked visitor. */
  ofOrder(site: string, order: Order, visitor_id: string | null, until: number): Promise<PersonOfOrder>;
}

export interface PersonOfOrder {
  person_id: string | null;
  visitor_ids: string[];
  /** Oldest first. */
  sessions: Session[];
  touchpoints: Touchpoint[];
}

export function createPersons(store: ProjectionReader): Persons {
  return {
    async read(site, id) {
      const member = await store.personMember(site, id);
      return member && personOfMember(store, createPersonLookup(store), member);
    },
    async ofOrder(site, order, visitor_id, until) {
      const lookup = createPersonLookup(store);
      const owner = await lookup.ownerOfOrder(site, order);
      const visits = owner ? await visitsOf(store, lookup, site, owner, until) : { sessions: [], touchpoints: [] };
      const linked = visitor_id !== null && !visits.sessions.some((session) => session.visitor_id === visitor_id);
      const more = linked ? await visitsOf(store, lookup, site, await lookup.personOfDevice(site, visitor_id), until) : null;
      const sessions = [...visits.sessions, ...(more?.sessions ?? [])].sort((one, other) => one.started_at - other.started_at);
      const touchpoints = [...visits.touchpoints, ...(more?.touchpoints ?? [])].sort(
        (one, other) => one.occurred_at - other.occurred_at,
      );
      return {
        person_id: owner?.person_id ?? null,
        visitor_ids: [...new Set(sessions.map((session) => session.visitor_id))],
        sessions,
        touchpoints,
      };
    },
  };
}

/** Everybody, for stores that are small enough to be printed: each once, in a fixed order. */
export async function listPersons(store: ProjectionReader): Promise<Person[]> {
  const lookup = createPersonLookup(store);
  const persons = new Map<string, Person>();
  for (let after: PersonMember | null = null, page: PersonMember[] = []; ; after = page.at(-1)!) {
    page = await store.personMembers(after, PAGE);
    if (page.length === 0) break;
    for (const member of page) {
      const person = await personOfMember(store, lookup, member);
      persons.set(`${person.site}\n${person.person_id}`, person);
    }
  }
  return [...persons.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, person]) => person);
}

async function personOfMember(store: ProjectionReader, lookup: PersonLookup, member: PersonMember): Promise<Person> {
  const { site } = member;
  const owner =
    'visitor_id' in member
      ? await lookup.personOfDevice(site, member.visitor_id)
      : await lookup.ownerOf(site, await lookup.component(site, member.id), [member.id]);
  const found = owner.component;
  const [cluster] = found ? await lookup.around(site, found.ids.slice(0, 1)) : [];
  const { conflicts = [], steps = [] } = cluster?.resolution ?? {};
  const own = new Set(found?.ids.map(keyOf));
  const concerns = (ids: readonly Identifier[]): boolean => ids.some((id) => own.has(keyOf(id)));
  const { sessions, touchpoints } = await visitsOf(store, lookup, site, owner, FOREVER);
  const order_keys = (await store.ordersWithIds(site, await lookup.orderIds(site, owner), PAGE)).map(
    ({ order_key }) => order_key,
  );
  return {
    site,
    person_id: owner.person_id,
    anonymous: !found?.identifying,
    first_seen_at: owner.first.at,
    identifiers: found && cluster ? identifiersOf(site, found.ids, cluster.facts) : [],
    devices: await devicesOf(store, lookup, site, owner),
    sessions: sessions.reverse(),
    touchpoints,
    orders: order_keys.length > 0 ? await store.orderSummaries(site, order_keys) : [],
    conflicts: conflicts.filter(({ kept, demoted }) => concerns([kept, demoted])),
    history: steps.filter(({ identifiers }) => concerns(identifiers)),
  };
}

/** In one pass over the facts: a person may have as many of both as is allowed. */
function identifiersOf(site: string, ids: readonly Identifier[], facts: readonly IdentityFact[]): PersonIdentifier[] {
  const firsts = new Map<string, Stamp>();
  for (const fact of facts) {
    for (const key of fact.ids.map(keyOf)) {
      const known = firsts.get(key);
      if (!known || compareStamps(fact, known) < 0) firsts.set(key, fact);
    }
  }
  return ids.map((id) => {
    const { at, event_id } = firsts.get(keyOf(id))!;
    return { ...id, person_id: personId(site, id), first_seen_at: at, first_event_id: event_id };
  });
}

async function devicesOf(store: ProjectionReader, lookup: PersonLookup, site: string, owner: Owner): Promise<PersonDevice[]> {
  const all = await devicesOfOwner(store, site, owner);
  return Promise.all(
    all.map(async (visitor_id) => ({
      visitor_id,
      first_seen_at: (await store.visitorFirst(site, visitor_id))?.at ?? 0,
      shared: (await lookup.claimants(site, visitor_id)).length > 1,
    })),
  );
}

/** Devices that the person claimed, shared ones too. */
const devicesOfOwner = async (store: ProjectionReader, site: string, { component, visitor_ids }: Owner) =>
  component ? store.visitorsWith(site, component.ids, MAX_DEVICES) : visitor_ids;

/** Oldest first. Touchpoints go with the person to whom their moment belongs. */
async function visitsOf(
  store: ProjectionReader,
  lookup: PersonLookup,
  site: string,
  owner: Owner,
  until: number,
): Promise<{ sessions: Session[]; touchpoints: Touchpoint[] }> {
  const sessions = (await lookup.sessions(site, owner, until, MAX_SESSIONS)).map(toSession).reverse();
  const begun = new Set(sessions.map(({ visitor_id, session_id }) => `${visitor_id}\n${session_id}`));
  const touchpoints: Touchpoint[] = [];
  // Not only where a session is theirs: a second person may have acted within a session that the first one began.
  for (const visitor_id of await devicesOfOwner(store, site, owner)) {
    const isOwn = owner.component !== undefined && owner.visitor_ids.includes(visitor_id);
    for (const touchpoint of await store.touchpointsOfVisitor(site, visitor_id, until, MAX_TOUCHPOINTS)) {
      const { kind, session_id, occurred_at: at, touchpoint_id: event_id } = touchpoint;
      const isMine =
        isOwn ||
        (kind === 'session'
          ? begun.has(`${visitor_id}\n${session_id}`)
          : ((await lookup.ownerOfVisit(site, visitor_id, session_id, { at, event_id })) ?? undefined) === owner.component);
      if (isMine) touchpoints.push(touchpoint);
    }
  }
  touchpoints.sort((one, other) => one.occurred_at - other.occurred_at || (one.touchpoint_id < other.touchpoint_id ? -1 : 1));
  return { sessions, touchpoints };
}
