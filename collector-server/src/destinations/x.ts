import { createHash, createHmac } from 'node:crypto';
import { type Conversion, countryCode } from '@orderloop/protocol';
import type { Destination, OutgoingRequest, Reply } from './contract.ts';
import { clickOf } from './shared/cookies.ts';
import { countOf, itemsOf } from './shared/items.ts';
import { compact, type EventSettings, isKeptBack, type Mapped, mapToRequests } from './shared/mapping.ts';
import { decimalText, orderMoney } from './shared/money.ts';
import { hashField, phoneE164, plainEmail, publicIp } from './shared/normalise.ts';
import { type Finding, forAll, isSuccess, readJson, textOf, verdictOfStatus } from './shared/reply.ts';
import { sendableTime } from './shared/time.ts';

export interface XSettings extends EventSettings {
  /** The pixel's id, such as `o1234`; X Ads, Events manager. */
  pixel_id: string;
  /** The id of the event tag for purchases, `tw-o1234-abcde`; Events manager, the event's details. */
  event_tag_id?: string;
  /** More of our events, each with the id of its event tag. */
  events?: Readonly<Record<string, string | null>>;
  /** The pixel's own token; else the four of an app with access to the ads account (OAuth 1.0a). */
  pixel_token?: string;
  consumer_key?: string;
  consumer_secret?: string;
  access_token?: string;
  access_token_secret?: string;
  endpoint?: string;
}

/** Not documented; what the click lives (relays §12.8). */
const MAX_AGE_MS = 90 * 86_400_000;

/** X conversions API (relays §10.6). Its `event_id` is the event tag; ours is the `conversion_id`. */
export const x: Destination<XSettings> = {
  id: 'x',
  name: 'X Conversion API',
  apiVersion: '12',
  capabilities: {
    events: {},
    refund: 'none',
    batch: { max: 500, max_bytes: 4_000_000 },
    maxAgeMs: () => MAX_AGE_MS,
    dedup: { key: ['conversion_id'], window_ms: null },
    failure: 'all-or-nothing',
    rate: { per_minute: 6_600 },
    consent: 'gate',
    test: 'none',
  },
  capture: { params: ['twclid'], cookies: ['_twclid', 'twclid'] },
  secrets: ['pixel_token', 'consumer_key', 'consumer_secret', 'access_token', 'access_token_secret'],

  checkSettings({
    pixel_id,
    event_tag_id,
    events,
    pixel_token,
    consumer_key,
    consumer_secret,
    access_token,
    access_token_secret,
  }) {
    const wrong: string[] = [];
    if (!pixel_id) wrong.push('settings.pixel_id is missing; find it in X Ads under Events manager.');
    if (!event_tag_id && !events) wrong.push('settings.event_tag_id is missing; find it as tw-… in the event’s details.');
    if (!pixel_token && !(consumer_key && consumer_secret && access_token && access_token_secret))
      wrong.push(
        'settings.pixel_token is missing; make one in Events manager, or give consumer_key, consumer_secret, access_token and access_token_secret of an app.',
      );
    return wrong;
  },

  requests: (conversions, settings, { now }) =>
    mapToRequests(
      conversions,
      x.capabilities.batch,
      (conversion) => mapEvent(conversion, settings, now),
      (events) => toRequest(events, settings, now),
    ),

  outcomes: (reply, event_ids) => forAll(event_ids, readReply(reply, event_ids.length)),
};

function toRequest(events: readonly string[], settings: XSettings, now: number): Omit<OutgoingRequest, 'event_ids'> {
  const host = (settings.endpoint ?? 'https://ads-api.x.com').replace(/\/$/, '');
  const url = `${host}/12/measurement/conversions/${encodeURIComponent(settings.pixel_id)}`;
  const body = `{"conversions":[${events.join(',')}]}`;
  return {
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/json',
      ...(settings.pixel_token
        ? { 'x-pixel-token': settings.pixel_token }
        : { authorization: authorise(url, body, settings, now) }),
    },
    body,
  };
}

/** OAuth 1.0a (RFC 5849). The nonce comes from body and time: each request has its own, and this file has no randomness. */
function authorise(url: string, body: string, settings: XSettings, now: number): string {
  const { consumer_key = '', consumer_secret = '', access_token = '', access_token_secret = '' } = settings;
  const fields: Record<string, string> = {
    oauth_consumer_key: consumer_key,
    oauth_nonce: createHash('sha256').update(`${now}.${body}`).digest('hex').slice(0, 32),
    oauth_signature_method: 'HMAC-SHA1',
    oauth_timestamp: String(Math.floor(now / 1000)),
    oauth_token: access_token,
    oauth_version: '1.0',
  };
  const parameters = Object.entries(fields)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');
  const key = `${encode(consumer_secret)}&${encode(access_token_secret)}`;
  fields['oauth_signature'] = createHmac('sha1', key)
    .update(`POST&${encode(url)}&${encode(parameters)}`)
    .digest('base64');
  return `OAuth ${Object.entries(fields)
    .map(([name, value]) => `${encode(name)}="${encode(value)}"`)
    .join(', ')}`;
}

/** RFC 3986, which is stricter than JavaScript's own. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

function mapEvent(conversion: Conversion, settings: XSettings, now: number): Mapped {
  const { event, order, user = {}, context = {} } = conversion;
  if (event === 'refund' || event === 'cancel')
    return { reason: 'unsupported_event', detail: 'X has nothing for money that went back.' };
  const chosen = settings.events?.[event];
  const tag = chosen === undefined && event === 'purchase' ? settings.event_tag_id : chosen;
  if (!tag) return { reason: 'no_mapping', detail: `settings.events.${event} names no event tag.` };
  if (isKeptBack(conversion)) return { reason: 'consent_denied' };
  const time = sendableTime(conversion, now, MAX_AGE_MS);
  if ('reason' in time) return { reason: time.reason };
  const country = countryCode(user.country) ?? undefined;
  const twclid = clickOf(conversion, 'twclid', '_twclid', 'twclid');
  const hashed_email = hashField(user.email ?? user.email_sha256, plainEmail);
  const hashed_phone_number = hashField(user.phone ?? user.phone_sha256, phoneE164, country);
  const ip_address = publicIp(context.ip);
  const identifiers = [
    ...(twclid ? [{ twclid }] : []),
    ...(hashed_email ? [{ hashed_email }] : []),
    ...(hashed_phone_number ? [{ hashed_phone_number }] : []),
    // The two are one identifier, and count as a pair alone.
    ...(ip_address && context.user_agent ? [{ ip_address, user_agent: context.user_agent }] : []),
  ];
  if (identifiers.length === 0) return { reason: 'no_identifiers' };
  const money = orderMoney(conversion);
  if ('reason' in money) return money;
  const { text: value, currency: price_currency } = money;
  const items = itemsOf(order);
  return {
    mapped: compact({
      conversion_time: new Date(time.at).toISOString(),
      event_id: tag,
      identifiers,
      conversion_id: conversion.event_id,
      // Without a currency X takes it for dollars.
      ...(value !== undefined && { value, price_currency }),
      ...(items.length > 0 && {
        number_items: countOf(items),
        contents: items.map((item) =>
          compact({
            content_id: item.id,
            content_name: item.name,
            content_price: decimalText(item.price, price_currency),
            num_items: item.quantity ?? 1,
          }),
        ),
      }),
    }),
  };
}

function readReply(reply: Reply, sent: number): Finding {
  const body = readJson(reply.body);
  const [error] = (body?.['errors'] as { code?: unknown; message?: unknown }[] | undefined) ?? [];
  const detail = textOf(error?.message);
  const facts = { ...(error?.code !== undefined && { code: String(error.code) }), ...(detail && { detail }) };
  if (isSuccess(reply)) {
    const processed = (body?.['data'] as { conversions_processed?: number } | undefined)?.conversions_processed;
    if (processed === sent) return { verdict: 'accepted' };
    return { verdict: 'retry', detail: 'The reply does not say that all conversions were processed.', ...facts };
  }
  return { code: String(reply.status), ...facts, verdict: verdictOfStatus(reply.status) };
}
