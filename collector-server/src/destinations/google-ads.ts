import { type Conversion, countryCode, isDenied, isGranted } from '@orderloop/protocol';
import type { Context, Destination, Outcome, Reply } from './contract.ts';
import { clickOf, gclClick } from './shared/cookies.ts';
import { checkGoogleAccess, GOOGLE_SECRETS, type GoogleAccess, googleAccess } from './shared/google-access.ts';
import { countOf, itemsOf } from './shared/items.ts';
import { compact, type EventSettings, type Mapped, mapToRequests } from './shared/mapping.ts';
import { decimalNumber, readCurrency } from './shared/money.ts';
import { googleEmail, googleFirstName, googleLastName, hashField, phoneE164, publicIp } from './shared/normalise.ts';
import { isRefund, newTotal } from './shared/refund.ts';
import { type Finding, forAll, readJson, textOf, verdictOfStatus } from './shared/reply.ts';
import { sendableTime } from './shared/time.ts';

export interface GoogleAdsSettings extends GoogleAccess, EventSettings {
  /** The account that the conversions are for, `123-456-7890`; at the top right of Google Ads. */
  customer_id: string;
  /** The manager account that access is through, where it is. */
  login_customer_id?: string;
  /** The conversion action's id for purchases; the number `ctId` in the address of its page under Goals, Conversions. */
  conversion_action_id?: string;
  /** More of our events, each with the id of its conversion action. */
  events?: Readonly<Record<string, string | null>>;
  /** The Google Cloud project that is billed, where it is not the service account's own. */
  quota_project?: string;
  /** Sends an order although `ad_user_data` was denied: with the denial stated, and without user data (relays R8). */
  send_denied?: boolean;
  /** Validates and keeps nothing. */
  validate_only?: boolean;
  endpoint?: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A click is usable for so long, and user data for so long (relays §2.2). */
const CLICK_AGE_MS = 90 * DAY_MS;
const USER_AGE_MS = 63 * DAY_MS;

/** Google Ads through the Data Manager API, `events:ingest` (relays §7.1). */
export const googleAds: Destination<GoogleAdsSettings> = {
  id: 'google_ads',
  name: 'Google Ads (Data Manager API)',
  apiVersion: 'v1',
  capabilities: {
    // Each is mapped to a conversion action that was made before.
    events: {},
    refund: 'restate',
    batch: { max: 2000, max_bytes: 4_000_000 },
    maxAgeMs: ({ click_ids }) =>
      click_ids?.['gclid'] || click_ids?.['wbraid'] || click_ids?.['gbraid'] ? CLICK_AGE_MS : USER_AGE_MS,
    dedup: { key: ['transactionId'], window_ms: null },
    failure: 'async',
    rate: { per_minute: 300, per_day: 100_000 },
    parallel: 4,
    // A denial has fields; ad_user_data is stated where settings allow it.
    purposes: ['ad_storage', 'ad_user_data'],
    consent: 'field',
    test: 'validate-only',
  },
  capture: {
    params: ['gclid', 'wbraid', 'gbraid'],
    cookies: ['_gcl_aw', '_gcl_gb', '_gcl_ag', 'FPGCLAW', 'FPGCLGB', 'FPGCLAG'],
  },
  secrets: GOOGLE_SECRETS,
  access: googleAccess('https://www.googleapis.com/auth/datamanager'),

  checkSettings(settings) {
    const wrong = checkGoogleAccess(settings);
    if (!digitsOf(settings['customer_id']))
      wrong.push('settings.customer_id is missing; find it at the top right of Google Ads, such as 123-456-7890.');
    if (!settings['conversion_action_id'] && !settings['events'])
      wrong.push('settings.conversion_action_id is missing; find it as ctId in the address of the conversion action’s page.');
    return wrong;
  },

  requests(conversions, settings, context) {
    // One request tells of one conversion action: its destination stands above its events.
    const byAction = Map.groupBy(conversions, (conversion) => actionOf(conversion, settings) ?? '');
    const answers = [...byAction].map(([action, group]) =>
      mapToRequests(
        group,
        googleAds.capabilities.batch,
        (conversion) => mapEvent(conversion, action, settings, context.now),
        (events) => toRequest(events, action, settings, context),
      ),
    );
    return {
      requests: answers.flatMap(({ requests }) => requests),
      skipped: answers.flatMap(({ skipped }) => skipped),
    };
  },

  outcomes(reply, event_ids) {
    const body = readJson(reply.body);
    if (reply.status === 200) {
      const receipt = textOf(body?.['requestId']);
      if (receipt) return forAll(event_ids, { verdict: 'pending', receipt, trace: receipt });
      // What was only validated has no receipt.
      if (body && !body['error']) return forAll(event_ids, { verdict: 'accepted', code: 'validated' });
      return forAll(event_ids, { verdict: 'retry', detail: 'The reply names no request.' });
    }
    return readError(reply, event_ids);
  },

  receipts: {
    first_after_ms: 30 * MINUTE_MS,
    every_ms: 30 * MINUTE_MS,
    give_up_after_ms: 24 * HOUR_MS,
    request: (receipt, settings, context) => ({
      method: 'GET',
      url: `${hostOf(settings)}/v1/requestStatus:retrieve?requestId=${encodeURIComponent(receipt)}`,
      headers: headersOf(settings, context),
      body: '',
      event_ids: [],
    }),
    outcomes: readStatus,
  },

  verification: {
    effect: 'validated',
    request: (sample, settings, context) =>
      googleAds.requests([sample], { ...(settings as unknown as GoogleAdsSettings), validate_only: true }, context).requests[0]!,
    outcome: (reply) => {
      const { event_id: _, ...finding } = googleAds.outcomes(reply, ['sample'])[0]!;
      return finding;
    },
  },
};

const digitsOf = (id: unknown): string => String(id ?? '').replace(/\D/g, '');
const hostOf = ({ endpoint }: { endpoint?: unknown }): string =>
  String(endpoint ?? 'https://datamanager.googleapis.com').replace(/\/$/, '');

/** The conversion action: a refund is told to that of its purchase. */
function actionOf(conversion: Conversion, { events, conversion_action_id }: GoogleAdsSettings): string | null {
  const event = isRefund(conversion) ? 'purchase' : conversion.event;
  const chosen = events?.[event];
  return chosen === undefined ? (event === 'purchase' ? (conversion_action_id ?? null) : null) : chosen;
}

function headersOf(settings: Record<string, unknown>, { access_token }: Context): Record<string, string> {
  const project = settings['quota_project'];
  return {
    authorization: `Bearer ${access_token ?? settings['access_token'] ?? ''}`,
    ...(typeof project === 'string' && { 'x-goog-user-project': project }),
  };
}

function toRequest(events: readonly string[], action: string, settings: GoogleAdsSettings, context: Context) {
  const account = (id: string) => ({ accountType: 'GOOGLE_ADS', accountId: digitsOf(id) });
  const destination = {
    operatingAccount: account(settings.customer_id),
    ...(settings.login_customer_id && { loginAccount: account(settings.login_customer_id) }),
    productDestinationId: action,
  };
  return {
    method: 'POST' as const,
    url: `${hostOf(settings)}/v1/events:ingest`,
    headers: { 'content-type': 'application/json', ...headersOf({ ...settings }, context) },
    body: `{"destinations":[${JSON.stringify(destination)}],"encoding":"HEX","events":[${events.join(',')}]${settings.validate_only ? ',"validateOnly":true' : ''}}`,
  };
}

const ACTION_SOURCES: Readonly<Record<string, string>> = {
  web: 'WEB',
  app: 'APP',
  physical_store: 'IN_STORE',
  server: 'OTHER',
};

function mapEvent(conversion: Conversion, action: string, settings: GoogleAdsSettings, now: number): Mapped {
  if (!action) return { reason: 'no_mapping', detail: `settings.events.${conversion.event} names no conversion action.` };
  const { consent, order, action_source = 'web' } = conversion;
  const denied = isDenied(consent, 'ad_user_data');
  if (isDenied(consent, 'ad_storage') || (denied && !settings.send_denied)) return { reason: 'consent_denied' };
  const time = sendableTime(conversion, now, googleAds.capabilities.maxAgeMs(conversion));
  if ('reason' in time) return { reason: time.reason };
  const value = moneyOf(conversion);
  if ('reason' in value) return value;

  const adIdentifiers = clicksOf(conversion);
  const userIdentifiers = denied ? [] : identifiersOf(conversion);
  if (!adIdentifiers && userIdentifiers.length === 0) return { reason: 'no_identifiers' };
  const transactionId = conversion.refund?.order_id ?? order?.id;
  if (!transactionId && conversion.event === 'purchase')
    return { reason: 'invalid_value', detail: 'A purchase needs order.id, which a repeat is known by.' };
  const items = itemsOf(order);
  return {
    mapped: compact({
      transactionId,
      eventTimestamp: new Date(time.at).toISOString(),
      eventSource: ACTION_SOURCES[action_source] ?? 'OTHER',
      conversionValue: value.value,
      currency: value.currency,
      adIdentifiers,
      consent: compact({
        adUserData: stated(consent, 'ad_user_data'),
        adPersonalization: stated(consent, 'ad_personalization'),
      }),
      ...(userIdentifiers.length > 0 && { userData: { userIdentifiers } }),
      eventDeviceInfo: denied ? undefined : deviceOf(conversion),
      // Google ignores cart data beside the braids.
      ...(items.length > 0 &&
        !adIdentifiers?.['wbraid'] &&
        !adIdentifiers?.['gbraid'] &&
        countOf(items) > 0 && {
          cartData: {
            ...(decimalNumber(order?.discount, value.currency)
              ? { transactionDiscount: decimalNumber(order?.discount, value.currency) }
              : {}),
            items: items.map((item) =>
              compact({
                merchantProductId: item.id,
                quantity: Math.max(1, Math.round(item.quantity ?? 1)),
                unitPrice: decimalNumber(item.price, value.currency),
              }),
            ),
          },
        }),
      ...(order?.new_customer !== undefined && {
        userProperties: { customerType: order.new_customer ? 'NEW' : 'RETURNING' },
      }),
    }),
  };
}

function moneyOf(
  conversion: Conversion,
): { value?: number; currency?: string } | { reason: 'invalid_value' | 'original_not_delivered'; detail?: string } {
  const { order } = conversion;
  if (isRefund(conversion)) {
    const total = newTotal(conversion, googleAds.id);
    if ('reason' in total) return total as { reason: 'original_not_delivered'; detail?: string };
    return { value: decimalNumber(total.value, total.currency) ?? 0, currency: total.currency };
  }
  const currency = readCurrency(order?.currency);
  const value = decimalNumber(order?.value, currency);
  if (value !== null && currency) return { value, currency };
  if (conversion.event !== 'purchase' && order?.value === undefined) return {};
  return {
    reason: 'invalid_value',
    detail: `A purchase needs ${currency ? 'order.value of at least 0' : 'order.currency as ISO 4217 code'}.`,
  };
}

/** At most one click: gclid, then the braids (relays §3). */
function clicksOf(conversion: Conversion): Record<string, string> | undefined {
  const click = (param: string, ...cookies: string[]): string | undefined =>
    clickOf({ ...conversion, cookies: undefined }, param) ??
    cookies.map((name) => gclClick(conversion.cookies?.[name])).find((found) => found !== undefined);
  const gclid = click('gclid', '_gcl_aw', 'FPGCLAW');
  if (gclid) return { gclid };
  const wbraid = click('wbraid', '_gcl_gb', 'FPGCLGB');
  if (wbraid) return { wbraid };
  const gbraid = click('gbraid', '_gcl_ag', 'FPGCLAG');
  return gbraid ? { gbraid } : undefined;
}

function identifiersOf({ user = {} }: Conversion): object[] {
  const country = countryCode(user.country) ?? undefined;
  const emailAddress = hashField(user.email ?? user.email_sha256, googleEmail);
  const phoneNumber = hashField(user.phone ?? user.phone_sha256, phoneE164, country);
  const givenName = hashField(user.first_name, googleFirstName);
  const familyName = hashField(user.last_name, googleLastName);
  const postalCode = user.postal_code?.trim();
  return [
    ...(emailAddress ? [{ emailAddress }] : []),
    ...(phoneNumber ? [{ phoneNumber }] : []),
    // All four, or none.
    ...(givenName && familyName && country && postalCode
      ? [{ address: { givenName, familyName, regionCode: country, postalCode } }]
      : []),
  ];
}

// The EEA, the United Kingdom and Switzerland: no IP addresses of people there (relays §7.1).
const WITHOUT_IP = new Set(
  'AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO GB CH'.split(' '),
);

/** The IP only of who is known to be elsewhere. */
function deviceOf({ context, user, consent }: Conversion): object | undefined {
  const country = countryCode(user?.country) ?? countryCode(consent?.region?.split('-')[0]);
  return compact({
    userAgent: context?.user_agent,
    ipAddress: country && !WITHOUT_IP.has(country) ? publicIp(context?.ip) : undefined,
  });
}

const stated = (consent: Conversion['consent'], purpose: 'ad_user_data' | 'ad_personalization'): string | undefined => {
  if (isGranted(consent, purpose)) return 'CONSENT_GRANTED';
  return isDenied(consent, purpose) ? 'CONSENT_DENIED' : undefined;
};

/** One malformed event fails the request; where the details name it, its neighbours are sent again without it. */
function readError(reply: Reply, event_ids: readonly string[]): Outcome[] {
  const error = readJson(reply.body)?.['error'] as { status?: string; message?: string; details?: ErrorDetail[] } | undefined;
  const trace = error?.details?.map(({ requestId }) => textOf(requestId)).find(Boolean);
  const facts = {
    code: error?.status ?? String(reply.status),
    ...(error?.message && { detail: error.message }),
    ...(trace && { trace }),
  };
  // 504 is DEADLINE_EXCEEDED, 499 a call that Google cut.
  const verdict =
    error?.status === 'RESOURCE_EXHAUSTED' ? 'throttled' : reply.status === 499 ? 'retry' : verdictOfStatus(reply.status);
  if (verdict !== 'rejected') return forAll(event_ids, { verdict, ...facts });
  const offenders = new Map(
    (error?.details ?? [])
      .flatMap(({ fieldViolations = [] }) => fieldViolations)
      .flatMap(({ field = '', reason, description }) => {
        const index = /events\[(\d+)\]/.exec(field)?.[1];
        return index === undefined ? [] : [[Number(index), { reason, description, field }] as const];
      }),
  );
  if (offenders.size === 0) return forAll(event_ids, { verdict, ...facts });
  return event_ids.map((event_id, index): Outcome => {
    const wrong = offenders.get(index);
    if (!wrong) return { event_id, verdict: 'retry', code: 'neighbour_rejected', retry_after_ms: 0 };
    const detail = [wrong.description, wrong.field].filter(Boolean).join(': ');
    return { event_id, ...facts, verdict: 'rejected', code: wrong.reason ?? facts.code, detail };
  });
}

interface ErrorDetail {
  requestId?: string;
  fieldViolations?: { field?: string; reason?: string; description?: string }[];
}

/** Wants another try later, by reason; the click may be too young. */
const LATER: Readonly<Record<string, number>> = { TOO_RECENT_CLICK: 6 * HOUR_MS, INTERNAL_ERROR: HOUR_MS };

interface DestinationStatus {
  requestStatus?: string;
  errorInfo?: { errorCounts?: ReasonCount[] };
  warningInfo?: { warningCounts?: ReasonCount[] };
}
interface ReasonCount {
  reason?: string;
  recordCount?: string | number;
}

/**
 * What became of a request. Google counts by reason and names no event: where some failed and some did not, nobody knows
 * which, and it says so.
 */
function readStatus(reply: Reply, event_ids: readonly string[]): Outcome[] {
  const body = readJson(reply.body);
  if (reply.status !== 200) {
    const verdict = verdictOfStatus(reply.status);
    // A receipt that can't be read is asked for again: the events themselves were taken.
    return forAll(event_ids, { verdict: verdict === 'auth' ? 'auth' : 'pending', code: String(reply.status) });
  }
  const [status] = (body?.['requestStatusPerDestination'] as DestinationStatus[] | undefined) ?? [];
  const reasons = (status?.errorInfo?.errorCounts ?? []).map(({ reason = 'UNKNOWN', recordCount = 0 }) => ({
    reason: reason.replace(/^PROCESSING_ERROR_REASON_/, ''),
    count: Number(recordCount),
  }));
  switch (status?.requestStatus) {
    case 'SUCCESS':
      return forAll(event_ids, { verdict: 'accepted' });
    case 'PARTIAL_SUCCESS':
    case 'FAILED':
      return readReasons(status.requestStatus, reasons, event_ids);
    default:
      return forAll(event_ids, { verdict: 'pending', code: status?.requestStatus ?? 'no_status' });
  }
}

function readReasons(
  state: string,
  reasons: readonly { reason: string; count: number }[],
  event_ids: readonly string[],
): Outcome[] {
  const said = reasons.map(({ reason, count }) => `${reason} ${count}`).join(', ');
  const [only] = reasons;
  const sameFate = only && reasons.length === 1 && (state === 'FAILED' || event_ids.length === 1);
  if (sameFate) return forAll(event_ids, findingOf(only.reason));
  if (state === 'FAILED') return forAll(event_ids, { verdict: 'rejected', code: 'FAILED', detail: said });
  return forAll(event_ids, {
    verdict: 'accepted',
    code: 'partial',
    detail: `Google took this request of ${event_ids.length} in part, and does not say which: ${said}.`,
  });
}

function findingOf(reason: string): Finding {
  if (/DUPLICATE/.test(reason)) return { verdict: 'duplicate', code: reason };
  // Not the click of an ad of this account: nothing to mend.
  if (/CLICK_NOT_FOUND/.test(reason)) return { verdict: 'accepted', code: reason, detail: 'The click is not of this account.' };
  const later = Object.entries(LATER).find(([known]) => reason.includes(known))?.[1];
  return later === undefined ? { verdict: 'rejected', code: reason } : { verdict: 'retry', code: reason, retry_after_ms: later };
}
