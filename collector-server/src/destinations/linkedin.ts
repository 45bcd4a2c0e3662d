import { type Conversion, countryCode } from '@orderloop/protocol';
import type { Destination, Outcome, OutgoingRequest } from './contract.ts';
import { clickOf } from './shared/cookies.ts';
import { compact, type EventSettings, isKeptBack, type Mapped, mapToRequests } from './shared/mapping.ts';
import { orderMoney } from './shared/money.ts';
import { hashField, plainEmail } from './shared/normalise.ts';
import { forAll, readJson, textOf, verdictOfStatus } from './shared/reply.ts';
import { sendableTime } from './shared/time.ts';

export interface LinkedinSettings extends EventSettings {
  /** The conversion rule's id for purchases; Campaign Manager, Measurement, Conversion tracking. */
  conversion_rule_id?: string;
  /** More of our events, each with the id of its conversion rule. */
  events?: Readonly<Record<string, string | null>>;
  /** With the right `rw_conversions`; Campaign Manager, Sources, Direct API. */
  access_token: string;
  /** A month, `YYYYMM`; each lives about a year. */
  api_version?: string;
  endpoint?: string;
}

const MAX_AGE_MS = 90 * 86_400_000;
const API_VERSION = '202608';

/** LinkedIn Conversions API (relays §10.5). It has no field for consent, and no phone numbers. */
export const linkedin: Destination<LinkedinSettings> = {
  id: 'linkedin',
  name: 'LinkedIn Conversions API',
  apiVersion: API_VERSION,
  // A month lives about a year (relays §2.1).
  sunset: '2027-08-16',
  capabilities: {
    events: {},
    refund: 'none',
    batch: { max: 5000, max_bytes: 4_000_000 },
    maxAgeMs: () => MAX_AGE_MS,
    dedup: { key: ['eventId'], window_ms: null },
    failure: 'per-item',
    rate: { per_minute: 600, per_day: 300_000 },
    consent: 'gate',
    test: 'none',
  },
  capture: { params: ['li_fat_id'], cookies: ['li_fat_id'] },
  secrets: ['access_token'],

  checkSettings({ conversion_rule_id, events, access_token }) {
    const wrong: string[] = [];
    if (!conversion_rule_id && !events)
      wrong.push('settings.conversion_rule_id is missing; find it in Campaign Manager under Measurement, Conversion tracking.');
    if (!access_token) wrong.push('settings.access_token is missing; make one in Campaign Manager under Sources, Direct API.');
    return wrong;
  },

  requests: (conversions, settings, { now }) =>
    mapToRequests(
      conversions,
      linkedin.capabilities.batch,
      (conversion) => mapEvent(conversion, settings, now),
      (events) => toRequest(events, settings),
    ),

  outcomes(reply, event_ids) {
    const body = readJson(reply.body);
    const elements = body?.['elements'] as { status?: number; error?: { message?: string; code?: string } }[] | undefined;
    if (reply.status >= 200 && reply.status < 300) {
      // One alone may be answered without a list.
      if (!Array.isArray(elements)) {
        if (event_ids.length === 1 && reply.status === 201) return forAll(event_ids, { verdict: 'accepted' });
        return forAll(event_ids, { verdict: 'retry', detail: 'The reply does not speak of each event.' });
      }
      return event_ids.map((event_id, index): Outcome => {
        const element = elements[index];
        if (!element?.status) return { event_id, verdict: 'retry', detail: 'The reply does not speak of this event.' };
        const verdict = verdictOfStatus(element.status);
        if (verdict === 'accepted') return { event_id, verdict };
        const detail = textOf(element.error?.message);
        return { event_id, verdict, code: element.error?.code ?? String(element.status), ...(detail && { detail }) };
      });
    }
    const detail = textOf(body?.['message']);
    const code = textOf(body?.['code']) ?? String(reply.status);
    if (reply.status === 426 || code === 'NONEXISTENT_VERSION')
      return forAll(event_ids, {
        verdict: 'auth',
        code,
        detail: 'The month in settings.api_version has ended; choose a newer one.',
      });
    return forAll(event_ids, { verdict: verdictOfStatus(reply.status), code, ...(detail && { detail }) });
  },
};

function toRequest(events: readonly string[], settings: LinkedinSettings): Omit<OutgoingRequest, 'event_ids'> {
  const host = (settings.endpoint ?? 'https://api.linkedin.com').replace(/\/$/, '');
  return {
    method: 'POST',
    url: `${host}/rest/conversionEvents`,
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${settings.access_token}`,
      'linkedin-version': settings.api_version ?? API_VERSION,
      'x-restli-protocol-version': '2.0.0',
      'x-restli-method': 'BATCH_CREATE',
    },
    body: `{"elements":[${events.join(',')}]}`,
  };
}

function mapEvent(conversion: Conversion, settings: LinkedinSettings, now: number): Mapped {
  const rule = settings.events?.[conversion.event] ?? (conversion.event === 'purchase' ? settings.conversion_rule_id : undefined);
  if (conversion.event === 'refund' || conversion.event === 'cancel')
    return { reason: 'unsupported_event', detail: 'LinkedIn has nothing for money that went back.' };
  if (!rule || settings.events?.[conversion.event] === null)
    return { reason: 'no_mapping', detail: `settings.events.${conversion.event} names no conversion rule.` };
  if (isKeptBack(conversion)) return { reason: 'consent_denied' };
  const time = sendableTime(conversion, now, MAX_AGE_MS);
  if ('reason' in time) return { reason: time.reason };
  const user = userOf(conversion);
  if (!user) return { reason: 'no_identifiers', detail: 'LinkedIn needs an e-mail address, its click id, or both names.' };
  const money = orderMoney(conversion);
  if ('reason' in money) return money;
  const { text: amount, currency: currencyCode } = money;
  return {
    mapped: compact({
      conversion: rule.startsWith('urn:') ? rule : `urn:lla:llaPartnerConversion:${rule}`,
      conversionHappenedAt: time.at,
      ...(amount !== undefined && { conversionValue: { currencyCode, amount } }),
      eventId: conversion.event_id,
      user,
    }),
  };
}

/** One id is required, or both names. */
function userOf(conversion: Conversion): object | undefined {
  const { user = {} } = conversion;
  const email = hashField(user.email ?? user.email_sha256, plainEmail);
  const click = clickOf(conversion, 'li_fat_id', 'li_fat_id');
  const userIds = [
    ...(email ? [{ idType: 'SHA256_EMAIL', idValue: email }] : []),
    ...(click ? [{ idType: 'LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID', idValue: click }] : []),
  ];
  const firstName = user.first_name?.trim();
  const lastName = user.last_name?.trim();
  const named = Boolean(firstName && lastName);
  if (userIds.length === 0 && !named) return undefined;
  return {
    userIds,
    ...(named && { userInfo: compact({ firstName, lastName, countryCode: countryCode(user.country) ?? undefined }) }),
  };
}
