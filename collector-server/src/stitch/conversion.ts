import {
  type Consent,
  type ConsentPurpose,
  type Context,
  type Conversion,
  type ConversionRow,
  conversionId,
  formatMinor,
  type HoldReason,
  isDenied,
  isGranted,
  type Link,
  type Order,
  orderKey,
  type SealedUser,
} from '@orderloop/protocol';
import type { SessionState } from './session.ts';

/** How a site treats a visitor who was not asked: `opt_in` sends nothing, `opt_out` sends until somebody says no. */
export type ConsentMode = 'opt_in' | 'opt_out';

/** A conversion with everything that the relay needs, contact data still sealed. */
export interface ConversionState extends ConversionRow {
  conversion: Omit<Conversion, 'user'>;
  user?: SealedUser;
  /** The event that the contact data was sealed for. */
  user_event_id?: string;
}

/** What is known around an order when a conversion is made of it. */
export interface ConversionFacts {
  link: Link | null;
  session: SessionState | null;
  /** The newest that the visitor said, in any session. */
  consent: Consent | undefined;
  consentMode: ConsentMode;
  /** Whose order it was is erased, and nobody is told of it any more. */
  erased?: boolean;
  /** Whether it is the person's first order; absent where nobody knows who it is. */
  new_customer?: boolean;
  /** The newest clicks of the person on all devices, by URL parameter, where their visitors let ads use them. */
  person_click_ids?: SessionState['click_ids'];
  user?: SealedUser;
  user_event_id?: string;
  context?: Context;
  action_source?: string;
  /** What was decided before it, oldest first: what it takes back from. */
  before?: readonly Decision[];
}

export type Decision = Pick<ConversionRow, 'event' | 'conversion_id' | 'key' | 'occurred_at' | 'value'>;

/** What ad platforms need a yes to. */
export const AD_PURPOSES = ['ad_storage', 'ad_user_data'] as const satisfies readonly ConsentPurpose[];

/**
 * What an order's new state makes us tell platforms (order-sources §1.2), beyond what was decided before: a purchase
 * once, then what was refunded since, then what a cancellation takes back. Zero-value orders are purchases; test orders
 * are never told.
 */
export function decideConversions(site: string, order: Order, decided: readonly Decision[]): Decision[] {
  if (order.test) return [];
  const key = orderKey(order);
  const decisions: Decision[] = [];
  const all = () => [...decided, ...decisions];
  const make = (event: Decision['event'], stage: string, suffix: string, value: number, at: string | null): void => {
    decisions.push({
      event,
      conversion_id: conversionId(site, order.order_id, stage),
      key: `${event}:${key}${suffix}`,
      occurred_at: Date.parse(at ?? order.updated_at),
      value,
    });
  };

  const isPaid = order.payment_state === 'paid' || order.payment_state === 'partially_refunded';
  const isGone = order.cancelled_at !== null || order.dispute_state === 'lost';
  if (!all().some(({ event }) => event === 'purchase')) {
    if (!isPaid || isGone) return [];
    make('purchase', 'purchase', '', order.amounts.total, order.paid_at ?? order.created_at);
  }
  const refundsTold = () => sum(all().filter(({ event }) => event === 'refund'));
  const refunded = order.amounts.refunded;
  if (refunded > refundsTold()) {
    make('refund', `refund-${refunded}`, `:${refunded}`, refunded - refundsTold(), order.refunds.at(-1)?.at ?? null);
  }
  const left = sum(all().filter(({ event }) => event === 'purchase')) - refundsTold();
  if (isGone && left > 0 && !all().some(({ event }) => event === 'cancel'))
    make('cancel', 'cancel', '', left, order.cancelled_at);
  return decisions;
}

const sum = (decisions: readonly Decision[]): number => decisions.reduce((total, { value }) => total + value, 0);

/** The conversion of a decision, with what the stitched session knows. Made again whenever more is known. */
export function buildConversion(site: string, order: Order, decision: Decision, facts: ConversionFacts): ConversionState {
  const { session } = facts;
  const hold = facts.erased ? 'erased' : holdReason(facts.consent, facts.consentMode, AD_PURPOSES);
  const url = session?.last_page_url ?? session?.landing_page;
  const context = {
    ...facts.context,
    ...(session?.user_agent && { user_agent: session.user_agent }),
    ...(session?.language && { language: session.language }),
  };
  const maySendClicks = mayUseAds(facts.consent, facts.consentMode);
  const click_ids = { ...facts.person_click_ids, ...order.attribution.click_ids, ...session?.click_ids };
  const cookies = session?.cookies && usableCookies(session.cookies, facts);
  const conversion: Omit<Conversion, 'user'> = {
    event: decision.event,
    event_id: decision.conversion_id,
    occurred_at: decision.occurred_at,
    // A platform that is told of a website wants its page and its browser; without them the truth is that a server says so.
    action_source: facts.action_source === 'physical_store' ? 'physical_store' : url && context.user_agent ? 'web' : 'server',
    ...(url && { page: { url, ...(session?.referrer && { referrer: session.referrer }) } }),
    ...(Object.keys(context).length > 0 && { context }),
    ...(maySendClicks && { click_ids }),
    ...(cookies && Object.keys(cookies).length > 0 && { cookies }),
    ...(facts.consent && { consent: facts.consent }),
    order: { ...orderFields(order, decision), ...(facts.new_customer !== undefined && { new_customer: facts.new_customer }) },
    ...(decision.event !== 'purchase' && {
      refund: {
        ...refundFields(order, decision, facts.before ?? []),
        ...(facts.before?.[0]?.event === 'purchase' && {
          original: { ...originalFields(order, facts.before[0]), ...(maySendClicks && { click_ids }) },
        }),
      },
    }),
  };
  return {
    site,
    order_key: orderKey(order),
    ...decision,
    currency: order.currency,
    exponent: order.exponent,
    ...(facts.consent && { consent: facts.consent }),
    ...(hold && { hold }),
    conversion,
    ...(facts.user && { user: facts.user, user_event_id: facts.user_event_id }),
  };
}

function refundFields(order: Order, decision: Decision, before: readonly Decision[]): NonNullable<Conversion['refund']> {
  const of = (event: Decision['event']) => sum(before.filter((earlier) => earlier.event === event));
  const left = Math.max(0, of('purchase') - of('refund') - of('cancel') - decision.value);
  return {
    order_id: order.order_id,
    amount: formatMinor(decision.value, order.exponent),
    full: decision.event === 'cancel' || left === 0,
    left: formatMinor(left, order.exponent),
  };
}

const originalFields = ({ currency, exponent }: Order, { conversion_id, occurred_at, value }: Decision) => ({
  event_id: conversion_id,
  occurred_at,
  value: formatMinor(value, exponent),
  currency,
});

/** The cookies of ads and those of analytics, each where its purpose was agreed to. */
function usableCookies(cookies: Record<string, string>, { consent, consentMode }: ConversionFacts): Record<string, string> {
  const ads = mayUseAds(consent, consentMode);
  const analytics = !holdReason(consent, consentMode, ['analytics_storage']);
  return Object.fromEntries(Object.entries(cookies).filter(([name]) => (isAnalyticsCookie(name) ? analytics : ads)));
}

const isAnalyticsCookie = (name: string): boolean => name === '_ga' || name.startsWith('_ga_');

/** Whether advertising may use what is kept of a visitor who said this. */
export function mayUseAds(consent: Consent | undefined, mode: ConsentMode): boolean {
  return isGranted(consent, 'ad_storage') || (mode === 'opt_out' && !isDenied(consent, 'ad_storage'));
}

function orderFields(order: Order, decision: Decision): NonNullable<Conversion['order']> {
  const { currency, exponent, amounts } = order;
  const money = (minor: number) => formatMinor(minor, exponent);
  return {
    id: order.order_id,
    value: money(decision.event === 'purchase' ? decision.value : amounts.total),
    currency,
    tax: money(amounts.tax),
    shipping: money(amounts.shipping),
    discount: money(amounts.discount),
    items: order.line_items.map((line) => ({
      id: line.sku ?? line.variant_id ?? line.product_id ?? line.line_id ?? '',
      quantity: line.quantity,
      price: money(line.unit_price),
    })),
  };
}

/** Why it may not go to a destination that needs a yes to `purposes`; undefined when it may. */
export function holdReason(
  consent: Consent | undefined,
  mode: ConsentMode,
  purposes: readonly ConsentPurpose[],
): HoldReason | undefined {
  if (purposes.some((purpose) => isDenied(consent, purpose))) return 'consent_denied';
  if (mode === 'opt_out') return undefined;
  return purposes.every((purpose) => isGranted(consent, purpose)) ? undefined : 'consent_missing';
}
