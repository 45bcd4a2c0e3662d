import { type Conversion, countryCode } from '@orderloop/protocol';
import type { Destination, OutgoingRequest, Reply } from './contract.ts';
import { clickOf } from './shared/cookies.ts';
import { countOf, itemsOf } from './shared/items.ts';
import { compact, type EventSettings, listOf, type Mapped, mapToRequests, nameAndTime } from './shared/mapping.ts';
import { decimalNumber, orderMoney } from './shared/money.ts';
import {
  bareCity,
  genderLetter,
  hashField,
  lowerCountry,
  lowerName,
  metaRegion,
  phoneDigits,
  plainEmail,
  plainId,
  publicIp,
  spacelessPostalCode,
} from './shared/normalise.ts';
import { type Finding, forAll, isSuccess, readJson, textOf, verdictOfStatus } from './shared/reply.ts';

export interface SnapchatSettings extends EventSettings {
  /** The pixel's id; Ads Manager, Events Manager, the pixel's details. */
  pixel_id?: string;
  snap_app_id?: string;
  /** A long-lived token; Business Details, Conversions API Tokens. */
  access_token: string;
  /** Shows events under Test events. */
  test_event_code?: string;
  endpoint?: string;
}

const HOUR_MS = 3_600_000;
const MAX_AGE_MS = 37 * 24 * HOUR_MS;

/** Snapchat Conversions API v3 (relays §10.2). Times in seconds and money in numbers: peers differ (relays §12.5). */
export const snapchat: Destination<SnapchatSettings> = {
  id: 'snapchat',
  name: 'Snapchat Conversions API',
  apiVersion: 'v3',
  capabilities: {
    events: {
      page_view: 'PAGE_VIEW',
      view_item: 'VIEW_CONTENT',
      view_item_list: 'LIST_VIEW',
      search: 'SEARCH',
      add_to_cart: 'ADD_CART',
      add_to_wishlist: 'ADD_TO_WISHLIST',
      begin_checkout: 'START_CHECKOUT',
      add_payment_info: 'ADD_BILLING',
      purchase: 'PURCHASE',
      sign_up: 'SIGN_UP',
      subscribe: 'SUBSCRIBE',
      start_trial: 'START_TRIAL',
    },
    refund: 'none',
    batch: { max: 1000, max_bytes: 4_000_000 },
    maxAgeMs: () => MAX_AGE_MS,
    dedup: { key: ['event_name', 'event_id'], window_ms: 48 * HOUR_MS },
    failure: 'all-or-nothing',
    consent: 'gate',
    test: 'validate-only',
  },
  capture: { params: ['ScCid'], cookies: ['_scclid', '_scid'] },
  secrets: ['access_token'],

  checkSettings({ pixel_id, snap_app_id, access_token }) {
    const wrong: string[] = [];
    if (!pixel_id && !snap_app_id) wrong.push('settings.pixel_id is missing; find it in Events Manager, in the pixel’s details.');
    if (!access_token) wrong.push('settings.access_token is missing; make one under Business Details, Conversions API Tokens.');
    return wrong;
  },

  requests: (conversions, settings, { now }) =>
    mapToRequests(
      conversions,
      snapchat.capabilities.batch,
      (conversion) => mapEvent(conversion, settings, now),
      (events) => toRequest(events, settings, 'events'),
    ),

  outcomes: (reply, event_ids) => forAll(event_ids, readReply(reply)),

  verification: {
    effect: 'validated',
    request(sample, settings, { now }) {
      const typed = settings as unknown as SnapchatSettings;
      const { requests } = mapToRequests(
        [sample],
        snapchat.capabilities.batch,
        (conversion) => mapEvent(conversion, typed, now),
        (events) => toRequest(events, typed, 'events/validate'),
      );
      return requests[0]!;
    },
    outcome: readReply,
  },
};

function toRequest(events: readonly string[], settings: SnapchatSettings, path: string): Omit<OutgoingRequest, 'event_ids'> {
  const host = (settings.endpoint ?? 'https://tr.snapchat.com').replace(/\/$/, '');
  const id = encodeURIComponent(settings.pixel_id ?? settings.snap_app_id ?? '');
  const test = settings.test_event_code ? `,"test_event_code":${JSON.stringify(settings.test_event_code)}` : '';
  return {
    method: 'POST',
    url: `${host}/v3/${id}/${path}?access_token=${encodeURIComponent(settings.access_token)}`,
    headers: { 'content-type': 'application/json' },
    body: `{"data":[${events.join(',')}]${test}}`,
  };
}

const ACTION_SOURCES: Readonly<Record<string, string>> = { web: 'WEB', app: 'MOBILE_APP' };

function mapEvent(conversion: Conversion, settings: SnapchatSettings, now: number): Mapped {
  const ready = nameAndTime(conversion, snapchat.capabilities, settings, now);
  if ('reason' in ready) return ready;
  const { name, at } = ready;
  const user_data = userData(conversion);
  if (!user_data['em'] && !user_data['ph'] && !(user_data['client_ip_address'] && user_data['client_user_agent']))
    return { reason: 'no_identifiers', detail: 'Snapchat needs an e-mail address, a phone number, or IP and user agent.' };
  const { order, page, consent, action_source = 'web' } = conversion;
  const money = orderMoney(conversion);
  if ('reason' in money) return money;
  const { value, currency } = money;
  const items = itemsOf(order);
  return {
    mapped: compact({
      event_name: name,
      action_source: ACTION_SOURCES[action_source] ?? 'OFFLINE',
      event_time: Math.floor(at / 1000),
      event_id: conversion.event_id,
      event_source_url: page?.url,
      user_data,
      custom_data: compact({
        ...(value !== undefined && { value, currency }),
        order_id: order?.id,
        ...(items.length > 0 && {
          num_items: countOf(items),
          content_ids: items.map(({ id }) => id),
          contents: items.map((item) =>
            compact({
              id: item.id,
              quantity: item.quantity ?? 1,
              item_price: decimalNumber(item.price, currency),
              brand: item.brand,
            }),
          ),
        }),
      }),
      ...(consent?.limited_data_use && {
        data_processing_options: ['LDU'],
        data_processing_options_country: 0,
        data_processing_options_state: 0,
      }),
    }),
  };
}

function userData(conversion: Conversion): Record<string, unknown> {
  const { user = {}, context = {}, cookies = {} } = conversion;
  const country = countryCode(user.country) ?? undefined;
  return compact({
    em: listOf(hashField(user.email ?? user.email_sha256, plainEmail)),
    ph: listOf(hashField(user.phone ?? user.phone_sha256, phoneDigits, country)),
    fn: hashField(user.first_name, lowerName),
    ln: hashField(user.last_name, lowerName),
    ge: hashField(user.gender, genderLetter),
    ct: hashField(user.city, bareCity),
    st: hashField(user.region, metaRegion, country),
    zp: hashField(user.postal_code, spacelessPostalCode),
    country: hashField(user.country, lowerCountry),
    external_id: listOf(hashField(user.id, plainId)),
    sc_click_id: clickOf(conversion, 'ScCid', '_scclid'),
    sc_cookie1: cookies['_scid'],
    client_ip_address: publicIp(context.ip),
    client_user_agent: context.user_agent,
  });
}

function readReply(reply: Reply): Finding {
  const body = readJson(reply.body);
  const status = textOf(body?.['status']);
  const detail = textOf(body?.['reason']) ?? textOf(body?.['debug_message']);
  const facts = { ...(status && { code: status }), ...(detail && { detail }) };
  if (isSuccess(reply)) {
    if (!body) return { verdict: 'retry', code: 'no_json', detail: 'The reply is not JSON.' };
    return status === 'INVALID' ? { ...facts, verdict: 'rejected' } : { verdict: 'accepted' };
  }
  return { code: String(reply.status), ...facts, verdict: verdictOfStatus(reply.status) };
}
