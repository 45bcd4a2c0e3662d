import { paramsOf } from '../events.ts';
import { html } from '../html.ts';
import { fill } from '../language.ts';
import { toNumber } from '../money.ts';
import type { Order } from '../orders.ts';
import type { Visit } from '../visit.ts';
import type { Page } from './layout.ts';
import { picture, sums } from './parts.ts';

export function thankYouPage(visit: Visit, order: Order): Page {
  const { words, money } = visit;
  const { thanks } = words;
  const lines = order.lines.map(({ slug, name, quantity, unit_price }) => ({
    product: { slug, name, price: unit_price },
    quantity,
  }));
  return {
    title: thanks.title,
    isPrivate: true,
    events: [
      {
        name: 'purchase',
        params: {
          transaction_id: order.order_id,
          ...paramsOf(lines, order.total),
          tax: toNumber(order.tax),
          shipping: toNumber(order.shipping),
          ...(order.cart_token && { cart_token: order.cart_token }),
        },
      },
    ],
    body: html`<div class="thanks">
<img src="/static/thanks.svg" alt="" width="420" height="300">
<div>
<h1>${thanks.title}</h1>
<p>${fill(thanks.text, { email: maskEmail(order.customer.email) })}</p>
<p class="number">${thanks.number} <b><bdi>${order.order_id}</bdi></b></p>
</div>
</div>
<div class="with-aside">
<section aria-labelledby="next"><h2 id="next">${thanks.next}</h2>
<ol class="steps">${thanks.steps.map((step) => html`<li>${step}</li>`)}</ol>
<p class="note">${order.payment === 'card' ? thanks.paid : thanks.invoice}</p>
<a class="button" href="/">${words.keepLooking}</a></section>
<aside class="panel" aria-labelledby="summary"><h2 id="summary">${words.summary}</h2>
<ul class="brief">${lines.map(
      ({ product, quantity }) =>
        html`<li>${picture(product.slug, 56)}<span>${quantity} × ${product.name}</span><span class="price">${money(product.price * quantity)}</span></li>`,
    )}</ul>
${sums(visit, order)}</aside>
</div>`,
  };
}

/** The page's address may be passed on, or end in somebody's log: whoever finds it must not learn whose order it is. */
function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return `${email.slice(0, 1)}…${email.slice(at)}`;
}
