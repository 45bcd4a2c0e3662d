import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { OrderChange } from '@orderloop/protocol';
import Stripe from 'stripe';
import { expect, test } from 'vitest';
import type { Connection, OrderFact } from './contract.ts';
import { stripe } from './stripe.ts';

const SECRET = 'whsec_test_5f1c3a9e7b2d4c60';
const NOW = Date.UTC(2026, 1, 3, 11);
const CONNECTION: Connection = { account: 'acct_1', secrets: [SECRET], settings: {} };
const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/sources/stripe/${name}.json`, import.meta.url), 'utf8'));

/** Signed by Stripe's own library. */
const sign = (payload: string, secret = SECRET, at = NOW) =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: at / 1000 });

function deliver(event: unknown, { header, connection = CONNECTION }: { header?: string; connection?: Connection } = {}) {
  const payload = typeof event === 'string' ? event : JSON.stringify(event);
  const body = Buffer.from(payload);
  const headers = { 'stripe-signature': header ?? sign(payload) };
  return stripe.read({ headers, signed: body, body }, connection, { now: NOW });
}

/** An object of the API as the snapshot of an event. */
const about = (type: string, object: object, more: object = {}) => ({
  ...{ id: 'evt_1', object: 'event', type, created: 1_770_116_400, livemode: true, data: { object } },
  ...more,
});

function factOf(event: unknown): OrderFact {
  const reading = deliver(event);
  if (reading.kind !== 'facts') throw new Error(`expected facts, found ${JSON.stringify(reading)}`);
  expect(reading.facts).toHaveLength(1);
  return reading.facts[0]!;
}

/** What an event says, beside who says it. */
function told(event: unknown): Partial<OrderChange> {
  const { source, account, ...change } = factOf(event).order;
  expect([source, account]).toEqual(['stripe', 'acct_1']);
  return change;
}

const intent = (more: object = {}) => ({ ...fixture('object-payment_intent'), ...more });
const charge = (more: object = {}) => ({ ...fixture('object-charge'), ...more });
const session = (more: object = {}) => ({ ...fixture('self-event-checkout.session.completed').data.object, ...more });
const refund = (more: object = {}) => ({ ...fixture('object-refund'), ...more });
const dispute = (more: object = {}) => ({ ...fixture('object-dispute'), ...more });

test('the recorded checkout.session.completed becomes an order with all that it knows', () => {
  const fact = factOf(fixture('self-event-checkout.session.completed'));
  const intent_id = 'pi_1PgafyB7WZ01zgkWSjxsAJo3';
  expect(fact).toEqual({
    delivery_id: 'evt_self0001',
    occurred_at: Date.UTC(2026, 1, 3, 11),
    order: {
      source: 'stripe',
      account: 'acct_1',
      order_id: intent_id,
      order_number: '1001',
      test: false,
      currency: 'USD',
      exponent: 2,
      amounts: { total: 5250, subtotal: 5000, discount: 500, shipping: 500, tax: 250 },
      payments: [{ payment_id: intent_id, state: 'paid', amount: 5250, at: '2026-02-03T11:00:00Z' }],
      created_at: '2009-02-13T23:31:30Z',
      session_ref: 's_9f2c_v_71aa',
      references: [
        { kind: 'order', value: '1001' },
        { kind: 'payment', value: intent_id },
        { kind: 'payment', value: 'cs_test_selfwritten0001' },
      ],
      customer: {
        id: null,
        // SHA-256 of buyer@example.com
        email_sha256: '6a6c26195c3682faa816966af789717c3bfa834eee6c599d667d2b3429c27cfd',
        phone_e164: '+15550100',
      },
    },
    user: {
      email: 'buyer@example.com',
      phone: '+15550100',
      first_name: 'Jordan',
      last_name: 'Example',
      street: '100 Test Street',
      city: 'Springfield',
      region: 'IL',
      postal_code: '00000',
      country: 'US',
    },
  });
});

test('the recorded payment_intent.succeeded is a payment by its id', () => {
  expect(factOf(fixture('self-event-payment_intent.succeeded'))).toEqual({
    delivery_id: 'evt_self0002',
    occurred_at: Date.UTC(2026, 1, 3, 10, 59, 59),
    order: {
      source: 'stripe',
      account: 'acct_1',
      order_id: 'pi_self0001',
      order_number: '1001',
      test: false,
      currency: 'USD',
      exponent: 2,
      payments: [{ payment_id: 'pi_self0001', state: 'paid', amount: 5250, at: '2026-02-03T10:59:59Z' }],
      created_at: '2009-02-13T23:31:30Z',
      session_ref: 's_9f2c_v_71aa',
      references: [
        { kind: 'order', value: '1001' },
        { kind: 'payment', value: 'pi_self0001' },
        { kind: 'payment', value: 'ch_self0001' },
      ],
      aliases: ['ch_self0001'],
    },
  });
});

test('the recorded charge.refunded says what has gone back in all, and no payment', () => {
  expect(factOf(fixture('self-event-charge.refunded'))).toEqual({
    delivery_id: 'evt_self0003',
    occurred_at: Date.UTC(2026, 1, 4, 11),
    order: {
      source: 'stripe',
      account: 'acct_1',
      order_id: 'pi_self0001',
      order_number: '1001',
      currency: 'USD',
      exponent: 2,
      refund_totals: [{ payment_id: 'pi_self0001', amount: 2000, at: '2026-02-04T11:00:00Z' }],
      session_ref: 's_9f2c_v_71aa',
      references: [
        { kind: 'order', value: '1001' },
        { kind: 'payment', value: 'pi_self0001' },
        { kind: 'payment', value: 'ch_self0001' },
      ],
    },
  });
});

test('the recorded intent is a payment that failed, or was called off', () => {
  const id = 'pi_1PgafyB7WZ01zgkWSjxsAJo3';
  const said = {
    order_id: id,
    test: false,
    currency: 'USD',
    exponent: 2,
    created_at: '2009-02-13T23:31:30Z',
    references: [{ kind: 'payment', value: id }],
  };
  const payment = { payment_id: id, amount: 1099, at: '2026-02-03T11:00:00Z' };
  expect(told(about('payment_intent.payment_failed', intent()))).toEqual({
    ...said,
    payments: [{ ...payment, state: 'failed' }],
  });
  expect(told(about('payment_intent.canceled', intent()))).toEqual({
    ...said,
    payments: [{ ...payment, state: 'voided' }],
    cancelled_at: '2009-02-13T23:31:30Z',
  });
});

test('the recorded charge, made without an intent, is an order of its own', () => {
  const id = 'ch_1PgafuB7WZ01zgkWXYmPNZs8';
  expect(factOf(about('charge.succeeded', charge()))).toMatchObject({
    order: {
      order_id: id,
      payments: [{ payment_id: id, state: 'authorized', amount: 100 }],
      references: [{ kind: 'payment', value: id }],
    },
    user: { first_name: 'Jenny', last_name: 'Rosen' },
  });
  expect(told(about('charge.succeeded', charge()))).not.toHaveProperty('aliases');
});

test('the recorded refund is one by its id, of the charge that it names', () => {
  expect(told(about('refund.created', refund()))).toEqual({
    order_id: 'ch_1PgafuB7WZ01zgkWXYmPNZs8',
    currency: 'USD',
    exponent: 2,
    refunds: [{ refund_id: 're_1Pgc72B7WZ01zgkWqPvrRrPE', amount: 100, at: '2009-02-13T23:31:30Z' }],
    references: [{ kind: 'payment', value: 'ch_1PgafuB7WZ01zgkWXYmPNZs8' }],
  });
});

test('the recorded dispute is an inquiry yet, which opens nothing', () => {
  expect(deliver(about('charge.dispute.created', dispute()))).toEqual({ kind: 'ignored', reason: 'inquiry' });
});

test('the recorded session, not yet priced, and the recorded event of a plan are no orders', () => {
  expect(deliver(about('checkout.session.completed', fixture('object-checkout-session')))).toMatchObject({
    kind: 'unusable',
    code: 'unknown_currency',
    pointer: '/data/object/currency',
  });
  expect(deliver(fixture('object-event'))).toEqual({ kind: 'ignored', reason: 'unsupported_event' });
});

test.each([
  ['checkout.session.completed', { payment_status: 'paid' }, 'paid', 5250],
  ['checkout.session.completed', { payment_status: 'unpaid' }, 'pending', 5250],
  ['checkout.session.completed', { payment_status: 'no_payment_required', amount_total: 0 }, 'paid', 0],
  ['checkout.session.async_payment_succeeded', { payment_status: 'paid' }, 'paid', 5250],
  ['checkout.session.async_payment_failed', { payment_status: 'unpaid' }, 'failed', 5250],
])('%s with %o is %s', (type, more, state, amount) => {
  expect(told(about(type, session(more))).payments).toMatchObject([{ state, amount }]);
});

test.each([
  ['payment_intent.succeeded', { amount_received: 900 }, 'paid', 900],
  ['payment_intent.amount_capturable_updated', { amount_capturable: 1000 }, 'authorized', 1000],
  ['payment_intent.processing', {}, 'pending', 1099],
  ['payment_intent.payment_failed', {}, 'failed', 1099],
  ['payment_intent.canceled', {}, 'voided', 1099],
])('%s is a payment that is %s', (type, more, state, amount) => {
  expect(told(about(type, intent(more))).payments).toMatchObject([{ state, amount }]);
});

test.each([
  ['charge.succeeded', { captured: false }, 'authorized', 100],
  ['charge.succeeded', { captured: true, amount_captured: 100 }, 'paid', 100],
  ['charge.captured', { captured: true, amount_captured: 60 }, 'paid', 60],
])('%s with %o is %s', (type, more, state, amount) => {
  expect(told(about(type, charge(more))).payments).toMatchObject([{ state, amount }]);
});

test.each([
  ['succeeded', 'refunds'],
  ['failed', 'failed_refunds'],
  ['canceled', 'failed_refunds'],
])('a refund that is %s goes to %s', (status, field) => {
  const change = told(about('refund.updated', refund({ status, payment_intent: 'pi_1' })));
  expect(change).toMatchObject({ order_id: 'pi_1', [field]: [{ refund_id: 're_1Pgc72B7WZ01zgkWqPvrRrPE', amount: 100 }] });
  expect(Object.keys(change).filter((name) => name.endsWith('refunds'))).toEqual([field]);
});

test('a failed refund counts from when it failed, not from when it was made', () => {
  const failed = told(about('refund.failed', refund({ status: 'failed' })));
  expect(failed.failed_refunds).toMatchObject([{ at: '2026-02-03T11:00:00Z' }]);
});

test.each(['pending', 'requires_action', null])('a refund that is %s moved nothing yet', (status) => {
  expect(deliver(about('refund.created', refund({ status })))).toEqual({ kind: 'ignored', reason: 'refund_pending' });
});

test.each([
  ['needs_response', 'open'],
  ['under_review', 'open'],
  ['appeal_under_review', 'open'],
  ['won', 'won'],
  ['lost', 'lost'],
  ['prevented', 'none'],
])('a dispute that is %s is %s', (status, state) => {
  for (const type of ['created', 'updated', 'closed', 'funds_withdrawn', 'funds_reinstated']) {
    const change = told(about(`charge.dispute.${type}`, dispute({ status, payment_intent: 'pi_1' })));
    expect(change).toMatchObject({
      order_id: 'pi_1',
      disputes: [{ dispute_id: 'dp_1Pgc71B7WZ01zgkWMevJiAUx', state, at: '2026-02-03T11:00:00Z' }],
    });
  }
});

test.each([
  ['charge.dispute.created', dispute({ status: 'warning_under_review' }), 'inquiry'],
  ['charge.dispute.closed', dispute({ status: 'warning_closed' }), 'inquiry'],
  ['charge.dispute.closed', dispute({ status: 'a_new_word' }), 'unknown_dispute_status'],
  ['checkout.session.expired', session(), 'session_expired'],
  ['checkout.session.completed', session({ mode: 'setup', currency: null }), 'no_payment'],
  ['customer.created', {}, 'unsupported_event'],
  ['constructor', {}, 'unsupported_event'],
])('%s is ignored as %s', (type, object, reason) => {
  expect(deliver(about(type, object))).toEqual({ kind: 'ignored', reason });
});

test('what was never captured is let go, and counts as no refund', () => {
  const refunded = (more: object) => deliver(about('charge.refunded', charge({ amount: 1000, ...more })));
  const released = { kind: 'ignored', reason: 'no_money_moved' };
  expect(refunded({ captured: false, amount_captured: 0, amount_refunded: 1000 })).toEqual(released);
  expect(refunded({ captured: true, amount_captured: 700, amount_refunded: 300 })).toEqual(released);
  const rest = refunded({ captured: true, amount_captured: 700, amount_refunded: 500 });
  expect(rest).toMatchObject({ facts: [{ order: { refund_totals: [{ amount: 200 }] } }] });
});

test('a session that needs no payment is a paid order of nothing under its own id', () => {
  const free = session({ payment_intent: null, payment_status: 'no_payment_required', amount_total: 0, amount_subtotal: 0 });
  expect(told(about('checkout.session.completed', free))).toMatchObject({
    order_id: 'cs_test_selfwritten0001',
    amounts: { total: 0, subtotal: 0 },
    payments: [{ payment_id: 'cs_test_selfwritten0001', state: 'paid', amount: 0 }],
  });
});

test('the session reference is what the metadata says, else the client’s reference, if it can be one', () => {
  const refOf = (more: object) => told(about('checkout.session.completed', session(more))).session_ref;
  expect(refOf({ client_reference_id: 'user-7', metadata: { session_ref: 'ses_1' } })).toBe('ses_1');
  expect(refOf({ client_reference_id: 'ses_2', metadata: {} })).toBe('ses_2');
  expect(refOf({ client_reference_id: 'no spaces', metadata: { session_ref: 'x'.repeat(101) } })).toBeUndefined();
  expect(refOf({ client_reference_id: null, metadata: null })).toBeUndefined();
});

test('a merchant’s order id that is too long to be one is no reference', () => {
  const change = told(about('payment_intent.succeeded', intent({ amount_received: 1, metadata: { order_id: 'x'.repeat(129) } })));
  expect(change.references).toEqual([{ kind: 'payment', value: 'pi_1PgafyB7WZ01zgkWSjxsAJo3' }]);
  expect(change).not.toHaveProperty('order_number');
});

test('Stripe’s own customer stays with the order, and is no id of a person', () => {
  const { order, user } = factOf(about('checkout.session.completed', session({ customer: 'cus_1' })));
  expect(order.customer?.id).toBe('cus_1');
  expect(user).not.toHaveProperty('id');
});

test('what the buyer saw is kept where Stripe converted it', () => {
  const details = { presentment_amount: 6000, presentment_currency: 'isk' };
  expect(told(about('checkout.session.completed', session({ presentment_details: details }))).presentment).toEqual({
    currency: 'ISK',
    exponent: 0,
    total: 60,
  });
});

test('livemode false is a test', () => {
  const event = { ...fixture('self-event-payment_intent.succeeded'), livemode: false };
  expect(told(event).test).toBe(true);
});

test.each([
  // Stripe's own exponents: [currency, Stripe's amount, ISO 4217's minor units, its exponent].
  ['usd', 5250, 5250, 2],
  ['jpy', 5250, 5250, 0],
  ['krw', 5250, 5250, 0],
  ['huf', 525_000, 525_000, 2],
  ['twd', 525_000, 525_000, 2],
  ['kwd', 15_750, 15_750, 3],
  ['tnd', 15_750, 15_750, 3],
  ['isk', 525_000, 5250, 0],
  ['ugx', 525_000, 5250, 0],
  ['ugx', 525_050, 5251, 0],
  ['mga', 5250, 525_000, 2],
])('%s %d is %d in minor units', (currency, amount, minor, exponent) => {
  expect(told(about('payment_intent.succeeded', intent({ currency, amount_received: amount })))).toMatchObject({
    currency: currency.toUpperCase(),
    exponent,
    payments: [{ amount: minor }],
  });
});

test.each(['xyz', 'iqd', 'clf', '', null, 5])('a currency whose unit nobody knows (%s) is refused', (currency) => {
  expect(deliver(about('payment_intent.succeeded', intent({ currency })))).toMatchObject({
    kind: 'unusable',
    code: 'unknown_currency',
    pointer: '/data/object/currency',
  });
});

test.each([
  ['text', 'payment_intent.succeeded', intent({ amount_received: '5250' }), '/data/object/amount_received'],
  ['a fraction', 'payment_intent.succeeded', intent({ amount_received: 52.5 }), '/data/object/amount_received'],
  ['negative', 'charge.refunded', charge({ amount_refunded: -1 }), '/data/object/amount_refunded'],
  ['missing', 'refund.created', refund({ amount: null }), '/data/object/amount'],
  ['missing', 'checkout.session.completed', session({ amount_total: null }), '/data/object/amount_total'],
  [
    'text',
    'checkout.session.completed',
    session({ total_details: { amount_tax: 'x' } }),
    '/data/object/total_details/amount_tax',
  ],
])('an amount that is %s (%s) is refused by its pointer', (_how, type, object, pointer) => {
  expect(deliver(about(type, object))).toMatchObject({ kind: 'unusable', code: 'invalid_amount', pointer });
});

test.each([
  ['{', 'malformed_json', ''],
  ['[]', 'unusable_delivery', ''],
  ['{}', 'unusable_delivery', '/type'],
  [about('payment_intent.succeeded', intent(), { id: null }), 'unusable_delivery', '/id'],
  [about('payment_intent.succeeded', intent(), { created: 'soon' }), 'unusable_delivery', '/created'],
  [about('payment_intent.succeeded', intent(), { data: { object: 'pi_1' } }), 'unusable_delivery', '/data/object'],
  [about('payment_intent.succeeded', intent(), { data: null }), 'unusable_delivery', '/data/object'],
  [about('payment_intent.succeeded', intent({ id: '' })), 'unusable_delivery', '/data/object/id'],
  [about('refund.created', refund({ charge: null })), 'unusable_delivery', '/data/object/payment_intent'],
])('%j is refused as %s at %s', (event, code, pointer) => {
  expect(deliver(event)).toMatchObject({ kind: 'unusable', code, pointer });
});

test('a signature of any of several secrets is enough, and one of none is not', () => {
  const event = fixture('self-event-payment_intent.succeeded');
  const payload = JSON.stringify(event);
  const connection = { ...CONNECTION, secrets: ['whsec_new', SECRET] };
  expect(deliver(event, { header: sign(payload, SECRET), connection }).kind).toBe('facts');
  expect(deliver(event, { header: sign(payload, 'whsec_new'), connection }).kind).toBe('facts');
  const both = `${sign(payload, 'whsec_gone')},v1=${sign(payload).split('v1=')[1]}`;
  expect(deliver(event, { header: both }).kind).toBe('facts');
  const refused = { kind: 'refused', code: 'bad_signature' };
  expect(deliver(event, { header: sign(payload, 'whsec_gone'), connection })).toMatchObject(refused);
  expect(deliver(event, { header: sign(`${payload} `) })).toMatchObject(refused);
  // The part after whsec_ alone is another key.
  expect(deliver(event, { header: sign(payload, SECRET.slice(6)) })).toMatchObject(refused);
});

test('a signature that is missing, malformed or old is refused by its name', () => {
  const event = fixture('self-event-payment_intent.succeeded');
  const payload = JSON.stringify(event);
  const body = Buffer.from(payload);
  expect(stripe.read({ headers: {}, signed: body, body }, CONNECTION, { now: NOW })).toMatchObject({ code: 'signature_missing' });
  for (const header of ['nonsense', 't=1', `v1=${'0'.repeat(64)}`, `t=${NOW / 1000},v1=zz`, `t=x,v1=${'0'.repeat(64)}`])
    expect(deliver(event, { header })).toMatchObject({ kind: 'refused', code: 'bad_signature' });
  expect(deliver(event, { header: sign(payload, SECRET, NOW - 300_000) }).kind).toBe('facts');
  expect(deliver(event, { header: sign(payload, SECRET, NOW + 300_000) }).kind).toBe('facts');
  const stale = { kind: 'refused', code: 'stale_timestamp' };
  expect(deliver(event, { header: sign(payload, SECRET, NOW - 301_000) })).toMatchObject(stale);
  expect(deliver(event, { header: sign(payload, SECRET, NOW + 301_000) })).toMatchObject(stale);
});

test('Stripe’s library believes what our vectors’ construction signs', () => {
  const payload = JSON.stringify(fixture('self-event-charge.refunded'));
  const t = NOW / 1000;
  const header = `t=${t},v1=${createHmac('sha256', SECRET).update(`${t}.${payload}`).digest('hex')}`;
  expect(Stripe.webhooks.constructEvent(payload, header, SECRET, 300, undefined, NOW).id).toBe('evt_self0003');
  expect(deliver(payload, { header }).kind).toBe('facts');
});

test('a thin event says nothing without an API key, and names what to ask for with one', () => {
  const thin = {
    ...{ id: 'evt_thin', object: 'v2.core.event', type: 'v1.payment_intent.succeeded', created: '2026-02-03T11:00:00.000Z' },
    related_object: { id: 'pi_1', type: 'payment_intent', url: '/v1/payment_intents/pi_1' },
  };
  expect(deliver(thin)).toEqual({ kind: 'ignored', reason: 'thin_event' });
  const connection = { ...CONNECTION, settings: { api_key: 'rk_1' } };
  expect(deliver(thin, { connection })).toEqual({
    kind: 'facts',
    facts: [{ delivery_id: 'evt_thin', occurred_at: NOW, order: { source: 'stripe', account: 'acct_1', order_id: 'pi_1' } }],
  });
  const meter = { ...thin, related_object: { id: 'mtr_1', type: 'billing.meter' } };
  expect(deliver(meter, { connection })).toEqual({ kind: 'ignored', reason: 'thin_event' });
  expect(deliver({ ...thin, created: 'soon' }, { connection })).toMatchObject({ kind: 'unusable', pointer: '/created' });
});

test('a connection without a secret, or with an API at no address, can’t be used', () => {
  expect(stripe.check(CONNECTION)).toEqual([]);
  expect(stripe.check({ ...CONNECTION, secrets: [] })).toEqual([expect.stringContaining('secrets is empty')]);
  expect(stripe.check({ ...CONNECTION, settings: { api_url: 'stripe' } })).toEqual([expect.stringContaining('settings.api_url')]);
});
