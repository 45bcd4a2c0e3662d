import { type Context, isSnapshot, type LoggedEvent, type Order, type SealedUser, strictestConsent } from '@orderloop/protocol';
import type { Owner, PersonLookup } from '../persons/lookup.ts';
import { isRedacted } from '../persons/redact.ts';
import { buildConversion, type ConversionFacts, decideConversions, holdReason, mayUseAds } from '../stitch/conversion.ts';
import type { Component } from '../stitch/identity.ts';
import { type Candidate, chooseLink } from '../stitch/link.ts';
import { projectOrder } from '../stitch/order.ts';
import type { OrderKey, OrderRow, ProjectionTx } from '../storage/contract.ts';
import { MANY_ORDERS, MAX_MATCHES, type SiteFacts } from './site-facts.ts';

/** Links an order anew, and says what follows for its conversions. */
export async function restitch(
  tx: ProjectionTx,
  site: string,
  order_key: string,
  facts: SiteFacts,
  persons: PersonLookup,
  now: () => number,
): Promise<void> {
  const row = await tx.order(site, order_key);
  if (!row) return;
  const { order } = row.projection;
  const placed_at = Date.parse(order.created_at);
  const own_keys = await keysOfSale(tx, site, order_key);
  const person_keys = keysOfPerson(await persons.namedBy(site, order.order_id), own_keys);
  await tx.putPersonKeys(site, order_key, person_keys);
  const candidates: Candidate[] = [];
  for (const { key, value, event_id, by_person } of [...own_keys, ...person_keys]) {
    for (const match of await tx.sessionKeys(site, key, value, MAX_MATCHES)) {
      const { session_id, visitor_id, occurred_at } = match;
      // A server may name a visit that has not begun.
      if (!(await tx.session(site, session_id, visitor_id))) continue;
      candidates.push({
        key,
        session_id,
        visitor_id,
        matched_at: occurred_at,
        session_event_id: match.event_id,
        order_event_id: event_id,
        ...(by_person && { by_person }),
      });
    }
  }
  // A key that every order has by itself says nothing of whether the shop passed one on.
  const passedOn = own_keys.filter(({ key }) => key !== 'order_id').length;
  const choice = chooseLink(site, order_key, placed_at, passedOn, candidates);
  await tx.putLinks(site, order_key, choice.link?.visitor_id ?? null, choice);

  const session = choice.link ? await tx.session(site, choice.link.session_id, choice.link.visitor_id) : null;
  const said = choice.link ? await tx.visitorConsent(site, choice.link.visitor_id) : null;
  const own = ownFacts(projectOrder(await tx.orderEvents(site, order_key))?.events ?? []);
  const decided = await tx.conversions(site, order_key);
  const owner = await persons.ownerOfOrder(site, order);
  const person = owner ? await factsOfPerson(tx, site, row, owner, persons, facts) : {};
  // Of a sale that two sources tell of, the order alone is a conversion.
  const fresh = row.role === 'payments' ? [] : decideConversions(site, order, decided);
  const decisions = [...decided, ...fresh];
  for (const [index, decision] of decisions.entries()) {
    const { event, conversion_id, key, occurred_at, value } = decision;
    const conversion = buildConversion(
      site,
      order,
      { event, conversion_id, key, occurred_at, value },
      {
        link: choice.link,
        session,
        consent: strictestConsent(own.consent, said?.consent),
        consentMode: facts.consentMode,
        ...person,
        ...own.contact,
        erased: own.erased,
        before: decisions.slice(0, index),
      },
    );
    await tx.putConversion(conversion);
    if (conversion.hold === 'erased') continue;
    for (const { id, purposes } of facts.destinations)
      if (!holdReason(conversion.consent, facts.consentMode, purposes)) await tx.enqueue(site, conversion_id, id, now());
  }
}

/** What the order shows itself, and what its payments show: a gateway may carry the session where the store does not. */
async function keysOfSale(tx: ProjectionTx, site: string, order_key: string): Promise<OrderKey[]> {
  const own = (await tx.orderKeys(site, order_key)).filter(({ by_person }) => !by_person);
  for (const { row } of await tx.evidenceOf(site, order_key))
    for (const key of await tx.orderKeys(site, row.order_key))
      if (!key.by_person && !own.some((known) => known.key === key.key && known.value === key.value)) own.push(key);
  return own;
}

const LINK_KEY = { user_id: 'customer_id', email: 'email', phone: 'phone' } as const;
const MAX_PERSON_KEYS = 20;

/** What the person of an order is known by, beyond what the order itself shows. */
function keysOfPerson(person: Component | undefined, own: readonly OrderKey[]): OrderKey[] {
  if (!person?.identifying || own.length === 0) return [];
  return person.ids.slice(0, MAX_PERSON_KEYS).flatMap(({ type, value }): OrderKey[] => {
    const key = LINK_KEY[type as keyof typeof LINK_KEY];
    if (!key || own.some((known) => known.key === key && known.value === value)) return [];
    return [{ key, value, event_id: own[0]!.event_id, by_person: true }];
  });
}

const FIRST_ORDERS = 20;
const PERSON_SESSIONS = 20;

/** What the person tells of an order's conversions: whether it is a first order, and the clicks on other devices. */
async function factsOfPerson(
  tx: ProjectionTx,
  site: string,
  { order_key, projection: { order } }: OrderRow,
  owner: Owner,
  persons: PersonLookup,
  { consentMode }: SiteFacts,
): Promise<Pick<ConversionFacts, 'new_customer' | 'person_click_ids'>> {
  const person_click_ids: NonNullable<ConversionFacts['person_click_ids']> = {};
  for (const session of await persons.sessions(site, owner, Date.parse(order.created_at), PERSON_SESSIONS)) {
    const said = (await tx.visitorConsent(site, session.visitor_id))?.consent;
    if (!mayUseAds(said, consentMode)) continue;
    for (const [param, click] of Object.entries(session.click_ids ?? {})) {
      const known = person_click_ids[param];
      if (!known || click.first_seen_at > known.first_seen_at) person_click_ids[param] = click;
    }
  }
  if (!owner.component?.identifying) return { person_click_ids };
  const order_ids = await persons.orderIds(site, owner);
  if (order_ids.length > MANY_ORDERS) return { person_click_ids, new_customer: false };
  const earlier = await tx.firstOrders(site, order_ids, FIRST_ORDERS);
  const first = earlier.find(({ projection }) => isEligible(projection.order));
  return { person_click_ids, new_customer: !first || first.order_key === order_key };
}

/** An order that counts (attribution §1). */
const isEligible = ({ test, cancelled_at, payment_state }: Order): boolean =>
  !test && cancelled_at === null && payment_state !== 'voided' && payment_state !== 'failed';

/** What the order's own events say of the buyer, oldest version first: the newest that says anything. */
function ownFacts(events: readonly LoggedEvent[]) {
  const contact: { user?: SealedUser; user_event_id?: string; context?: Context; action_source?: string } = {};
  let consent: LoggedEvent['consent'];
  let erased = false;
  for (const event of events) {
    if (event.user) {
      contact.user = event.user;
      contact.user_event_id = event.event_id;
    }
    if (event.context) contact.context = event.context;
    if (event.order && isSnapshot(event.order) && event.action_source) contact.action_source = event.action_source;
    if (event.consent) consent = event.consent;
    // A version that came after the erasure is somebody's again.
    if (event.order && isSnapshot(event.order)) erased = isRedacted(event);
  }
  return { contact, consent, erased };
}
