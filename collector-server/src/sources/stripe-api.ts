import type { ApiAccess, ApiRequest, Connection } from './contract.ts';
import { nextInWindows, platformPage, readEvents, windowEnd } from './shared/event-list.ts';
import { isObject, type Json, listAt, objectAt, parseBody, sha256, textAt, UnusableDelivery } from './shared/fields.ts';
import { hasTexts, textSetting } from './shared/settings.ts';
import { readEvent, STRIPE_EVENTS } from './stripe-events.ts';

const PAGE_SIZE = 100;

/**
 * Stripe's API (order-sources §9), asked with `settings.api_key`: the events that an endpoint may have missed, which Stripe keeps
 * for 30 days, and single payments.
 */
export const stripeApi: ApiAccess = {
  isConfigured,
  poll: {
    list(connection, cursor, { now }) {
      const { from } = cursor;
      const end = windowEnd(cursor, now);
      const after = platformPage(cursor);
      const query = new URLSearchParams([
        ['limit', String(PAGE_SIZE)],
        ['created[gte]', seconds(from)],
      ]);
      for (const type of STRIPE_EVENTS) query.append('types[]', type);
      if (end !== null) query.append('created[lt]', seconds(end));
      if (after !== null) query.append('starting_after', after);
      return get(connection, `/v1/events?${query}`);
    },
    read(reply, connection, cursor, { now }) {
      const body = parseBody(reply.body);
      if (!Array.isArray(body['data'])) throw notWhatWasAskedFor(body);
      const events = listAt(body['data']);
      const created = events.flatMap((event) =>
        Number.isSafeInteger(event['created']) ? [Number(event['created']) * 1000] : [],
      );
      const newest = created.length > 0 ? Math.max(...created) : null;
      const next_page = body['has_more'] === true ? textAt(events.at(-1)?.['id']) : null;
      if (body['has_more'] === true && next_page === null) throw notWhatWasAskedFor(body);
      return {
        ...readEvents(events, (event) => readEvent(event, connection)),
        next: nextInWindows(cursor, { newest, next_page }, now),
      };
    },
  },
  fetch: {
    requests(connection, order_id) {
      const path = pathOf(order_id);
      return path ? [get(connection, path)] : [];
    },
    read([reply], connection, _order_id, { now }) {
      if (!reply || reply.status === 404) return null;
      const object = parseBody(reply.body);
      if (!textAt(object['id'])) throw notWhatWasAskedFor(object);
      return eventsOf(object, Math.floor(now / 1000)).flatMap((event) => {
        const found = readEvent(event, connection);
        return found.kind === 'facts' ? found.facts : [];
      });
    },
  },
};

function isConfigured({ settings }: Connection): boolean {
  return hasTexts(settings, ['api_key']);
}

/** Whether the API can be asked for what an id stands for. */
export const canFetch = (connection: Connection, id: string): boolean => isConfigured(connection) && pathOf(id) !== null;

const PATHS: readonly (readonly [RegExp, (id: string) => string])[] = [
  [/^pi_/, (id) => `/v1/payment_intents/${id}?expand[]=latest_charge`],
  [/^cs_/, (id) => `/v1/checkout/sessions/${id}`],
  [/^(ch|py)_/, (id) => `/v1/charges/${id}`],
  [/^(re|pyr)_/, (id) => `/v1/refunds/${id}`],
  [/^(dp|du)_/, (id) => `/v1/disputes/${id}`],
];

function pathOf(id: string): string | null {
  if (!/^\w+$/.test(id)) return null;
  return PATHS.find(([prefix]) => prefix.test(id))?.[1](id) ?? null;
}

function get({ settings }: Connection, path: string): ApiRequest {
  const base = textSetting(settings, 'api_url') ?? 'https://api.stripe.com';
  return { method: 'GET', url: base + path, headers: { authorization: `Bearer ${textSetting(settings, 'api_key')}` } };
}

const seconds = (ms: number): string => String(Math.max(0, Math.floor(ms / 1000)));

function notWhatWasAskedFor(body: Json): UnusableDelivery {
  const said = textAt(objectAt(body['error'])['message']);
  return new UnusableDelivery('unusable_delivery', '', `Stripe’s API: ${said ?? 'no such answer'}`);
}

const INTENTS: Readonly<Record<string, string>> = {
  succeeded: 'payment_intent.succeeded',
  requires_capture: 'payment_intent.amount_capturable_updated',
  canceled: 'payment_intent.canceled',
};

/** What a payment that was asked for would have been told as, had its events come. `now` in Unix seconds. */
function eventsOf(object: Json, now: number): Json[] {
  const event = (type: string, about: Json, created: unknown = now): Json => ({
    id: `fetch:${type}:${sha256(JSON.stringify(about))}`,
    ...{ type, created, livemode: about['livemode'], data: { object: about } },
  });
  if (object['object'] === 'payment_intent') {
    const charge = isObject(object['latest_charge']) ? object['latest_charge'] : null;
    const type = INTENTS[textAt(object['status']) ?? ''] ?? 'payment_intent.processing';
    const intent = { ...object, latest_charge: charge?.['id'] ?? object['latest_charge'] };
    return [event(type, intent, charge?.['created'] ?? object['created']), ...(charge ? eventsOf(charge, now) : [])];
  }
  if (object['object'] === 'charge') {
    if (object['status'] !== 'succeeded') return [];
    const refunded = Number(object['amount_refunded']) > 0 ? [event('charge.refunded', object)] : [];
    return [event('charge.succeeded', object, object['created']), ...refunded];
  }
  if (object['object'] === 'checkout.session')
    return object['status'] === 'complete' ? [event('checkout.session.completed', object, object['created'])] : [];
  if (object['object'] === 'refund') return [event('refund.updated', object)];
  return object['object'] === 'dispute' ? [event('charge.dispute.updated', object)] : [];
}
