import type { Product } from '../catalogue.ts';
import { type Html, html } from '../html.ts';
import type { Totals } from '../totals.ts';
import type { Visit } from '../visit.ts';

/** Products as cards; each is one link. */
export function cards(visit: Visit, products: readonly Product[]): Html {
  return html`<ul class="cards">${products.map(
    ({ slug, name, price }) => html`<li><a href="/products/${slug}">
${picture(slug, 400)}
<span class="label"><span class="name">${name}</span> <span class="kind">${visit.words.products[slug].kind}</span></span>
<span class="price">${visit.money(price)}</span>
</a></li>`,
  )}</ul>`;
}

/** Only for show: what it shows stands beside it in words. */
export function picture(slug: string, size: number): Html {
  return html`<img class="picture" src="/static/products/${slug}.svg" alt="" width="${size}" height="${size}" loading="lazy">`;
}

export function sums({ words, money }: Visit, { subtotal, shipping, tax, total }: Totals): Html {
  return html`<dl class="sums">
<div><dt>${words.subtotal}</dt><dd>${money(subtotal)}</dd></div>
<div><dt>${words.shipping}</dt><dd>${shipping === 0 ? words.free : money(shipping)}</dd></div>
<div class="total"><dt>${words.total}</dt><dd>${money(total)}</dd></div>
<div class="vat"><dt>${words.vat}</dt><dd>${money(tax)}</dd></div>
</dl>`;
}
