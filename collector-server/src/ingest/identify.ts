import { hash } from 'node:crypto';
import { IDENTIFIER_TYPES, type Identifier, type IdentifierType, isIdentifying, type LoggedEvent } from '@orderloop/protocol';
import type { Cluster, PersonLookup } from '../persons/lookup.ts';
import { byPriority, identifiersOf, keyOf, personId } from '../stitch/identifiers.ts';
import { type Component, compareStamps, factKey, type IdentityFact } from '../stitch/identity.ts';
import type { ProjectionTx } from '../storage/contract.ts';

/** Orders of one person that are looked at again when there is one more: the newest. */
const MAX_ORDERS = 20;
const MAX_CHANGED = 10_000;

/**
 * Keeps what an event says of who is who, and answers the orders for which that matters: those whose person is known by
 * something else now (identity §2.6), and the newest of a person who has one more.
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
  if (visitor_id && fact.kind === 'seen') await tx.putClaim({ site, visitor_id, session_id, at, event_id, ...strongest });

  const before = await persons.around(site, fact.ids);
  const key = factKey(fact);
  const isKnown = before.some(({ facts }) => facts.some((known) => factKey(known) === key && compareStamps(known, fact) <= 0));
  if (isKnown && !event.order) return [];
  const known = knownBy(before);
  if (!isKnown) {
    await putFact(tx, site, fact, before);
    persons.forget(
      site,
      before.map(({ name }) => name),
    );
  }
  const after = isKnown ? before : await persons.around(site, fact.ids);
  const changed: string[] = [];
  for (const [order_id, by] of knownBy(after)) if (known.get(order_id) !== by) changed.push(order_id);
  const affected = new Set<string>();
  for (const { order_key } of await tx.ordersWithIds(site, changed, MAX_CHANGED)) affected.add(order_key);
  // Also when the order's names say nothing new: the thank-you page may have said them, and an order may be cancelled.
  if (event.order) {
    const person = await persons.namedBy(site, event.order.order_id!);
    const own = after.flatMap(({ orders }) =>
      [...orders()].filter(([, owner]) => owner === person).map(([order_id]) => order_id),
    );
    for (const { order_key } of await tx.ordersWithIds(site, own, MAX_ORDERS)) affected.add(order_key);
  }
  return [...affected];
}

/** By order id, what its person is known by. */
function knownBy(clusters: readonly Cluster[]): Map<string, string> {
  const known = new Map<string, string>();
  const texts = new Map<Component | undefined, string>();
  for (const { orders } of clusters)
    for (const [order_id, person] of orders()) {
      const text =
        texts.get(person) ??
        (person?.ids
          .filter(({ type }) => isIdentifying(type))
          .map(keyOf)
          .join('\n') ||
          '');
      texts.set(person, text);
      known.set(order_id, text);
    }
  return known;
}

/** What an event says: that identifiers belong together, or what an operator decided. */
function factOf(event: LoggedEvent, blocked: ReadonlySet<string>): IdentityFact | null {
  const { event: name, event_id, occurred_at: at, properties = {} } = event;
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
