// All that this shop does for Orderloop, apart from the elements and `orderloop('track', …)` in its pages.
import { type Client, createClient } from '@orderloop/client';
import type { OrderInput } from '@orderloop/protocol';
import { type Choice, consentOf } from './consent.ts';
import { Html, html, json } from './html.ts';
import { toDecimal } from './money.ts';
import type { Order } from './orders.ts';

const STUB = new Html('window.orderloop=window.orderloop||function(){(orderloop.q=orderloop.q||[]).push(arguments)};');

export interface OrderloopOptions {
  collectorUrl: string;
  publishableKey: string;
  secretKey: string;
  signingSecret: string;
}

/** In the head of every page: the queue, the choice of the visitor if there is one, and the script. */
export function orderloopTags({ collectorUrl, publishableKey }: OrderloopOptions, nonce: string, choice?: Choice): Html {
  const consent = choice && html`orderloop('consent',${json(consentOf(choice))});`;
  return html`<script nonce="${nonce}">${STUB}${consent}</script>
<script async src="${collectorUrl}/orderloop.js" data-key="${publishableKey}"></script>`;
}

/** On the server: one call for each order. The outbox repeats it for as long as the collector is away. */
export function createSender({ collectorUrl, secretKey, signingSecret }: OrderloopOptions): Client['sendOrder'] {
  return createClient({ url: collectorUrl, key: secretKey, signingSecret, maxAttempts: 2 }).sendOrder;
}

/** The shop's order in Orderloop's words. */
export function toOrderInput(order: Order): OrderInput {
  const time = new Date(order.created_at).toISOString();
  return {
    source: 'shop',
    order_id: order.order_id,
    status: order.payment === 'card' ? 'paid' : 'pending',
    currency: 'EUR',
    created_at: time,
    updated_at: time,
    tax_included: true,
    amounts: {
      total: toDecimal(order.total),
      subtotal: toDecimal(order.subtotal),
      shipping: toDecimal(order.shipping),
      tax: toDecimal(order.tax),
    },
    line_items: order.lines.map(({ slug, name, quantity, unit_price }) => {
      return { product_id: slug, sku: slug, title: name, quantity, unit_price: toDecimal(unit_price) };
    }),
    customer: order.customer,
    shipping_address: order.address,
    session_ref: order.session_ref,
    cart_token: order.cart_token,
    consent: order.consent && consentOf(order.consent),
  };
}
