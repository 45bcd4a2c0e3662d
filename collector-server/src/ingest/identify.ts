import { hash } from 'node:crypto';
import { IDENTIFIER_TYPES, type Identifier, type IdentifierType, isIdentifying, type LoggedEvent } from '@orderloop/protocol';
import type { Cluster, PersonLookup } from '../persons/lookup.ts';
import { isRedacted } from '../persons/redact.ts';
import { byPriority, identifiersOf, keyOf, personId } from '../stitch/identifiers.ts';
import { type Component, factKey, type IdentityFact } from '../stitch/identity.ts';
import type { ProjectionTx } from '../storage/contract.ts';
import { MANY_ORDERS } from './site-facts.ts';

/** Orders of one person that are looked at again when there is one more: the newest. */
const MAX_ORDERS = 20;
const MAX_CHANGED = 10_000;

/** Identifiers of one device, and devices of one person, that are looked at. */
const MAX_IDENTIFIERS = 1000;
const MAX_DEVICES = 50;
/** With more people on a device than this, one more changes nothing for what none of them claimed (identity §2.5). */
const MAX_PEOPLE = 2;

/**
 * Keeps what an event says of who is who, and answers the orders for which that matters (identity §2.6): those whose person
 * is known by something else now, those that only a device shows which is claimed by others now, and the newest of the
 * people who gained or lost any.
 */
export async function identify(
  tx: ProjectionTx,
  event: LoggedEvent,
  blocked: ReadonlySet<string>,
  persons: PersonLookup,
): Promise<string[]> {
  const { site, visitor_id, session_id = '', occurred_at: at, event_id } = event;
  if (visitor_id && !event.session_id) await tx.putVisitor(site, visitor_id, personId(site, { visitor_id }), { at, event_id });
  const fact = factOf(event, blocked);
  const [strongest] = fact?.ids ?? [];
  if (!fact || !strongest) return [];
  const devices = new Set<string>();
  if (visitor_id && fact.kind === 'seen') {
    const isNewHere = await tx.putClaim({ site, visitor_id, session_id, at, event_id, ...strongest });
    if (isNewHere) devices.add(visitor_id);
  }

  const before = await persons.around(site, fact.ids);
  const isKnown = before.some((cluster) => cluster.knows(fact));
  if (isKnown && !event.order && devices.size === 0) return [];
  const known = knownBy(before);
  const around = fact.ids.map((id) => idsAround(before, id));
  if (!isKnown) {
    await putFact(tx, site, fact, before);
    // What comes in its turn goes on with what is known; a late fact, and one that joins clusters, have all resolved anew.
    if (before.length !== 1 || !before[0]!.append(fact))
      persons.forget(
        site,
        before.map(({ name }) => name),
      );
  }
  const after = isKnown ? before : await persons.around(site, fact.ids);
  const changed: string[] = [];
  /** Who gained or lost an order: for the others of theirs, it may have been the first. */
  const people = new Set<string>();
  const nowKnown = knownBy(after);
  for (const [order_id, by] of nowKnown) {
    const from = known.get(order_id);
    if (from === by) continue;
    changed.push(order_id);
    for (const person of [from, by]) if (person) people.add(person);
  }
  const affected = new Set<string>();
  if (changed.length > 0) for (const { order_key } of await tx.ordersWithIds(site, changed, MAX_CHANGED)) affected.add(order_key);
  const theirs = [...nowKnown].flatMap(([order_id, by]) => (people.has(by) ? [order_id] : []));
  if (theirs.length > 0 && theirs.length <= MANY_ORDERS)
    for (const { order_key } of await tx.ordersWithIds(site, theirs, MAX_ORDERS)) affected.add(order_key);
  const moved = isKnown
    ? []
    : fact.ids.flatMap((id, index) => (textOf(around[index]!) === textOf(idsAround(after, id)) ? [] : around[index]!));
  for (const device of moved.length > 0 ? await tx.visitorsWith(site, moved.slice(0, MAX_IDENTIFIERS), MAX_DEVICES) : [])
    devices.add(device);
  for (const order_key of await ordersOfDevices(tx, site, devices, persons)) affected.add(order_key);
  // Also when the order's names say nothing new: the thank-you page may have said them, and an order may be cancelled.
  if (event.order) {
    const person = await persons.namedBy(site, event.order.order_id!);
    const own = hasMany(person) ? [] : idsWhere(after, (owner) => owner === person);
    if (own.length <= MANY_ORDERS)
      for (const { order_key } of await tx.ordersWithIds(site, own, MAX_ORDERS)) affected.add(order_key);
  }
  return [...affected];
}

/** What only these devices show, and the newest of the people who claimed them. */
async function ordersOfDevices(
  tx: ProjectionTx,
  site: string,
  devices: ReadonlySet<string>,
  persons: PersonLookup,
): Promise<string[]> {
  const found: string[] = [];
  const take = async (order_ids: readonly string[]): Promise<void> => {
    if (order_ids.length === 0) return;
    for (const { order_key } of await tx.ordersWithIds(site, order_ids, MAX_ORDERS)) found.push(order_key);
  };
  const people = new Set<Component>();
  for (const device of devices) {
    const claimants = await persons.claimants(site, device);
    if (claimants.length === 0 || claimants.length > MAX_PEOPLE) continue;
    for (const person of claimants) people.add(person);
    const shown = await persons.around(site, await tx.identifiersOfVisitor(site, device, MAX_IDENTIFIERS));
    await take(idsWhere(shown, (owner) => !owner?.identifying));
  }
  for (const person of people)
    await take(idsWhere(await persons.around(site, person.ids.slice(0, 1)), (owner) => owner === person));
  return found;
}

const idsWhere = (clusters: readonly Cluster[], test: (owner: Component | undefined) => boolean): string[] =>
  clusters.flatMap(({ orders }) => [...orders()].filter(([, owner]) => test(owner)).map(([order_id]) => order_id));

function idsAround(clusters: readonly Cluster[], id: Identifier): readonly Identifier[] {
  for (const { resolution } of clusters) {
    const component = resolution.componentOf(id);
    if (component) return component.ids;
  }
  return [];
}

/** Whether a person has so many orders that one more changes nothing for the others. */
const hasMany = (person: Component | undefined): boolean =>
  (person?.ids.filter(({ type }) => type === 'order_id').length ?? 0) > MANY_ORDERS;

const textOf = (ids: readonly Identifier[]): string =>
  ids
    .filter(({ type }) => isIdentifying(type))
    .map(keyOf)
    .join('\n');

/** By order id, what its person is known by. */
function knownBy(clusters: readonly Cluster[]): Map<string, string> {
  const known = new Map<string, string>();
  const texts = new Map<Component | undefined, string>();
  for (const { orders } of clusters)
    for (const [order_id, person] of orders()) {
      const text = texts.get(person) ?? textOf(person?.ids ?? []);
      texts.set(person, text);
      known.set(order_id, text);
    }
  return known;
}

/** What an event says: that identifiers belong together, or what an operator decided. */
function factOf(event: LoggedEvent, blocked: ReadonlySet<string>): IdentityFact | null {
  const { event: name, event_id, occurred_at: at, properties = {} } = event;
  // An order whose person was erased is nobody's.
  if (isRedacted(event)) return null;
  if (name !== 'alias' && name !== 'split' && name !== 'undo') {
    const ids = identifiersOf(event, blocked);
    return ids.length > 0 ? { kind: 'seen', ids, at, event_id } : null;
  }
  const ids = Array.isArray(properties['identifiers']) ? properties['identifiers'].filter(isIdentifier).sort(byPriority) : [];
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const [by, reason, undoes] = [text(properties['by']), text(properties['reason']), text(properties['undoes'])];
  return ids.length < 2
    ? null
    : { kind: name, ids, at, event_id, ...(undoes && { undoes }), ...(by && { by }), ...(reason && { reason }) };
}

function isIdentifier(value: unknown): value is Identifier {
  const { type, value: text } = (value ?? {}) as Partial<Identifier>;
  return IDENTIFIER_TYPES.includes(type as IdentifierType) && typeof text === 'string' && text !== '';
}

/** The smaller clusters are moved into the largest, so that an identifier is seldom moved. */
async function putFact(tx: ProjectionTx, site: string, fact: IdentityFact, clusters: readonly Cluster[]): Promise<void> {
  const [largest, ...others] = clusters.toSorted((left, right) => right.facts.length - left.facts.length);
  const cluster = largest?.name ?? personId(site, fact.ids[0]!);
  if (others.length > 0)
    await tx.joinClusters(
      site,
      others.map(({ name }) => name),
      cluster,
    );
  await tx.putIdentifiers(
    site,
    fact.ids.map((id) => ({ ...id, person_id: personId(site, id) })),
    cluster,
  );
  await tx.putFact(site, cluster, hash('sha256', factKey(fact), 'base64url'), fact);
}
