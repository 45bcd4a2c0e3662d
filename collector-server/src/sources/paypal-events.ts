import type { OrderChange, OrderReference, PaymentFactState, User } from '@orderloop/protocol';
import type { Connection, OrderFact, SourceReading } from './contract.ts';
import { userOf } from './shared/contact.ts';
import {
  amountAt,
  currencyAt,
  customerOf,
  instantAt,
  isObject,
  type Json,
  listAt,
  objectAt,
  sessionRefAt,
  textAt,
  UnusableDelivery,
} from './shared/fields.ts';

/** What an event says of an order. */
interface Told {
  order_id: string;
  change: Partial<OrderChange>;
  user?: User;
}

/** One thing that is told, several, or in one word why there is nothing for us. */
type Reader = (resource: Json, happened: { at: string | null; test: boolean }) => Told | Told[] | string;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['CHECKOUT.ORDER.APPROVED', readOrder],
  ['CHECKOUT.ORDER.COMPLETED', readOrder],
  ['PAYMENT.AUTHORIZATION.CREATED', readPayment('authorized')],
  ['PAYMENT.AUTHORIZATION.VOIDED', readPayment('voided')],
  ['PAYMENT.CAPTURE.COMPLETED', readPayment('paid')],
  ['PAYMENT.CAPTURE.PENDING', readPayment('pending')],
  ['PAYMENT.CAPTURE.DENIED', readPayment('failed')],
  ['PAYMENT.CAPTURE.DECLINED', readPayment('failed')],
  ['PAYMENT.CAPTURE.REFUNDED', readRefund],
  ['PAYMENT.CAPTURE.REVERSED', readReversal],
  ['PAYMENT.REFUND.PENDING', readRefund],
  ['PAYMENT.REFUND.FAILED', readRefund],
  ['CUSTOMER.DISPUTE.CREATED', readDispute],
  ['CUSTOMER.DISPUTE.UPDATED', readDispute],
  ['CUSTOMER.DISPUTE.RESOLVED', readDispute],
]);

/** Where what an event is about stands in it. */
const RESOURCE = '/resource';

/** Reads an event, however it came; `now` in UTC ms. Throws UnusableDelivery. */
export function readEvent(event: Json, { account, settings }: Connection, now: number): SourceReading {
  const type = requiredText(event['event_type'], '/event_type');
  const read = READERS.get(type);
  if (!read) return { kind: 'ignored', reason: type.startsWith('PAYMENT.SALE.') ? 'legacy_event' : 'unsupported_event' };
  // PayPal's simulator gives the events of one kind of resource the same id.
  const delivery_id = `${type}:${requiredText(event['id'], '/id')}`;
  const resource = event['resource'];
  if (!isObject(resource)) throw new UnusableDelivery('unusable_delivery', RESOURCE, 'The event holds no resource.');
  const at = instantAt(resource['update_time']) ?? instantAt(resource['create_time']) ?? instantAt(event['create_time']);
  const test = typeof settings['sandbox'] === 'boolean' ? settings['sandbox'] : isOfSandbox(event) || isOfSandbox(resource);
  const told = read(resource, { at, test });
  if (typeof told === 'string') return { kind: 'ignored', reason: told };
  const occurred_at = Date.parse(textAt(event['create_time']) ?? at ?? '') || now;
  return { kind: 'facts', facts: factsOf([told].flat(), { account, delivery_id, occurred_at }) };
}

/** Facts as the runtime takes them; of several in one event, each is a delivery of its own. */
function factsOf(
  told: readonly Told[],
  { account, delivery_id, occurred_at }: { account: string; delivery_id: string; occurred_at: number },
): OrderFact[] {
  return told.map(({ order_id, change, user }, index) => ({
    delivery_id: index === 0 ? delivery_id : `${delivery_id}:${index}`,
    occurred_at,
    order: { source: 'paypal', account, order_id, ...change },
    ...(user && { user }),
  }));
}

const isOfSandbox = (object: Json): boolean =>
  listAt(object['links']).some(({ href }) => /^https:\/\/[a-z0-9.-]*\.sandbox\.paypal\.com\//.test(textAt(href) ?? ''));

/** What an order comes to, and how it was paid as far as it says. Approval alone moves no money. */
function readOrder(order: Json, { at, test }: { at: string | null; test: boolean }): Told {
  const order_id = requiredText(order['id'], `${RESOURCE}/id`);
  const units = listAt(order['purchase_units']);
  if (units.length === 0)
    throw new UnusableDelivery('unusable_delivery', `${RESOURCE}/purchase_units`, 'The order has no purchase unit.');
  const totals = units.map((unit, index) => moneyAt(unit['amount'], `${RESOURCE}/purchase_units/${index}/amount`));
  const { currency, exponent } = totals[0]!;
  const total = totals.reduce((sum, { amount }) => sum + amount, 0);
  const made = units.flatMap((unit, index) => paymentsOf(unit, `${RESOURCE}/purchase_units/${index}/payments`));
  const payments = made.length > 0 ? made : [{ payment_id: order_id, state: 'pending' as const, amount: total, at }];
  const ids = made.map(({ payment_id }) => payment_id);
  const lines = units.flatMap((unit, index) => linesOf(unit, exponent, `${RESOURCE}/purchase_units/${index}/items`));
  const refunds = units.flatMap((unit, index) => refundsOf(unit, `${RESOURCE}/purchase_units/${index}/payments/refunds`));
  const created_at = instantAt(order['create_time']);
  const buyer = buyerOf(order);
  return {
    order_id,
    change: {
      ...{ test, currency, exponent, payments },
      amounts: { total, ...breakdownOf(units, exponent) },
      ...(created_at && { created_at }),
      ...(lines.length > 0 && { line_items: lines }),
      ...(refunds.length > 0 && { refunds }),
      ...carried(units, [order_id, ...ids]),
      ...aliasesOf(order_id, ids),
      ...buyer.change,
    },
    user: buyer.user,
  };
}

type Payments = NonNullable<OrderChange['payments']>;

const CAPTURE_STATES: ReadonlyMap<unknown, PaymentFactState> = new Map([
  ['COMPLETED', 'paid'],
  ['PARTIALLY_REFUNDED', 'paid'],
  ['REFUNDED', 'paid'],
  ['PENDING', 'pending'],
  ['DECLINED', 'failed'],
  ['FAILED', 'failed'],
]);
const AUTHORIZATION_STATES: ReadonlyMap<unknown, PaymentFactState> = new Map([
  ['CREATED', 'authorized'],
  ['CAPTURED', 'authorized'],
  ['PARTIALLY_CAPTURED', 'authorized'],
  ['PENDING', 'pending'],
  ['DENIED', 'failed'],
  ['VOIDED', 'voided'],
]);

/** The captures and authorizations that a purchase unit lists. */
function paymentsOf(unit: Json, pointer: string): Payments {
  const { captures, authorizations } = objectAt(unit['payments']);
  const read = (list: unknown, name: string, states: ReadonlyMap<unknown, PaymentFactState>): Payments =>
    listAt(list).flatMap((payment, index) => {
      const state = states.get(payment['status']);
      return state ? [paymentAt(payment, state, `${pointer}/${name}/${index}`)] : [];
    });
  return [...read(captures, 'captures', CAPTURE_STATES), ...read(authorizations, 'authorizations', AUTHORIZATION_STATES)];
}

function paymentAt(payment: Json, state: PaymentFactState, pointer: string): Payments[number] {
  return {
    payment_id: requiredText(payment['id'], `${pointer}/id`),
    state,
    amount: moneyAt(payment['amount'], `${pointer}/amount`).amount,
    at: instantAt(payment['update_time']) ?? instantAt(payment['create_time']),
  };
}

/** The refunds that a purchase unit lists, as far as they reached the buyer. */
function refundsOf(unit: Json, pointer: string): NonNullable<OrderChange['refunds']> {
  return listAt(objectAt(unit['payments'])['refunds']).flatMap((refund, index) => {
    if (refund['status'] !== 'COMPLETED') return [];
    const refund_id = requiredText(refund['id'], `${pointer}/${index}/id`);
    const { amount } = moneyAt(refund['amount'], `${pointer}/${index}/amount`);
    return [{ refund_id, amount, at: instantAt(refund['create_time']) }];
  });
}

/** A capture or an authorization. What PayPal keeps of it as its fee is not the buyer's, and no fee of the order. */
function readPayment(state: PaymentFactState): Reader {
  return (resource, { at, test }) => {
    const { currency, exponent } = moneyAt(resource['amount'], `${RESOURCE}/amount`);
    const payment = { ...paymentAt(resource, state, RESOURCE), at };
    const related = relatedIds(resource);
    const order_id = textAt(related['order_id']) ?? payment.payment_id;
    const created_at = instantAt(resource['create_time']);
    const ids = [payment.payment_id, textAt(related['authorization_id'])].filter((id) => id !== null);
    return {
      order_id,
      change: {
        ...{ test, currency, exponent, payments: [payment] },
        ...(created_at && { created_at }),
        ...carried([resource], [order_id, ...ids]),
        ...aliasesOf(order_id, ids),
      },
    };
  };
}

const REFUND_FACTS: ReadonlyMap<string, 'refunds' | 'failed_refunds'> = new Map([
  ['COMPLETED', 'refunds'],
  ['FAILED', 'failed_refunds'],
  ['CANCELLED', 'failed_refunds'],
]);

function readRefund(refund: Json, { at }: { at: string | null }): Told | string {
  const fact = REFUND_FACTS.get(textAt(refund['status']) ?? 'COMPLETED');
  if (!fact) return 'refund_pending';
  const refund_id = requiredText(refund['id'], `${RESOURCE}/id`);
  const { currency, exponent, amount } = moneyAt(refund['amount'], `${RESOURCE}/amount`);
  const capture = captureOf(refund);
  if (!capture)
    throw new UnusableDelivery('unusable_delivery', `${RESOURCE}/links`, 'The refund names no capture that it is of.');
  const when = fact === 'refunds' ? (instantAt(refund['create_time']) ?? at) : at;
  const in_all = objectAt(refund['seller_payable_breakdown'])['total_refunded_amount'];
  const total =
    fact === 'refunds' && isObject(in_all)
      ? moneyAt(in_all, `${RESOURCE}/seller_payable_breakdown/total_refunded_amount`).amount
      : null;
  return {
    order_id: textAt(relatedIds(refund)['order_id']) ?? capture,
    change: {
      ...{ currency, exponent, [fact]: [{ refund_id, amount, at: when }] },
      ...(total !== null && { refund_totals: [{ payment_id: capture, amount: total, at }] }),
      ...carried([refund], [capture]),
    },
  };
}

/** PayPal took the money back for the buyer. */
function readReversal(reversal: Json, { at }: { at: string | null }): Told {
  const dispute_id = requiredText(reversal['id'], `${RESOURCE}/id`);
  const capture = captureOf(reversal) ?? dispute_id;
  const order_id = textAt(relatedIds(reversal)['order_id']) ?? capture;
  return { order_id, change: { disputes: [{ dispute_id, state: 'lost', at }], ...carried([reversal], [capture]) } };
}

const OUTCOMES: ReadonlyMap<string, 'won' | 'lost' | 'none'> = new Map([
  ['RESOLVED_SELLER_FAVOUR', 'won'],
  ['RESOLVED_WITH_PAYOUT', 'won'],
  ['DENIED', 'won'],
  ['RESOLVED_BUYER_FAVOUR', 'lost'],
  ['ACCEPTED', 'lost'],
  ['CANCELED_BY_BUYER', 'none'],
  ['NONE', 'none'],
]);

/** A dispute may be about several captures, each perhaps of another order. */
function readDispute(dispute: Json, { at }: { at: string | null }): Told[] | string {
  const dispute_id = requiredText(dispute['dispute_id'], `${RESOURCE}/dispute_id`);
  const outcome = textAt(objectAt(dispute['dispute_outcome'])['outcome_code']);
  const state = dispute['status'] === 'RESOLVED' ? OUTCOMES.get(outcome ?? '') : 'open';
  if (!state) return 'unknown_dispute_outcome';
  const captures = listAt(dispute['disputed_transactions']).flatMap((one) => textAt(one['seller_transaction_id']) ?? []);
  if (captures.length === 0) {
    const pointer = `${RESOURCE}/disputed_transactions`;
    throw new UnusableDelivery('unusable_delivery', pointer, 'The dispute names no transaction of the seller’s.');
  }
  return [...new Set(captures)].map((order_id) => ({
    order_id,
    change: { disputes: [{ dispute_id, state, at }], ...carried([], [order_id]) },
  }));
}

const relatedIds = (resource: Json): Json => objectAt(objectAt(resource['supplementary_data'])['related_ids']);

/** The capture that a refund is of: it is one link up. */
function captureOf(resource: Json): string | null {
  const hrefs = listAt(resource['links']).flatMap(({ rel, href }) => (rel === 'up' ? (textAt(href) ?? []) : []));
  const found = hrefs.flatMap((href) => /\/captures\/([^/?#]+)/.exec(href)?.[1] ?? []);
  return found[0] ?? textAt(relatedIds(resource)['capture_id']);
}

const MAX_ID = 128;

/** What a merchant put into the purchase units, or PayPal into what came of them; and what the payment is known by. */
function carried(units: readonly Json[], ids: readonly string[]): Partial<OrderChange> {
  const first = (read: (unit: Json) => string | null): string | null => units.map(read).find((text) => text !== null) ?? null;
  const session_ref = first((unit) => sessionRefAt(unit['custom_id']));
  const order_number = first((unit) => textAt(unit['invoice_id']))?.slice(0, MAX_ID);
  const references: OrderReference[] = [...new Set(ids)].map((value) => ({ kind: 'payment', value }));
  if (order_number) references.unshift({ kind: 'order', value: order_number });
  return { ...(order_number && { order_number }), ...(session_ref && { session_ref }), references };
}

/** Refunds and disputes name the capture alone. */
function aliasesOf(order_id: string, ids: readonly string[]): Partial<OrderChange> {
  const aliases = ids.filter((id) => id !== order_id);
  return aliases.length > 0 ? { aliases } : {};
}

const BREAKDOWN = [
  ['subtotal', ['item_total']],
  ['discount', ['discount', 'shipping_discount']],
  ['shipping', ['shipping']],
  ['tax', ['tax_total']],
  ['fees', ['handling', 'insurance']],
] as const;

/** What the purchase units state, in sum; what none states is left out. */
function breakdownOf(units: readonly Json[], exponent: number): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [index, unit] of units.entries()) {
    const breakdown = objectAt(objectAt(unit['amount'])['breakdown']);
    const pointer = `${RESOURCE}/purchase_units/${index}/amount/breakdown`;
    for (const [name, fields] of BREAKDOWN)
      for (const field of fields)
        if (isObject(breakdown[field]))
          sums[name] = (sums[name] ?? 0) + amountAt(breakdown[field]['value'], exponent, `${pointer}/${field}/value`);
  }
  return sums;
}

function linesOf(unit: Json, exponent: number, pointer: string): NonNullable<OrderChange['line_items']> {
  return listAt(unit['items']).map((item, index) => ({
    line_id: null,
    sku: textAt(item['sku']),
    product_id: null,
    variant_id: null,
    quantity: Number(textAt(item['quantity'])) || 0,
    unit_price: amountAt(objectAt(item['unit_amount'])['value'], exponent, `${pointer}/${index}/unit_amount/value`),
    gift_card: false,
  }));
}

/**
 * PayPal's own payer is not a customer of the shop: it is kept with the order, and is no id that a person is known by, of which
 * there can be one alone.
 */
function buyerOf(order: Json): { change: Partial<OrderChange>; user: User } {
  const payer = objectAt(order['payer']);
  const name = objectAt(payer['name']);
  const shipped = objectAt(objectAt(listAt(order['purchase_units'])[0]?.['shipping'])['address']);
  const address = Object.keys(shipped).length > 0 ? shipped : objectAt(payer['address']);
  const phone = textAt(objectAt(objectAt(payer['phone'])['phone_number'])['national_number']);
  const country = textAt(objectAt(payer['address'])['country_code']) ?? textAt(address['country_code']);
  const fields = { email: textAt(payer['email_address']), phone, country };
  const id = textAt(payer['payer_id']);
  const user = userOf({
    ...fields,
    first_name: textAt(name['given_name']),
    last_name: textAt(name['surname']),
    street: [textAt(address['address_line_1']), textAt(address['address_line_2'])].filter(Boolean).join(', ') || null,
    city: textAt(address['admin_area_2']),
    region: textAt(address['admin_area_1']),
    postal_code: textAt(address['postal_code']),
  });
  return { change: id || fields.email ? { customer: customerOf({ id, ...fields }) } : {}, user };
}

/** An amount with its currency: it has to be there, and positive. */
function moneyAt(value: unknown, pointer: string): { currency: string; exponent: number; amount: number } {
  const { currency_code, value: text } = objectAt(value);
  const { currency, exponent } = currencyAt(currency_code, `${pointer}/currency_code`);
  const amount = textAt(text) === null ? -1 : amountAt(text, exponent, `${pointer}/value`);
  if (amount < 0) throw new UnusableDelivery('invalid_amount', `${pointer}/value`, 'Expected a decimal amount of at least 0.');
  return { currency, exponent, amount };
}

function requiredText(value: unknown, pointer: string): string {
  const text = textAt(value);
  if (!text) throw new UnusableDelivery('unusable_delivery', pointer, 'Expected a text.');
  return text;
}
