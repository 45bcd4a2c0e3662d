import { parseJson } from '@orderloop/protocol';
import type { ApiAccess, ApiContext, ApiReply, ApiRequest, Connection, OrderFact } from './contract.ts';
import { isObject, type Json, listAt, objectAt, readEach, textAt, UnusableDelivery } from './shared/fields.ts';
import { hasTexts, textSetting } from './shared/settings.ts';

/** A version that still has all of these fields; settings may name another. */
const API_VERSION = '2026-07';
/** A query's cost is counted by what it could bring: ten orders with forty lines stay far below the limit of one query. */
const ORDERS = 10;
const LINES = 40;
const MONEY = '{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }';
const ADDRESS = '{ firstName lastName phone city province provinceCode zip countryCodeV2 }';

const ORDER = `{
  id name createdAt updatedAt processedAt cancelledAt test taxesIncluded currencyCode presentmentCurrencyCode
  displayFinancialStatus displayFulfillmentStatus sourceName clientIp paymentGatewayNames email phone
  totalPriceSet ${MONEY} subtotalPriceSet ${MONEY} totalDiscountsSet ${MONEY} totalTaxSet ${MONEY}
  totalShippingPriceSet ${MONEY} totalTipReceivedSet ${MONEY} currentTotalPriceSet ${MONEY} totalOutstandingSet ${MONEY}
  currentTotalDutiesSet ${MONEY} totalCashRoundingAdjustment { paymentSet ${MONEY} }
  customer { id } billingAddress ${ADDRESS} shippingAddress ${ADDRESS}
  customAttributes { key value }
  customerJourneySummary { lastVisit { landingPage referrerUrl } }
  lineItems(first: ${LINES}) { nodes { id sku quantity isGiftCard originalUnitPriceSet ${MONEY} product { id } variant { id } } }
  refunds { id createdAt transactions(first: 10) { nodes { kind status amountSet ${MONEY} } } }
  fulfillments { id status displayStatus trackingInfo { company number } }
}`;

const LIST = `query ($query: String!, $after: String) {
  orders(first: ${ORDERS}, after: $after, query: $query, sortKey: UPDATED_AT) { nodes ${ORDER} pageInfo { hasNextPage endCursor } }
}`;
const ONE = `query ($id: ID!) { order(id: $id) ${ORDER} }`;

/**
 * Shopify's GraphQL Admin API (order-sources §5.2): orders by when they changed, and single ones. `readOrder` reads an order in
 * the words of a webhook, which a node is translated to. A custom app has an `access_token` that does not expire; any other a
 * `client_id` and a `refresh_token`, which is renewed with each use.
 */
export function createShopifyApi(readOrder: (body: Json, account: string, delivery_id: string) => OrderFact): ApiAccess {
  const factOf = (node: Json, account: string): OrderFact =>
    readOrder(orderBody(node), account, `poll:${textAt(node['id'])}:${textAt(node['updatedAt'])}`);
  return {
    isConfigured: ({ settings }) => hasTexts(settings, ['access_token']) || hasTexts(settings, ['client_id', 'refresh_token']),
    token: {
      isNeeded: ({ settings }) => !hasTexts(settings, ['access_token']),
      request: ({ account, secrets, settings }, last) => ({
        method: 'POST',
        url: `${baseOf(account, settings)}/admin/oauth/access_token`,
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({
          client_id: settings['client_id'],
          client_secret: secrets[0],
          grant_type: 'refresh_token',
          refresh_token: last?.refresh_token ?? settings['refresh_token'],
        }),
      }),
      read(reply, last, { now }) {
        const body = reply.status === 200 ? objectAt(jsonOf(reply)) : {};
        const access_token = textAt(body['access_token']);
        if (!access_token) return null;
        const refresh_token = textAt(body['refresh_token']) ?? last?.refresh_token;
        const lifetime_s = typeof body['expires_in'] === 'number' ? body['expires_in'] : 3600;
        return { access_token, ...(refresh_token && { refresh_token }), expires_at: now + lifetime_s * 1000 };
      },
    },
    isThrottled: (reply) => errorsOf(jsonOf(reply)).some((error) => objectAt(error['extensions'])['code'] === 'THROTTLED'),
    wait(reply) {
      const cost = objectAt(objectAt(objectAt(jsonOf(reply))['extensions'])['cost']);
      const { currentlyAvailable, restoreRate } = objectAt(cost['throttleStatus']);
      const needed = Number(cost['requestedQueryCost']) - Number(currentlyAvailable);
      return needed > 0 && Number(restoreRate) > 0 ? Math.ceil((needed / Number(restoreRate)) * 1000) : 0;
    },
    poll: {
      list: (connection, { from, page }, context) =>
        graphql(connection, context, LIST, { query: `updated_at:>='${new Date(from).toISOString()}'`, after: page }),
      read(reply, { account }, cursor) {
        const orders = objectAt(dataOf(reply)['orders']);
        const page = readEach(
          listAt(orders['nodes']),
          (node) => textAt(node['id']),
          (node) => factOf(node, account),
        );
        const { hasNextPage, endCursor } = objectAt(orders['pageInfo']);
        // The platform's own cursor names the last order of a page, so that none slips past its border.
        return { ...page, next: hasNextPage === true ? { from: cursor.from, page: textAt(endCursor) } : null };
      },
    },
    fetch: {
      requests: (connection, order_id, context) => [graphql(connection, context, ONE, { id: `gid://shopify/Order/${order_id}` })],
      read([reply], { account }) {
        const node = dataOf(reply!)['order'];
        return isObject(node) ? [factOf(node, account)] : null;
      },
    },
  };
}

const baseOf = (account: string, settings: Connection['settings']): string =>
  textSetting(settings, 'api_url') ?? `https://${account}`;

function graphql(
  { account, settings }: Connection,
  { access_token }: ApiContext,
  query: string,
  variables: Record<string, unknown>,
): ApiRequest {
  const version = textSetting(settings, 'api_version') ?? API_VERSION;
  return {
    method: 'POST',
    url: `${baseOf(account, settings)}/admin/api/${version}/graphql.json`,
    headers: {
      'content-type': 'application/json',
      'x-shopify-access-token': access_token ?? textSetting(settings, 'access_token') ?? '',
    },
    body: JSON.stringify({ query, variables }),
  };
}

function jsonOf({ body }: ApiReply): unknown {
  try {
    return parseJson(new TextDecoder().decode(body));
  } catch {
    return null;
  }
}

const errorsOf = (body: unknown): Json[] => listAt(objectAt(body)['errors']);

/** Throws UnusableDelivery with what the platform says: a field that is gone, a scope that is missing. */
function dataOf(reply: ApiReply): Json {
  const body = jsonOf(reply);
  const [error] = errorsOf(body);
  if (error || !isObject(objectAt(body)['data']))
    throw new UnusableDelivery('unusable_delivery', '', `Shopify’s API: ${textAt(error?.['message']) ?? 'no data'}`);
  return objectAt(objectAt(body)['data']);
}

const moneyOf = (set: unknown): Json => ({
  shop_money: { amount: amountOf(set, 'shopMoney'), currency_code: objectAt(objectAt(set)['shopMoney'])['currencyCode'] },
  presentment_money: { amount: amountOf(set, 'presentmentMoney') },
});
const amountOf = (set: unknown, money: 'shopMoney' | 'presentmentMoney' = 'shopMoney'): unknown =>
  objectAt(objectAt(set)[money])['amount'];
const lower = (value: unknown): string | null => textAt(value)?.toLowerCase() ?? null;

const FULFILLMENT: Readonly<Record<string, string>> = {
  FULFILLED: 'fulfilled',
  PARTIALLY_FULFILLED: 'partial',
  RESTOCKED: 'restocked',
};

/** A node of the API in the words of a webhook's body. */
function orderBody(node: Json): Json {
  const visit = objectAt(objectAt(node['customerJourneySummary'])['lastVisit']);
  const customer = objectAt(node['customer']);
  return {
    admin_graphql_api_id: node['id'],
    name: node['name'],
    created_at: node['createdAt'],
    updated_at: node['updatedAt'],
    processed_at: node['processedAt'],
    cancelled_at: node['cancelledAt'],
    test: node['test'],
    taxes_included: node['taxesIncluded'],
    currency: node['currencyCode'],
    presentment_currency: node['presentmentCurrencyCode'],
    financial_status: lower(node['displayFinancialStatus']),
    fulfillment_status: FULFILLMENT[textAt(node['displayFulfillmentStatus']) ?? ''] ?? null,
    total_price: amountOf(node['totalPriceSet']),
    total_price_set: moneyOf(node['totalPriceSet']),
    subtotal_price: amountOf(node['subtotalPriceSet']),
    total_discounts: amountOf(node['totalDiscountsSet']),
    total_tax: amountOf(node['totalTaxSet']),
    total_shipping_price_set: moneyOf(node['totalShippingPriceSet']),
    total_tip_received: amountOf(node['totalTipReceivedSet']),
    current_total_price: amountOf(node['currentTotalPriceSet']),
    total_outstanding: amountOf(node['totalOutstandingSet']),
    current_total_duties_set: moneyOf(node['currentTotalDutiesSet']),
    total_cash_rounding_payment_adjustment_set: moneyOf(objectAt(node['totalCashRoundingAdjustment'])['paymentSet']),
    source_name: node['sourceName'],
    browser_ip: node['clientIp'],
    payment_gateway_names: node['paymentGatewayNames'],
    email: node['email'],
    phone: node['phone'],
    ...(customer['id'] !== undefined && { customer: { admin_graphql_api_id: customer['id'] } }),
    billing_address: addressBody(node['billingAddress']),
    shipping_address: addressBody(node['shippingAddress']),
    note_attributes: listAt(node['customAttributes']).map(({ key, value }) => ({ name: key, value })),
    landing_site: pathOf(visit['landingPage']),
    referring_site: visit['referrerUrl'],
    line_items: listAt(objectAt(node['lineItems'])['nodes']).map((line) => ({
      admin_graphql_api_id: line['id'],
      sku: line['sku'],
      quantity: line['quantity'],
      gift_card: line['isGiftCard'],
      price: amountOf(line['originalUnitPriceSet']),
      product_id: tailOf(objectAt(line['product'])['id']),
      variant_id: tailOf(objectAt(line['variant'])['id']),
    })),
    refunds: listAt(node['refunds']).map((refund) => ({
      admin_graphql_api_id: refund['id'],
      created_at: refund['createdAt'],
      transactions: listAt(objectAt(refund['transactions'])['nodes']).map((transaction) => ({
        kind: lower(transaction['kind']),
        status: lower(transaction['status']),
        amount: amountOf(transaction['amountSet']),
      })),
    })),
    fulfillments: listAt(node['fulfillments']).map((fulfillment) => ({
      admin_graphql_api_id: fulfillment['id'],
      status: lower(fulfillment['status']),
      shipment_status: lower(fulfillment['displayStatus']),
      tracking_company: listAt(fulfillment['trackingInfo'])[0]?.['company'],
      tracking_numbers: listAt(fulfillment['trackingInfo']).map(({ number }) => number),
    })),
  };
}

function addressBody(address: unknown): Json {
  const { firstName, lastName, phone, city, province, provinceCode, zip, countryCodeV2 } = objectAt(address);
  return {
    ...{ first_name: firstName, last_name: lastName, phone, city, province, zip },
    ...{ province_code: provinceCode, country_code: countryCodeV2 },
  };
}

const tailOf = (gid: unknown): string | null => textAt(gid)?.split('/').pop() ?? null;

/** A webhook names the landing page by path and query. */
function pathOf(url: unknown): string | null {
  const text = textAt(url);
  if (!text || !URL.canParse(text)) return text;
  const { pathname, search } = new URL(text);
  return pathname + search;
}
