import { type Conversion, countryCode } from '@orderloop/protocol';
import type { Destination, Outcome, OutgoingRequest, Reply } from './contract.ts';
import { clickOf } from './shared/cookies.ts';
import { countOf, itemsOf } from './shared/items.ts';
import { compact, type EventSettings, listOf, type Mapped, mapToRequests, nameAndTime } from './shared/mapping.ts';
import { decimalText, orderMoney } from './shared/money.ts';
import {
  bareCity,
  compactDate,
  genderLetter,
  hashField,
  lowerCountry,
  metaRegion,
  phoneDigits,
  pinterestPostalCode,
  plainId,
  publicIp,
  spacelessEmail,
  spacelessName,
} from './shared/normalise.ts';
import { forAll, readJson, textOf, verdictOfStatus } from './shared/reply.ts';

export interface PinterestSettings extends EventSettings {
  /** The ad account's number; in the address of Ads Manager. */
  ad_account_id: string;
  /** The conversion token; Ads Manager, Conversions, Set up API. */
  access_token: string;
  /** Validates and keeps nothing. */
  test?: boolean;
  endpoint?: string;
}

/** Not documented; what Meta takes (relays §2.2). */
const MAX_AGE_MS = 7 * 86_400_000;

/** Pinterest conversions API v5 (relays §10.1). It refuses properties that it does not know. */
export const pinterest: Destination<PinterestSettings> = {
  id: 'pinterest',
  name: 'Pinterest API for Conversions',
  apiVersion: 'v5',
  capabilities: {
    events: {
      page_view: 'page_visit',
      view_item: 'view_content',
      view_item_list: 'view_category',
      search: 'search',
      add_to_cart: 'add_to_cart',
      add_to_wishlist: 'add_to_wishlist',
      begin_checkout: 'initiate_checkout',
      add_payment_info: 'add_payment_info',
      purchase: 'checkout',
      sign_up: 'signup',
      generate_lead: 'lead',
      subscribe: 'subscribe',
    },
    refund: 'none',
    batch: { max: 1000, max_bytes: 4_000_000 },
    maxAgeMs: () => MAX_AGE_MS,
    dedup: { key: ['event_name', 'event_id'], window_ms: null },
    failure: 'per-item',
    rate: { per_minute: 5_000 },
    consent: 'gate',
    test: 'query',
  },
  capture: { params: ['epik'], cookies: ['_epik'] },
  secrets: ['access_token'],

  checkSettings({ ad_account_id, access_token }) {
    const wrong: string[] = [];
    if (!ad_account_id) wrong.push('settings.ad_account_id is missing; find it in the address of Ads Manager.');
    if (!access_token) wrong.push('settings.access_token is missing; make one in Ads Manager under Conversions, Set up API.');
    return wrong;
  },

  requests: (conversions, settings, { now }) =>
    mapToRequests(
      conversions,
      pinterest.capabilities.batch,
      (conversion) => mapEvent(conversion, settings, now),
      (events) => toRequest(events, settings),
    ),

  outcomes: readReply,

  verification: {
    effect: 'validated',
    request: (sample, settings, context) =>
      pinterest.requests([sample], { ...(settings as unknown as PinterestSettings), test: true }, context).requests[0]!,
    outcome(reply) {
      const { event_id: _, ...finding } = readReply(reply, ['sample'])[0]!;
      return finding;
    },
  },
};

function toRequest(events: readonly string[], settings: PinterestSettings): Omit<OutgoingRequest, 'event_ids'> {
  const host = (settings.endpoint ?? 'https://api.pinterest.com').replace(/\/$/, '');
  return {
    method: 'POST',
    url: `${host}/v5/ad_accounts/${encodeURIComponent(settings.ad_account_id)}/events${settings.test ? '?test=true' : ''}`,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${settings.access_token}` },
    body: `{"data":[${events.join(',')}]}`,
  };
}

function mapEvent(conversion: Conversion, settings: PinterestSettings, now: number): Mapped {
  const ready = nameAndTime(conversion, pinterest.capabilities, settings, now);
  if ('reason' in ready) return ready;
  const { name, at } = ready;
  const user_data = userData(conversion);
  if (!user_data['em'] && !(user_data['client_ip_address'] && user_data['client_user_agent']))
    return { reason: 'no_identifiers', detail: 'Pinterest needs an e-mail address, or IP and user agent.' };
  const { order, page, consent, context } = conversion;
  const money = orderMoney(conversion);
  if ('reason' in money) return money;
  const { text: value, currency } = money;
  const items = itemsOf(order);
  return {
    mapped: compact({
      event_name: name,
      action_source: conversion.action_source === 'web' || conversion.action_source === undefined ? 'web' : 'offline',
      event_time: Math.floor(at / 1000),
      event_id: conversion.event_id,
      event_source_url: page?.url,
      user_data,
      custom_data: compact({
        ...(value !== null && currency && { currency, value }),
        order_id: order?.id,
        ...(items.length > 0 && {
          num_items: countOf(items),
          content_ids: items.map(({ id }) => id),
          contents: items.map((item) =>
            compact({
              id: item.id,
              item_name: item.name,
              item_category: item.category,
              item_brand: item.brand,
              item_price: decimalText(item.price, currency),
              quantity: item.quantity ?? 1,
            }),
          ),
        }),
      }),
      language: context?.language?.slice(0, 2).toLowerCase(),
      ...(consent?.limited_data_use && { opt_out: true, opt_out_type: 'LDP' }),
    }),
  };
}

function userData(conversion: Conversion): Record<string, unknown> {
  const { user = {}, context = {} } = conversion;
  const country = countryCode(user.country) ?? undefined;
  return compact({
    em: listOf(hashField(user.email ?? user.email_sha256, spacelessEmail)),
    ph: listOf(hashField(user.phone ?? user.phone_sha256, phoneDigits, country)),
    ge: listOf(hashField(user.gender, genderLetter)),
    db: listOf(hashField(user.date_of_birth, compactDate)),
    fn: listOf(hashField(user.first_name, spacelessName)),
    ln: listOf(hashField(user.last_name, spacelessName)),
    ct: listOf(hashField(user.city, bareCity)),
    st: listOf(hashField(user.region, metaRegion, country)),
    zp: listOf(hashField(user.postal_code, pinterestPostalCode, country)),
    country: listOf(hashField(user.country, lowerCountry)),
    external_id: listOf(hashField(user.id, plainId)),
    click_id: clickOf(conversion, 'epik', '_epik'),
    client_ip_address: publicIp(context.ip),
    client_user_agent: context.user_agent,
  });
}

function readReply(reply: Reply, event_ids: readonly string[]): Outcome[] {
  const body = readJson(reply.body);
  const events = body?.['events'] as
    | { status?: string; error_message?: string | null; warning_message?: string | null }[]
    | undefined;
  if ((reply.status === 200 || reply.status === 422) && Array.isArray(events))
    return event_ids.map((event_id, index): Outcome => {
      const event = events[index];
      if (event?.status === 'processed') return { event_id, verdict: 'accepted' };
      // Fewer answers than events: nobody knows what became of the others.
      if (!event) return { event_id, verdict: 'retry', detail: 'The reply does not speak of this event.' };
      return {
        event_id,
        verdict: 'rejected',
        code: event.status ?? 'failed',
        ...(event.error_message && { detail: event.error_message }),
      };
    });
  const verdict = reply.status === 200 ? 'retry' : verdictOfStatus(reply.status);
  const detail = textOf(body?.['message']);
  return forAll(event_ids, { verdict, code: String(body?.['code'] ?? reply.status), ...(detail && { detail }) });
}
