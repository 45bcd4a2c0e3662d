import { expect, test } from 'vitest';
import type { ApiReply, Connection } from './contract.ts';
import { shopify } from './shopify.ts';

const api = shopify.api!;
const connection: Connection = {
  account: 'shop.myshopify.com',
  secrets: ['client-secret'],
  settings: { access_token: 'shpat_1' },
};
const rotating: Connection = { ...connection, settings: { client_id: 'id', refresh_token: 'first' } };
const context = { now: Date.UTC(2026, 10, 20), nonce: 'n' };
const reply = (value: unknown, status = 200): ApiReply => ({ status, headers: {}, body: Buffer.from(JSON.stringify(value)) });
const bag = (amount: string, presentment = amount) => ({
  shopMoney: { amount, currencyCode: 'EUR' },
  presentmentMoney: { amount: presentment, currencyCode: 'USD' },
});

const NODE = {
  id: 'gid://shopify/Order/820982911946154508',
  name: '#9999',
  createdAt: '2026-11-19T10:00:00Z',
  updatedAt: '2026-11-20T10:00:00Z',
  processedAt: '2026-11-19T10:00:05Z',
  cancelledAt: null,
  test: false,
  taxesIncluded: true,
  currencyCode: 'EUR',
  presentmentCurrencyCode: 'USD',
  displayFinancialStatus: 'PARTIALLY_REFUNDED',
  displayFulfillmentStatus: 'FULFILLED',
  sourceName: 'web',
  clientIp: '203.0.113.7',
  paymentGatewayNames: ['shopify_payments'],
  email: 'buyer@example.com',
  phone: null,
  totalPriceSet: bag('110.00', '121.00'),
  subtotalPriceSet: bag('100.00'),
  totalDiscountsSet: bag('5.00'),
  totalTaxSet: bag('17.56'),
  totalShippingPriceSet: bag('10.00'),
  totalTipReceivedSet: bag('0.0'),
  currentTotalPriceSet: bag('90.00'),
  totalOutstandingSet: bag('0.00'),
  currentTotalDutiesSet: null,
  totalCashRoundingAdjustment: { paymentSet: bag('0.00') },
  customer: { id: 'gid://shopify/Customer/115310627314723954' },
  billingAddress: { firstName: 'Jo', lastName: 'Example', city: 'Bonn', zip: '53111', countryCodeV2: 'DE' },
  shippingAddress: null,
  customAttributes: [{ key: '_sref', value: 'ses_1' }],
  customerJourneySummary: {
    lastVisit: { landingPage: 'https://shop.example/lamp?gclid=G1', referrerUrl: 'https://search.example/' },
  },
  lineItems: {
    nodes: [
      {
        ...{ id: 'gid://shopify/LineItem/1', sku: 'LAMP', quantity: 2, isGiftCard: false },
        ...{ originalUnitPriceSet: bag('52.50'), product: { id: 'gid://shopify/Product/2' }, variant: null },
      },
    ],
  },
  refunds: [
    {
      ...{ id: 'gid://shopify/Refund/7', createdAt: '2026-11-20T09:00:00Z' },
      transactions: { nodes: [{ kind: 'REFUND', status: 'SUCCESS', amountSet: bag('20.00') }] },
    },
  ],
  fulfillments: [
    {
      ...{ id: 'gid://shopify/Fulfillment/5', status: 'SUCCESS', displayStatus: 'DELIVERED' },
      trackingInfo: [{ company: 'DHL', number: '123' }],
    },
  ],
};
const page = (nodes: unknown[], pageInfo: object = { hasNextPage: false, endCursor: null }) =>
  reply({ data: { orders: { nodes, pageInfo } } });

test('an order of the API is the order that a webhook would have brought', () => {
  const read = api.poll!.read(page([NODE]), connection, { from: 0, page: null }, context);
  expect(read.next).toBeNull();
  expect(read.facts).toMatchObject([
    {
      delivery_id: 'poll:gid://shopify/Order/820982911946154508:2026-11-20T10:00:00Z',
      user: { id: '115310627314723954', email: 'buyer@example.com', first_name: 'Jo', country: 'DE' },
      context: { ip: '203.0.113.7' },
      order: {
        order_id: '820982911946154508',
        order_number: '#9999',
        state: 'partially_refunded',
        payment_state: 'partially_refunded',
        fulfillment_state: 'fulfilled',
        currency: 'EUR',
        presentment: { currency: 'USD', exponent: 2, total: 12100 },
        amounts: { total: 11000, subtotal: 10000, shipping: 1000, paid: 11000, refunded: 2000, net: 9000 },
        updated_at: '2026-11-20T10:00:00Z',
        line_items: [{ line_id: '1', sku: 'LAMP', product_id: '2', variant_id: null, quantity: 2, unit_price: 5250 }],
        refunds: [{ refund_id: '7', amount: 2000 }],
        shipments: [{ shipment_id: '5', state: 'delivered' }],
        tracking: [{ carrier: 'DHL', number: '123' }],
        session_ref: 'ses_1',
        attribution: { landing_page: '/lamp?gclid=G1', referrer: 'https://search.example/', click_ids: { gclid: 'G1' } },
      },
    },
  ]);
});

test('the list asks for what changed since, oldest first, and goes on by the platform’s cursor', () => {
  const asked = api.poll!.list(connection, { from: Date.UTC(2026, 10, 19), page: 'CURSOR' }, context);
  expect(asked).toMatchObject({
    method: 'POST',
    url: 'https://shop.myshopify.com/admin/api/2026-07/graphql.json',
    headers: { 'x-shopify-access-token': 'shpat_1' },
  });
  const { query, variables } = JSON.parse(asked.body!);
  expect(query).toContain('sortKey: UPDATED_AT');
  expect(variables).toEqual({ query: "updated_at:>='2026-11-19T00:00:00.000Z'", after: 'CURSOR' });
  const further = page([NODE], { hasNextPage: true, endCursor: 'NEXT' });
  expect(api.poll!.read(further, connection, { from: 5, page: 'CURSOR' }, context).next).toEqual({ from: 5, page: 'NEXT' });
});

test('an order that can’t be read is told apart, and an answer without data is unusable', () => {
  const { facts, unusable } = api.poll!.read(
    page([{ ...NODE, currencyCode: 'XXX' }, NODE]),
    connection,
    { from: 0, page: null },
    context,
  );
  expect(facts).toHaveLength(1);
  expect(unusable).toMatchObject([{ code: 'unknown_currency', pointer: '/currency', order_id: NODE.id }]);
  const failed = reply({ errors: [{ message: 'Access denied for orders field.' }] });
  expect(() => api.poll!.read(failed, connection, { from: 0, page: null }, context)).toThrow('Access denied for orders field.');
});

test('a token that expires is renewed with what came for it last', () => {
  expect(api.token!.isNeeded!(connection)).toBe(false);
  expect(api.token!.isNeeded!(rotating)).toBe(true);
  const first = api.token!.request(rotating, null, context);
  expect(first.url).toBe('https://shop.myshopify.com/admin/oauth/access_token');
  expect(JSON.parse(first.body!)).toEqual({
    ...{ client_id: 'id', client_secret: 'client-secret' },
    ...{ grant_type: 'refresh_token', refresh_token: 'first' },
  });
  const answer = reply({ access_token: 'a', refresh_token: 'second', expires_in: 3600 });
  const tokens = api.token!.read(answer, null, context);
  expect(tokens).toEqual({ access_token: 'a', refresh_token: 'second', expires_at: context.now + 3_600_000 });
  expect(JSON.parse(api.token!.request(rotating, tokens, context).body!)).toMatchObject({ refresh_token: 'second' });
  expect(api.token!.read(reply({ error: 'invalid_grant' }, 400), tokens, context)).toBeNull();
});

test('a throttled query says so in its body, and how long to wait', () => {
  const throttled = reply({
    errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
    extensions: { cost: { requestedQueryCost: 400, throttleStatus: { currentlyAvailable: 100, restoreRate: 100 } } },
  });
  expect(api.isThrottled!(throttled)).toBe(true);
  expect(api.wait!(throttled)).toBe(3000);
  expect(api.isThrottled!(page([]))).toBe(false);
  expect(api.wait!(page([]))).toBe(0);
});

test('one order is asked for by its id, and may be gone', () => {
  const [asked] = api.fetch!.requests(connection, '42', context);
  expect(JSON.parse(asked!.body!).variables).toEqual({ id: 'gid://shopify/Order/42' });
  expect(api.fetch!.read([reply({ data: { order: NODE } })], connection, '42', context)).toHaveLength(1);
  expect(api.fetch!.read([reply({ data: { order: null } })], connection, '42', context)).toBeNull();
});
