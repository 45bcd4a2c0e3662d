import type { DisputeState, LoggedEvent, OrderChange, PaymentFactState, ShipmentState } from '@orderloop/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { projectOrder } from './order.ts';
import { canonicalOrder, orderEvent } from './testing.ts';

const refundFact = (refund_id: string, amount: number, at = '2026-11-21T10:00:00Z') =>
  orderEvent({ source: 'shop', account: 'demo', order_id: '1001', refunds: [{ refund_id, amount, at }] });
const version = (updated_at: string, more: Parameters<typeof canonicalOrder>[0] = {}) =>
  orderEvent(canonicalOrder({ updated_at, ...more }));

test('the newest version counts, whatever came last', () => {
  const older = version('2026-11-20T10:00:00Z', { payment_state: 'pending' });
  const newer = version('2026-11-20T11:00:00Z', { payment_state: 'paid' });
  expect(projectOrder([newer, older])!.order.payment_state).toBe('paid');
});

test('a refund before its order is parked, and counts when the order comes', () => {
  const refund = refundFact('r1', 490);
  expect(projectOrder([refund])).toBeNull();
  expect(projectOrder([refund, version('2026-11-20T10:00:00Z')])!.order).toMatchObject({
    state: 'partially_refunded',
    payment_state: 'partially_refunded',
    amounts: { refunded: 490, net: 10000 },
  });
});

test('the same refund in two messages is one', () => {
  const withRefund = version('2026-11-21T10:00:00Z', { refunds: [{ refund_id: 'r1', amount: 490, at: null }] });
  expect(projectOrder([withRefund, refundFact('r1', 490)])!.order.amounts.refunded).toBe(490);
});

test('a cancellation is not undone by an older version', () => {
  const cancelled = version('2026-11-20T12:00:00Z', { cancelled_at: '2026-11-20T12:00:00Z' });
  expect(projectOrder([cancelled, version('2026-11-20T11:00:00Z')])!.order).toMatchObject({
    state: 'cancelled',
    cancelled_at: '2026-11-20T12:00:00Z',
  });
});

test('a move that the state machine does not allow is kept as a conflict, and not applied', () => {
  const projected = projectOrder([
    version('2026-11-20T10:00:00Z'),
    version('2026-11-20T11:00:00Z', { payment_state: 'pending' }),
  ])!;
  expect(projected.order.payment_state).toBe('paid');
  expect(projected.conflicts).toMatchObject([{ field: 'payment_state', from: 'paid', to: 'pending' }]);
});

test('a changed total is an edit', () => {
  const edited = projectOrder([
    version('2026-11-20T10:00:00Z'),
    version('2026-11-20T11:00:00Z', { amounts: { ...canonicalOrder().amounts, total: 9900 } }),
  ])!;
  expect(edited.order).toMatchObject({ edited: true, amounts: { total: 9900 } });
});

test('F16: every order of arrival, with every delivery doubled, gives the same order', () => {
  const events = [
    version('2026-11-20T10:00:00Z', { payment_state: 'pending', paid_at: null }),
    version('2026-11-20T10:05:00Z'),
    version('2026-11-20T10:06:00Z', { fulfillment_state: 'fulfilled' }),
    version('2026-11-21T10:00:00Z', { refunds: [{ refund_id: 'r1', amount: 1000, at: '2026-11-21T10:00:00Z' }] }),
    refundFact('r1', 1000),
    refundFact('r2', 9490, '2026-11-22T10:00:00Z'),
    version('2026-11-23T10:00:00Z', { cancelled_at: '2026-11-23T10:00:00Z' }),
  ];
  const expected = projectOrder(events)!;
  expect(expected.order).toMatchObject({ state: 'cancelled', payment_state: 'refunded', amounts: { refunded: 10490, net: 0 } });
  fc.assert(
    fc.property(fc.shuffledSubarray(events, { minLength: events.length }), (shuffled) => {
      expect(projectOrder(shuffled)).toMatchObject({ order: expected.order, conflicts: expected.conflicts });
    }),
    { seed: 16, numRuns: 300 },
  );
});

/** What a gateway says of one payment. */
const gatewayFact = (more: Partial<OrderChange>, occurred_at: number) =>
  orderEvent({ source: 'stripe', account: 'acct', order_id: 'pi_1', currency: 'EUR', exponent: 2, ...more }, { occurred_at });
const payment = (state: PaymentFactState, at = '2026-11-20T10:00:00Z') => ({ payment_id: 'pi_1', state, amount: 5250, at });
const T0 = Date.parse('2026-11-20T10:00:00Z');

/** The same for every order that the events can come in. */
function projectAnyOrder(events: LoggedEvent[]) {
  const expected = projectOrder(events);
  fc.assert(
    fc.property(fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }), (shuffled) => {
      expect(projectOrder(shuffled)?.order).toEqual(expected?.order);
    }),
    { numRuns: 50 },
  );
  return expected!.order;
}

test('a gateway’s order is put together from its payments, and never goes back from paid', () => {
  const order = projectAnyOrder([
    gatewayFact({ payments: [payment('failed')] }, T0 + 9000),
    gatewayFact({ payments: [payment('paid', '2026-11-20T10:00:05Z')], amounts: { total: 5250 } }, T0 + 5000),
    gatewayFact(
      { payments: [payment('paid', '2026-11-20T10:00:06Z')], amounts: { total: 5250, tax: 250 }, session_ref: 'ref' },
      T0,
    ),
  ]);
  expect(order).toMatchObject({
    state: 'paid',
    payment_state: 'paid',
    paid_at: '2026-11-20T10:00:05Z',
    created_at: '2026-11-20T10:00:00Z',
    updated_at: '2026-11-20T10:00:09Z',
    session_ref: 'ref',
    amounts: { total: 5250, tax: 250, paid: 5250, net: 5250 },
  });
});

test('a gateway’s dispute or refund without its payment is parked', () => {
  expect(projectOrder([gatewayFact({ disputes: [{ dispute_id: 'd', state: 'open', at: null }] }, T0)])).toBeNull();
});

test('what was refunded in all is a maximum, less what failed since', () => {
  const totals = (amount: number, at: string) => ({ refund_totals: [{ payment_id: 'pi_1', amount, at }] });
  const paid = gatewayFact({ payments: [payment('paid')] }, T0);
  const part = gatewayFact(totals(2000, '2026-11-21T10:00:00Z'), T0 + 1000);
  const whole = gatewayFact(totals(5250, '2026-11-22T10:00:00Z'), T0 + 2000);
  const failed = gatewayFact({ failed_refunds: [{ refund_id: 're_2', amount: 3250, at: '2026-11-23T10:00:00Z' }] }, T0 + 3000);
  expect(projectAnyOrder([paid, part])).toMatchObject({ state: 'partially_refunded', amounts: { refunded: 2000, net: 3250 } });
  expect(projectAnyOrder([paid, part, whole])).toMatchObject({ state: 'refunded', amounts: { net: 0 } });
  expect(projectAnyOrder([paid, part, whole, failed])).toMatchObject({
    state: 'partially_refunded',
    amounts: { refunded: 2000 },
  });
});

test('a refund that is said twice to have failed failed once, before what was refunded since', () => {
  const total = (amount: number, at: string) =>
    gatewayFact({ refund_totals: [{ payment_id: 'pi_1', amount, at }] }, Date.parse(at));
  const failure = (at: string) => gatewayFact({ failed_refunds: [{ refund_id: 're_1', amount: 2000, at }] }, Date.parse(at));
  const paid = gatewayFact({ payments: [payment('paid')] }, T0);
  const events = [paid, total(2000, '2026-11-21T10:00:00Z'), failure('2026-11-22T10:00:00Z')];
  expect(projectAnyOrder(events)).toMatchObject({ state: 'paid', amounts: { refunded: 0 } });
  const since = [...events, total(1000, '2026-11-23T10:00:00Z'), failure('2026-11-24T10:00:00Z')];
  expect(projectAnyOrder(since)).toMatchObject({ state: 'partially_refunded', amounts: { refunded: 1000 } });
});

test('money that a gateway let go of before it took it was not refunded', () => {
  const let_go = { refunds: [{ refund_id: 're_1', amount: 5250, at: '2026-11-21T10:00:00Z' }] };
  const voided = gatewayFact({ payments: [payment('voided')] }, T0 + 1000);
  const order = projectAnyOrder([gatewayFact({ payments: [payment('authorized')] }, T0), voided, gatewayFact(let_go, T0 + 2000)]);
  expect(order).toMatchObject({ state: 'cancelled', amounts: { paid: 0, refunded: 0, net: 0 } });
});

test('a payment that was captured in parts comes to their sum, where nobody states a total', () => {
  const part = (payment_id: string, amount: number) =>
    gatewayFact({ payments: [{ payment_id, state: 'paid', amount, at: '2026-11-20T10:00:00Z' }] }, T0);
  expect(projectAnyOrder([part('c1', 6000), part('c2', 4000)])).toMatchObject({
    state: 'paid',
    amounts: { total: 10000, paid: 10000 },
  });
});

test('a dispute is open until it is won or lost, whatever comes late', () => {
  const dispute = (state: DisputeState, at: string) =>
    gatewayFact({ disputes: [{ dispute_id: 'd', state, at }] }, Date.parse(at));
  const paid = gatewayFact({ payments: [payment('paid')] }, T0);
  const opened = dispute('open', '2026-11-24T10:00:00Z');
  expect(projectAnyOrder([paid, opened])).toMatchObject({ state: 'disputed', dispute_state: 'open' });
  expect(projectAnyOrder([paid, opened, dispute('lost', '2026-11-25T10:00:00Z')])).toMatchObject({ state: 'charged_back' });
  expect(projectAnyOrder([paid, opened, dispute('won', '2026-11-25T10:00:00Z')])).toMatchObject({
    state: 'paid',
    dispute_state: 'won',
  });
  expect(projectAnyOrder([paid, opened, dispute('none', '2026-11-25T10:00:00Z')])).toMatchObject({ dispute_state: 'none' });
});

test('payments that came by themselves show that more is paid than the newest version says', () => {
  const pending = version('2026-11-20T10:00:00Z', { payment_state: 'pending', paid_at: null, amounts: { paid: 0, net: 0 } });
  const captured = (payment_id: string, amount: number) =>
    orderEvent({
      source: 'shop',
      account: 'demo',
      order_id: '1001',
      transactions: [{ payment_id, state: 'paid', amount, at: '2026-11-20T10:01:00Z' }],
    });
  expect(projectAnyOrder([pending, captured('t1', 5000)])).toMatchObject({
    payment_state: 'partially_paid',
    amounts: { paid: 5000 },
  });
  expect(projectAnyOrder([pending, captured('t1', 5000), captured('t2', 5490)])).toMatchObject({
    payment_state: 'paid',
    paid_at: '2026-11-20T10:01:00Z',
    amounts: { paid: 10490, net: 10490 },
  });
});

test('a transaction of an order that has not come is parked', () => {
  const transactions = [{ payment_id: 't', state: 'paid' as const, amount: 5250, at: null }];
  expect(projectOrder([gatewayFact({ transactions }, T0)])).toBeNull();
});

test('a version that changes some fields alone changes them of the version before it', () => {
  const change = (updated_at: string, more: Partial<OrderChange>) =>
    orderEvent({ source: 'shop', account: 'demo', order_id: '1001', updated_at, ...more });
  const whole = version('2026-11-20T10:00:00Z', { payment_state: 'pending', amounts: { paid: 0, net: 0 } });
  const paid = change('2026-11-20T11:00:00Z', { payment_state: 'paid' });
  const shipped = change('2026-11-20T12:00:00Z', { fulfillment_state: 'fulfilled', tracking: [{ carrier: 'DHL', number: '1' }] });
  expect(projectOrder([paid, shipped])).toBeNull();
  expect(projectAnyOrder([whole, paid, shipped])).toMatchObject({
    state: 'fulfilled',
    updated_at: '2026-11-20T12:00:00Z',
    amounts: { paid: 10490, net: 10490 },
    tracking: [{ carrier: 'DHL', number: '1' }],
  });
});

test('a newer list of refunds stands in place of the earlier one; a version without a list leaves it', () => {
  const refund = { refund_id: 'r1', amount: 490, at: null };
  const one = version('2026-11-20T11:00:00Z', { refunds: [refund] });
  const none = version('2026-11-20T12:00:00Z', { refunds: [] });
  expect(projectAnyOrder([one, none])).toMatchObject({ payment_state: 'paid', refunds: [] });
  const { refunds: _, ...silent } = none.order!;
  expect(projectAnyOrder([one, { ...none, order: silent }])).toMatchObject({
    payment_state: 'partially_refunded',
    refunds: [refund],
  });
});

test('a shipment shows that something is under way, and all of them that everything arrived', () => {
  const shipment = (shipment_id: string, state: ShipmentState) =>
    orderEvent({ source: 'shop', account: 'demo', order_id: '1001', shipments: [{ shipment_id, state, tracking: [] }] });
  const placed = version('2026-11-20T10:00:00Z');
  const shipped = version('2026-11-20T12:00:00Z', { fulfillment_state: 'fulfilled' });
  expect(projectAnyOrder([placed, shipment('1', 'shipped')]).fulfillment_state).toBe('partially_fulfilled');
  expect(projectAnyOrder([placed, shipment('1', 'cancelled')]).fulfillment_state).toBe('unfulfilled');
  expect(projectAnyOrder([placed, shipped, shipment('1', 'delivered'), shipment('2', 'shipped')]).fulfillment_state).toBe(
    'fulfilled',
  );
  expect(projectAnyOrder([placed, shipped, shipment('1', 'delivered'), shipment('2', 'delivered')]).fulfillment_state).toBe(
    'delivered',
  );
});
