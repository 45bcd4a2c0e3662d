import { hash } from 'node:crypto';
import { IDENTIFIER_TYPES, type Identifier, type IdentifierType, type LoggedEvent } from '@orderloop/protocol';
import type { PersonLookup } from '../persons/lookup.ts';
import { byPriority, identifiersOf, personId } from '../stitch/identifiers.ts';
import { factKey, type IdentityFact } from '../stitch/identity.ts';
import type { ProjectionTx } from '../storage/contract.ts';

/** Orders of one person that are looked at again when more is known of who it is: the newest. */
const MAX_ORDERS = 20;

/**
 * Keeps what an event says of who is who, and answers the orders for which that may matter: those of the person whom it
 * names, when it says something new (identity §2.6).
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
  const isNew = await putFact(tx, site, fact, persons);
  let isClaim = false;
  if (visitor_id && fact.kind === 'seen') {
    const known = await tx.identifiersOfVisitor(site, visitor_id, Number.MAX_SAFE_INTEGER);
    isClaim = !known.some(({ type, value }) => type === strongest.type && value === strongest.value);
    await tx.putClaim({ site, visitor_id, session_id, at, event_id, ...strongest });
  }
  if (!isNew && !isClaim) return [];
  const component = await persons.component(site, strongest);
  if (!component) return [];
  const order_ids = await persons.orderIds(site, await persons.personOf(site, component));
  return (await tx.ordersWithIds(site, order_ids, MAX_ORDERS)).map(({ order_key }) => order_key);
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

/** Answers whether it changed anything. */
async function putFact(tx: ProjectionTx, site: string, fact: IdentityFact, persons: PersonLookup): Promise<boolean> {
  const clusters = await tx.identityClusters(site, fact.ids);
  const cluster = (await largestOf(tx, site, clusters)) ?? personId(site, fact.ids[0]!);
  const others = clusters.filter((name) => name !== cluster);
  if (others.length > 0) await tx.joinClusters(site, others, cluster);
  await tx.putIdentifiers(
    site,
    fact.ids.map((id) => ({ ...id, person_id: personId(site, id) })),
    cluster,
  );
  const isNew = await tx.putFact(site, cluster, hash('sha256', factKey(fact), 'base64url'), fact);
  if (isNew) persons.forget(site, [...clusters, cluster]);
  return isNew;
}

/** The smaller are moved into the largest, so that an identifier is seldom moved. */
async function largestOf(tx: ProjectionTx, site: string, clusters: readonly string[]): Promise<string | undefined> {
  if (clusters.length <= 1) return clusters[0];
  const sizes = await Promise.all(clusters.map(async (cluster) => (await tx.identityFacts(site, cluster)).length));
  return clusters[sizes.indexOf(Math.max(...sizes))];
}
