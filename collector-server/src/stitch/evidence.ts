import { deriveState, type Order } from '@orderloop/protocol';
import type { OrderProjection } from './order.ts';

/** An order says what was sold, a payment how it was paid: several sources may tell of one sale (order-sources §14.4). */
export type SaleRole = 'orders' | 'payments';

/** What an order and its payment are both known by, the surest first. `likeness` is amount, currency and buyer. */
export const REFERENCE_KINDS = ['payment', 'order', 'likeness'] as const;
export type ReferenceKind = (typeof REFERENCE_KINDS)[number];

export interface SaleReference {
  kind: ReferenceKind;
  value: string;
  /** When the sale was made, in UTC ms. */
  at: number;
}

/** `likeness` is a guess, and moves no money. */
export interface Evidence {
  order_key: string;
  by: 'reference' | 'likeness';
}

/** How far the two may lie apart where nothing but their likeness ties them, in ms. */
const LIKENESS_MS = 30 * 60_000;
const MAX_LENGTH = 512;

/** What a sale is known by: an order by its own ids and its gateway's, a payment by its own ids and its merchant's. */
export function referencesOf({ order, events }: OrderProjection, role: SaleRole): SaleReference[] {
  const at = Date.parse(order.created_at);
  const found = new Map<string, SaleReference>();
  const add = (kind: ReferenceKind, value: string | null | undefined): void => {
    if (value && value.length <= MAX_LENGTH) found.set(`${kind} ${value}`, { kind, value, at });
  };
  for (const { order: change, user } of events) {
    for (const { kind, value } of change?.references ?? []) add(kind, value);
    if (user?.email_index) add('likeness', `${order.currency} ${order.amounts.total} ${user.email_index}`);
    if (role === 'payments') for (const alias of change?.aliases ?? []) add('payment', alias);
  }
  if (role === 'payments') add('payment', order.order_id);
  else for (const id of [order.order_id, order.order_number, order.order_number?.replace(/^#/, '')]) add('order', id);
  return [...found.values()];
}

/** The order that a payment belongs to: by the surest reference, of several the one that was placed nearest. */
export function chooseOrder(
  placed_at: number,
  candidates: readonly (Pick<SaleReference, 'kind' | 'at'> & { order_key: string })[],
): Evidence | null {
  const distance = ({ at }: { at: number }): number => Math.abs(at - placed_at);
  const [best] = candidates
    .filter((one) => one.kind !== 'likeness' || distance(one) <= LIKENESS_MS)
    .sort(
      (left, right) =>
        REFERENCE_KINDS.indexOf(left.kind) - REFERENCE_KINDS.indexOf(right.kind) ||
        distance(left) - distance(right) ||
        (left.order_key < right.order_key ? -1 : 1),
    );
  return best ? { order_key: best.order_key, by: best.kind === 'likeness' ? 'likeness' : 'reference' } : null;
}

/**
 * An order with what its payments know better: a dispute, which only the gateway sees, and what went back of the money, if that
 * is more than the store says. What is in another currency tells nothing.
 */
export function withEvidence(order: Order, payments: readonly Order[]): Order {
  const same = payments.filter(({ currency }) => currency === order.currency);
  const refundedByGateway = same.reduce((sum, { amounts }) => sum + amounts.refunded, 0);
  const refunded = Math.max(order.amounts.refunded, Math.min(refundedByGateway, order.amounts.paid));
  const isRefundable = ['paid', 'partially_refunded'].includes(order.payment_state) && refunded > order.amounts.refunded;
  const payment_state = !isRefundable ? order.payment_state : refunded >= order.amounts.paid ? 'refunded' : 'partially_refunded';
  const disputes = [order.dispute_state, ...same.map(({ dispute_state }) => dispute_state)];
  const dispute_state = (['open', 'lost', 'won'] as const).find((state) => disputes.includes(state)) ?? 'none';
  if (payment_state === order.payment_state && dispute_state === order.dispute_state && !isRefundable) return order;
  const { fulfillment_state, cancelled_at } = order;
  return {
    ...order,
    payment_state,
    dispute_state,
    state: deriveState({ payment_state, dispute_state, fulfillment_state, cancelled_at }),
    amounts: isRefundable ? { ...order.amounts, refunded, net: order.amounts.paid - refunded } : order.amounts,
  };
}
