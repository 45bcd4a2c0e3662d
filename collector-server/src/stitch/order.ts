import { deriveState, isSnapshot, type LoggedEvent, type Order, type OrderChange, type PaymentState } from '@orderloop/protocol';

export interface OrderConflict {
  event_id: string;
  field: 'payment_state';
  from: string;
  to: string;
}

export interface OrderProjection {
  order: Order;
  /** Moves that the state machine does not allow: kept, not applied. */
  conflicts: OrderConflict[];
  /** The events that make it up, oldest version first. */
  events: LoggedEvent[];
}

/** Allowed payment moves (order-sources §1). */
const MOVES: Readonly<Record<PaymentState, readonly PaymentState[]>> = {
  pending: ['authorized', 'partially_paid', 'paid', 'failed', 'voided', 'partially_refunded', 'refunded'],
  authorized: ['partially_paid', 'paid', 'voided', 'failed', 'partially_refunded', 'refunded'],
  failed: ['authorized', 'paid'],
  partially_paid: ['paid', 'partially_refunded', 'refunded', 'voided'],
  paid: ['partially_paid', 'partially_refunded', 'refunded'],
  partially_refunded: ['refunded', 'paid'],
  refunded: ['partially_refunded'],
  voided: [],
};

/**
 * The order as all of its events make it, whatever order they came in. Versions apply by `updated_at`; facts
 * (refunds, a cancellation) never shrink by an older message. Null while only facts are known: they are parked until
 * the order itself arrives.
 */
export function projectOrder(events: readonly LoggedEvent[]): OrderProjection | null {
  const changes = events.filter((event) => event.order);
  const versions = changes.filter((event) => isSnapshot(event.order!)).sort(byVersion);
  const conflicts: OrderConflict[] = [];
  let order: Order | null = null;
  let edited = false;
  for (const event of versions) {
    const version = event.order as Order;
    if (order && isEdit(order, version)) edited = true;
    if (order && order.payment_state !== version.payment_state && !MOVES[order.payment_state].includes(version.payment_state)) {
      conflicts.push({ event_id: event.event_id, field: 'payment_state', from: order.payment_state, to: version.payment_state });
      order = { ...version, payment_state: order.payment_state };
    } else {
      order = version;
    }
  }
  if (!order) return null;
  const refunds = unionOfRefunds(changes);
  const listed = refunds.reduce((sum, refund) => sum + refund.amount, 0);
  const refunded = Math.max(listed, order.amounts.refunded);
  const cancelled_at =
    versions
      .map((event) => event.order!.cancelled_at)
      .filter((at) => at != null)
      .sort()[0] ?? null;
  const axes = {
    payment_state: withRefunds(order.payment_state, refunded, order.amounts.paid),
    fulfillment_state: order.fulfillment_state,
    dispute_state: order.dispute_state,
    cancelled_at,
  };
  return {
    order: {
      ...order,
      ...axes,
      state: deriveState(axes),
      edited: edited || order.edited,
      refunds,
      amounts: { ...order.amounts, refunded, net: order.amounts.paid - refunded },
      session_ref: order.session_ref ?? newestRef(versions),
    },
    conflicts,
    events: [...versions, ...changes.filter((event) => !isSnapshot(event.order!)).sort(byTime)],
  };
}

/** Older first: by version, then by how much is known, then by id, so that a tie falls the same way everywhere. */
function byVersion(left: LoggedEvent, right: LoggedEvent): number {
  const [a, b] = [left.order as Order, right.order as Order];
  return (
    compare(a.updated_at, b.updated_at) ||
    a.refunds.length + a.tracking.length - (b.refunds.length + b.tracking.length) ||
    paymentRank(a.payment_state) - paymentRank(b.payment_state) ||
    compare(left.event_id, right.event_id)
  );
}

const byTime = (left: LoggedEvent, right: LoggedEvent): number =>
  left.occurred_at - right.occurred_at || compare(left.event_id, right.event_id);

const RANKS: readonly PaymentState[] = [
  'pending',
  'failed',
  'authorized',
  'partially_paid',
  'paid',
  'partially_refunded',
  'refunded',
  'voided',
];
const paymentRank = (state: PaymentState): number => RANKS.indexOf(state);
const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

function unionOfRefunds(events: readonly LoggedEvent[]): Order['refunds'] {
  const byId = new Map<string, Order['refunds'][number]>();
  for (const refund of events.flatMap((event) => event.order?.refunds ?? [])) {
    const known = byId.get(refund.refund_id);
    if (!known || refund.amount > known.amount) byId.set(refund.refund_id, refund);
  }
  return [...byId.values()].sort(
    (left, right) => compare(left.at ?? '', right.at ?? '') || compare(left.refund_id, right.refund_id),
  );
}

function withRefunds(state: PaymentState, refunded: number, paid: number): PaymentState {
  if (refunded <= 0 || !['paid', 'partially_refunded', 'refunded'].includes(state)) return state;
  return refunded >= paid ? 'refunded' : 'partially_refunded';
}

function isEdit(before: Order, after: Order): boolean {
  return before.amounts.total !== after.amounts.total || lines(before) !== lines(after);
}

const lines = (order: OrderChange): string =>
  JSON.stringify((order.line_items ?? []).map(({ line_id, sku, quantity, unit_price }) => [line_id, sku, quantity, unit_price]));

const newestRef = (versions: readonly LoggedEvent[]): string | null =>
  versions
    .map((event) => event.order!.session_ref)
    .filter((ref) => ref != null)
    .at(-1) ?? null;
