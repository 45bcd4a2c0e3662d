import { type Conversion, countryCode } from '@orderloop/protocol';
import type { Destination, OutgoingRequest, Reply } from './contract.ts';
import { clickOf } from './shared/cookies.ts';
import { countOf, itemsOf } from './shared/items.ts';
import { compact, type EventSettings, type Mapped, mapToRequests, nameAndTime } from './shared/mapping.ts';
import { decimalNumber, orderMoney } from './shared/money.ts';
import {
  asciiPlace,
  hashField,
  lowerId,
  phoneE164,
  plainEmail,
  publicIp,
  spacelessName,
  spacelessPostalCode,
} from './shared/normalise.ts';
import { type Finding, forAll, isSuccess, readJson, textOf, verdictOfStatus } from './shared/reply.ts';

export interface TiktokSettings extends EventSettings {
  /** The pixel's code, such as `C1…`; in Events Manager, beside the pixel's name. */
  pixel_code?: string;
  event_source_id?: string;
  /** In Events Manager under the pixel's Settings, Events API. */
  access_token: string;
  /** Under Test events. These are shown there alone. */
  test_event_code?: string;
  api_version?: string;
  endpoint?: string;
}

const HOUR_MS = 3_600_000;
/** Not documented; what Meta takes (relays §12.1). */
const MAX_AGE_MS = 7 * 24 * HOUR_MS;
const API_VERSION = 'v1.3';
/** A closed list; what peers quote of TikTok's help page (relays §5, §12.1). */
const CURRENCIES = new Set(
  'AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR ISK JPY KES KHR KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD VES VND ZAR'.split(
    ' ',
  ),
);

/** TikTok Events API 2.0 (relays §9). */
export const tiktok: Destination<TiktokSettings> = {
  id: 'tiktok',
  name: 'TikTok Events API',
  apiVersion: API_VERSION,
  capabilities: {
    events: {
      page_view: 'Pageview',
      view_item: 'ViewContent',
      view_item_list: 'ViewContent',
      search: 'Search',
      add_to_cart: 'AddToCart',
      add_to_wishlist: 'AddToWishlist',
      begin_checkout: 'InitiateCheckout',
      add_payment_info: 'AddPaymentInfo',
      // The pixel on the page must use the same name, or both are counted: settings.events can say CompletePayment.
      purchase: 'Purchase',
      sign_up: 'CompleteRegistration',
      generate_lead: 'Lead',
      subscribe: 'Subscribe',
      start_trial: 'StartTrial',
    },
    refund: 'none',
    batch: { max: 1000, max_bytes: 4_000_000 },
    maxAgeMs: () => MAX_AGE_MS,
    dedup: { key: ['event', 'event_id'], window_ms: 48 * HOUR_MS },
    failure: 'all-or-nothing',
    rate: { per_minute: 60_000 },
    consent: 'gate',
    test: 'code',
  },
  capture: { params: ['ttclid'], cookies: ['_ttp', 'ttclid'] },
  secrets: ['access_token'],

  checkSettings({ pixel_code, event_source_id, access_token }) {
    const wrong: string[] = [];
    if (!pixel_code && !event_source_id)
      wrong.push('settings.pixel_code is missing; find it in Events Manager beside the pixel’s name.');
    if (!access_token) wrong.push('settings.access_token is missing; make one in Events Manager under Settings, Events API.');
    return wrong;
  },

  requests: (conversions, settings, { now }) =>
    mapToRequests(
      conversions,
      tiktok.capabilities.batch,
      (conversion) => mapEvent(conversion, settings, now),
      (events) => toRequest(events, settings),
    ),

  outcomes: (reply, event_ids) => forAll(event_ids, readReply(reply)),

  verification: {
    needs: ['test_event_code'],
    effect: 'test_view',
    request: (sample, settings, context) =>
      tiktok.requests([sample], settings as unknown as TiktokSettings, context).requests[0]!,
    outcome: readReply,
  },
};

function toRequest(events: readonly string[], settings: TiktokSettings): Omit<OutgoingRequest, 'event_ids'> {
  const host = (settings.endpoint ?? 'https://business-api.tiktok.com').replace(/\/$/, '');
  const head = compact({
    event_source: 'web',
    event_source_id: settings.pixel_code ?? settings.event_source_id,
    partner_name: 'Orderloop',
    test_event_code: settings.test_event_code,
  });
  return {
    method: 'POST',
    url: `${host}/open_api/${settings.api_version ?? API_VERSION}/event/track/`,
    headers: { 'content-type': 'application/json', 'access-token': settings.access_token },
    body: `${JSON.stringify(head).slice(0, -1)},"data":[${events.join(',')}]}`,
  };
}

function mapEvent(conversion: Conversion, settings: TiktokSettings, now: number): Mapped {
  const ready = nameAndTime(conversion, tiktok.capabilities, settings, now);
  if ('reason' in ready) return ready;
  const { name, at } = ready;
  const user = userOf(conversion);
  if (!Object.keys(user).some((key) => IDENTIFYING.has(key))) return { reason: 'no_identifiers' };
  const { order, page, consent } = conversion;
  const money = orderMoney(conversion);
  if ('reason' in money) return money;
  const { value, currency } = money;
  // Of a currency that TikTok does not know the event is sent without money, rather than not at all.
  const priced = value !== undefined && CURRENCIES.has(currency);
  const items = itemsOf(order);
  return {
    mapped: compact({
      event: name,
      event_time: Math.floor(at / 1000),
      event_id: conversion.event_id,
      user,
      page: compact({ url: page?.url, referrer: page?.referrer }),
      properties: compact({
        ...(priced && { value, currency }),
        order_id: order?.id,
        ...(items.length > 0 && {
          content_type: conversion.event === 'view_item_list' ? 'product_group' : 'product',
          num_items: countOf(items),
          contents: items.map((item) =>
            compact({
              content_id: item.id,
              content_name: item.name,
              content_category: item.category,
              brand: item.brand,
              quantity: item.quantity ?? 1,
              price: priced ? decimalNumber(item.price, currency) : undefined,
            }),
          ),
        }),
      }),
      ...(consent?.limited_data_use && { limited_data_use: true }),
    }),
  };
}

const IDENTIFYING = new Set(['email', 'phone', 'external_id', 'ttclid', 'ttp', 'ip']);

function userOf(conversion: Conversion) {
  const { user = {}, context = {}, cookies = {} } = conversion;
  const country = countryCode(user.country) ?? undefined;
  return compact({
    email: hashField(user.email ?? user.email_sha256, plainEmail),
    phone: hashField(user.phone ?? user.phone_sha256, phoneE164, country),
    external_id: hashField(user.id, lowerId),
    first_name: hashField(user.first_name, spacelessName),
    last_name: hashField(user.last_name, spacelessName),
    zip_code: hashField(user.postal_code, spacelessPostalCode),
    city: asciiPlace(user.city),
    state: asciiPlace(user.region),
    country: country?.toLowerCase(),
    ttclid: clickOf(conversion, 'ttclid', 'ttclid'),
    ttp: cookies['_ttp'],
    ip: publicIp(context.ip),
    user_agent: context.user_agent,
    locale: context.language,
  });
}

/** TikTok answers 200 to what it refuses: its own `code` decides. */
function readReply(reply: Reply): Finding {
  const body = readJson(reply.body);
  const code = body?.['code'];
  const facts = {
    code: String(code ?? reply.status),
    ...(textOf(body?.['message']) && { detail: String(body!['message']) }),
    ...(textOf(body?.['request_id']) && { trace: String(body!['request_id']) }),
  };
  if (typeof code !== 'number') {
    const verdict = verdictOfStatus(reply.status);
    return { ...facts, verdict: verdict === 'accepted' ? 'retry' : verdict };
  }
  if (code === 0 || code === 20001) {
    if (!isSuccess(reply)) return { ...facts, verdict: verdictOfStatus(reply.status) };
    return { verdict: 'accepted', ...(facts.trace && { trace: facts.trace }), ...(code === 20001 && { ...facts }) };
  }
  if (code === 40001) return { ...facts, verdict: 'auth' };
  if (code === 40002) return { ...facts, verdict: 'rejected' };
  if (code === 40100) return { ...facts, verdict: 'throttled' };
  const verdict = verdictOfStatus(reply.status);
  return { ...facts, verdict: verdict === 'accepted' ? 'retry' : verdict };
}
