import type { LoggedEvent, OrderChange, StoredEvent } from '@orderloop/protocol';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { ConversionState } from '../stitch/conversion.ts';
import { AD_PURPOSES } from '../stitch/conversion.ts';
import { canonicalOrder, orderEvent, visitEvent } from '../stitch/testing.ts';
import type { OrderRow } from '../storage/contract.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import { createProjector } from './project.ts';
import type { SiteFacts } from './site-facts.ts';

const FACTS: SiteFacts = {
  consentMode: 'opt_out',
  hosts: [],
  destinations: [{ id: 'meta', purposes: AD_PURPOSES }],
  payments: new Set(['stripe', 'paypal']),
};

/** Projects events one after another; answers the orders, by their ids, and what was told of them. */
async function project(events: readonly StoredEvent[], facts: SiteFacts = FACTS) {
  const storage = openSqlite();
  onTestFinished(() => storage.close());
  const projector = createProjector(storage, () => facts, { now: () => 0 });
  for (const event of events) {
    await storage.log.append({ events: [event] });
    await projector.catchUp();
  }
  const { orders, conversions, links } = await storage.projections.dump();
  const byId = Object.fromEntries((orders as OrderRow['projection'][]).map(({ order }) => [order.order_id, order]));
  const told = (conversions as ConversionState[]).map(({ key, value }) => `${key} ${value}`).sort();
  const listed = (await storage.projections.orders('demo', 10)).map(({ order_id }) => order_id);
  return { storage, byId, told, listed, links };
}

const CREATED = '2026-11-20T10:00:00Z';
const T0 = Date.parse(CREATED);
const store = (more: Parameters<typeof canonicalOrder>[0] = {}, event: Partial<LoggedEvent> = {}): StoredEvent =>
  orderEvent(canonicalOrder({ source: 'woocommerce', account: 'shop', ...more }), { occurred_at: T0, ...event });

/** A payment of 104.90 EUR, as a gateway tells of it. */
const paid = (more: Partial<OrderChange> = {}, event: Partial<LoggedEvent> = {}): StoredEvent =>
  orderEvent(
    {
      ...{ source: 'stripe', account: 'acct', order_id: 'pi_1', currency: 'EUR', exponent: 2, created_at: CREATED },
      amounts: { total: 10490 },
      payments: [{ payment_id: 'pi_1', state: 'paid', amount: 10490, at: CREATED }],
      ...more,
    },
    { occurred_at: T0, ...event },
  );
const ofOrder = (value: string) => ({ references: [{ kind: 'order' as const, value }] });
const PURCHASE = 'purchase:woocommerce:shop:1001 10490';

test('one sale of two sources is one purchase, whichever comes first', async () => {
  for (const events of [
    [store(), paid(ofOrder('1001'))],
    [paid(ofOrder('1001')), store()],
  ]) {
    const { told, listed } = await project(events);
    expect(told).toEqual([PURCHASE]);
    expect(listed).toEqual(['1001']);
  }
});

test('a store names the payment by the gateway’s id, where the gateway does not name the order', async () => {
  const charge = { references: [{ kind: 'payment' as const, value: 'ch_1' }] };
  const named = orderEvent({ ...canonicalOrder({ source: 'woocommerce', account: 'shop' }), ...charge });
  expect((await project([paid(charge), named])).listed).toEqual(['1001']);
});

test('a payment whose order has not come waits for it, shown and not told', async () => {
  const { told, listed } = await project([paid(ofOrder('1002')), store()]);
  expect(told).toEqual([PURCHASE]);
  expect(listed.sort()).toEqual(['1001', 'pi_1']);
});

test('where nothing but payments comes, they are the orders', async () => {
  const { told } = await project([paid(ofOrder('1001'))], { ...FACTS, payments: new Set() });
  expect(told).toEqual(['purchase:stripe:acct:pi_1 10490']);
});

test('the session that a gateway carried is the order’s', async () => {
  const visit = visitEvent({ visitor_id: 'v', session_id: 's', occurred_at: T0 - 60_000 });
  const { storage } = await project([visit, store(), paid({ ...ofOrder('1001'), session_ref: 's' })]);
  expect(await storage.projections.orders('demo', 5)).toMatchObject([{ order_id: '1001', link_key: 'session_ref' }]);
});

test('a dispute and a refund that only the gateway sees change the order, and are told once', async () => {
  const events = [
    store(),
    paid(ofOrder('1001')),
    paid({ refund_totals: [{ payment_id: 'pi_1', amount: 2000, at: '2026-11-21T10:00:00Z' }] }),
  ];
  const refunded = await project(events);
  expect(refunded.byId['1001']).toMatchObject({ state: 'partially_refunded', amounts: { refunded: 2000, net: 8490 } });
  expect(refunded.told).toEqual([PURCHASE, 'refund:woocommerce:shop:1001:2000 2000']);
  // The store learns of it later: the same money.
  const again = store({
    updated_at: '2026-11-22T10:00:00Z',
    refunds: [{ refund_id: 'r', amount: 2000, at: null }],
  });
  expect((await project([...events, again])).told).toEqual(refunded.told);
  const lost = paid({ disputes: [{ dispute_id: 'd', state: 'lost', at: '2026-11-25T10:00:00Z' }] });
  const charged = await project([...events, lost]);
  expect(charged.byId['1001']).toMatchObject({ state: 'charged_back', dispute_state: 'lost' });
  expect(charged.told).toContain('cancel:woocommerce:shop:1001 8490');
});

test('without a reference, amount, currency and buyer within half an hour tie the two, and move no money', async () => {
  const buyer = { user: { email_index: 'e1' } as StoredEvent['user'] };
  const refund = { refund_totals: [{ payment_id: 'pi_1', amount: 2000, at: CREATED }] };
  const alike = await project([store({}, buyer), paid(refund, buyer)]);
  expect(alike.listed).toEqual(['1001']);
  expect(alike.byId['1001']).toMatchObject({ state: 'paid', amounts: { refunded: 0 } });
  expect((await project([store({}, buyer), paid({ created_at: '2026-11-20T10:31:00Z' }, buyer)])).listed).toHaveLength(2);
  expect((await project([store({}, buyer), paid()])).listed).toHaveLength(2);
  // A reference is surer than likeness.
  const other = store({ order_id: '1002', order_number: '#1002', created_at: '2026-11-20T09:00:00Z' });
  const { storage } = await project([store({}, buyer), other, paid(ofOrder('1002'), buyer)]);
  expect(await storage.projections.evidenceOf('demo', 'woocommerce:shop:1002')).toMatchObject([{ by: 'reference' }]);
});

test('a message that names only a payment of an order finds it, whichever comes first', async () => {
  const capture = orderEvent({
    ...{ source: 'paypal', account: 'm', order_id: 'ORDER', currency: 'EUR', exponent: 2, aliases: ['CAP'] },
    payments: [{ payment_id: 'CAP', state: 'paid', amount: 10490, at: CREATED }],
  });
  const refund = orderEvent({
    ...{ source: 'paypal', account: 'm', order_id: 'CAP', currency: 'EUR', exponent: 2 },
    refunds: [{ refund_id: 'R', amount: 490, at: CREATED }],
  });
  for (const events of [
    [capture, refund],
    [refund, capture],
  ]) {
    const { byId, told } = await project(events, { ...FACTS, payments: new Set() });
    expect(Object.keys(byId)).toEqual(['ORDER']);
    expect(byId['ORDER']).toMatchObject({ state: 'partially_refunded', amounts: { refunded: 490 } });
    expect(told.reduce((sum, text) => sum + Number(text.split(' ')[1]) * (text.startsWith('refund') ? -1 : 1), 0)).toBe(10000);
  }
});

test('an order that was told under a payment’s id is not told again under its own', async () => {
  const alone = orderEvent({
    ...{ source: 'paypal', account: 'm', order_id: 'CAP', currency: 'EUR', exponent: 2 },
    payments: [{ payment_id: 'CAP', state: 'paid', amount: 10490, at: CREATED }],
  });
  const whole = orderEvent({
    ...{ source: 'paypal', account: 'm', order_id: 'ORDER', currency: 'EUR', exponent: 2, aliases: ['CAP'] },
    payments: [{ payment_id: 'CAP', state: 'paid', amount: 10490, at: CREATED }],
  });
  const { told, byId } = await project([alone, whole], { ...FACTS, payments: new Set() });
  expect(told).toEqual(['purchase:paypal:m:CAP 10490']);
  expect(Object.keys(byId)).toEqual(['ORDER']);
});

test('what a message only names is fetched, and what was parked a day later', async () => {
  const named = orderEvent({ source: 'bigcommerce', account: 'b', order_id: '7' }, { received_at: 5 });
  const parked = orderEvent({ source: 'shopify', account: 's', order_id: '8', refunds: [] }, { received_at: 5 });
  const { storage } = await project([named, parked, store()]);
  const tasks = (source: string, now: number) => storage.connections.tasks('demo', source, now, 5);
  expect(await tasks('bigcommerce', 5)).toMatchObject([{ kind: 'fetch', subject: '7' }]);
  expect(await tasks('shopify', 86_400_004)).toEqual([]);
  expect(await tasks('shopify', 86_400_005)).toMatchObject([{ kind: 'fetch_parked', subject: '8' }]);
  expect(await tasks('woocommerce', Number.MAX_SAFE_INTEGER)).toEqual([]);
});

test('a customer whom a platform asks to have erased is asked for once', async () => {
  const request = (kind: string): StoredEvent => ({
    ...visitEvent({ event: 'privacy_request', properties: { request: kind, by: 'shopify' }, received_at: 5 }),
    visitor_id: undefined,
    session_id: undefined,
  });
  const erase = request('erase');
  const { storage } = await project([erase, request('access'), request('erase_shop')]);
  expect(await storage.connections.tasks('demo', 'shopify', 5, 5)).toMatchObject([{ kind: 'erase', subject: erase.event_id }]);
});

test('orders and payments of one sale come out the same in every order, doubled or not', async () => {
  const events = [
    store({ payment_state: 'pending', updated_at: CREATED, paid_at: null, amounts: { paid: 0, net: 0 } }, { event_id: 'o1' }),
    store({ updated_at: '2026-11-20T10:05:00Z' }, { event_id: 'o2' }),
    paid(ofOrder('1001'), { event_id: 'p1' }),
    paid({ refund_totals: [{ payment_id: 'pi_1', amount: 2000, at: '2026-11-21T10:00:00Z' }] }, { event_id: 'p2' }),
    paid({ disputes: [{ dispute_id: 'd', state: 'won', at: '2026-11-25T10:00:00Z' }] }, { event_id: 'p3' }),
  ];
  const expected = await project(events);
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([...events, ...events], { minLength: 10 }), async (shuffled) => {
      const { byId, told } = await project(shuffled);
      expect(byId).toEqual(expected.byId);
      expect(told.filter((text) => text.startsWith('purchase'))).toEqual([PURCHASE]);
      const net = told.reduce((sum, text) => sum + Number(text.split(' ')[1]) * (text.startsWith('purchase') ? 1 : -1), 0);
      expect(net).toBe(8490);
    }),
    { numRuns: 40 },
  );
});
