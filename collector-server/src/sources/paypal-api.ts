import type { ApiAccess, ApiContext, ApiReply, ApiRequest, Connection } from './contract.ts';
import { readEvent } from './paypal-events.ts';
import { nextInWindows, platformPage, readEvents, windowEnd } from './shared/event-list.ts';
import { type Json, listAt, parseBody, sha256, textAt, UnusableDelivery } from './shared/fields.ts';
import { hasTexts, textSetting } from './shared/settings.ts';

const PAGE_SIZE = 100;
const EVENTS = '/v1/notifications/webhooks-events';

/**
 * PayPal's API (order-sources §10), asked with `settings.client_id` and `settings.client_secret`: the events that were not
 * delivered, which PayPal keeps for 30 days, and single orders.
 */
export const paypalApi: ApiAccess = {
  isConfigured: ({ settings }) => hasTexts(settings, ['client_id', 'client_secret']),
  token: {
    request: ({ settings }) => ({
      method: 'POST',
      url: `${baseOf(settings)}/v1/oauth2/token`,
      headers: {
        authorization: `Basic ${Buffer.from(`${settings['client_id']}:${settings['client_secret']}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
    }),
    read(reply, _last, { now }) {
      if (reply.status !== 200) return null;
      const { access_token, expires_in } = parseBody(reply.body);
      const token = textAt(access_token);
      return token && typeof expires_in === 'number' ? { access_token: token, expires_at: now + expires_in * 1000 } : null;
    },
  },
  poll: {
    list(connection, cursor, context) {
      const page = platformPage(cursor);
      if (page !== null) return get(connection, `${EVENTS}?${page}`, context);
      const end_time = isoSeconds(windowEnd(cursor, context.now) ?? context.now);
      const query = new URLSearchParams({ start_time: isoSeconds(cursor.from), end_time, page_size: String(PAGE_SIZE) });
      return get(connection, `${EVENTS}?${query}`, context);
    },
    read(reply, connection, cursor, { now }) {
      const body = parseBody(reply.body);
      if (!Array.isArray(body['events'])) throw notWhatWasAskedFor(body);
      const events = listAt(body['events']);
      const times = events.flatMap((event) => Date.parse(textAt(event['create_time']) ?? '') || []);
      const newest = times.length > 0 ? Math.max(...times) : null;
      return {
        ...readEvents(events, (event) => readEvent(event, connection, now)),
        // A page that is empty leads nowhere, whatever it names.
        next: nextInWindows(cursor, { newest, next_page: events.length > 0 ? nextPage(body) : null }, now),
      };
    },
  },
  fetch: {
    // Both kinds of id look alike: of a refund that came alone, it is the capture's.
    requests: (connection, order_id, context) => [
      get(connection, `/v2/checkout/orders/${encodeURIComponent(order_id)}`, context),
      get(connection, `/v2/payments/captures/${encodeURIComponent(order_id)}`, context),
    ],
    read(replies, connection, _order_id, { now }) {
      const [order, capture] = replies.map(resourceOf);
      const resource = order ?? capture;
      if (!resource) return null;
      const type = order ? 'CHECKOUT.ORDER.COMPLETED' : captureEvent(resource);
      const id = `fetch:${textAt(resource['id'])}:${sha256(JSON.stringify(resource))}`;
      const create_time = resource['update_time'] ?? resource['create_time'];
      const found = readEvent({ id, event_type: type, create_time, resource }, connection, now);
      return found.kind === 'facts' ? found.facts : [];
    },
  },
};

const CAPTURE_EVENTS: Readonly<Record<string, string>> = {
  PENDING: 'PAYMENT.CAPTURE.PENDING',
  DECLINED: 'PAYMENT.CAPTURE.DECLINED',
  FAILED: 'PAYMENT.CAPTURE.DECLINED',
};

const captureEvent = (capture: Json): string => CAPTURE_EVENTS[textAt(capture['status']) ?? ''] ?? 'PAYMENT.CAPTURE.COMPLETED';

function baseOf(settings: Connection['settings']): string {
  const host = settings['sandbox'] === true ? 'api-m.sandbox.paypal.com' : 'api-m.paypal.com';
  return textSetting(settings, 'api_url') ?? `https://${host}`;
}

const get = ({ settings }: Connection, path: string, { access_token }: ApiContext): ApiRequest => ({
  method: 'GET',
  url: baseOf(settings) + path,
  headers: { authorization: `Bearer ${access_token}`, accept: 'application/json' },
});

const isoSeconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** The query of the link to the next page: the rest of the address is ours to say, because the token goes there. */
function nextPage(body: Json): string | null {
  const next = listAt(body['links']).find(({ rel }) => rel === 'next');
  if (!next) return null;
  const query = textAt(next['href'])?.split('?')[1];
  if (!query) throw notWhatWasAskedFor(body);
  return query;
}

function resourceOf(reply: ApiReply): Json | null {
  if (reply.status === 404) return null;
  const resource = parseBody(reply.body);
  if (!textAt(resource['id'])) throw notWhatWasAskedFor(resource);
  return resource;
}

function notWhatWasAskedFor(body: Json): UnusableDelivery {
  return new UnusableDelivery('unusable_delivery', '', `PayPal’s API: ${textAt(body['message']) ?? 'no such answer'}`);
}
