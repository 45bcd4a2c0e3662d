import {
  type DisputeState,
  deriveState,
  isSnapshot,
  type LoggedEvent,
  type Order,
  type OrderChange,
  type OrderConflict,
  type OrderSnapshot,
  PAYMENT_FACT_STATES,
  type PaymentState,
  SHIPMENT_STATES,
} from '@orderloop/protocol';

export interface OrderProjection {
  order: Order;
  /** Moves that the state machine does not allow: kept, not applied. */
  conflicts: OrderConflict[];
  /** The events that make it up, oldest version first. */
  events: LoggedEvent[];
}

/** Allowed payment moves (order-sources §1); between two versions that came, others may have been missed. */
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

type Change = LoggedEvent & { order: OrderChange };

/** What the sources say the order is, before what came back of the money and what else happened to it. */
interface Base {
  order: Order;
  conflicts: OrderConflict[];
  /** Events that say what the order is, the weakest first. */
  events: Change[];
  /** What can have gone back at most: a gateway also calls it a refund when it lets go of money that it never took. */
  refundable: number;
}

/**
 * The order as all of its events make it, whatever order they came in (order-sources §4). Versions apply by `updated_at`;
 * facts (payments, refunds, disputes, shipments) never shrink by an older message. Null while it is not known what the order
 * is: facts are parked until it arrives.
 */
export function projectOrder(events: readonly LoggedEvent[]): OrderProjection | null {
  const changes = events.filter((event): event is Change => event.order !== undefined).sort(byTime);
  const base = fromVersions(changes) ?? fromPayments(changes);
  if (!base) return null;
  const { order, conflicts } = base;
  const facts = changes.filter((event) => isOfCurrency(event, order)).map((event) => event.order);
  const { paid } = order.amounts;
  const refunds = refundsOf(base.events, facts);
  const refunded = Math.min(Math.max(sumOf(refunds), order.amounts.refunded, refundedInAll(facts)), base.refundable);
  const axes = {
    payment_state: withRefunds(order.payment_state, refunded, paid),
    fulfillment_state: fulfillmentOf(order.fulfillment_state, facts),
    dispute_state: disputeOf(facts) ?? order.dispute_state,
    cancelled_at: order.cancelled_at,
  };
  return {
    order: {
      ...order,
      ...axes,
      state: deriveState(axes),
      edited: order.edited || facts.some(({ edited }) => edited),
      refunds,
      tracking: trackingOf(order.tracking, facts),
      amounts: { ...order.amounts, refunded, net: paid - refunded },
    },
    conflicts,
    events: [...base.events, ...changes.filter((event) => !base.events.includes(event))],
  };
}

/** The newest version, with what the state machine forbids left out, and with the payments that are known beside it. */
function fromVersions(changes: readonly Change[]): Base | null {
  const versions = changes.filter(({ order }) => order.updated_at !== undefined).sort(byVersion);
  const conflicts: OrderConflict[] = [];
  let order: Order | null = null;
  let edited = false;
  for (const { event_id, order: version } of versions) {
    const before: Order | null = order;
    const next: Order | null = isSnapshot(version) ? asOrder(version) : before && withChange(before, version);
    if (before && next) {
      edited ||= isEdit(before, next);
      next.cancelled_at = next.cancelled_at && before.cancelled_at ? before.cancelled_at : next.cancelled_at;
      if (before.payment_state !== next.payment_state && !MOVES[before.payment_state].includes(next.payment_state)) {
        conflicts.push({ event_id, field: 'payment_state', from: before.payment_state, to: next.payment_state });
        next.payment_state = before.payment_state;
      }
    }
    order = next;
  }
  if (!order) return null;
  const session_ref = order.session_ref ?? lastOf(versions, (version) => version.session_ref);
  const whole = withPayments({ ...order, edited: edited || order.edited, session_ref }, changes);
  return { order: whole, conflicts, events: versions, refundable: Number.POSITIVE_INFINITY };
}

/** The order alone of what a snapshot says, and no refunds where it says nothing of them. */
function asOrder({
  payments,
  transactions,
  failed_refunds,
  refund_totals,
  disputes,
  shipments,
  references,
  aliases,
  ...order
}: OrderSnapshot): Order {
  return { ...order, refunds: order.refunds ?? [] };
}

/** A version that changes some fields alone. A payment without an amount is one of the total. */
function withChange(
  order: Order,
  {
    payments,
    transactions,
    failed_refunds,
    refund_totals,
    disputes,
    shipments,
    references,
    aliases,
    amounts,
    ...fields
  }: OrderChange,
): Order {
  const next = { ...order, ...fields, amounts: { ...order.amounts, ...amounts } };
  if (fields.payment_state && amounts?.paid === undefined)
    next.amounts.paid = REFUNDABLE.includes(fields.payment_state) ? next.amounts.total : 0;
  return next;
}

const UNPAID: readonly PaymentState[] = ['pending', 'failed', 'authorized', 'partially_paid'];
const REFUNDABLE: readonly PaymentState[] = ['paid', 'partially_refunded', 'refunded'];

/** Payments that came by themselves may show that more is paid than the newest version says, never less. */
function withPayments(order: Order, changes: readonly Change[]): Order {
  const paid = paymentsOf(changes, order).filter(({ state }) => state === 'paid');
  const captured = paid.reduce((sum, { amount }) => sum + amount, 0);
  const paid_at = paid.flatMap(({ at }) => at ?? []).sort()[0];
  const amounts = { ...order.amounts, paid: Math.max(order.amounts.paid, captured) };
  if (order.payment_state === 'voided') return order;
  if (!UNPAID.includes(order.payment_state)) return { ...order, amounts, paid_at: paid_at ?? order.paid_at };
  if (captured <= order.amounts.paid) return order;
  const isWhole = captured >= amounts.total;
  return { ...order, amounts, payment_state: isWhole ? 'paid' : 'partially_paid', paid_at: isWhole ? paid_at! : order.paid_at };
}

const NO_AMOUNTS: Order['amounts'] = {
  subtotal: 0,
  discount: 0,
  shipping: 0,
  tax: 0,
  tip: 0,
  fees: 0,
  total: 0,
  paid: 0,
  refunded: 0,
  net: 0,
};

/**
 * The order of a gateway, put together from its payments: of two messages the one that knows more amounts counts, and of as
 * many the newer. Without a payment there is none.
 */
function fromPayments(changes: readonly Change[]): Base | null {
  const events = changes
    .filter(({ order }) => order.currency && order.payments && order.payments.length > 0)
    .sort((left, right) => amountCount(left.order) - amountCount(right.order) || byTime(left, right));
  const strongest = events.at(-1)?.order;
  if (!strongest) return null;
  const same = events.filter((event) => isOfCurrency(event, strongest));
  const said: Partial<Order> = Object.assign({}, ...events.map(({ order }) => definedOf(order)));
  const stated: Partial<Order['amounts']> = Object.assign({}, ...same.map(({ order }) => order.amounts));
  const payments = paymentsOf(changes, strongest);
  const paid = payments.filter(({ state }) => state === 'paid');
  const captured = paid.reduce((sum, { amount }) => sum + amount, 0);
  // Where nobody states a total, the payments do: one that was split was captured in parts.
  const total = Math.max(captured, ...payments.map(({ amount }) => amount));
  return {
    order: {
      source: strongest.source,
      account: strongest.account,
      order_id: strongest.order_id,
      order_number: said.order_number ?? null,
      state: 'pending',
      payment_state: strongestPayment(payments),
      fulfillment_state: said.fulfillment_state ?? 'unfulfilled',
      dispute_state: 'none',
      test: events.some(({ order }) => order.test),
      edited: false,
      currency: strongest.currency!,
      exponent: strongest.exponent!,
      tax_included: said.tax_included ?? false,
      amounts: { ...NO_AMOUNTS, total, ...stated, paid: captured },
      presentment: said.presentment ?? null,
      created_at: firstOf(events, (order) => order.created_at) ?? instantOf(events.map(({ occurred_at }) => occurred_at)).first,
      paid_at: paid.flatMap(({ at }) => at ?? []).sort()[0] ?? null,
      updated_at: instantOf(changes.map(({ occurred_at }) => occurred_at)).last,
      cancelled_at: paid.length > 0 ? null : firstOf(changes, (order) => order.cancelled_at),
      line_items: said.line_items ?? [],
      customer: said.customer ?? { id: null, email_sha256: null, phone_e164: null },
      refunds: [],
      tracking: said.tracking ?? [],
      session_ref: lastOf(events, (order) => order.session_ref),
      attribution: said.attribution ?? { landing_page: null, referrer: null, click_ids: {} },
    },
    conflicts: [],
    events,
    refundable: captured,
  };
}

type Payment = NonNullable<OrderChange['payments']>[number];

/** Each payment once, at the most that it came to; the same state again counts from when it was first said. */
function paymentsOf(changes: readonly Change[], order: Pick<Order, 'currency'> | OrderChange): Payment[] {
  const byId = new Map<string, Payment>();
  for (const payment of changes
    .filter((event) => isOfCurrency(event, order))
    .flatMap(({ order: { payments = [], transactions = [] } }) => [...payments, ...transactions])) {
    const known = byId.get(payment.payment_id);
    const more = known ? rankOf(payment) - rankOf(known) || payment.amount - known.amount : 1;
    if (more > 0 || (more === 0 && compare(payment.at ?? '', known!.at ?? '') < 0)) byId.set(payment.payment_id, payment);
  }
  return [...byId.values()];
}

const rankOf = ({ state }: Payment): number => PAYMENT_FACT_STATES.indexOf(state);

/** Of several payments of one order, the weakest first: a voided one counts where no other was tried. */
const STRENGTHS = ['pending', 'voided', 'failed', 'authorized', 'paid'] as const;

const strongestPayment = (payments: readonly Payment[]): PaymentState =>
  STRENGTHS.findLast((state) => payments.some((payment) => payment.state === state)) ?? 'pending';

/** A gateway may say in another currency what the store says in its own; such amounts are not comparable. */
const isOfCurrency = ({ order }: Change, { currency }: { currency?: string | undefined }): boolean =>
  !order.currency || order.currency === currency;

const amountCount = ({ amounts }: OrderChange): number => Object.keys(amounts ?? {}).length;

const definedOf = (change: OrderChange): Partial<OrderChange> =>
  Object.fromEntries(Object.entries(change).filter(([, value]) => value !== null && value !== undefined));

function instantOf(times: readonly number[]): { first: string; last: string } {
  const write = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  return { first: write(Math.min(...times)), last: write(Math.max(...times)) };
}

const firstOf = (events: readonly Change[], field: (order: OrderChange) => string | null | undefined): string | null =>
  events.flatMap(({ order }) => field(order) ?? []).sort()[0] ?? null;

const lastOf = (events: readonly Change[], field: (order: OrderChange) => string | null | undefined): string | null =>
  events.flatMap(({ order }) => field(order) ?? []).at(-1) ?? null;

/** Older first: by version, then by how much is known, then by id, so that a tie falls the same way everywhere. */
function byVersion(left: Change, right: Change): number {
  const [a, b] = [left.order, right.order];
  return (
    compare(a.updated_at!, b.updated_at!) ||
    // What changes some fields changes them of the whole that came with it.
    Number(isSnapshot(b)) - Number(isSnapshot(a)) ||
    factCount(a) - factCount(b) ||
    paymentRank(a.payment_state) - paymentRank(b.payment_state) ||
    compare(left.event_id, right.event_id)
  );
}

const factCount = ({ refunds = [], tracking = [] }: OrderChange): number => refunds.length + tracking.length;

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
const paymentRank = (state: PaymentState | undefined): number => (state ? RANKS.indexOf(state) : -1);
const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/**
 * Refunds by their ids: the list of the newest version that has one, and those that came by themselves, but for what did not
 * reach the buyer after all.
 */
function refundsOf(versions: readonly Change[], facts: readonly OrderChange[]): Order['refunds'] {
  const listed = versions.findLast(({ order }) => order.updated_at !== undefined && order.refunds !== undefined);
  const alone = facts.filter(({ updated_at }) => updated_at === undefined).flatMap(({ refunds }) => refunds ?? []);
  const failed = new Set(facts.flatMap(({ failed_refunds }) => (failed_refunds ?? []).map(({ refund_id }) => refund_id)));
  const byId = new Map<string, Order['refunds'][number]>();
  for (const refund of [...(listed?.order.refunds ?? []), ...alone]) {
    const known = byId.get(refund.refund_id);
    if (!failed.has(refund.refund_id) && (!known || refund.amount > known.amount)) byId.set(refund.refund_id, refund);
  }
  return [...byId.values()].sort(
    (left, right) => compare(left.at ?? '', right.at ?? '') || compare(left.refund_id, right.refund_id),
  );
}

const sumOf = (refunds: Order['refunds']): number => refunds.reduce((sum, { amount }) => sum + amount, 0);

/** What gateways say has gone back in all: of each payment the most, less what failed since that was said. */
function refundedInAll(facts: readonly OrderChange[]): number {
  const failed = new Map<string, NonNullable<OrderChange['failed_refunds']>[number]>();
  for (const one of facts.flatMap(({ failed_refunds }) => failed_refunds ?? [])) {
    const known = failed.get(one.refund_id);
    // It failed once, however often that is said.
    if (!known || compare(one.at ?? '', known.at ?? '') < 0) failed.set(one.refund_id, one);
  }
  const most = new Map<string, number>();
  for (const { payment_id, amount, at } of facts.flatMap(({ refund_totals }) => refund_totals ?? [])) {
    const since = [...failed.values()].filter((one) => compare(one.at ?? '', at ?? '') >= 0);
    const left = amount - since.reduce((sum, one) => sum + one.amount, 0);
    most.set(payment_id, Math.max(most.get(payment_id) ?? 0, left));
  }
  return [...most.values()].reduce((sum, amount) => sum + amount, 0);
}

function withRefunds(state: PaymentState, refunded: number, paid: number): PaymentState {
  if (refunded <= 0 || !REFUNDABLE.includes(state)) return state;
  return refunded >= paid ? 'refunded' : 'partially_refunded';
}

/** Of all disputes: one that is open before one that was lost before one that was won. Null where there was none. */
function disputeOf(facts: readonly OrderChange[]): DisputeState | null {
  const byId = new Map<string, NonNullable<OrderChange['disputes']>[number]>();
  for (const dispute of facts.flatMap(({ disputes }) => disputes ?? [])) {
    const known = byId.get(dispute.dispute_id);
    const isOver = dispute.state !== 'open';
    const wasOver = known !== undefined && known.state !== 'open';
    const isLater = compare(dispute.at ?? '', known?.at ?? '') || compare(dispute.state, known?.state ?? '');
    if (!known || (isOver && !wasOver) || (isOver === wasOver && isLater > 0)) byId.set(dispute.dispute_id, dispute);
  }
  if (byId.size === 0) return null;
  const states = [...byId.values()].map(({ state }) => state);
  return (['open', 'lost', 'won'] as const).find((state) => states.includes(state)) ?? 'none';
}

type Shipment = NonNullable<OrderChange['shipments']>[number];

/** Each shipment once, at the furthest that it came. */
function shipmentsOf(facts: readonly OrderChange[]): Shipment[] {
  const byId = new Map<string, Shipment>();
  for (const shipment of facts.flatMap(({ shipments }) => shipments ?? [])) {
    const known = byId.get(shipment.shipment_id);
    const further = known ? SHIPMENT_STATES.indexOf(shipment.state) - SHIPMENT_STATES.indexOf(known.state) : 1;
    if (further > 0 || (further === 0 && shipment.tracking.length > known!.tracking.length))
      byId.set(shipment.shipment_id, shipment);
  }
  return [...byId.values()].filter(({ state }) => state !== 'cancelled');
}

/** A shipment shows that something is under way, and all of them that everything has arrived; what is left to ship the order knows. */
function fulfillmentOf(state: Order['fulfillment_state'], facts: readonly OrderChange[]): Order['fulfillment_state'] {
  const shipments = shipmentsOf(facts);
  if (state === 'fulfilled' && shipments.length > 0 && shipments.every((shipment) => shipment.state === 'delivered'))
    return 'delivered';
  const isUnderWay = shipments.some((shipment) => shipment.state === 'shipped' || shipment.state === 'delivered');
  return state === 'unfulfilled' && isUnderWay ? 'partially_fulfilled' : state;
}

function trackingOf(tracking: Order['tracking'], facts: readonly OrderChange[]): Order['tracking'] {
  const all = [...tracking, ...shipmentsOf(facts).flatMap((shipment) => shipment.tracking)];
  return all.filter((one, index) => all.findIndex(({ number }) => number === one.number) === index);
}

function isEdit(before: Order, after: Order): boolean {
  return before.amounts.total !== after.amounts.total || lines(before) !== lines(after);
}

const lines = (order: Order): string =>
  JSON.stringify(order.line_items.map(({ line_id, sku, quantity, unit_price }) => [line_id, sku, quantity, unit_price]));
