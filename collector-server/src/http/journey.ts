import type {
  Delivery,
  Journey,
  JourneyEvent,
  LoggedEvent,
  Order,
  OrderChange,
  OrderFactKind,
  Session,
} from '@orderloop/protocol';
import type { Background } from '../background/background.ts';
import type { Config } from '../config.ts';

type JourneyStore = Pick<Background, 'events' | 'projections' | 'outbox' | 'persons'>;

const MAX_EVENTS = 500;

/** One order from the ad click to the conversion, with its evidence; null when there is no such order. */
export async function readJourney(
  { background: storage, config }: { background: JourneyStore; config: Config },
  wanted: string | undefined,
  id: string,
): Promise<Journey | null> {
  const found = await storage.projections.findOrder(wanted, id);
  if (!found) return null;
  const { site, row } = found;
  const { order } = row.projection;
  const choice = await storage.projections.links(site, row.order_key);
  const { visitor_id } = choice;
  const orderEvents = await storage.projections.orderEventsOf(site, row.order_key);
  const until = Math.max(Date.parse(order.created_at), Date.parse(order.paid_at ?? order.created_at)) + 60_000;
  const { person_id, visitor_ids, sessions, touchpoints } = await storage.persons.ofOrder(site, order, visitor_id, until);
  return {
    order: { ...withoutContact(order), order_key: row.order_key, received_at: row.received_at },
    order_events: orderEvents.map(({ event_id, received_at, order: change }) => ({
      event_id,
      received_at,
      ...(change?.payment_state ? { payment_state: change.payment_state } : { fact: factKind(change) }),
    })),
    conflicts: row.projection.conflicts,
    payments: (await storage.projections.evidenceOf(site, row.order_key)).map(({ row: payment, by }) => {
      const { source, order_id, state } = payment.projection.order;
      return { order_key: payment.order_key, source, order_id, state, by };
    }),
    link: choice.link,
    ...(choice.unlinked_reason && { unlinked_reason: choice.unlinked_reason }),
    candidates: choice.candidates,
    visitor_id,
    person_id,
    sessions,
    touchpoints,
    events: await visits(storage, site, visitor_ids, sessions),
    conversions: await conversions(storage, config, site, row.order_key),
  };
}

function factKind(change: OrderChange | undefined): OrderFactKind {
  if (change?.refunds || change?.refund_totals || change?.failed_refunds) return 'refund';
  if (change?.disputes) return 'dispute';
  if (change?.payments || change?.transactions) return 'payment';
  return change?.shipments ? 'shipment' : 'change';
}

async function visits(
  storage: Pick<JourneyStore, 'events'>,
  site: string,
  visitor_ids: readonly string[],
  sessions: readonly Session[],
): Promise<JourneyEvent[]> {
  const ids = new Set(sessions.map(({ session_id }) => session_id));
  const events = await Promise.all(visitor_ids.map((visitor_id) => storage.events.ofVisitor(site, visitor_id, MAX_EVENTS)));
  return events
    .flat()
    .map((event) => ({ ...event, session_id: event.session_id ?? sessionAt(sessions, event)?.session_id }))
    .filter(({ session_id }) => session_id !== undefined && ids.has(session_id))
    .sort((one, other) => one.occurred_at - other.occurred_at || one.position - other.position)
    .map(toJourneyEvent);
}

/** Of an event that named no session, the one that it was given. */
function sessionAt(sessions: readonly Session[], { visitor_id, occurred_at }: LoggedEvent): Session | undefined {
  return sessions.find(
    (session) => session.visitor_id === visitor_id && session.started_at <= occurred_at && occurred_at <= session.ended_at,
  );
}

async function conversions(
  storage: Pick<JourneyStore, 'projections' | 'outbox'>,
  config: Config,
  site: string,
  order_key: string,
): Promise<Journey['conversions']> {
  const states = await storage.projections.conversionsOf(site, order_key);
  return Promise.all(
    states.map(async ({ conversion: _, user: __, user_event_id: ___, ...row }) => {
      const rows = await storage.outbox.ofConversion(site, row.conversion_id);
      const deliveries = rows.map((entry): Delivery => {
        const type = config.sites[site]?.destinations?.find(({ id }) => id === entry.destination)?.type ?? 'unknown';
        return {
          conversion_id: row.conversion_id,
          destination: entry.destination,
          destination_type: type,
          state: entry.state,
          attempts: entry.attempt_list,
          ...(entry.next_attempt_at !== undefined &&
            (entry.state === 'waiting' || entry.state === 'pending') && { next_attempt_at: entry.next_attempt_at }),
          ...(entry.reason && { reason: entry.reason }),
          ...(entry.detail && { detail: entry.detail }),
          ...(entry.accepted_at !== undefined && { accepted_at: entry.accepted_at }),
          ...(entry.trace && { trace: entry.trace }),
        };
      });
      return { ...row, deliveries };
    }),
  );
}

function toJourneyEvent({ event_id, event, occurred_at, session_id, page }: LoggedEvent): JourneyEvent {
  return {
    event_id,
    event,
    occurred_at,
    ...(session_id && { session_id }),
    ...(page?.url && { page_url: page.url }),
    ...(page?.title && { title: page.title }),
  };
}

/** Contact data is not shown: who it was is the shop's to look up by the customer's id. */
function withoutContact(order: Order): Order {
  return { ...order, customer: { id: order.customer.id, email_sha256: null, phone_e164: null } };
}
