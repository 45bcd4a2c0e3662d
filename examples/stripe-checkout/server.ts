// A shop that takes payment with Stripe Checkout. What it does for Orderloop is the hidden field, and `session_ref` on its way
// to Stripe; Stripe sends both back with its events. Prices are the shop's own: nothing of money comes from the page.
import { createServer, type Server } from 'node:http';

export interface ShopOptions {
  /** Stripe's secret key. */
  stripeKey: string;
  /** Where buyers come back to. */
  shopUrl: string;
  /** The collector, and the site's publishable key. */
  orderloop: { url: string; key: string };
  /** Stripe's API, or what a test plays in its place. */
  stripeUrl?: string;
}

interface Basket {
  order_id: string;
  currency: string;
  /** In Stripe's smallest unit. */
  lines: { name: string; unit_amount: number; quantity: number }[];
}

/** Opens a Checkout session; answers the address where the buyer pays. */
export async function createCheckoutSession(
  { order_id, currency, lines }: Basket,
  session_ref: string | null,
  { stripeKey, shopUrl, stripeUrl = 'https://api.stripe.com' }: ShopOptions,
): Promise<string> {
  const form = new URLSearchParams({
    mode: 'payment',
    success_url: `${shopUrl}/thanks?session_id={CHECKOUT_SESSION_ID}`,
    cancel_url: `${shopUrl}/`,
    'metadata[order_id]': order_id,
    // A session's metadata is not copied to its payment: refunds and disputes of it name the order by this.
    'payment_intent_data[metadata][order_id]': order_id,
  });
  for (const [index, { name, unit_amount, quantity }] of lines.entries()) {
    form.set(`line_items[${index}][quantity]`, String(quantity));
    form.set(`line_items[${index}][price_data][currency]`, currency);
    form.set(`line_items[${index}][price_data][unit_amount]`, String(unit_amount));
    form.set(`line_items[${index}][price_data][product_data][name]`, name);
  }
  if (session_ref) {
    form.set('client_reference_id', session_ref);
    form.set('metadata[session_ref]', session_ref);
    form.set('payment_intent_data[metadata][session_ref]', session_ref);
  }
  const response = await fetch(`${stripeUrl}/v1/checkout/sessions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stripeKey}`, 'idempotency-key': `checkout-${order_id}` },
    body: form,
  });
  const session = (await response.json()) as { url?: string; error?: { message?: string } };
  if (!response.ok || !session.url)
    throw new Error(`Stripe answered ${response.status}: ${session.error?.message ?? 'no session'}`);
  return session.url;
}

/** The field stays empty where the visitor allows no ids; then there is no reference. */
export const sessionRefOf = (field: string | null): string | null => (/^[\w-]{1,100}$/.test(field ?? '') ? field : null);

const page = ({ orderloop: { url, key } }: ShopOptions): string => `<!doctype html>
<script>window.orderloop=window.orderloop||function(){(orderloop.q=orderloop.q||[]).push(arguments)}</script>
<script async src="${url}/orderloop.js" data-key="${key}"></script>
<form method="post" action="/checkout">
  <input type="hidden" name="session_ref" data-orderloop="session_ref">
  <button>Buy the lamp</button>
</form>`;

export function createShop(options: ShopOptions, nextOrderId: () => string): Server {
  return createServer(async (request, response) => {
    try {
      if (request.method !== 'POST' || request.url !== '/checkout')
        return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(options));
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += chunk;
      const session_ref = sessionRefOf(new URLSearchParams(body).get('session_ref'));
      const lines = [{ name: 'Lamp', unit_amount: 5990, quantity: 1 }];
      const location = await createCheckoutSession({ order_id: nextOrderId(), currency: 'eur', lines }, session_ref, options);
      return response.writeHead(303, { location }).end();
    } catch (error) {
      console.error(error);
      return response.writeHead(502).end('The payment can’t be begun just now.');
    }
  });
}

if (process.argv[1] === import.meta.filename) {
  const { STRIPE_SECRET_KEY = '', ORDERLOOP_URL = '', ORDERLOOP_KEY = '' } = process.env;
  const orderloop = { url: ORDERLOOP_URL, key: ORDERLOOP_KEY };
  const options = { stripeKey: STRIPE_SECRET_KEY, shopUrl: 'http://localhost:4242', orderloop };
  createShop(options, () => `ORDER-${Date.now()}`).listen(4242, () => console.log(options.shopUrl));
}
