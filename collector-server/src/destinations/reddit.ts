import { type Conversion, countryCode } from '@orderloop/protocol';
import type { Destination, OutgoingRequest, Reply } from './contract.ts';
import { clickOf } from './shared/cookies.ts';
import { countOf, itemsOf } from './shared/items.ts';
import { compact, type EventSettings, type Mapped, mapToRequests, nameAndTime } from './shared/mapping.ts';
import { orderMoney } from './shared/money.ts';
import { foldedEmail, hashField, phoneE164, plainId, publicIp } from './shared/normalise.ts';
import { type Finding, forAll, readJson, textOf, verdictOfStatus } from './shared/reply.ts';

export interface RedditSettings extends EventSettings {
  /** The pixel's id; Reddit Ads, Events Manager. */
  pixel_id: string;
  /** The conversion access token; Events Manager, Conversions API. */
  access_token: string;
  /** From Test events: shows them there. */
  test_id?: string;
  endpoint?: string;
}

const MAX_AGE_MS = 168 * 3_600_000;
const FUTURE_MS = 5 * 60_000;
const MAX_CUSTOM_NAME = 64;

/** Reddit conversions API v3 (relays §10.4). E-mail folding is what one peer does (relays §12.4). */
export const reddit: Destination<RedditSettings> = {
  id: 'reddit',
  name: 'Reddit Conversions API',
  apiVersion: 'v3',
  capabilities: {
    events: {
      page_view: 'PAGE_VISIT',
      view_item: 'VIEW_CONTENT',
      search: 'SEARCH',
      add_to_cart: 'ADD_TO_CART',
      add_to_wishlist: 'ADD_TO_WISHLIST',
      purchase: 'PURCHASE',
      sign_up: 'SIGN_UP',
      generate_lead: 'LEAD',
    },
    refund: 'none',
    batch: { max: 1000, max_bytes: 4_000_000 },
    maxAgeMs: () => MAX_AGE_MS,
    dedup: { key: ['tracking_type', 'conversion_id'], window_ms: 48 * 3_600_000 },
    failure: 'all-or-nothing',
    rate: { per_minute: 5_000 },
    consent: 'gate',
    test: 'code',
  },
  capture: { params: ['rdt_cid'], cookies: ['_rdt_cid', '_rdt_uuid'] },
  secrets: ['access_token'],

  checkSettings({ pixel_id, access_token }) {
    const wrong: string[] = [];
    if (!pixel_id) wrong.push('settings.pixel_id is missing; find it in Reddit Ads under Events Manager.');
    if (!access_token) wrong.push('settings.access_token is missing; make one in Events Manager under Conversions API.');
    return wrong;
  },

  requests: (conversions, settings, { now }) =>
    mapToRequests(
      conversions,
      reddit.capabilities.batch,
      (conversion) => mapEvent(conversion, settings, now),
      (events) => toRequest(events, settings),
    ),

  outcomes: (reply, event_ids) => forAll(event_ids, readReply(reply)),

  verification: {
    needs: ['test_id'],
    effect: 'test_view',
    request: (sample, settings, context) =>
      reddit.requests([sample], settings as unknown as RedditSettings, context).requests[0]!,
    outcome: readReply,
  },
};

function toRequest(events: readonly string[], settings: RedditSettings): Omit<OutgoingRequest, 'event_ids'> {
  const host = (settings.endpoint ?? 'https://ads-api.reddit.com').replace(/\/$/, '');
  const test = settings.test_id ? `,"test_id":${JSON.stringify(settings.test_id)}` : '';
  return {
    method: 'POST',
    url: `${host}/api/v3/pixels/${encodeURIComponent(settings.pixel_id)}/conversion_events`,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${settings.access_token}` },
    body: `{"data":{"events":[${events.join(',')}]${test}}}`,
  };
}

const ACTION_SOURCES: Readonly<Record<string, string>> = { web: 'WEBSITE', app: 'APP' };

function mapEvent(conversion: Conversion, settings: RedditSettings, now: number): Mapped {
  const ready = nameAndTime(conversion, reddit.capabilities, settings, now, FUTURE_MS);
  if ('reason' in ready) return ready;
  const { name, at } = ready;
  const click_id = clickOf(conversion, 'rdt_cid', '_rdt_cid');
  const user = userOf(conversion);
  if (!click_id && !Object.keys(user).some((key) => key !== 'user_agent' && key !== 'data_processing_options'))
    return { reason: 'no_identifiers' };
  const { order, action_source = 'web' } = conversion;
  const money = orderMoney(conversion);
  if ('reason' in money) return money;
  const { value, currency } = money;
  const items = itemsOf(order);
  const isStandard = STANDARD.has(name);
  return {
    mapped: compact({
      event_at: at,
      action_source: ACTION_SOURCES[action_source] ?? 'PHYSICAL_STORE',
      type: isStandard ? { tracking_type: name } : { tracking_type: 'CUSTOM', custom_event_name: name.slice(0, MAX_CUSTOM_NAME) },
      click_id,
      user,
      metadata: compact({
        conversion_id: conversion.event_id,
        ...(value !== undefined && { value, currency }),
        ...(items.length > 0 && {
          item_count: countOf(items),
          products: items.map(({ id, name, category }) => compact({ id, name, category })),
        }),
      }),
    }),
  };
}

const STANDARD = new Set([...Object.values(reddit.capabilities.events), 'CUSTOM']);

function userOf({ user = {}, context = {}, cookies = {}, consent }: Conversion) {
  const country = countryCode(user.country) ?? undefined;
  const region = consent?.region?.toUpperCase() ?? country;
  return compact({
    email: hashField(user.email ?? user.email_sha256, foldedEmail),
    phone_number: hashField(user.phone ?? user.phone_sha256, phoneE164, country),
    external_id: hashField(user.id, plainId),
    // The cookie is `{ms}.{uuid}`; Reddit wants the second part.
    uuid: cookies['_rdt_uuid']?.replace(/^\d+\./, ''),
    ip_address: publicIp(context.ip),
    user_agent: context.user_agent,
    // It wants to know where.
    ...(consent?.limited_data_use &&
      region && {
        data_processing_options: compact({
          modes: ['LDU'],
          country: region.split('-')[0],
          region: region.includes('-') ? region : undefined,
        }),
      }),
  });
}

function readReply(reply: Reply): Finding {
  const body = readJson(reply.body);
  const error = body?.['error'] as { code?: unknown; message?: unknown; reason?: unknown } | undefined;
  const detail = textOf(error?.message) ?? textOf(error?.reason) ?? textOf(body?.['message']);
  const verdict = verdictOfStatus(reply.status);
  if (verdict === 'accepted') return { verdict };
  return { verdict, code: String(error?.code ?? reply.status), ...(detail && { detail }) };
}
