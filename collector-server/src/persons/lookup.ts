import { type Identifier, isIdentifying, type Order } from '@orderloop/protocol';
import { personId } from '../stitch/identifiers.ts';
import {
  type Component,
  compareStamps,
  factKey,
  type IdentityFact,
  type Resolution,
  resolveIdentity,
  type Stamp,
} from '../stitch/identity.ts';
import type { SessionState } from '../stitch/session.ts';
import type { IdentityReader } from '../storage/contract.ts';

/** Identifiers that are looked at on one device, and devices of one person: more tell nothing that can be trusted. */
const MAX_IDENTIFIERS = 1000;
/** Identifiers of one person, the surest first, by which its devices are found. */
const MAX_CLAIMED = 100;
const MAX_DEVICES = 50;
const MAX_CLAIMS = 1000;
const BEFORE_ALL: Stamp = { at: 0, event_id: '' };
/** No id of an event comes after it: they hold no such character. */
const AFTER_ALL = '\uffff';

/** Who something belongs to: people whom identifiers name, or what is known of one device alone (identity §2.5). */
export interface Owner {
  person_id: string;
  /** The member that was seen first. */
  first: Stamp;
  component?: Component;
  /** Devices that are this person's alone. */
  visitor_ids: readonly string[];
}

export interface PersonLookup {
  /** What hangs together with these identifiers. */
  around(site: string, ids: readonly Identifier[]): Promise<Cluster[]>;
  component(site: string, id: Identifier): Promise<Component | undefined>;
  /** Whom the events of an order name, identified or not; undefined when none names it. */
  namedBy(site: string, order_id: string): Promise<Component | undefined>;
  /** People who claimed a device, each once (identity §2.4). */
  claimants(site: string, visitor_id: string): Promise<Component[]>;
  /** Whose a device's event is: `null` when nobody claimed it, so that it is the device's own (identity §2.5). */
  ownerOfVisit(site: string, visitor_id: string, session_id: string, stamp: Stamp): Promise<Component | null>;
  /** Whose an order is (identity §2.5); null when its events name nobody, and no device showed it. */
  ownerOfOrder(site: string, order: Pick<Order, 'order_id' | 'created_at'>): Promise<Owner | null>;
  /** Whose identifiers are: those that name nobody are the device's that showed them first, if one did. */
  ownerOf(site: string, component: Component | undefined, ids: readonly Identifier[]): Promise<Owner>;
  /** A person by one of its identifiers, or by a device that is nobody else's. */
  personOf(site: string, component: Component): Promise<Owner>;
  personOfDevice(site: string, visitor_id: string): Promise<Owner>;
  /** Order ids that are a person's, those of its devices included. */
  orderIds(site: string, owner: Owner): Promise<string[]>;
  /** Sessions that are this person's and began at or before a UTC ms, newest first; `limit` of each device. */
  sessions(site: string, owner: Owner, until: number, limit: number): Promise<SessionState[]>;
  /** Something was written into these clusters. */
  forget(site: string, clusters: readonly string[]): void;
}

/** Everything that hangs together, however indirectly, and who is who in it. */
export interface Cluster {
  name: string;
  facts: readonly IdentityFact[];
  resolution: Resolution;
  /** Whether a fact says nothing new: it is there, or an earlier one that says the same. */
  knows(fact: IdentityFact): boolean;
  /** By order id, whom the order's events name: of their words the strongest, and of those the earliest (identity §2.5). */
  orders(): ReadonlyMap<string, Component | undefined>;
  /** The same of one order. */
  ownerOf(order_id: string): Component | undefined;
  /** Takes a new fact that comes after all others. False, and nothing done, where the cluster must be read anew. */
  append(fact: IdentityFact): boolean;
}

function newCluster(name: string, facts: IdentityFact[]): Cluster {
  const resolution = resolveIdentity(facts);
  const byKey = new Map<string, IdentityFact>();
  /** By order id, what names it. */
  const naming = new Map<string, IdentityFact[]>();
  const note = (fact: IdentityFact): void => {
    byKey.set(factKey(fact), fact);
    for (const { type, value } of fact.ids) if (type === 'order_id') naming.set(value, [...(naming.get(value) ?? []), fact]);
  };
  facts.forEach(note);
  let owners: ReadonlyMap<string, Component | undefined> | undefined;
  return {
    name,
    facts,
    resolution,
    knows(fact) {
      const known = byKey.get(factKey(fact));
      return known !== undefined && compareStamps(known, fact) <= 0;
    },
    orders() {
      owners ??= new Map([...naming].map(([order_id, words]) => [order_id, ownerAmong(order_id, words, resolution)]));
      return owners;
    },
    ownerOf: (order_id) => ownerAmong(order_id, naming.get(order_id) ?? [], resolution),
    append(fact) {
      if (byKey.has(factKey(fact)) || !resolution.append(fact)) return false;
      facts.push(fact);
      note(fact);
      owners = undefined;
      return true;
    },
  };
}

function ownerAmong(order_id: string, facts: readonly IdentityFact[], { componentOf }: Resolution): Component | undefined {
  let best: { strongest: Identifier; fact: IdentityFact } | undefined;
  for (const fact of facts) {
    const word = { strongest: fact.ids[0]!, fact };
    if (fact.kind !== 'seen' || !componentOf(word.strongest)?.identifying) continue;
    if (!best || compareWords(word, best) < 0) best = word;
  }
  return componentOf(best?.strongest ?? { type: 'order_id', value: order_id });
}

function compareWords(
  left: { strongest: Identifier; fact: IdentityFact },
  right: { strongest: Identifier; fact: IdentityFact },
): number {
  return rank(left.strongest) - rank(right.strongest) || compareStamps(left.fact, right.fact);
}

/**
 * Who is who, asked of a store. Nothing of it is kept: a person is what the facts, claims and devices make of it at the
 * time of asking, so that a late event changes the past by being there (identity §2.6). Answers are remembered until `forget`.
 */
export function createPersonLookup(store: IdentityReader): PersonLookup {
  // One resolution for each cluster, so that a component is one object however it was asked for.
  const clusters = new Map<string, Cluster>();

  const around = async (site: string, ids: readonly Identifier[]): Promise<Cluster[]> => {
    const names = ids.length === 0 ? [] : await store.identityClusters(site, ids);
    const found: Cluster[] = [];
    for (const name of names) {
      const key = `${site}\n${name}`;
      const known = clusters.get(key) ?? newCluster(name, await store.identityFacts(site, name));
      clusters.set(key, known);
      found.push(known);
    }
    return found;
  };

  const componentsOf = async (site: string, ids: readonly Identifier[]): Promise<(id: Identifier) => Component | undefined> => {
    const found = await around(site, ids);
    return (id) => {
      for (const { resolution } of found) {
        const component = resolution.componentOf(id);
        if (component) return component;
      }
      return undefined;
    };
  };

  const component = async (site: string, id: Identifier): Promise<Component | undefined> => (await componentsOf(site, [id]))(id);

  const claimants = async (site: string, visitor_id: string): Promise<Component[]> => {
    const ids = await store.identifiersOfVisitor(site, visitor_id, MAX_IDENTIFIERS);
    const componentOf = await componentsOf(site, ids);
    return [...new Set(ids.map(componentOf))].filter((found): found is Component => found?.identifying === true);
  };

  const ownerOfVisit: PersonLookup['ownerOfVisit'] = async (site, visitor_id, session_id, stamp) => {
    const people = await claimants(site, visitor_id);
    // One claimant: in a session with claims and in one without, it is the same answer.
    if (people.length <= 1) return people[0] ?? null;
    const claims = session_id === '' ? [] : await store.claimsOfSession(site, visitor_id, session_id, MAX_CLAIMS);
    const claimed = claims.map((claim) => ({ claim, person: people.find(({ ids }) => holds(ids, claim)) }));
    const valid = claimed.filter(({ person }) => person !== undefined);
    const before = valid.findLast(({ claim }) => compareStamps(claim, stamp) <= 0);
    return (before ?? valid[0])?.person ?? null;
  };

  const personOf = async (site: string, found: Component): Promise<Owner> => {
    const visitor_ids: string[] = [];
    let { first } = found as { first: Stamp };
    let person_id = personId(site, found.first.id);
    for (const visitor_id of await store.visitorsWith(site, found.ids.slice(0, MAX_CLAIMED), MAX_DEVICES)) {
      const people = await claimants(site, visitor_id);
      if (people.length !== 1 || people[0] !== found) continue;
      visitor_ids.push(visitor_id);
      const seen = await store.visitorFirst(site, visitor_id);
      if (!seen || compareStamps(seen, first) >= 0) continue;
      first = seen;
      person_id = personId(site, { visitor_id });
    }
    return { person_id, first, component: found, visitor_ids };
  };

  const deviceAlone = async (site: string, visitor_id: string): Promise<Owner> => {
    const first = (await store.visitorFirst(site, visitor_id)) ?? BEFORE_ALL;
    return { person_id: personId(site, { visitor_id }), first, visitor_ids: [visitor_id] };
  };

  const personOfDevice = async (site: string, visitor_id: string): Promise<Owner> => {
    const people = await claimants(site, visitor_id);
    return people.length === 1 ? personOf(site, people[0]!) : deviceAlone(site, visitor_id);
  };

  const namedBy = async (site: string, order_id: string): Promise<Component | undefined> =>
    (await around(site, [{ type: 'order_id', value: order_id }]))[0]?.ownerOf(order_id);

  /** What names nobody is the device's that showed it, and its own where none did. */
  const ownerOf = async (site: string, found: Component | undefined, ids: readonly Identifier[], stamp = BEFORE_ALL) => {
    if (found?.identifying) return personOf(site, found);
    const claim = await store.claimNear(site, found?.ids ?? ids, stamp);
    if (!claim) return found ? personOf(site, found) : null;
    const person = await ownerOfVisit(site, claim.visitor_id, claim.session_id, claim);
    return person ? personOf(site, person) : deviceAlone(site, claim.visitor_id);
  };

  const ownerOfOrder: PersonLookup['ownerOfOrder'] = async (site, { order_id, created_at }) => {
    // What was shown in the very ms of the order was shown by it.
    const placed: Stamp = { at: Date.parse(created_at), event_id: AFTER_ALL };
    return ownerOf(site, await namedBy(site, order_id), [{ type: 'order_id', value: order_id }], placed);
  };

  return {
    around,
    component,
    namedBy,
    claimants,
    ownerOfVisit,
    ownerOf: async (site, found, ids) => (await ownerOf(site, found, ids))!,
    personOf,
    personOfDevice,
    ownerOfOrder,
    async orderIds(site, { component: found, visitor_ids }) {
      const mine = new Set<string>();
      const unnamed = new Set<string>();
      const addAround = async (ids: readonly Identifier[]): Promise<void> => {
        for (const { orders } of await around(site, ids))
          for (const [order_id, named] of orders()) {
            if (!named?.identifying) unnamed.add(order_id);
            else if (named === found) mine.add(order_id);
          }
      };
      if (found) await addAround(found.ids.slice(0, 1));
      // What a device showed may be tied to an order by a cart alone.
      for (const visitor_id of found ? await store.visitorsWith(site, found.ids.slice(0, MAX_CLAIMED), MAX_DEVICES) : visitor_ids)
        await addAround(await store.identifiersOfVisitor(site, visitor_id, MAX_IDENTIFIERS));
      // Whose these are depends on when they were placed.
      for (const { projection } of unnamed.size > 0 ? await store.ordersWithIds(site, [...unnamed], MAX_IDENTIFIERS) : []) {
        const owner = await ownerOfOrder(site, projection.order);
        if (owner && (found ? owner.component === found : owner.visitor_ids.some((id) => visitor_ids.includes(id))))
          mine.add(projection.order.order_id);
      }
      return [...mine];
    },
    async sessions(site, owner, until, limit) {
      const { component: found } = owner;
      const devices = found ? await store.visitorsWith(site, found.ids.slice(0, MAX_CLAIMED), MAX_DEVICES) : owner.visitor_ids;
      const mine: SessionState[] = [];
      for (const visitor_id of devices) {
        const isOwn = owner.visitor_ids.includes(visitor_id);
        for (const session of await store.sessionsBefore(site, visitor_id, until, limit)) {
          const [at, , event_id] = session.first;
          const person = isOwn && found ? found : await ownerOfVisit(site, visitor_id, session.session_id, { at, event_id });
          if (found ? person === found : person === null) mine.push(session);
        }
      }
      return mine.sort((left, right) => right.started_at - left.started_at || (left.session_id < right.session_id ? 1 : -1));
    },
    forget(site, names) {
      for (const name of names) clusters.delete(`${site}\n${name}`);
    },
  };
}

const RANKS = ['user_id', 'email', 'phone'];
const rank = ({ type }: Identifier): number => (isIdentifying(type) ? RANKS.indexOf(type) : RANKS.length);

const holds = (ids: readonly Identifier[], { type, value }: Identifier): boolean =>
  ids.some((id) => id.type === type && id.value === value);
