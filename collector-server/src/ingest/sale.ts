import { isSnapshot, type LoggedEvent, type OrderChange, orderKey } from '@orderloop/protocol';
import { chooseOrder, referencesOf, type SaleReference, type SaleRole, withEvidence } from '../stitch/evidence.ts';
import { keysOfOrder } from '../stitch/keys.ts';
import { type OrderProjection, projectOrder } from '../stitch/order.ts';
import type { ProjectionTx } from '../storage/contract.ts';
import { MAX_MATCHES, type SiteFacts } from './site-facts.ts';

/** A fact may come before its order by minutes; after a day the order has to be asked for (order-sources §4). */
const PARKED_MS = 24 * 3_600_000;

/**
 * Puts what a message says of an order where it belongs: under the order that its id stands for, and beside the order that it
 * is the payment of. Answers the orders that changed by it.
 */
export async function projectSale(tx: ProjectionTx, event: LoggedEvent, facts: SiteFacts): Promise<string[]> {
  const { site, order } = event;
  if (!order) return [];
  const own = orderKey(order);
  const order_key = (await tx.orderOfAlias(site, own)) ?? own;
  await tx.putOrderEvent(order_key, event);
  for (const alias of order.aliases ?? []) await putAlias(tx, site, orderKey({ ...order, order_id: alias }), order_key);
  const changed = await putSale(tx, site, order_key, facts);
  await putFetchTask(tx, event, order, changed.length === 0);
  return changed;
}

/** An id may turn out to be an order's that has come under it before. */
async function putAlias(tx: ProjectionTx, site: string, alias: string, order_key: string): Promise<void> {
  if (alias === order_key || (await tx.orderOfAlias(site, alias))) return;
  await tx.putAlias(site, alias, order_key);
  await tx.joinOrders(site, alias, order_key);
}

/** The order as its events make it, and what of its sale other sources tell. Answers the orders that this changes. */
export async function putSale(tx: ProjectionTx, site: string, order_key: string, facts: SiteFacts): Promise<string[]> {
  const projection = await putOrder(tx, site, order_key, facts);
  if (!projection) return [];
  if (!facts.payments?.size) return [order_key];
  const role = roleOf(projection, facts);
  const references = referencesOf(projection, role);
  await tx.putReferences(site, role, order_key, references);
  const orders = role === 'payments' ? await attach(tx, site, order_key, projection) : await attachAll(tx, site, references);
  for (const order of orders) await putOrder(tx, site, order, facts);
  return [...new Set([order_key, ...orders])];
}

const roleOf = ({ order }: OrderProjection, { payments }: SiteFacts): SaleRole =>
  payments?.has(order.source) ? 'payments' : 'orders';

/** Null while only facts about the order are known. */
async function putOrder(tx: ProjectionTx, site: string, order_key: string, facts: SiteFacts): Promise<OrderProjection | null> {
  const logged = await tx.orderEvents(site, order_key);
  const projection = projectOrder(logged);
  if (!projection) return null;
  const { events, ...kept } = projection;
  const payments = await tx.evidenceOf(site, order_key);
  // What is only alike moves no money.
  const sure = payments.filter(({ by }) => by === 'reference').map(({ row }) => row.projection.order);
  const order = withEvidence(kept.order, sure);
  const received_at = logged[0]!.received_at;
  await tx.putOrder(site, { order_key, role: roleOf(projection, facts), received_at, projection: { ...kept, order } });
  for (const { key, value, event_id } of keysOfOrder(order, events, facts.blocked))
    await tx.putOrderKey(site, key, value, order_key, event_id);
  return projection;
}

/** Finds the order of a payment. Answers the orders that gain, lose or keep it. */
async function attach(tx: ProjectionTx, site: string, payment_key: string, projection: OrderProjection): Promise<string[]> {
  const before = await tx.evidence(site, payment_key);
  const candidates: Candidates = [];
  for (const { kind, value } of referencesOf(projection, 'payments'))
    for (const found of await tx.ordersByReference(site, 'orders', kind, value, MAX_MATCHES)) candidates.push({ kind, ...found });
  const after = chooseOrder(Date.parse(projection.order.created_at), candidates);
  await tx.putEvidence(site, payment_key, after);
  return [...new Set([before?.order_key, after?.order_key].filter((key) => key !== undefined))];
}

type Candidates = (Pick<SaleReference, 'kind' | 'at'> & { order_key: string })[];

/** Payments that an order shares a reference with find their order anew. */
async function attachAll(tx: ProjectionTx, site: string, references: readonly SaleReference[]): Promise<string[]> {
  const payments = new Set<string>();
  for (const { kind, value } of references)
    for (const { order_key } of await tx.ordersByReference(site, 'payments', kind, value, MAX_MATCHES)) payments.add(order_key);
  const orders = new Set<string>();
  for (const payment_key of payments) {
    const projection = projectOrder(await tx.orderEvents(site, payment_key));
    if (projection) for (const order_key of await attach(tx, site, payment_key, projection)) orders.add(order_key);
  }
  return [...orders];
}

/** What has to be asked of the platform: an order that a message only names, or one that facts came of and itself did not. */
async function putFetchTask(
  tx: ProjectionTx,
  { site, received_at }: LoggedEvent,
  order: OrderChange,
  isParked: boolean,
): Promise<void> {
  const { source, account: _, order_id, edited: __, ...rest } = order;
  const task = { site, source, subject: order_id, wanted_at: received_at };
  if (Object.keys(rest).length === 0) await tx.putTask({ ...task, kind: 'fetch', due_at: received_at });
  else if (isParked && !isSnapshot(order)) await tx.putTask({ ...task, kind: 'fetch_parked', due_at: received_at + PARKED_MS });
}

/** A customer whom a platform asks to have erased (P6). */
export async function putErasureTask(tx: ProjectionTx, { site, event_id, received_at, properties }: LoggedEvent): Promise<void> {
  if (properties?.['request'] !== 'erase') return;
  const source = String(properties['by']);
  await tx.putTask({ site, source, kind: 'erase', subject: event_id, wanted_at: received_at, due_at: received_at });
}
