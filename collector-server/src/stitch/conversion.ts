import {
  type Consent,
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
}

type Decision = Pick<ConversionRow, 'event' | 'conversion_id' | 'key' | 'occurred_at' | 'value'>;

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
  const hold = facts.erased ? 'erased' : holdReason(facts.consent, facts.consentMode);
  const url = session?.last_page_url ?? session?.landing_page;
  const context = {
    ...facts.context,
    ...(session?.user_agent && { user_agent: session.user_agent }),
    ...(session?.language && { language: session.language }),
  };
  const maySendClicks = mayUseAds(facts.consent, facts.consentMode);
  const conversion: Omit<Conversion, 'user'> = {
    event: decision.event,
    event_id: decision.conversion_id,
    occurred_at: decision.occurred_at,
    // A platform that is told of a website wants its page and its browser; without them the truth is that a server says so.
    action_source: facts.action_source === 'physical_store' ? 'physical_store' : url && context.user_agent ? 'web' : 'server',
    ...(url && { page: { url, ...(session?.referrer && { referrer: session.referrer }) } }),
    ...(Object.keys(context).length > 0 && { context }),
    ...(maySendClicks && { click_ids: { ...facts.person_click_ids, ...order.attribution.click_ids, ...session?.click_ids } }),
    ...(maySendClicks && session?.cookies && { cookies: session.cookies }),
    ...(facts.consent && { consent: facts.consent }),
    order: { ...orderFields(order, decision), ...(facts.new_customer !== undefined && { new_customer: facts.new_customer }) },
    ...(decision.event !== 'purchase' && {
      refund: {
        order_id: order.order_id,
        amount: formatMinor(decision.value, order.exponent),
        full: decision.event === 'cancel' || order.payment_state === 'refunded',
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

function holdReason(consent: Consent | undefined, mode: ConsentMode): HoldReason | undefined {
  if (isDenied(consent, 'ad_storage') || isDenied(consent, 'ad_user_data')) return 'consent_denied';
  if (mode === 'opt_out') return undefined;
  return isGranted(consent, 'ad_storage') && isGranted(consent, 'ad_user_data') ? undefined : 'consent_missing';
}
