import { type Conversion, countryCode, isDenied, isGranted } from '@orderloop/protocol';
import type { Destination, Outcome, OutgoingRequest } from './contract.ts';
import { clickOf } from './shared/cookies.ts';
import { itemsOf } from './shared/items.ts';
import { compact, type EventSettings, type Mapped, mapToRequests, nameAndTime } from './shared/mapping.ts';
import { decimalNumber, orderMoney } from './shared/money.ts';
import { foldedEmail, hashField, phoneDigits, plainId, publicIp } from './shared/normalise.ts';
import { forAll, isSuccess, readJson, textOf, verdictOfStatus } from './shared/reply.ts';

export interface MicrosoftSettings extends EventSettings {
  /** The UET tag's id; Microsoft Advertising, Tools, UET tag. */
  tag_id: string;
  /** The Conversions API token of the tag; it is enabled for each account by Microsoft. */
  access_token: string;
  endpoint?: string;
}

const MAX_AGE_MS = 7 * 86_400_000;

/** Microsoft Advertising, UET Conversions API (relays §10.3). */
export const microsoft: Destination<MicrosoftSettings> = {
  id: 'microsoft',
  name: 'Microsoft Advertising (UET CAPI)',
  apiVersion: 'v1',
  capabilities: {
    events: {
      page_view: 'pageLoad',
      view_item: 'view_item',
      view_item_list: 'view_item_list',
      search: 'search',
      add_to_cart: 'add_to_cart',
      add_to_wishlist: 'add_to_wishlist',
      begin_checkout: 'begin_checkout',
      add_payment_info: 'add_payment_info',
      purchase: 'purchase',
      sign_up: 'sign_up',
      generate_lead: 'generate_lead',
      subscribe: 'subscribe',
      start_trial: 'start_trial',
    },
    refund: 'none',
    batch: { max: 1000, max_bytes: 4_000_000 },
    maxAgeMs: () => MAX_AGE_MS,
    dedup: { key: ['eventName', 'eventId'], window_ms: null },
    failure: 'per-item',
    consent: 'field',
    test: 'none',
  },
  capture: { params: ['msclkid'], cookies: ['_uetmsclkid', 'uet_msclkid', '_uetvid'] },
  secrets: ['access_token'],

  checkSettings({ tag_id, access_token }) {
    const wrong: string[] = [];
    if (!tag_id) wrong.push('settings.tag_id is missing; find it in Microsoft Advertising under Tools, UET tag.');
    if (!access_token)
      wrong.push(
        'settings.access_token is missing; make one in the UET tag’s Conversions API settings, once Microsoft has enabled it.',
      );
    return wrong;
  },

  requests: (conversions, settings, { now }) =>
    mapToRequests(
      conversions,
      microsoft.capabilities.batch,
      (conversion) => mapEvent(conversion, settings, now),
      (events) => toRequest(events, settings),
    ),

  outcomes(reply, event_ids) {
    const body = readJson(reply.body);
    const error = body?.['error'] as { message?: string; code?: string; details?: Fault[] } | undefined;
    const faults = new Map(
      (error?.details ?? [])
        .filter(({ isWarning, index }) => !isWarning && typeof index === 'number')
        .map((fault) => [fault.index!, fault]),
    );
    // One that was named is wrong; the others were taken, with `continueOnValidationError`.
    if (faults.size > 0 && (isSuccess(reply) || (reply.status === 400 && body?.['eventsReceived'] !== undefined)))
      return event_ids.map((event_id, index): Outcome => {
        const fault = faults.get(index);
        if (!fault) return { event_id, verdict: 'accepted' };
        const detail = [fault.propertyName, fault.errorMessage].filter(Boolean).join(': ');
        return { event_id, verdict: 'rejected', code: 'invalid', ...(detail && { detail }) };
      });
    if (isSuccess(reply)) {
      const received = body?.['eventsReceived'];
      if (received === event_ids.length) return forAll(event_ids, { verdict: 'accepted' });
      return forAll(event_ids, { verdict: 'retry', detail: 'The reply does not say that all events were received.' });
    }
    const detail = textOf(error?.message);
    return forAll(event_ids, {
      verdict: verdictOfStatus(reply.status),
      code: String(error?.code ?? reply.status),
      ...(detail && { detail }),
    });
  },
};

interface Fault {
  index?: number;
  propertyName?: string;
  errorMessage?: string;
  isWarning?: boolean;
}

function toRequest(events: readonly string[], settings: MicrosoftSettings): Omit<OutgoingRequest, 'event_ids'> {
  const host = (settings.endpoint ?? 'https://capi.uet.microsoft.com').replace(/\/$/, '');
  return {
    method: 'POST',
    url: `${host}/v1/${encodeURIComponent(settings.tag_id)}/events`,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${settings.access_token}` },
    body: `{"data":[${events.join(',')}],"continueOnValidationError":true,"dataProvider":"orderloop"}`,
  };
}

function mapEvent(conversion: Conversion, settings: MicrosoftSettings, now: number): Mapped {
  const ready = nameAndTime(conversion, microsoft.capabilities, settings, now);
  if ('reason' in ready) return ready;
  const { name, at } = ready;
  const { order, page, consent } = conversion;
  const isPage = name === 'pageLoad';
  if (isPage && !page?.url) return { reason: 'invalid_value', detail: 'A page view needs page.url.' };
  const userData = userOf(conversion);
  if (Object.keys(userData).length === 0) return { reason: 'no_identifiers' };
  const money = orderMoney(conversion);
  if ('reason' in money) return money;
  const { value, currency } = money;
  const items = itemsOf(order);
  return {
    mapped: compact({
      eventType: isPage ? 'pageLoad' : 'custom',
      eventId: conversion.event_id,
      eventName: isPage ? undefined : name,
      eventTime: Math.floor(at / 1000),
      eventSourceUrl: page?.url,
      referrerUrl: page?.referrer,
      pageTitle: page?.title,
      adStorageConsent: stated(consent),
      userData,
      customData: compact({
        ...(value !== undefined && { value, currency }),
        transactionId: order?.id,
        ...(items.length > 0 && {
          itemIds: items.map(({ id }) => id),
          items: items.map((item) =>
            compact({ id: item.id, name: item.name, price: decimalNumber(item.price, currency), quantity: item.quantity ?? 1 }),
          ),
        }),
      }),
    }),
  };
}

function stated(consent: Conversion['consent']): string | undefined {
  if (isGranted(consent, 'ad_storage')) return 'G';
  return isDenied(consent, 'ad_storage') ? 'D' : undefined;
}

function userOf(conversion: Conversion) {
  const { user = {}, context = {}, cookies = {} } = conversion;
  const country = countryCode(user.country) ?? undefined;
  return compact({
    // Its cookie puts `_uet` in front, and nothing else may be taken off.
    msclkid: clickOf(conversion, 'msclkid') ?? cookies['_uetmsclkid']?.replace(/^_uet/, '') ?? cookies['uet_msclkid'],
    anonymousId: cookies['_uetvid'],
    externalId: hashField(user.id, plainId),
    em: hashField(user.email ?? user.email_sha256, foldedEmail),
    // Whether with its + or without, peers differ (relays §12.3).
    ph: hashField(user.phone ?? user.phone_sha256, phoneDigits, country),
    clientIpAddress: publicIp(context.ip),
    clientUserAgent: context.user_agent,
  });
}
