import { PRODUCTS, type Product } from '../catalogue.ts';
import { itemOf, paramsOf } from '../events.ts';
import { html } from '../html.ts';
import { toNumber } from '../money.ts';
import type { Visit } from '../visit.ts';
import type { Page } from './layout.ts';
import { cards, picture } from './parts.ts';

export function productPage(visit: Visit, product: Product): Page {
  const { words, money } = visit;
  const { slug, name, price } = product;
  const { kind, text, facts } = words.products[slug];
  const line = { product, quantity: 1 };
  return {
    title: `${name}, ${kind}`,
    events: [{ name: 'view_item', params: paramsOf([line]) }],
    body: html`<nav class="crumbs"><a href="/#${product.shelf}">${words.back}</a></nav>
<article class="product">
${picture(slug, 640)}
<div>
<h1>${name} <span class="kind">${kind}</span></h1>
<p class="price">${money(price)} <small>${words.vatIncluded}</small></p>
<p class="text">${text}</p>
<form action="/cart/add" method="post" data-item="${JSON.stringify(itemOf(line))}" data-price="${toNumber(price)}">
<input type="hidden" name="slug" value="${slug}">
<label for="quantity">${words.quantity}</label>
<input id="quantity" name="quantity" type="number" inputmode="numeric" min="1" max="10" value="1" required>
<button>${words.addToCart}</button>
</form>
<h2>${words.facts}</h2>
<ul class="facts">${facts.map((fact) => html`<li>${fact}</li>`)}</ul>
</div>
</article>
<section class="shelf" aria-labelledby="more"><header><h2 id="more">${words.goesWith}</h2></header>${cards(visit, companionsOf(product))}</section>`,
  };
}

/** Two from its own shelf and one from the other, the next ones round. */
function companionsOf({ slug, shelf }: Product): Product[] {
  const start = PRODUCTS.findIndex((product) => product.slug === slug);
  const round: Product[] = [...PRODUCTS.slice(start + 1), ...PRODUCTS.slice(0, start)];
  const own = round.filter((product) => product.shelf === shelf).slice(0, 2);
  const others = round.filter((product) => product.shelf !== shelf);
  return [...own, others[start % others.length]!];
}
