import type { OrderChange, OrderSnapshot, PaymentState } from '@orderloop/protocol';

/**
 * The same version where the platform's status says nothing of payment, fulfilment or cancellation: it changes its other
 * fields alone, and these stay as they were last known.
 */
export function keepingStates({
  state,
  payment_state,
  fulfillment_state,
  dispute_state,
  cancelled_at,
  paid_at,
  amounts: { paid, refunded, net, ...amounts },
  ...fields
}: OrderSnapshot): OrderChange {
  return { ...fields, amounts };
}

/** Whether a payment came in at all, whatever went back since. */
export const wasPaid = (state: PaymentState): boolean =>
  state === 'paid' || state === 'partially_refunded' || state === 'refunded';

/** A payment that is `paid`, after what went back of it; other words stay. */
export function afterRefunds(state: PaymentState, refunded: number, paid: number): PaymentState {
  if (state !== 'paid' || refunded <= 0) return state;
  return refunded >= paid ? 'refunded' : 'partially_refunded';
}
