import { readFileSync } from 'node:fs';
import type { LoggedEvent, Order, StoredEvent } from '@orderloop/protocol';
import fc from 'fast-check';
import Stripe from 'stripe';
import { expect, onTestFinished, test } from 'vitest';
import { eventsOfReading } from '../ingest/delivery.ts';
import { createProjector } from '../ingest/project.ts';
import { createVault } from '../privacy/vault.ts';
import type { ConversionState } from '../stitch/conversion.ts';
import { projectOrder } from '../stitch/order.ts';
import type { OrderRow } from '../storage/contract.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import type { Connection, Source, SourceRequest } from './contract.ts';
import { paypal } from './paypal.ts';
import { makeCertificate, paypalHeaders } from './shared/testing.ts';
import { stripe } from './stripe.ts';

const NOW = Date.UTC(2026, 1, 3, 12);
const vault = createVault(new Uint8Array(32));
const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/sources/${name}.json`, import.meta.url), 'utf8'));

/** What a delivery puts into the log. */
function logged(source: Source, connection: Connection, request: SourceRequest): StoredEvent[] {
  const reading = source.read(request, connection, { now: NOW });
  if (reading.kind !== 'facts') throw new Error(`expected facts, found ${JSON.stringify(reading)}`);
  return eventsOfReading(reading, { site: 'demo', source: source.id, connection, received_at: NOW, vault });
}

const STRIPE: Connection = { account: 'acct', secrets: ['whsec_1'], settings: {} };
const T0 = 1_770_116_400;

/** An event of Stripe's, `after` the first in seconds, signed by Stripe's library. */
function fromStripe(type: string, object: object, after: number): StoredEvent[] {
  const id = `evt_${type}_${after}`;
  const payload = JSON.stringify({ id, object: 'event', type, created: T0 + after, livemode: true, data: { object } });
  const header = Stripe.webhooks.generateTestHeaderString({ payload, secret: 'whsec_1', timestamp: NOW / 1000 });
  const body = Buffer.from(payload);
  return logged(stripe, STRIPE, { headers: { 'stripe-signature': header }, signed: body, body });
}

const signer = makeCertificate();
const PAYPAL: Connection = { account: 'm', secrets: [], settings: { webhook_id: 'W', cert_pem: signer.pem, sandbox: false } };

function fromPaypal(event_type: string, resource: object, after: number): StoredEvent[] {
  const create_time = new Date((T0 + after) * 1000).toISOString();
  const body = Buffer.from(JSON.stringify({ id: `WH-${event_type}-${after}`, event_type, create_time, resource }));
  return logged(paypal, PAYPAL, { headers: paypalHeaders(body, signer, 'W'), signed: body, body });
}

/** As the log keeps them: each delivery once, under the place that it came in at. */
function keep(deliveries: readonly StoredEvent[]): LoggedEvent[] {
  const byId = new Map(deliveries.map((event) => [event.event_id, event]));
  return [...byId.values()].map((event, position) => ({ ...event, position }));
}

function* permutationsOf<T>(items: readonly T[]): Generator<T[]> {
  if (items.length <= 1) yield [...items];
  for (const [index, item] of items.entries())
    for (const rest of permutationsOf(items.toSpliced(index, 1))) yield [item, ...rest];
}

/** Every order in which as many deliveries can come, or where there are too many a hundred of them; each of them twice. */
function inEveryOrder(events: readonly StoredEvent[], check: (deliveries: StoredEvent[]) => void): void {
  if (events.length <= 6) {
    for (const permutation of permutationsOf(events)) check([...permutation, ...permutation.toReversed()]);
    return;
  }
  const doubled = [...events, ...events];
  fc.assert(
    fc.property(fc.shuffledSubarray(doubled, { minLength: doubled.length }), (deliveries) => {
      check(deliveries);
    }),
    { numRuns: 300 },
  );
}

/** The one order that comes of the deliveries, in whatever order they come. */
function settled(...deliveries: StoredEvent[][]): Order {
  const events = deliveries.flat();
  const { order } = projectOrder(keep(events))!;
  inEveryOrder(events, (shuffled) => expect(projectOrder(keep(shuffled))?.order).toEqual(order));
  return order;
}

const intent = (more: object = {}) => ({
  ...fixture('stripe/self-event-payment_intent.succeeded').data.object,
  id: 'pi_1',
  latest_charge: 'ch_1',
  ...more,
});
const charge = (more: object = {}) => ({
  ...fixture('stripe/self-event-charge.refunded').data.object,
  ...{ id: 'ch_1', payment_intent: 'pi_1', amount_refunded: 0 },
  ...more,
});
const session = (more: object = {}) => ({
  ...fixture('stripe/self-event-checkout.session.completed').data.object,
  payment_intent: 'pi_1',
  ...more,
});
const refund = (id: string, amount: number, status = 'succeeded') => ({
  ...fixture('stripe/object-refund'),
  ...{ id, amount, status, charge: 'ch_1', payment_intent: 'pi_1' },
});
const dispute = (status: string) => ({ ...fixture('stripe/object-dispute'), charge: 'ch_1', payment_intent: 'pi_1', status });

const paidStripe = () => [
  fromStripe('payment_intent.succeeded', intent(), 0),
  fromStripe('charge.succeeded', charge(), 0),
  fromStripe('checkout.session.completed', session(), 1),
];

test('a Stripe payment is one order of what its session says', () => {
  expect(settled(...paidStripe())).toMatchObject({
    order_id: 'pi_1',
    order_number: '1001',
    state: 'paid',
    session_ref: 's_9f2c_v_71aa',
    paid_at: '2026-02-03T11:00:00Z',
    amounts: { subtotal: 5000, discount: 500, shipping: 500, tax: 250, total: 5250, paid: 5250, net: 5250 },
  });
});

test('a Stripe total and the list of refunds are never added together', () => {
  const order = settled(
    ...paidStripe(),
    fromStripe('charge.refunded', charge({ amount_refunded: 2000 }), 10),
    fromStripe('refund.created', refund('re_1', 2000), 10),
  );
  expect(order).toMatchObject({
    state: 'partially_refunded',
    amounts: { refunded: 2000, net: 3250 },
    refunds: [{ amount: 2000 }],
  });
});

test('a Stripe total alone counts, and an older one never lowers it', () => {
  const order = settled(
    fromStripe('payment_intent.succeeded', intent(), 0),
    fromStripe('charge.refunded', charge({ amount_refunded: 2000 }), 10),
    fromStripe('charge.refunded', charge({ amount_refunded: 5250 }), 20),
    fromStripe('payment_intent.payment_failed', intent({ amount_received: 0 }), 30),
  );
  expect(order).toMatchObject({ state: 'refunded', amounts: { paid: 5250, refunded: 5250, net: 0 } });
});

test('a Stripe refund that fails lowers what went back, in the total and in the list', () => {
  const totalled = [
    fromStripe('payment_intent.succeeded', intent(), 0),
    fromStripe('charge.refunded', charge({ amount_refunded: 3000 }), 10),
    fromStripe('refund.failed', refund('re_1', 3000, 'failed'), 20),
    fromStripe('refund.updated', refund('re_1', 3000, 'failed'), 21),
  ];
  expect(settled(...totalled)).toMatchObject({ state: 'paid', amounts: { refunded: 0, net: 5250 } });
  const again = [fromStripe('charge.refunded', charge({ amount_refunded: 1000 }), 30), ...totalled];
  expect(settled(...again)).toMatchObject({ state: 'partially_refunded', amounts: { refunded: 1000 } });
});

test('the whole life of a Stripe payment comes out the same in any order', () => {
  const life = [
    ...paidStripe(),
    fromStripe('charge.refunded', charge({ amount_refunded: 2000 }), 10),
    fromStripe('refund.created', refund('re_1', 2000), 10),
    fromStripe('charge.refunded', charge({ amount_refunded: 3000 }), 20),
    fromStripe('refund.created', refund('re_2', 1000), 20),
    fromStripe('refund.failed', refund('re_2', 1000, 'failed'), 30),
    fromStripe('charge.dispute.created', dispute('needs_response'), 40),
  ];
  const refunded = { refunded: 2000, net: 3250 };
  expect(settled(...life)).toMatchObject({ state: 'disputed', dispute_state: 'open', amounts: refunded });
  const won = [...life, fromStripe('charge.dispute.funds_withdrawn', dispute('under_review'), 41)];
  won.push(fromStripe('charge.dispute.closed', dispute('won'), 50));
  expect(settled(...won)).toMatchObject({ state: 'partially_refunded', dispute_state: 'won', amounts: refunded });
  const lost = [...life, fromStripe('charge.dispute.closed', dispute('lost'), 50)];
  expect(settled(...lost)).toMatchObject({ state: 'charged_back', dispute_state: 'lost', amounts: refunded });
});

test('a Stripe payment that is tried again, captured late, called off or slow ends where it ends', () => {
  const failed = fromStripe('payment_intent.payment_failed', intent({ amount_received: 0 }), 5);
  expect(settled(failed)).toMatchObject({ state: 'failed' });
  expect(settled(failed, ...paidStripe())).toMatchObject({ state: 'paid' });
  const held = [
    fromStripe('payment_intent.amount_capturable_updated', intent({ amount_received: 0, amount_capturable: 5250 }), 0),
    fromStripe('charge.succeeded', charge({ captured: false, amount_captured: 0 }), 0),
  ];
  expect(settled(...held)).toMatchObject({ state: 'authorized', amounts: { total: 5250, paid: 0 } });
  const captured = { amount_captured: 4000, amount_refunded: 1250 };
  const part = [
    fromStripe('payment_intent.succeeded', intent({ amount_received: 4000 }), 10),
    fromStripe('charge.captured', charge(captured), 10),
  ];
  expect(settled(...held, ...part)).toMatchObject({ state: 'paid', amounts: { total: 4000, paid: 4000, refunded: 0 } });
  const off = fromStripe('payment_intent.canceled', intent({ amount_received: 0, canceled_at: T0 + 20 }), 20);
  const let_go = fromStripe('refund.created', refund('re_1', 5250), 20);
  expect(settled(...held, off, let_go)).toMatchObject({
    state: 'cancelled',
    cancelled_at: '2026-02-03T11:00:20Z',
    amounts: { refunded: 0, net: 0 },
  });
  const slow = fromStripe('checkout.session.completed', session({ payment_status: 'unpaid' }), 0);
  expect(settled(slow)).toMatchObject({ state: 'pending', amounts: { total: 5250, paid: 0 } });
  expect(settled(slow, fromStripe('checkout.session.async_payment_succeeded', session(), 60))).toMatchObject({ state: 'paid' });
  expect(settled(slow, fromStripe('checkout.session.async_payment_failed', session(), 60))).toMatchObject({ state: 'failed' });
});

const usd = (value: string) => ({ currency_code: 'USD', value });
const at = (after: number) => new Date((T0 + after) * 1000).toISOString();
const approved = () => {
  const { purchase_units, ...order } = fixture('paypal/webhook-CHECKOUT.ORDER.APPROVED').body.resource;
  const breakdown = { item_total: usd('90.00'), shipping: usd('10.00') };
  const [unit] = purchase_units;
  const amount = { ...usd('100.00'), breakdown };
  const units = [{ ...unit, custom_id: 'ses_1', invoice_id: 'INV-1', amount }];
  return fromPaypal(
    'CHECKOUT.ORDER.APPROVED',
    { ...order, id: 'O1', create_time: at(0), update_time: at(1), purchase_units: units },
    1,
  );
};
const capture = (id: string, value: string, after: number, type = 'PAYMENT.CAPTURE.COMPLETED') => {
  const supplementary_data = { related_ids: { order_id: 'O1', authorization_id: 'A1' } };
  return fromPaypal(type, { id, amount: usd(value), supplementary_data, create_time: at(after), update_time: at(after) }, after);
};
const paypalRefund = (id: string, of: string, [value, total]: [string, string], after: number, status = 'COMPLETED') => {
  const links = [{ rel: 'up', href: `https://api.paypal.com/v2/payments/captures/${of}` }];
  const resource = { id, status, amount: usd(value), links, create_time: at(after), update_time: at(after) };
  const type = status === 'FAILED' ? 'PAYMENT.REFUND.FAILED' : 'PAYMENT.CAPTURE.REFUNDED';
  return fromPaypal(type, { ...resource, seller_payable_breakdown: { total_refunded_amount: usd(total) } }, after);
};
const paypalDispute = (of: string, outcome_code: string | null, after: number) => {
  const resource = { ...fixture('paypal/webhook-CUSTOMER.DISPUTE.CREATED').body.resource, update_time: at(after) };
  const disputed_transactions = [{ seller_transaction_id: of }];
  return outcome_code
    ? fromPaypal(
        'CUSTOMER.DISPUTE.RESOLVED',
        { ...resource, disputed_transactions, status: 'RESOLVED', dispute_outcome: { outcome_code } },
        after,
      )
    : fromPaypal('CUSTOMER.DISPUTE.CREATED', { ...resource, disputed_transactions }, after);
};

const paypalLife = () => [
  approved(),
  capture('C1', '100.00', 5),
  paypalRefund('R1', 'C1', ['20.00', '20.00'], 10),
  paypalRefund('R2', 'C1', ['10.00', '30.00'], 20),
  paypalDispute('C1', null, 40),
];

test('the whole life of a PayPal order comes out the same in any order', () => {
  const refunded = { subtotal: 9000, shipping: 1000, total: 10000, paid: 10000, refunded: 3000, net: 7000 };
  expect(settled(...paypalLife())).toMatchObject({
    order_id: 'O1',
    order_number: 'INV-1',
    session_ref: 'ses_1',
    state: 'disputed',
    paid_at: '2026-02-03T11:00:05Z',
    amounts: refunded,
  });
  const won = paypalDispute('C1', 'RESOLVED_SELLER_FAVOUR', 50);
  expect(settled(...paypalLife(), won)).toMatchObject({ state: 'partially_refunded', dispute_state: 'won', amounts: refunded });
  const lost = [paypalDispute('C1', 'RESOLVED_BUYER_FAVOUR', 50), paypalRefund('R2', 'C1', ['10.00', '20.00'], 60, 'FAILED')];
  expect(settled(...paypalLife(), ...lost)).toMatchObject({ state: 'charged_back', amounts: { refunded: 2000, net: 8000 } });
});

test('a PayPal order that is captured in parts, held, let go of or refused ends where it ends', () => {
  expect(settled(approved())).toMatchObject({ state: 'pending', amounts: { total: 10000, paid: 0 } });
  const parts = [capture('C1', '60.00', 5), capture('C2', '40.00', 6)];
  expect(settled(...parts)).toMatchObject({ order_id: 'O1', state: 'paid', amounts: { total: 10000, paid: 10000 } });
  const held = capture('A1', '100.00', 5, 'PAYMENT.AUTHORIZATION.CREATED');
  expect(settled(approved(), held)).toMatchObject({ state: 'authorized' });
  expect(settled(approved(), held, ...parts)).toMatchObject({ state: 'paid', amounts: { paid: 10000 } });
  const let_go = capture('A1', '100.00', 9, 'PAYMENT.AUTHORIZATION.VOIDED');
  expect(settled(approved(), held, let_go)).toMatchObject({ state: 'cancelled', payment_state: 'voided' });
  const refused = capture('C1', '100.00', 9, 'PAYMENT.CAPTURE.DENIED');
  expect(settled(approved(), capture('C1', '100.00', 5, 'PAYMENT.CAPTURE.PENDING'), refused)).toMatchObject({ state: 'failed' });
  const reversed = fromPaypal('PAYMENT.CAPTURE.REVERSED', { id: 'V1', links: [{ rel: 'up', href: '/captures/C1' }] }, 90);
  expect(settled(approved(), capture('C1', '100.00', 5), reversed)).toMatchObject({
    state: 'charged_back',
    dispute_state: 'lost',
  });
});

/** What the collector's projector makes of deliveries, one after another: the orders, and what platforms would be told in all. */
async function projected(deliveries: readonly StoredEvent[]) {
  const storage = openSqlite();
  onTestFinished(() => storage.close());
  const facts = { consentMode: 'opt_out' as const, hosts: [], destinations: [] };
  const projector = createProjector(storage, () => facts, { now: () => NOW });
  for (const event of deliveries) {
    await storage.log.append({ events: [event] });
    await projector.catchUp();
  }
  const { orders, conversions } = await storage.projections.dump();
  const told = (conversions as ConversionState[]).map(({ event, value }) => (event === 'purchase' ? value : -value));
  return {
    orders: (orders as OrderRow['projection'][]).map(({ order }) => order),
    purchases: (conversions as ConversionState[]).filter(({ event }) => event === 'purchase').length,
    net: told.reduce((sum, value) => sum + value, 0),
  };
}

test('deliveries that come one after another become one order, whichever of its ids each names', async () => {
  const events = paypalLife().flat();
  const expected = settled(...paypalLife());
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }), async (shuffled) => {
      const { orders, purchases, net } = await projected(shuffled);
      expect(orders.map(({ order_id, state, amounts }) => ({ order_id, state, amounts }))).toEqual([
        { order_id: expected.order_id, state: expected.state, amounts: expected.amounts },
      ]);
      expect([purchases, net]).toEqual([1, 7000]);
    }),
    { numRuns: 25 },
  );
});
