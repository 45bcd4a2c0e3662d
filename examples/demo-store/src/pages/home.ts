import { PRODUCTS, type Shelf } from '../catalogue.ts';
import { type Html, html } from '../html.ts';
import type { Visit } from '../visit.ts';
import type { Page } from './layout.ts';
import { cards } from './parts.ts';

export function homePage(visit: Visit): Page {
  const { words } = visit;
  return {
    title: words.tagline,
    body: html`<section class="hero">
<div><h1>${words.hero.title}</h1><p>${words.hero.text}</p><a class="button" href="#lamps">${words.hero.action}</a></div>
<img src="/static/hero.svg" alt="" width="900" height="680">
</section>
<orderloop-ad-slot placement="home-hero" format="banner"><a class="offer" href="/products/buoy">
<img src="/static/products/buoy.svg" alt="" width="96" height="96"><span><b>${words.offer.title}</b> <span>${words.offer.text}</span></span><span class="more">${words.offer.action}</span>
</a></orderloop-ad-slot>
${shelf(visit, 'lamps', words.lampsIntro)}
${shelf(visit, 'house', words.houseIntro)}
<section class="promises">${words.promises.map(([title, text]) => html`<div><h2>${title}</h2><p>${text}</p></div>`)}</section>`,
  };
}

function shelf(visit: Visit, name: Shelf, intro: string): Html {
  return html`<section class="shelf" aria-labelledby="${name}">
<header><h2 id="${name}">${visit.words[name]}</h2><p>${intro}</p></header>
${cards(
  visit,
  PRODUCTS.filter((product) => product.shelf === name),
)}
</section>`;
}
