import { type Conversion, countryCode, isDenied, isGranted } from '@orderloop/protocol';
import type { Context, Destination, Outcome, OutgoingRequest, Skip } from './contract.ts';
import { clickOf, gclClick } from './shared/cookies.ts';
import { checkGoogleAccess, GOOGLE_SECRETS, type GoogleAccess, googleAccess } from './shared/google-access.ts';
import { compact, type EventSettings, type Mapped, mapToRequests } from './shared/mapping.ts';
import { decimalNumber, readCurrency } from './shared/money.ts';
import { googleEmail, hashField, phoneE164 } from './shared/normalise.ts';
import { isRefund, newTotal } from './shared/refund.ts';
import { forAll, readJson, textOf, verdictOfStatus } from './shared/reply.ts';
import { readTime, sendableTime } from './shared/time.ts';

export interface GoogleAdsApiSettings extends GoogleAccess, EventSettings {
  /** The account that the conversions are for, `123-456-7890`. */
  customer_id: string;
  /** The manager account that access is through, where it is. */
  login_customer_id?: string;
  /** The token of the account's API centre. */
  developer_token: string;
  /** The conversion action's id for purchases. */
  conversion_action_id?: string;
  /** More of our events, each with the id of its conversion action. */
  events?: Readonly<Record<string, string | null>>;
  /** Validates and keeps nothing. */
  validate_only?: boolean;
  api_version?: string;
  endpoint?: string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MAX_AGE_MS = 90 * DAY_MS;
const MAX_ADJUSTMENT_AGE_MS = 54 * DAY_MS;
const API_VERSION = 'v25';
const LATER_MS = 6 * HOUR_MS;

/**
 * Google Ads' older upload, for accounts that were let in before 2026-06-15 (relays §7.2). Purchases are uploaded, refunds
 * restate or retract them.
 */
export const googleAdsApi: Destination<GoogleAdsApiSettings> = {
  id: 'google_ads_api',
  name: 'Google Ads API (older upload)',
  apiVersion: API_VERSION,
  capabilities: {
    events: {},
    refund: 'restate',
    batch: { max: 2000, max_bytes: 4_000_000 },
    maxAgeMs: ({ event }) => (event === 'refund' || event === 'cancel' ? MAX_ADJUSTMENT_AGE_MS : MAX_AGE_MS),
    dedup: { key: ['orderId'], window_ms: null },
    failure: 'per-item',
    consent: 'field',
    test: 'validate-only',
  },
  capture: { params: ['gclid', 'wbraid', 'gbraid'], cookies: ['_gcl_aw', '_gcl_gb', '_gcl_ag', 'FPGCLAW', 'FPGCLGB', 'FPGCLAG'] },
  secrets: GOOGLE_SECRETS,
  access: googleAccess('https://www.googleapis.com/auth/adwords'),

  checkSettings(settings) {
    const wrong = checkGoogleAccess(settings);
    if (!digitsOf(settings['customer_id']))
      wrong.push('settings.customer_id is missing; find it at the top right of Google Ads, such as 123-456-7890.');
    if (!settings['developer_token'])
      wrong.push('settings.developer_token is missing; find it in the manager account under Admin, API centre.');
    if (!settings['conversion_action_id'] && !settings['events'])
      wrong.push('settings.conversion_action_id is missing; find it as ctId in the address of the conversion action’s page.');
    return wrong;
  },

  requests(conversions, settings, context) {
    const [refunds, others] = [conversions.filter(isRefund), conversions.filter((one) => !isRefund(one))];
    const uploads = mapToRequests(
      others,
      googleAdsApi.capabilities.batch,
      (conversion) => mapConversion(conversion, settings, context.now),
      (events) => toRequest('uploadClickConversions', 'conversions', events, settings, context),
    );
    const adjustments = mapToRequests(
      refunds,
      googleAdsApi.capabilities.batch,
      (conversion) => mapAdjustment(conversion, settings, context.now),
      (events) => toRequest('uploadConversionAdjustments', 'conversionAdjustments', events, settings, context),
    );
    return {
      requests: [...uploads.requests, ...adjustments.requests],
      skipped: [...uploads.skipped, ...adjustments.skipped],
    };
  },

  outcomes(reply, event_ids) {
    const body = readJson(reply.body);
    if (reply.status !== 200 || !body || body['error']) {
      const error = body?.['error'] as GoogleError | undefined;
      const [first] = errorsOf(error);
      const verdict = PAUSES.has(first?.code ?? '') ? 'auth' : reply.status === 200 ? 'retry' : verdictOfStatus(reply.status);
      const detail = textOf(first?.message) ?? textOf(error?.message);
      return forAll(event_ids, {
        verdict,
        code: first?.code ?? error?.status ?? String(reply.status),
        ...(detail && { detail }),
      });
    }
    return readPartial(body['partialFailureError'] as GoogleError | undefined, event_ids);
  },

  verification: {
    effect: 'validated',
    request: (sample, settings, context) =>
      googleAdsApi.requests([sample], { ...(settings as unknown as GoogleAdsApiSettings), validate_only: true }, context)
        .requests[0]!,
    outcome(reply) {
      const { event_id: _, ...finding } = googleAdsApi.outcomes(reply, ['sample'])[0]!;
      return finding;
    },
  },
};

const digitsOf = (id: unknown): string => String(id ?? '').replace(/\D/g, '');

function toRequest(
  method: string,
  field: string,
  events: readonly string[],
  settings: GoogleAdsApiSettings,
  { access_token }: Context,
): Omit<OutgoingRequest, 'event_ids'> {
  const host = (settings.endpoint ?? 'https://googleads.googleapis.com').replace(/\/$/, '');
  return {
    method: 'POST',
    url: `${host}/${settings.api_version ?? API_VERSION}/customers/${digitsOf(settings.customer_id)}:${method}`,
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${access_token ?? settings.access_token ?? ''}`,
      'developer-token': settings.developer_token,
      ...(settings.login_customer_id && { 'login-customer-id': digitsOf(settings.login_customer_id) }),
    },
    body: `{"${field}":[${events.join(',')}],"partialFailure":true${settings.validate_only ? ',"validateOnly":true' : ''}}`,
  };
}

function actionOf(event: string, settings: GoogleAdsApiSettings): { action: string } | Omit<Skip, 'event_id'> {
  const chosen = settings.events?.[event];
  const id = chosen === undefined && event === 'purchase' ? settings.conversion_action_id : chosen;
  if (!id) return { reason: 'no_mapping', detail: `settings.events.${event} names no conversion action.` };
  return { action: `customers/${digitsOf(settings.customer_id)}/conversionActions/${id}` };
}

function mapConversion(conversion: Conversion, settings: GoogleAdsApiSettings, now: number): Mapped {
  const { consent, order, user = {} } = conversion;
  const named = actionOf(conversion.event, settings);
  if ('reason' in named) return named;
  if (isDenied(consent, 'ad_storage') || isDenied(consent, 'ad_user_data')) return { reason: 'consent_denied' };
  const time = sendableTime(conversion, now, MAX_AGE_MS);
  if ('reason' in time) return { reason: time.reason };
  const currencyCode = readCurrency(order?.currency);
  const conversionValue = decimalNumber(order?.value, currencyCode);
  if (conversion.event === 'purchase' && (conversionValue === null || !currencyCode || !order?.id))
    return { reason: 'invalid_value', detail: 'A purchase needs order.id, order.value of at least 0 and order.currency.' };
  const click = clickIn(conversion);
  const country = countryCode(user.country) ?? undefined;
  const hashedEmail = hashField(user.email ?? user.email_sha256, googleEmail);
  const hashedPhoneNumber = hashField(user.phone ?? user.phone_sha256, phoneE164, country);
  const userIdentifiers = [
    ...(hashedEmail ? [{ hashedEmail, userIdentifierSource: 'FIRST_PARTY' }] : []),
    ...(hashedPhoneNumber ? [{ hashedPhoneNumber, userIdentifierSource: 'FIRST_PARTY' }] : []),
  ];
  if (!click && userIdentifiers.length === 0) return { reason: 'no_identifiers' };
  return {
    mapped: compact({
      conversionAction: named.action,
      conversionDateTime: dateTime(time.at),
      ...(conversionValue !== null && currencyCode && { conversionValue, currencyCode }),
      orderId: order?.id,
      ...click,
      userIdentifiers,
      consent: compact({ adUserData: stated(consent, 'ad_user_data'), adPersonalization: stated(consent, 'ad_personalization') }),
    }),
  };
}

/** By the order's id alone: a click beside it is refused. */
function mapAdjustment(conversion: Conversion, settings: GoogleAdsApiSettings, now: number): Mapped {
  const named = actionOf('purchase', settings);
  if ('reason' in named) return named;
  const total = newTotal(conversion, googleAdsApi.id);
  if ('reason' in total) return total;
  const time = sendableTime(conversion, now, null);
  if ('reason' in time) return { reason: time.reason };
  const purchased = conversion.refund?.original?.occurred_at;
  // Too long after the purchase, whenever the refund was.
  if (purchased !== undefined && now - readTime(purchased) > MAX_ADJUSTMENT_AGE_MS) return { reason: 'expired' };
  const orderId = conversion.refund?.order_id ?? conversion.order?.id;
  if (!orderId) return { reason: 'invalid_value', detail: 'A refund needs refund.order_id.' };
  const adjustedValue = decimalNumber(total.value, total.currency) ?? 0;
  return {
    mapped: {
      conversionAction: named.action,
      adjustmentType: adjustedValue === 0 ? 'RETRACTION' : 'RESTATEMENT',
      adjustmentDateTime: dateTime(time.at),
      orderId,
      ...(adjustedValue > 0 && { restatementValue: { adjustedValue, currencyCode: total.currency } }),
    },
  };
}

/** `yyyy-mm-dd hh:mm:ss+00:00`: a space, no fraction, never `Z`. */
const dateTime = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}+00:00`;

function clickIn(conversion: Conversion): Record<string, string> | undefined {
  const find = (param: string, ...cookies: string[]): string | undefined =>
    clickOf({ ...conversion, cookies: undefined }, param) ??
    cookies.map((name) => gclClick(conversion.cookies?.[name])).find((found) => found !== undefined);
  const gclid = find('gclid', '_gcl_aw', 'FPGCLAW');
  if (gclid) return { gclid };
  const wbraid = find('wbraid', '_gcl_gb', 'FPGCLGB');
  if (wbraid) return { wbraid };
  const gbraid = find('gbraid', '_gcl_ag', 'FPGCLAG');
  return gbraid ? { gbraid } : undefined;
}

function stated(consent: Conversion['consent'], purpose: 'ad_user_data' | 'ad_personalization'): string | undefined {
  if (isGranted(consent, purpose)) return 'GRANTED';
  return isDenied(consent, purpose) ? 'DENIED' : undefined;
}

interface GoogleError {
  status?: string;
  message?: string;
  details?: { errors?: ItemError[] }[];
}
interface ItemError {
  errorCode?: Record<string, string>;
  message?: string;
  location?: { fieldPathElements?: { fieldName?: string; index?: number | string }[] };
}

const DONE = new Set([
  ...['CLICK_CONVERSION_ALREADY_EXISTS', 'ORDER_ID_ALREADY_IN_USE', 'DUPLICATE_ORDER_ID', 'CONVERSION_ALREADY_RETRACTED'],
  ...['CONVERSION_ALREADY_ENHANCED', 'RESTATEMENT_ALREADY_EXISTS', 'MORE_RECENT_RESTATEMENT_FOUND'],
]);
const LATER = new Set([...['TOO_RECENT_EVENT', 'TOO_RECENT_CONVERSION_ACTION', 'TOO_RECENT_CONVERSION', 'CONVERSION_NOT_FOUND']]);
const PAUSES = new Set(['CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE', 'CUSTOMER_NOT_ACCEPTED_CUSTOMER_DATA_TERMS']);

const errorsOf = (error: GoogleError | undefined): { code: string; message: string | undefined; index: number | undefined }[] =>
  (error?.details ?? [])
    .flatMap(({ errors = [] }) => errors)
    .map(({ errorCode = {}, message, location }) => ({
      code: Object.values(errorCode)[0] ?? 'UNKNOWN',
      message,
      index: indexOf(location),
    }));

/** proto3 JSON leaves out an index of 0; an error without such an element can't be told apart from any. */
function indexOf(location: ItemError['location']): number | undefined {
  const element = location?.fieldPathElements?.find(
    ({ fieldName }) => fieldName === 'conversions' || fieldName === 'conversionAdjustments',
  );
  return element && Number(element.index ?? 0);
}

/** Never success for one that a failure could not be attributed away from. */
function readPartial(error: GoogleError | undefined, event_ids: readonly string[]): Outcome[] {
  if (!error) return forAll(event_ids, { verdict: 'accepted' });
  const errors = errorsOf(error);
  const forEveryone = errors.find(({ index }) => index === undefined || index >= event_ids.length);
  return event_ids.map((event_id, position): Outcome => {
    const own = errors.find(({ index }) => index === position) ?? forEveryone;
    if (!own)
      return errors.length > 0
        ? { event_id, verdict: 'accepted' }
        : { event_id, verdict: 'retry', code: error.status ?? 'PARTIAL_FAILURE' };
    const facts = { code: own.code, ...(own.message && { detail: own.message }) };
    if (DONE.has(own.code)) return { event_id, verdict: 'duplicate', ...facts };
    if (own.code === 'CLICK_NOT_FOUND') return { event_id, verdict: 'accepted', ...facts };
    if (PAUSES.has(own.code)) return { event_id, verdict: 'auth', ...facts };
    if (own.code === 'CONCURRENT_MODIFICATION') return { event_id, verdict: 'retry', ...facts, retry_after_ms: 0 };
    if (LATER.has(own.code)) return { event_id, verdict: 'retry', ...facts, retry_after_ms: LATER_MS };
    return { event_id, verdict: 'rejected', ...facts };
  });
}
