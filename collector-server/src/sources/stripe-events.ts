import type { DisputeState, OrderChange, OrderReference, PaymentFactState, User } from '@orderloop/protocol';
import type { Connection, SourceReading } from './contract.ts';
import { nameParts, userOf } from './shared/contact.ts';
import { customerOf, isObject, type Json, objectAt, sessionRefAt, textAt, toInstant, UnusableDelivery } from './shared/fields.ts';
import { moneyOf } from './stripe-money.ts';

/** Where the object that an event is about stands in it. */
const OBJECT = '/data/object';

/** What an event says of a payment, or in one word why it says nothing for us. */
type Told = { order_id: string; change: Partial<OrderChange>; user?: User } | string;

interface Happened {
  /** When, as the canonical order writes it. */
  at: string;
  test: boolean;
}

type Reader = (object: Json, happened: Happened) => Told;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['checkout.session.completed', readSession(null)],
  ['checkout.session.async_payment_succeeded', readSession('paid')],
  ['checkout.session.async_payment_failed', readSession('failed')],
  ['checkout.session.expired', () => 'session_expired'],
  ['payment_intent.succeeded', readIntent('paid', 'amount_received')],
  ['payment_intent.amount_capturable_updated', readIntent('authorized', 'amount_capturable')],
  ['payment_intent.processing', readIntent('pending', 'amount')],
  ['payment_intent.payment_failed', readIntent('failed', 'amount')],
  ['payment_intent.canceled', readIntent('voided', 'amount')],
  ['charge.succeeded', readCharge],
  ['charge.captured', readCharge],
  ['charge.refunded', readRefundTotal],
  ['refund.created', readRefund],
  ['refund.updated', readRefund],
  ['refund.failed', readRefund],
  ['charge.dispute.created', readDispute],
  ['charge.dispute.updated', readDispute],
  ['charge.dispute.closed', readDispute],
  ['charge.dispute.funds_withdrawn', readDispute],
  ['charge.dispute.funds_reinstated', readDispute],
]);

/** The events that say something of a payment: what an endpoint subscribes to. */
export const STRIPE_EVENTS: readonly string[] = [...READERS.keys()];

/** Reads an event, however it came. Throws UnusableDelivery. */
export function readEvent(event: Json, { account }: Pick<Connection, 'account'>): SourceReading {
  const type = requiredText(event['type'], '/type');
  const read = READERS.get(type);
  if (!read) return { kind: 'ignored', reason: 'unsupported_event' };
  const delivery_id = requiredText(event['id'], '/id');
  const occurred_at = secondsAt(event['created']);
  if (occurred_at === null) throw new UnusableDelivery('unusable_delivery', '/created', 'Expected a time in Unix seconds.');
  const object = objectAt(event['data'])['object'];
  if (!isObject(object)) throw new UnusableDelivery('unusable_delivery', OBJECT, 'The event holds no object.');
  const told = read(object, { at: toInstant(occurred_at), test: event['livemode'] === false });
  if (typeof told === 'string') return { kind: 'ignored', reason: told };
  const { order_id, change, user } = told;
  const order = { source: 'stripe', account, order_id, ...change };
  return { kind: 'facts', facts: [{ delivery_id, occurred_at, order, ...(user && { user }) }] };
}

function readSession(known: PaymentFactState | null): Reader {
  return (session, { at, test }) => {
    // Only keeps a card for later.
    if (session['mode'] === 'setup') return 'no_payment';
    const id = requiredText(session['id'], `${OBJECT}/id`);
    const money = moneyOf(session, OBJECT);
    const { currency, exponent } = money;
    const isFree = session['payment_status'] === 'no_payment_required';
    const amount = isFree ? 0 : money.read(session['amount_total'], 'amount_total');
    const intent = textAt(session['payment_intent']);
    const payment_id = intent ?? id;
    const isPaid = isFree || session['payment_status'] === 'paid';
    const { amount_discount, amount_shipping, amount_tax } = objectAt(session['total_details']);
    const amounts = {
      total: money.find(session['amount_total'], 'amount_total'),
      subtotal: money.find(session['amount_subtotal'], 'amount_subtotal'),
      discount: money.find(amount_discount, 'total_details/amount_discount'),
      shipping: money.find(amount_shipping, 'total_details/amount_shipping'),
      tax: money.find(amount_tax, 'total_details/amount_tax'),
    };
    const { email, ...details } = objectAt(session['customer_details']);
    const buyer = buyerOf(session, { ...details, email: email ?? session['customer_email'] });
    return {
      order_id: payment_id,
      change: {
        ...{ test, currency, exponent },
        amounts: withoutNulls(amounts),
        payments: [{ payment_id, state: known ?? (isPaid ? 'paid' : 'pending'), amount, at }],
        ...presentmentOf(session),
        ...createdAt(session),
        ...carried(session, [intent, id]),
        ...buyer.change,
      },
      user: buyer.user,
    };
  };
}

function readIntent(state: PaymentFactState, field: string): Reader {
  return (intent, { at, test }) => {
    const order_id = requiredText(intent['id'], `${OBJECT}/id`);
    const { currency, exponent, find, read } = moneyOf(intent, OBJECT);
    const amount = find(intent[field], field) ?? read(intent['amount'], 'amount');
    const charge = textAt(intent['latest_charge']);
    return {
      order_id,
      change: {
        ...{ test, currency, exponent },
        payments: [{ payment_id: order_id, state, amount, at }],
        ...(state === 'voided' && { cancelled_at: instantAt(intent['canceled_at']) ?? at }),
        ...presentmentOf(intent),
        ...createdAt(intent),
        ...carried(intent, [order_id, charge]),
        ...aliasesOf(order_id, charge),
      },
    };
  };
}

function readCharge(charge: Json, { at, test }: Happened): Told {
  const id = requiredText(charge['id'], `${OBJECT}/id`);
  const { currency, exponent, find, read } = moneyOf(charge, OBJECT);
  const amount = read(charge['amount'], 'amount');
  const intent = textAt(charge['payment_intent']);
  const payment_id = intent ?? id;
  const payment =
    charge['captured'] === false
      ? ({ state: 'authorized', amount } as const)
      : ({ state: 'paid', amount: find(charge['amount_captured'], 'amount_captured') ?? amount } as const);
  const { email, ...details } = objectAt(charge['billing_details']);
  const buyer = buyerOf(charge, { ...details, email: email ?? charge['receipt_email'] });
  return {
    order_id: payment_id,
    change: {
      ...{ test, currency, exponent },
      payments: [{ payment_id, ...payment, at }],
      ...createdAt(charge),
      ...carried(charge, [intent, id]),
      ...aliasesOf(payment_id, id),
      ...buyer.change,
    },
    user: buyer.user,
  };
}

/** What is not captured is let go, and Stripe counts that as refunded: no money came, so none went back. */
function readRefundTotal(charge: Json, { at }: Happened): Told {
  const id = requiredText(charge['id'], `${OBJECT}/id`);
  const { currency, exponent, find, read } = moneyOf(charge, OBJECT);
  const captured = charge['captured'] === false ? 0 : find(charge['amount_captured'], 'amount_captured');
  const released = captured === null ? 0 : read(charge['amount'], 'amount') - captured;
  const amount = read(charge['amount_refunded'], 'amount_refunded') - released;
  if (amount <= 0) return 'no_money_moved';
  const intent = textAt(charge['payment_intent']);
  const payment_id = intent ?? id;
  return {
    order_id: payment_id,
    change: { currency, exponent, refund_totals: [{ payment_id, amount, at }], ...carried(charge, [intent, id]) },
  };
}

const REFUND_FACTS: ReadonlyMap<unknown, 'refunds' | 'failed_refunds'> = new Map([
  ['succeeded', 'refunds'],
  ['failed', 'failed_refunds'],
  ['canceled', 'failed_refunds'],
]);

function readRefund(refund: Json, { at }: Happened): Told {
  const fact = REFUND_FACTS.get(refund['status']);
  if (!fact) return 'refund_pending';
  const refund_id = requiredText(refund['id'], `${OBJECT}/id`);
  const { currency, exponent, read } = moneyOf(refund, OBJECT);
  const amount = read(refund['amount'], 'amount');
  // A refund that fails counts from when it failed, one that succeeds from when it was made.
  const when = fact === 'refunds' ? (instantAt(refund['created']) ?? at) : at;
  return {
    order_id: paymentOf(refund),
    change: {
      ...{ currency, exponent, [fact]: [{ refund_id, amount, at: when }] },
      ...carried(refund, [textAt(refund['payment_intent']), textAt(refund['charge'])]),
    },
  };
}

const DISPUTES: ReadonlyMap<string, DisputeState> = new Map([
  ['needs_response', 'open'],
  ['under_review', 'open'],
  ['appeal_needs_response', 'open'],
  ['appeal_under_review', 'open'],
  ['won', 'won'],
  ['lost', 'lost'],
  // Settled by a refund before it began.
  ['prevented', 'none'],
]);

function readDispute(dispute: Json, { at }: Happened): Told {
  const status = textAt(dispute['status']) ?? '';
  const state = DISPUTES.get(status);
  // An inquiry moves no money; should it become a dispute, another event says so.
  if (!state) return status.startsWith('warning_') ? 'inquiry' : 'unknown_dispute_status';
  const dispute_id = requiredText(dispute['id'], `${OBJECT}/id`);
  return {
    order_id: paymentOf(dispute),
    change: {
      disputes: [{ dispute_id, state, at }],
      ...carried(dispute, [textAt(dispute['payment_intent']), textAt(dispute['charge'])]),
    },
  };
}

/** The payment that a refund or a dispute is of. */
const paymentOf = (object: Json): string =>
  textAt(object['payment_intent']) ?? requiredText(object['charge'], `${OBJECT}/payment_intent`);

/** What the buyer saw and paid, where Stripe converted it. */
function presentmentOf(object: Json): Partial<OrderChange> {
  const details = object['presentment_details'];
  if (!isObject(details)) return {};
  const pointer = `${OBJECT}/presentment_details`;
  const { currency, exponent, read } = moneyOf({ currency: details['presentment_currency'] }, pointer);
  return { presentment: { currency, exponent, total: read(details['presentment_amount'], 'presentment_amount') } };
}

const MAX_ID = 128;

/** What a merchant put into the payment, and what it is known by. */
function carried(object: Json, ids: readonly (string | null)[]): Partial<OrderChange> {
  const metadata = objectAt(object['metadata']);
  const order_number = idAt(metadata['order_id']);
  // What somebody puts into the metadata under this name is meant to be it; the client's reference may be anything.
  const session_ref = sessionRefAt(metadata['session_ref']) ?? sessionRefAt(object['client_reference_id']);
  const references: OrderReference[] = ids.flatMap((id) => (idAt(id) ? [{ kind: 'payment', value: id! }] : []));
  if (order_number) references.unshift({ kind: 'order', value: order_number });
  return { ...(order_number && { order_number }), ...(session_ref && { session_ref }), references };
}

function idAt(value: unknown): string | null {
  const text = textAt(value);
  return text && text.length <= MAX_ID ? text : null;
}

/** A dispute or a refund may name the charge alone. */
const aliasesOf = (order_id: string, charge: string | null): Partial<OrderChange> =>
  charge && charge !== order_id ? { aliases: [charge] } : {};

/**
 * Stripe's own customer is not one of the shop's: it is kept with the order, and is no id that a person is known by, of which
 * there can be one alone.
 */
function buyerOf(object: Json, details: Json): { change: Partial<OrderChange>; user: User } {
  const address = objectAt(details['address']);
  const fields = { email: textAt(details['email']), phone: textAt(details['phone']), country: textAt(address['country']) };
  const id = textAt(object['customer']);
  const user = userOf({
    ...fields,
    ...nameParts(textAt(details['name'])),
    street: [textAt(address['line1']), textAt(address['line2'])].filter(Boolean).join(', ') || null,
    city: textAt(address['city']),
    region: textAt(address['state']),
    postal_code: textAt(address['postal_code']),
  });
  return { change: id || fields.email || fields.phone ? { customer: customerOf({ id, ...fields }) } : {}, user };
}

/** Unix seconds as UTC ms. */
const secondsAt = (value: unknown): number | null => (Number.isSafeInteger(value) ? (value as number) * 1000 : null);

function instantAt(value: unknown): string | null {
  const ms = secondsAt(value);
  return ms === null ? null : toInstant(ms);
}

function createdAt(object: Json): Partial<OrderChange> {
  const created_at = instantAt(object['created']);
  return created_at ? { created_at } : {};
}

const withoutNulls = (amounts: Record<string, number | null>): Record<string, number> =>
  Object.fromEntries(Object.entries(amounts).filter((entry): entry is [string, number] => entry[1] !== null));

function requiredText(value: unknown, pointer: string): string {
  const text = textAt(value);
  if (!text) throw new UnusableDelivery('unusable_delivery', pointer, 'Expected a text.');
  return text;
}
