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
