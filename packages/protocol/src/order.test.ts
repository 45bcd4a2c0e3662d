import { expect, test } from 'vitest';
import { deriveState, type Order } from './order.ts';

const axes = (fields: Partial<Order>) =>
  deriveState({ dispute_state: 'none', cancelled_at: null, payment_state: 'paid', fulfillment_state: 'unfulfilled', ...fields });

test('the state is the first rule that holds', () => {
  expect(axes({ dispute_state: 'open', cancelled_at: '2026-01-01T00:00:00Z' })).toBe('disputed');
  expect(axes({ dispute_state: 'lost' })).toBe('charged_back');
  expect(axes({ cancelled_at: '2026-01-01T00:00:00Z', payment_state: 'refunded' })).toBe('cancelled');
  expect(axes({ payment_state: 'voided' })).toBe('cancelled');
  expect(axes({ payment_state: 'partially_refunded', fulfillment_state: 'fulfilled' })).toBe('partially_refunded');
  expect(axes({ fulfillment_state: 'delivered' })).toBe('fulfilled');
  expect(axes({})).toBe('paid');
});
