import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { LoggedEvent, Order } from '@orderloop/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventsOfReading } from '../ingest/delivery.ts';
import { createVault } from '../privacy/vault.ts';
import { projectOrder } from '../stitch/order.ts';
import type { ApiReply, Connection, OrderFact, Source, SourceReading } from './contract.ts';
import { SOURCES } from './index.ts';

/** Everything that a platform says of one order, and what the order is in the end, whatever order it is heard in. */
interface Life {
  source: string;
  title: string;
  connection?: Partial<Connection>;
  deliveries: ((source: Source, connection: Connection) => SourceReading)[];
  expected: Omit<Partial<Order>, 'amounts'> & { amounts?: Partial<Order['amounts']> };
}

const NOW = Date.UTC(2026, 1, 10);

const fixture = (path: string) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/sources/${path}.json`, import.meta.url), 'utf8'));

const facts = (list: OrderFact[] | null): SourceReading => ({ kind: 'facts', facts: list ?? [] });

const replyOf = (value: unknown): ApiReply => ({ status: 200, headers: {}, body: Buffer.from(JSON.stringify(value)) });

/** A page that a poll is answered with. */
const polled =
  (page: unknown): Life['deliveries'][number] =>
  (source, connection) =>
    facts(source.api!.poll!.read(replyOf(page), connection, { from: 0, page: null }, { now: NOW }).facts);

/** What a fetch is answered with. */
const fetched =
  (order_id: string, ...replies: unknown[]): Life['deliveries'][number] =>
  (source, connection) =>
    facts(source.api!.fetch!.read(replies.map(replyOf), connection, order_id, { now: NOW }));

const posted =
  (body: unknown, sign: (body: Buffer) => Record<string, string>): Life['deliveries'][number] =>
  (source, connection) => {
    const signed = Buffer.from(JSON.stringify(body));
    return source.read({ headers: sign(signed), signed, body: signed }, connection, { now: NOW });
  };

const shopifyBody = (name: string) => fixture(`shopify/webhook-2024-10-${name}`).body;
/** What one id is said of: those of the samples are larger than JSON.parse can hold. */
const ORDER = { id: 1042, admin_graphql_api_id: 'gid://shopify/Order/1042' };
const shopifySays = (topic: string, body: object, triggered_at = '2022-01-05T00:00:00Z') =>
  posted(body, (bytes) => ({
    'x-shopify-topic': topic,
    'x-shopify-hmac-sha256': createHmac('sha256', 's').update(bytes).digest('base64'),
    'x-shopify-triggered-at': triggered_at,
  }));
const shopifyOrder = (topic: string, updated_at: string, change: object) =>
  shopifySays(topic, {
    ...shopifyBody('orders-create'),
    ...ORDER,
    ...{
      test: false,
      cancelled_at: null,
      fulfillment_status: null,
      current_total_price: '388.00',
      total_outstanding: '0.00',
      updated_at,
    },
    ...change,
  });
const shopifySale = {
  ...shopifyBody('order_transactions-create'),
  ...{ id: 71, admin_graphql_api_id: 'gid://shopify/OrderTransaction/71', order_id: ORDER.id },
  ...{ kind: 'sale', status: 'success', amount: '388.00', currency: 'USD', processed_at: '2022-01-01T01:00:00Z' },
};
const shopifyRefund = {
  ...shopifyBody('refunds-create'),
  ...{ id: 81, admin_graphql_api_id: 'gid://shopify/Refund/81', order_id: ORDER.id, processed_at: '2022-01-03T00:00:00Z' },
  transactions: [{ ...shopifySale, id: 72, kind: 'refund', amount: '38.00' }],
};
const shopifyShipment = {
  ...shopifyBody('fulfillments-create'),
  ...{ id: 91, admin_graphql_api_id: 'gid://shopify/Fulfillment/91', order_id: ORDER.id, status: 'success' },
};
const shopifyDispute = { ...shopifyBody('disputes-create'), id: 99, order_id: ORDER.id };
const inPartBack = { current_total_price: '350.00', financial_status: 'partially_refunded', refunds: [shopifyRefund] };

const wooOrder = fixture('woocommerce/rest-v3-order-727');
const woo = (date_modified_gmt: string, change: object) =>
  posted({ ...wooOrder, date_modified_gmt, ...change }, (body) => ({
    'x-wc-webhook-signature': createHmac('sha256', 's').update(body).digest('base64'),
    'x-wc-webhook-topic': 'order.updated',
    // Two deliveries in one second share it.
    'x-wc-webhook-delivery-id': 'd',
  }));
const PAID = { date_paid_gmt: '2017-03-22T19:30:00' };
const UNPAID = { date_paid_gmt: null };
const COMPLETED = { ...PAID, date_completed_gmt: '2017-03-23T10:00:00' };
const someBack = [{ id: 800, total: '-9.35' }];
const allBack = [...someBack, { id: 801, total: '-20.00' }];

const magentoOrder = fixture('magento/rest-v1-order');
const magento = (updated_at: string, change: object) => ({ ...magentoOrder, updated_at, ...change });
const inMagento = (updated_at: string, change: object) => polled({ items: [magento(updated_at, change)], total_count: 1 });
const captured = { base_total_paid: 165, base_total_due: 0 };
const creditmemo = {
  ...fixture('magento/self-creditmemo'),
  created_at: '2017-08-23 10:00:00',
  updated_at: '2017-08-23 10:00:00',
};
const shipment = {
  entity_id: 5,
  order_id: 3,
  created_at: '2017-08-22 12:00:00',
  tracks: [{ carrier_code: 'ups', track_number: '1Z1' }],
};

const bcOrder = fixture('bigcommerce/self-order-captured-gbp');
const bc = (time: string, change: object) => ({ ...bcOrder, date_modified: `${time} +0000`, ...change });
const bcHook = posted(
  { scope: 'store/cart/converted', data: { id: bcOrder.cart_id, orderId: 9001 }, hash: 'h', created_at: 1 },
  () => ({ 'x-a': 'b' }),
);
const bcRefund = { id: 3, created: '2026-02-05T10:00:00Z', payments: [{ amount: 16 }] };
const bcShipment = { id: 6, tracking_number: 'EJ1', shipping_provider: 'usps' };

const LIVES: Life[] = [
  {
    source: 'shopify',
    title: 'placed, paid, partly refunded, shipped, edited, disputed and the dispute won',
    connection: { secrets: ['s'] },
    deliveries: [
      shopifyOrder('orders/create', '2022-01-01T00:00:00Z', { financial_status: 'pending' }),
      shopifySays('order_transactions/create', shopifySale),
      shopifyOrder('orders/paid', '2022-01-01T01:00:01Z', { financial_status: 'paid' }),
      shopifySays('refunds/create', shopifyRefund),
      shopifyOrder('orders/updated', '2022-01-03T00:00:01Z', inPartBack),
      shopifySays('fulfillments/create', shopifyShipment),
      shopifySays('orders/edited', { order_edit: { ...shopifyBody('orders-edited').order_edit, order_id: ORDER.id } }),
      shopifySays('disputes/create', { ...shopifyDispute, status: 'needs_response' }, '2022-01-06T00:00:00Z'),
      shopifySays('disputes/update', { ...shopifyDispute, status: 'won' }, '2022-01-09T00:00:00Z'),
    ],
    expected: {
      state: 'partially_refunded',
      payment_state: 'partially_refunded',
      dispute_state: 'won',
      cancelled_at: null,
      edited: true,
      amounts: { paid: 38_800, refunded: 3_800, net: 35_000 },
    },
  },
  {
    source: 'shopify',
    title: 'paid, cancelled and refunded',
    connection: { secrets: ['s'] },
    deliveries: [
      shopifyOrder('orders/create', '2022-01-01T00:00:00Z', { financial_status: 'paid' }),
      shopifyOrder('orders/cancelled', '2022-01-03T00:00:01Z', {
        financial_status: 'paid',
        cancelled_at: '2022-01-03T00:00:00Z',
      }),
      shopifySays('refunds/create', { ...shopifyRefund, transactions: [{ ...shopifySale, id: 72, kind: 'refund' }] }),
      shopifyOrder('orders/updated', '2022-01-03T00:00:02Z', {
        financial_status: 'refunded',
        current_total_price: '0.00',
        cancelled_at: '2022-01-03T00:00:00Z',
        refunds: [{ ...shopifyRefund, transactions: [{ ...shopifySale, id: 72, kind: 'refund' }] }],
      }),
    ],
    expected: { state: 'cancelled', payment_state: 'refunded', amounts: { paid: 38_800, refunded: 38_800, net: 0 } },
  },
  {
    source: 'woocommerce',
    title: 'placed, paid, at a plugin’s status, partly refunded, completed, cancelled and refunded for the rest',
    connection: { secrets: ['s'] },
    deliveries: [
      woo('2017-03-22T19:28:08', { status: 'pending', ...UNPAID }),
      woo('2017-03-22T19:29:00', { status: 'partner-review', ...UNPAID }),
      woo('2017-03-22T19:30:00', { status: 'processing', ...PAID }),
      woo('2017-03-22T19:30:00', { status: 'processing', ...PAID, refunds: someBack }),
      woo('2017-03-23T10:00:00', { status: 'completed', ...COMPLETED, refunds: someBack }),
      woo('2017-03-24T10:00:00', { status: 'cancelled', ...COMPLETED, refunds: someBack }),
      woo('2017-03-25T10:00:00', { status: 'refunded', ...COMPLETED, refunds: allBack }),
    ],
    expected: {
      state: 'refunded',
      payment_state: 'refunded',
      fulfillment_state: 'fulfilled',
      cancelled_at: null,
      edited: false,
      amounts: { paid: 2935, refunded: 2935, net: 0 },
    },
  },
  {
    source: 'woocommerce',
    title: 'paid, cancelled',
    connection: { secrets: ['s'] },
    deliveries: [
      woo('2017-03-22T19:28:08', { status: 'on-hold', ...UNPAID }),
      woo('2017-03-22T19:30:00', { status: 'processing', ...PAID }),
      woo('2017-03-24T10:00:00', { status: 'cancelled', ...PAID }),
      // Somebody adds a note.
      woo('2017-03-24T11:00:00', { status: 'cancelled', ...PAID }),
    ],
    expected: { state: 'cancelled', payment_state: 'paid', cancelled_at: '2017-03-24T10:00:00Z', amounts: { net: 2935 } },
  },
  {
    source: 'magento',
    title: 'placed, held, paid, shipped, partly refunded by a credit memo that comes by itself, and with the order',
    deliveries: [
      inMagento('2017-08-21 22:22:20', {}),
      inMagento('2017-08-21 23:00:00', { state: 'holded' }),
      inMagento('2017-08-22 10:00:00', { state: 'processing', ...captured }),
      polled({ items: [shipment], total_count: 1 }),
      inMagento('2017-08-22 12:00:00', { state: 'complete', ...captured }),
      polled({ items: [creditmemo], total_count: 1 }),
      inMagento('2017-08-23 10:00:00', { state: 'complete', ...captured, base_total_refunded: 32.45 }),
      fetched(
        '3',
        magento('2017-08-23 10:00:00', { state: 'complete', ...captured, base_total_refunded: 32.45 }),
        { items: [creditmemo] },
        { items: [shipment] },
      ),
    ],
    expected: {
      state: 'partially_refunded',
      payment_state: 'partially_refunded',
      fulfillment_state: 'fulfilled',
      edited: false,
      refunds: [{ refund_id: '12', amount: 3245, at: '2017-08-23T10:00:00Z' }],
      tracking: [{ carrier: 'ups', number: '1Z1' }],
      amounts: { paid: 16500, refunded: 3245, net: 13255 },
    },
  },
  {
    source: 'magento',
    title: 'placed, cancelled',
    deliveries: [
      inMagento('2017-08-21 22:22:20', {}),
      inMagento('2017-08-21 23:00:00', { state: 'canceled', base_total_due: 0 }),
    ],
    expected: { state: 'cancelled', payment_state: 'voided', cancelled_at: '2017-08-21T23:00:00Z', amounts: { paid: 0 } },
  },
  {
    source: 'bigcommerce',
    title: 'placed, captured, shipped, partly refunded and disputed, by webhooks, lists and fetches',
    connection: { settings: { header_name: 'x-a', header_secret: 'b' } },
    deliveries: [
      bcHook,
      fetched('9001', bc('Tue, 03 Feb 2026 11:21:00', { status_id: 7, payment_status: '' }), [], [], { data: [] }),
      polled([bc('Tue, 03 Feb 2026 11:21:30', {})]),
      fetched('9001', bc('Tue, 03 Feb 2026 11:21:30', {}), [], [], { data: [] }),
      fetched('9001', bc('Wed, 04 Feb 2026 10:00:00', { status_id: 2 }), [], [bcShipment], { data: [] }),
      // The refund shows a moment later, under the same time.
      fetched('9001', bc('Thu, 05 Feb 2026 10:00:00', { status_id: 14, items_shipped: 2 }), [], [bcShipment], { data: [] }),
      polled([bc('Thu, 05 Feb 2026 10:00:00', { status_id: 14 })]),
      fetched('9001', bc('Thu, 05 Feb 2026 10:00:00', { status_id: 14, items_shipped: 2 }), [], [bcShipment], {
        data: [bcRefund],
      }),
      polled([bc('Fri, 06 Feb 2026 10:00:00', { status_id: 13, items_shipped: 2, payment_status: 'partially refunded' })]),
    ],
    expected: {
      state: 'disputed',
      payment_state: 'partially_refunded',
      fulfillment_state: 'fulfilled',
      edited: false,
      refunds: [{ refund_id: '3', amount: 1600, at: '2026-02-05T10:00:00Z' }],
      tracking: [{ carrier: 'usps', number: 'EJ1' }],
      amounts: { paid: 11600, refunded: 1600, net: 10000 },
    },
  },
];

const EVERY_ORDER_UP_TO = 6;
const vault = createVault(new Uint8Array(32));

/** What the log holds after these deliveries: each event once, at the place where it came first. */
function logged(name: string, connection: Connection, deliveries: Life['deliveries']): LoggedEvent[] {
  const source = SOURCES[name]!;
  const log = new Map<string, LoggedEvent>();
  for (const deliver of deliveries) {
    const reading = deliver(source, connection);
    if (reading.kind !== 'facts') throw new Error(`expected facts, found ${JSON.stringify(reading)}`);
    for (const event of eventsOfReading(reading, { site: 'demo', source: name, connection, received_at: NOW, vault }))
      if (!log.has(event.event_id)) log.set(event.event_id, { ...event, position: log.size } as LoggedEvent);
  }
  return [...log.values()];
}

function* permutationsOf<T>(list: readonly T[]): Generator<T[]> {
  if (list.length === 0) yield [];
  for (const [index, first] of list.entries())
    for (const rest of permutationsOf(list.toSpliced(index, 1))) yield [first, ...rest];
}

for (const { source, title, connection: own, deliveries, expected } of LIVES) {
  test(`${source}: ${title}: the same order, whatever came first, twice or not yet`, () => {
    const connection: Connection = { account: 'shop.example', secrets: [], settings: {}, ...own };
    const project = (heard: Life['deliveries']) => {
      const projection = projectOrder(logged(source, connection, heard));
      return projection && { order: projection.order, conflicts: projection.conflicts };
    };
    expect(project(deliveries)!.order).toMatchObject(expected);
    const check = (heard: Life['deliveries']) => {
      const inTurn = deliveries.filter((delivery) => heard.includes(delivery));
      expect(project(heard)).toEqual(project(inTurn));
    };
    if (deliveries.length <= EVERY_ORDER_UP_TO)
      for (const permutation of permutationsOf(deliveries)) check([...permutation, ...permutation]);
    const doubled = [...deliveries, ...deliveries];
    fc.assert(fc.property(fc.shuffledSubarray(doubled, { minLength: doubled.length }), check), { numRuns: 100 });
    // What is on its way still makes no difference either.
    fc.assert(fc.property(fc.shuffledSubarray(doubled, { minLength: 1 }), check), { numRuns: 100 });
  });
}
