import type { CartLine } from '../carts.ts';
import { paramsOf } from '../events.ts';
import { type Html, html } from '../html.ts';
import { fill } from '../language.ts';
import { totalsOf, untilFree } from '../totals.ts';
import type { Visit } from '../visit.ts';
import type { Page } from './layout.ts';
import { picture, sums } from './parts.ts';

export function cartPage(visit: Visit, added: string | undefined): Page {
  const { words, cart, money } = visit;
  const lines = cart?.lines ?? [];
  const title = words.cart;
  if (!cart || lines.length === 0) {
    return {
      title,
      body: html`<div class="empty"><h1>${title}</h1><p>${words.cartEmpty}</p><a class="button" href="/">${words.keepLooking}</a></div>`,
    };
  }
  const totals = totalsOf(
    lines.map(({ product, quantity }) => ({ quantity, unit_price: product.price })),
    'standard',
  );
  const missing = untilFree(totals.subtotal);
  return {
    title,
    events: [{ name: 'view_cart', params: { ...paramsOf(lines), cart_token: cart.token } }],
    body: html`<h1>${title}</h1>
${added && html`<p class="news" role="status">${fill(words.added, { name: added })}</p>`}
<div class="with-aside">
<ul class="lines">${lines.map((line) => lineOf(visit, line))}</ul>
<aside class="panel">
${sums(visit, totals)}
<p class="note">${missing > 0 ? fill(words.untilFree, { amount: money(missing) }) : words.freeNow}</p>
<a class="button wide" href="/checkout">${words.toCheckout}</a>
<a class="quiet" href="/">${words.keepLooking}</a>
<orderloop-reward placement="cart"></orderloop-reward>
</aside>
</div>`,
  };
}

function lineOf({ words, money }: Visit, { product, quantity }: CartLine): Html {
  const { slug, name, price } = product;
  const of = fill(words.of, { name });
  return html`<li>
<a href="/products/${slug}" tabindex="-1" aria-hidden="true">${picture(slug, 120)}</a>
<div class="what"><a class="name" href="/products/${slug}">${name}</a> <span class="kind">${words.products[slug].kind}</span> <span class="each">${money(price)}</span></div>
<div class="controls"><form action="/cart/update" method="post"><input type="hidden" name="slug" value="${slug}">
<label class="hidden" for="quantity-${slug}">${words.quantity} ${of}</label>
<input id="quantity-${slug}" name="quantity" type="number" inputmode="numeric" min="0" max="10" value="${quantity}" required>
<button class="small">${words.update}<span class="hidden"> ${of}</span></button></form>
<form action="/cart/update" method="post"><input type="hidden" name="slug" value="${slug}"><input type="hidden" name="quantity" value="0">
<button class="link">${words.remove}<span class="hidden"> ${of}</span></button></form></div>
<span class="price">${money(price * quantity)}</span>
</li>`;
}
