import { type Conversion, clickIdValue, countryCode, isDenied } from '@orderloop/protocol';
import type { Destination, OutgoingRequest, Reply, Skip } from './contract.ts';
import { clickOf } from './shared/cookies.ts';
import { countOf, itemsOf } from './shared/items.ts';
import { compact, type EventSettings, listOf, type Mapped, mapToRequests, nameAndTime } from './shared/mapping.ts';
import { decimalNumber, orderMoney } from './shared/money.ts';
import {
  compactDate,
  genderLetter,
  hashField,
  lowerCountry,
  metaCity,
  metaExternalId,
  metaName,
  metaPostalCode,
  metaRegion,
  phoneDigits,
  plainEmail,
  publicIp,
} from './shared/normalise.ts';
import { type Finding, forAll, isSuccess, readJson, textOf } from './shared/reply.ts';

export interface MetaSettings extends EventSettings {
  /** The dataset's id, which used to be called the pixel's; find it in Events Manager. */
  dataset_id?: string;
  pixel_id?: string;
  access_token: string;
  /** Graph API version, such as `v26.0`. */
  api_version?: string;
  /** Shows events in Events Manager's test tab. They count all the same. */
  test_event_code?: string;
  /** Another host, for a gateway or a test; https://graph.facebook.com otherwise. */
  endpoint?: string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const API_VERSION = 'v26.0';

/** Meta Conversions API (relays §6). */
export const meta: Destination<MetaSettings> = {
  id: 'meta',
  name: 'Meta Conversions API',
  apiVersion: API_VERSION,
  capabilities: {
    events: {
      page_view: 'PageView',
      view_item: 'ViewContent',
      view_item_list: 'ViewContent',
      search: 'Search',
      add_to_cart: 'AddToCart',
      add_to_wishlist: 'AddToWishlist',
      begin_checkout: 'InitiateCheckout',
      add_payment_info: 'AddPaymentInfo',
      purchase: 'Purchase',
      sign_up: 'CompleteRegistration',
      generate_lead: 'Lead',
      subscribe: 'Subscribe',
      start_trial: 'StartTrial',
    },
    refund: 'none',
    batch: { max: 1000, max_bytes: 1_000_000 },
    maxAgeMs: ({ action_source }) => (action_source === 'physical_store' ? 62 : 7) * DAY_MS,
    dedup: { key: ['event_name', 'event_id'], window_ms: 48 * HOUR_MS },
    failure: 'all-or-nothing',
    consent: 'gate',
    test: 'code',
  },
  capture: { params: ['fbclid'], cookies: ['_fbc', '_fbp'] },
  secrets: ['access_token'],

  checkSettings(settings) {
    const wrong: string[] = [];
    if (!settings['dataset_id'] && !settings['pixel_id'])
      wrong.push('settings.dataset_id is missing; find it in Events Manager under Data sources.');
    if (!settings['access_token'])
      wrong.push('settings.access_token is missing; make one in Events Manager under Settings, Conversions API.');
    return wrong;
  },

  requests(conversions, settings, { now }) {
    return mapToRequests(
      conversions,
      meta.capabilities.batch,
      (conversion) => mapEvent(conversion, settings, now),
      (events) => toRequest(events, settings),
    );
  },

  outcomes: (reply, event_ids) => forAll(event_ids, readReply(reply, event_ids.length)),

  verification: {
    needs: ['test_event_code'],
    effect: 'test_view',
    request: (sample, settings, { now }) => meta.requests([sample], settings as unknown as MetaSettings, { now }).requests[0]!,
    outcome: (reply) => readReply(reply, 1),
  },
};

function toRequest(events: readonly string[], settings: MetaSettings): Omit<OutgoingRequest, 'event_ids'> {
  const host = settings.endpoint ?? 'https://graph.facebook.com';
  const test = settings.test_event_code ? `,"test_event_code":${JSON.stringify(settings.test_event_code)}` : '';
  return {
    method: 'POST',
    url: `${host.replace(/\/$/, '')}/${settings.api_version ?? API_VERSION}/${settings.dataset_id ?? settings.pixel_id}/events`,
    // In a header, not in the URL: URLs end up in logs.
    headers: { 'content-type': 'application/json', authorization: `Bearer ${settings.access_token}` },
    body: `{"data":[${events.join(',')}],"partner_agent":"orderloop"${test}}`,
  };
}

function mapEvent(conversion: Conversion, settings: MetaSettings, now: number): Mapped {
  // Meta has no field for a denied purpose, so what was denied is not sent at all (R8).
  const ready = nameAndTime(conversion, meta.capabilities, settings, now);
  if ('reason' in ready) return ready;
  const { name, at } = ready;

  const action_source = ACTION_SOURCES[conversion.action_source ?? 'web'] ?? 'other';
  const user_data = userData(conversion, at);
  const url = conversion.page?.url;
  if (action_source === 'website' && (!url || !user_data['client_user_agent'])) {
    // One invalid event fails its whole request, so it is kept out of it (R4).
    return { reason: 'invalid_value', detail: `A website event needs ${url ? 'context.user_agent' : 'page.url'}.` };
  }
  if (!Object.keys(user_data).some((key) => key !== 'client_user_agent' && key !== 'country'))
    return { reason: 'no_identifiers' };
  const custom_data = customData(conversion);
  if ('reason' in custom_data) return custom_data;

  const { consent } = conversion;
  return {
    mapped: compact({
      event_name: name,
      event_time: Math.floor(at / 1000),
      event_id: conversion.event_id,
      action_source,
      event_source_url: url,
      referrer_url: conversion.page?.referrer,
      user_data,
      custom_data: custom_data.value,
      // 0 and 0 let Meta work out where the buyer is.
      ...(consent?.limited_data_use && {
        data_processing_options: ['LDU'],
        data_processing_options_country: 0,
        data_processing_options_state: 0,
      }),
      ...(isDenied(consent, 'ad_personalization') && { opt_out: true }),
    }),
  };
}

const ACTION_SOURCES: Readonly<Record<string, string>> = {
  web: 'website',
  app: 'app',
  physical_store: 'physical_store',
  server: 'other',
};

function userData(conversion: Conversion, at: number): Record<string, unknown> {
  const { user = {}, context = {}, click_ids, cookies = {} } = conversion;
  const country = countryCode(user.country) ?? undefined;
  return compact({
    em: listOf(hashField(user.email ?? user.email_sha256, plainEmail)),
    ph: listOf(hashField(user.phone ?? user.phone_sha256, phoneDigits, country)),
    fn: listOf(hashField(user.first_name, metaName)),
    ln: listOf(hashField(user.last_name, metaName)),
    ct: listOf(hashField(user.city, metaCity)),
    st: listOf(hashField(user.region, metaRegion, country)),
    zp: listOf(hashField(user.postal_code, metaPostalCode)),
    country: listOf(hashField(user.country, lowerCountry)),
    ge: listOf(hashField(user.gender, genderLetter)),
    db: listOf(hashField(user.date_of_birth, compactDate)),
    external_id: listOf(hashField(user.id, metaExternalId)),
    client_ip_address: publicIp(context.ip),
    client_user_agent: context.user_agent,
    fbc: clickCookie(cookies['_fbc'], click_ids?.['fbclid'] ?? clickOf(conversion, 'fbclid'), at),
    fbp: cookies['_fbp'] && /^fb\.\d\.\d+\.[^.]+(\.[^.]+)?$/.test(cookies['_fbp']) ? cookies['_fbp'] : undefined,
  });
}

/**
 * `fbc`: the cookie as it stands, when it carries the click that we know of; else made from the click with the time at
 * which it was first seen, never after the event.
 */
function clickCookie(cookie: string | undefined, click: Parameters<typeof clickIdValue>[0], at: number): string | undefined {
  const segments = cookie?.split('.') ?? [];
  const usable = segments.length >= 4 && segments.length <= 5 && segments[0] === 'fb' && segments[3] ? cookie : undefined;
  const fbclid = clickIdValue(click);
  if (!fbclid || (usable && segments[3] === fbclid)) return usable;
  const seen = typeof click === 'object' ? (click.first_seen_at ?? at) : at;
  return `fb.1.${Math.min(seen, at)}.${fbclid}`;
}

function customData(conversion: Conversion): { value: object | undefined } | Omit<Skip, 'event_id'> {
  const { event, order } = conversion;
  const money = orderMoney(conversion);
  if ('reason' in money) return money;
  const { value, currency } = money;
  const items = itemsOf(order);
  const custom = compact({
    ...(value !== undefined && { value, currency }),
    order_id: order?.id,
    ...(items.length > 0 && {
      content_type: event === 'view_item_list' ? 'product_group' : 'product',
      num_items: countOf(items),
      content_ids: items.map(({ id }) => id),
      contents: items.map((item) =>
        compact({
          id: item.id,
          quantity: item.quantity ?? 1,
          item_price: decimalNumber(item.price, currency),
          title: item.name,
          brand: item.brand,
          category: item.category,
        }),
      ),
    }),
  });
  return { value: Object.keys(custom).length > 0 ? custom : undefined };
}

const THROTTLED = new Set([4, 17, 32, 613, 80003]);
const REJECTED = new Set([3, 100, 105, 200, 294]);

function readReply(reply: Reply, sent: number): Finding {
  const body = readJson(reply.body);
  const error = body?.['error'] as
    | { code?: number; error_subcode?: number; message?: string; is_transient?: boolean; fbtrace_id?: string }
    | undefined;
  const trace = error?.fbtrace_id ?? textOf(body?.['fbtrace_id']);
  const facts = {
    ...(error?.code !== undefined && { code: [error.code, error.error_subcode].filter((part) => part !== undefined).join('/') }),
    ...(error?.message && { detail: error.message }),
    ...(trace && { trace }),
  };
  if (isSuccess(reply) && !error) {
    return body?.['events_received'] === sent
      ? { verdict: 'accepted', ...facts }
      : { verdict: 'retry', detail: 'The reply does not say that the events were received.', ...facts };
  }
  if (reply.status === 401 || error?.code === 190) return { verdict: 'auth', ...facts };
  if (reply.status === 429 || (error?.code !== undefined && THROTTLED.has(error.code))) return { verdict: 'throttled', ...facts };
  if (error?.is_transient || reply.status >= 500) return { verdict: 'retry', ...facts };
  if (error?.code !== undefined && REJECTED.has(error.code)) return { verdict: 'rejected', ...facts };
  // What Meta has no documented class for is tried again, within the event's age.
  return { verdict: 'retry', ...facts };
}
