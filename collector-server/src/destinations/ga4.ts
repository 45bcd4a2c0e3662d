import { type Conversion, countryCode, exponentOf, isDenied, isGranted, parseDecimal } from '@orderloop/protocol';
import type { Destination, OutgoingRequest, Reply, Skip } from './contract.ts';
import { gaClientId, gaSessionId } from './shared/cookies.ts';
import { compact, type EventSettings, eventName, type Mapped, mapToRequests } from './shared/mapping.ts';
import { decimalNumber, readCurrency } from './shared/money.ts';
import { ga4Name, googleEmail, googleFirstName, googleLastName, hashField, phoneE164 } from './shared/normalise.ts';
import { isRefund } from './shared/refund.ts';
import { type Finding, forAll, readJson, verdictOfStatus } from './shared/reply.ts';
import { sendableTime } from './shared/time.ts';

export interface Ga4Settings extends EventSettings {
  /** The web stream's id, `G-…`; under Admin, Data streams. */
  measurement_id: string;
  /** Under the data stream, Measurement Protocol API secrets. */
  api_secret: string;
  /** Keeps data in the EU on its way: the `region1` host. */
  eu?: boolean;
  /** Shows events in DebugView; they count all the same. */
  debug?: boolean;
  endpoint?: string;
}

const HOUR_MS = 3_600_000;
const MAX_ITEMS = 200;
const MAX_TEXT = 100;
const MAX_URL = 1_000;
const MAX_REFERRER = 420;
const MAX_TITLE = 300;
const EVENT_NAME = /^[A-Za-z][A-Za-z0-9_]{0,39}$/;
/** Names that GA4 drops or refuses (relays §8). */
const RESERVED =
  /^(ad_(activeview|click|exposure|impression|query|reward)|adunit_exposure|app_(background|clear_data|exception|install|remove|store_.*|update|upgrade)|dynamic_link_.*|error|firebase_.*|first_(open|visit)|in_app_purchase|notification_.*|os_update|screen_view|session_start|user_engagement)$/;

/** GA4 Measurement Protocol (relays §8). It answers 2xx to everything, and tells repeats of a purchase alone. */
export const ga4: Destination<Ga4Settings> = {
  id: 'ga4',
  name: 'Google Analytics 4 (Measurement Protocol)',
  apiVersion: 'mp',
  capabilities: {
    events: {
      page_view: 'page_view',
      view_item: 'view_item',
      view_item_list: 'view_item_list',
      search: 'search',
      add_to_cart: 'add_to_cart',
      add_to_wishlist: 'add_to_wishlist',
      begin_checkout: 'begin_checkout',
      add_payment_info: 'add_payment_info',
      purchase: 'purchase',
      refund: 'refund',
      cancel: 'refund',
      sign_up: 'sign_up',
      generate_lead: 'generate_lead',
      subscribe: 'subscribe',
      start_trial: 'start_trial',
      ad_click: 'select_promotion',
      reward_granted: 'earn_virtual_currency',
      reward_grant: 'earn_virtual_currency',
    },
    refund: 'event',
    batch: { max: 25, max_bytes: 130_000 },
    maxAgeMs: () => 72 * HOUR_MS,
    dedup: { key: ['transaction_id'], window_ms: null },
    failure: 'silent',
    purposes: ['analytics_storage'],
    consent: 'field',
    test: 'debug-endpoint',
  },
  capture: { params: [], cookies: ['_ga', '_ga_*'] },
  secrets: ['api_secret'],

  checkSettings({ measurement_id, api_secret }) {
    const wrong: string[] = [];
    if (typeof measurement_id !== 'string' || !/^G-[A-Z0-9]+$/.test(measurement_id))
      wrong.push('settings.measurement_id is missing or no web stream’s id; find it as G-… under Admin, Data streams.');
    if (!api_secret)
      wrong.push('settings.api_secret is missing; make one under the data stream, Measurement Protocol API secrets.');
    return wrong;
  },

  requests(conversions, settings, { now }) {
    const requests: OutgoingRequest[] = [];
    const skipped: Skip[] = [];
    // What stands above the events is said of all of them: the client, its consent and user data, and the time.
    for (const conversion of conversions) {
      const answer = mapToRequests(
        [conversion],
        ga4.capabilities.batch,
        (one) => mapEvent(one, settings, now),
        ([body = '']) => ({ method: 'POST', url: urlOf(settings), headers: { 'content-type': 'application/json' }, body }),
      );
      requests.push(...answer.requests);
      skipped.push(...answer.skipped);
    }
    return { requests, skipped };
  },

  outcomes: (reply, event_ids) => forAll(event_ids, readReply(reply)),

  // A purchase and its refund are known by their transaction, other events by nothing.
  mayResend: (conversion) => conversion.event === 'purchase' || isRefund(conversion),

  verification: {
    effect: 'validated',
    request: (sample, settings, context) => {
      const request = ga4.requests(
        [{ ...sample, cookies: { _ga: 'GA1.1.1234567890.1790000000', ...sample.cookies } }],
        settings as unknown as Ga4Settings,
        context,
      ).requests[0]!;
      const body = JSON.parse(request.body) as object;
      return {
        ...request,
        url: request.url.replace('/mp/collect', '/debug/mp/collect'),
        body: JSON.stringify({ ...body, validation_behavior: 'ENFORCE_RECOMMENDATIONS' }),
      };
    },
    outcome: readValidation,
  },
};

function urlOf({ endpoint, eu, measurement_id, api_secret }: Ga4Settings): string {
  const host = endpoint ?? `https://${eu ? 'region1' : 'www'}.google-analytics.com`;
  const query = new URLSearchParams({ measurement_id, api_secret });
  return `${host.replace(/\/$/, '')}/mp/collect?${query}`;
}

function mapEvent(conversion: Conversion, settings: Ga4Settings, now: number): Mapped {
  const { consent, cookies = {}, user } = conversion;
  if (isDenied(consent, 'analytics_storage')) return { reason: 'consent_denied' };
  const named = eventName(ga4.capabilities, settings, conversion.event);
  if ('reason' in named) return named;
  if (!EVENT_NAME.test(named.name) || RESERVED.test(named.name))
    return {
      reason: 'invalid_value',
      detail: `GA4 keeps or refuses the name ${named.name}; settings.events can choose another.`,
    };
  const time = sendableTime(conversion, now, 72 * HOUR_MS);
  if ('reason' in time) return { reason: time.reason };
  const client_id = gaClientId(cookies['_ga']);
  // One that is made up would count a visitor more.
  if (!client_id) return { reason: 'no_identifiers', detail: 'The visit had no _ga cookie: GA4 knows its visitors by it.' };
  const params = paramsOf(conversion, settings);
  if ('reason' in params) return params;
  const mayUseUser = !isDenied(consent, 'ad_user_data');
  return {
    mapped: compact({
      client_id,
      user_id: user?.id && user.id.length <= 256 && !user.id.includes('@') ? user.id : undefined,
      timestamp_micros: time.at * 1000,
      consent: compact({
        ad_user_data: stated(consent, 'ad_user_data'),
        ad_personalization: stated(consent, 'ad_personalization'),
      }),
      user_data: mayUseUser ? userData(conversion) : undefined,
      user_agent: conversion.context?.user_agent,
      events: [{ name: named.name, params: params.value }],
    }),
  };
}

const stated = (consent: Conversion['consent'], purpose: 'ad_user_data' | 'ad_personalization'): string | undefined => {
  if (isGranted(consent, purpose)) return 'GRANTED';
  return isDenied(consent, purpose) ? 'DENIED' : undefined;
};

function userData({ user = {} }: Conversion): object {
  const country = countryCode(user.country) ?? undefined;
  const list = (value: string | undefined) => (value ? [value] : undefined);
  const address = compact({
    sha256_first_name: hashField(user.first_name, ga4Name(googleFirstName)),
    sha256_last_name: hashField(user.last_name, ga4Name(googleLastName)),
    sha256_street: hashField(
      user.street,
      (street) =>
        street
          .toLowerCase()
          .replace(/[^\p{L}\p{M}\d\s]/gu, '')
          .trim() || null,
    ),
    city: user.city?.trim().toLowerCase(),
    region: user.region?.trim().toLowerCase(),
    postal_code: user.postal_code?.trim(),
    country,
  });
  return compact({
    sha256_email_address: list(hashField(user.email ?? user.email_sha256, googleEmail)),
    sha256_phone_number: list(hashField(user.phone ?? user.phone_sha256, phoneE164, country)),
    address: address.sha256_last_name ? [address] : undefined,
  });
}

/** GA4's value leaves out tax and shipping, which travel beside it (relays §5). */
function paramsOf(conversion: Conversion, { debug, measurement_id }: Ga4Settings): { value: object } | Omit<Skip, 'event_id'> {
  const { order, refund, page, cookies = {} } = conversion;
  const currency = readCurrency(order?.currency);
  const money = (value: string | number | undefined) => decimalNumber(value, currency) ?? undefined;
  const isOrder = conversion.event === 'purchase' || isRefund(conversion);
  const transaction_id = refund?.order_id ?? order?.id;
  if (isOrder && !transaction_id)
    return { reason: 'invalid_value', detail: 'A purchase needs order.id: GA4 knows a repeat by it.' };
  const value = isRefund(conversion) ? money(refund?.amount ?? order?.value) : netValue(order, currency);
  if (isOrder && (value === undefined || !currency))
    return {
      reason: 'invalid_value',
      detail: `It needs ${currency ? 'order.value of at least 0' : 'order.currency as ISO 4217 code'}.`,
    };
  const isPartial = isRefund(conversion) && refund?.full === false;
  const items = (isPartial ? refund?.items : order?.items) ?? [];
  return {
    value: compact({
      transaction_id: transaction_id?.slice(0, MAX_TEXT),
      value,
      currency: value === undefined ? undefined : currency,
      tax: isRefund(conversion) ? undefined : money(order?.tax),
      shipping: isRefund(conversion) ? undefined : money(order?.shipping),
      coupon: order?.coupon?.slice(0, MAX_TEXT),
      customer_type: order?.new_customer === undefined ? undefined : order.new_customer ? 'new' : 'returning',
      page_location: page?.url?.slice(0, MAX_URL),
      page_referrer: page?.referrer?.slice(0, MAX_REFERRER),
      page_title: page?.title?.slice(0, MAX_TITLE),
      session_id: gaSessionId(cookies[`_ga_${measurement_id.replace(/^G-/, '')}`]),
      engagement_time_msec: 1,
      ...(debug && { debug_mode: 1 }),
      items: items
        .filter((item) => item.id || item.name)
        .slice(0, MAX_ITEMS)
        .map((item) =>
          compact({
            item_id: item.id?.slice(0, MAX_TEXT),
            item_name: item.name?.slice(0, MAX_TEXT),
            item_brand: item.brand?.slice(0, MAX_TEXT),
            item_category: item.category?.slice(0, MAX_TEXT),
            item_variant: item.variant?.slice(0, MAX_TEXT),
            price: money(item.price),
            quantity: item.quantity ?? 1,
          }),
        ),
    }),
  };
}

/**
 * The order's value without the shipping and the tax that are on top of its items (relays §5). A value that is that of the
 * items is taken as it is, and so is one whose items nobody knows.
 */
function netValue(order: Conversion['order'], currency: string | undefined): number | undefined {
  const exponent = currency === undefined ? null : exponentOf(currency);
  const minor = (value: string | number | undefined): number =>
    value === undefined || exponent === null ? 0 : (parseDecimal(value, exponent) ?? 0);
  const gross = decimalNumber(order?.value, currency);
  const priced = order?.items?.filter(({ price }) => price !== undefined) ?? [];
  if (gross === null || exponent === null || priced.length === 0) return gross ?? undefined;
  const ofItems = priced.reduce((sum, { price, quantity = 1 }) => sum + minor(price) * quantity, 0) - minor(order?.discount);
  const value = minor(order?.value);
  if (value <= ofItems) return gross;
  const withoutShipping = value - minor(order?.shipping);
  const net = withoutShipping === ofItems ? withoutShipping : withoutShipping - minor(order?.tax);
  return Math.max(0, net) / 10 ** exponent;
}

function readReply(reply: Reply): Finding {
  const verdict = verdictOfStatus(reply.status);
  if (verdict === 'accepted') return { verdict, code: 'unconfirmed' };
  return { verdict, code: String(reply.status) };
}

/** The debug endpoint's findings; it looks at neither the measurement id nor the secret. */
function readValidation(reply: Reply): Finding {
  const messages = readJson(reply.body)?.['validationMessages'] as
    | { fieldPath?: string; description?: string; validationCode?: string }[]
    | undefined;
  if (reply.status !== 200 || !messages)
    return { verdict: verdictOfStatus(reply.status === 200 ? 502 : reply.status), code: String(reply.status) };
  const [first] = messages;
  if (!first)
    return {
      verdict: 'accepted',
      code: 'valid',
      detail: 'The event is valid. Whether api_secret is right shows only in DebugView.',
    };
  const detail = messages.map(({ fieldPath, description }) => [fieldPath, description].filter(Boolean).join(': ')).join('; ');
  return { verdict: 'rejected', code: first.validationCode ?? 'invalid', detail };
}
