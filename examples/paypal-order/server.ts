// A shop that takes payment with PayPal. What it does for Orderloop is the hidden field, and `custom_id` on the order; PayPal
// sends it back with its events. Prices are the shop's own: nothing of money comes from the page.
import { createServer, type Server } from 'node:http';

export interface ShopOptions {
  /** Of the app in PayPal's dashboard. */
  clientId: string;
  clientSecret: string;
  /** Where buyers come back to. */
  shopUrl: string;
  /** The collector, and the site's publishable key. */
  orderloop: { url: string; key: string };
  /** PayPal's API, its sandbox, or what a test plays in its place. */
  paypalUrl?: string;
}

interface Basket {
  order_id: string;
  currency: string;
  /** Decimal texts. */
  total: string;
  shipping: string;
  lines: { name: string; sku: string; unit_price: string; quantity: number }[];
  item_total: string;
}

interface PaypalOrder {
  id: string;
  status: string;
  links?: { rel: string; href: string }[];
}

async function call<T>(
  { clientId, clientSecret, paypalUrl = 'https://api-m.paypal.com' }: ShopOptions,
  path: string,
  request_id: string,
  body: unknown,
): Promise<T> {
  const post = async <R>(url: string, headers: Record<string, string>, text: string): Promise<R> => {
    const response = await fetch(`${paypalUrl}${url}`, { method: 'POST', headers, body: text });
    const answer = (await response.json()) as R & { message?: string; error_description?: string };
    if (!response.ok) throw new Error(`PayPal answered ${response.status}: ${answer.message ?? answer.error_description}`);
    return answer;
  };
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const form = { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' };
  const { access_token } = await post<{ access_token: string }>('/v1/oauth2/token', form, 'grant_type=client_credentials');
  const headers = {
    authorization: `Bearer ${access_token}`,
    'content-type': 'application/json',
    // The same again changes nothing.
    'paypal-request-id': request_id,
    prefer: 'return=representation',
  };
  return post<T>(path, headers, JSON.stringify(body));
}

/** Makes an order; answers the address where the buyer approves it. */
export async function createOrder(
  { order_id, currency, total, shipping, item_total, lines }: Basket,
  session_ref: string | null,
  options: ShopOptions,
): Promise<string> {
  const money = (value: string) => ({ currency_code: currency, value });
  const order = await call<PaypalOrder>(options, '/v2/checkout/orders', `order-${order_id}`, {
    intent: 'CAPTURE',
    purchase_units: [
      {
        invoice_id: order_id,
        ...(session_ref && { custom_id: session_ref }),
        amount: { ...money(total), breakdown: { item_total: money(item_total), shipping: money(shipping) } },
        items: lines.map(({ name, sku, unit_price, quantity }) => ({
          ...{ name, sku, quantity: String(quantity), unit_amount: money(unit_price) },
        })),
      },
    ],
    payment_source: {
      paypal: { experience_context: { return_url: `${options.shopUrl}/approved`, cancel_url: `${options.shopUrl}/` } },
    },
  });
  const approve = order.links?.find(({ rel }) => rel === 'payer-action' || rel === 'approve');
  if (!approve) throw new Error(`PayPal’s order ${order.id} is ${order.status}: it can’t be approved.`);
  return approve.href;
}

/** Takes the money of an order that its buyer approved. */
export async function captureOrder(paypal_order_id: string, options: ShopOptions): Promise<string> {
  const path = `/v2/checkout/orders/${encodeURIComponent(paypal_order_id)}/capture`;
  return (await call<PaypalOrder>(options, path, `capture-${paypal_order_id}`, {})).status;
}

/** The field stays empty where the visitor allows no ids; then there is no reference. */
export const sessionRefOf = (field: string | null): string | null => (/^[\w-]{1,100}$/.test(field ?? '') ? field : null);

const page = ({ orderloop: { url, key } }: ShopOptions): string => `<!doctype html>
<script>window.orderloop=window.orderloop||function(){(orderloop.q=orderloop.q||[]).push(arguments)}</script>
<script async src="${url}/orderloop.js" data-key="${key}"></script>
<form method="post" action="/checkout">
  <input type="hidden" name="session_ref" data-orderloop="session_ref">
  <button>Buy the lamp with PayPal</button>
</form>`;

const LAMP = {
  ...{ currency: 'EUR', total: '64.80', shipping: '4.90', item_total: '59.90' },
  lines: [{ name: 'Lamp', sku: 'LAMP-1', unit_price: '59.90', quantity: 1 }],
};

export function createShop(options: ShopOptions, nextOrderId: () => string): Server {
  return createServer(async (request, response) => {
    try {
      const { pathname, searchParams } = new URL(request.url ?? '/', options.shopUrl);
      if (pathname === '/approved')
        return response.writeHead(200).end(`Your payment is ${await captureOrder(searchParams.get('token') ?? '', options)}.`);
      if (request.method !== 'POST' || pathname !== '/checkout')
        return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(options));
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += chunk;
      const session_ref = sessionRefOf(new URLSearchParams(body).get('session_ref'));
      const location = await createOrder({ order_id: nextOrderId(), ...LAMP }, session_ref, options);
      return response.writeHead(303, { location }).end();
    } catch (error) {
      console.error(error);
      return response.writeHead(502).end('The payment can’t be made just now.');
    }
  });
}

if (process.argv[1] === import.meta.filename) {
  const { PAYPAL_CLIENT_ID = '', PAYPAL_CLIENT_SECRET = '', PAYPAL_URL, ORDERLOOP_URL = '', ORDERLOOP_KEY = '' } = process.env;
  const options = {
    clientId: PAYPAL_CLIENT_ID,
    clientSecret: PAYPAL_CLIENT_SECRET,
    shopUrl: 'http://localhost:4242',
    orderloop: { url: ORDERLOOP_URL, key: ORDERLOOP_KEY },
    paypalUrl: PAYPAL_URL ?? 'https://api-m.sandbox.paypal.com',
  };
  createShop(options, () => `ORDER-${Date.now()}`).listen(4242, () => console.log(options.shopUrl));
}
