import { countOf } from '../carts.ts';
import { eventData, type PageEvent } from '../events.ts';
import { type Html, html } from '../html.ts';
import { fill, LANGUAGES } from '../language.ts';
import type { Visit } from '../visit.ts';

export interface Page {
  title: string;
  body: Html;
  /** What happened here, in GA4's words. */
  events?: PageEvent[];
  /** Pages about one person are nobody else's to find. */
  isPrivate?: boolean;
}

/** A whole page: `tags` are the scripts of others, in the head. */
export function layout(visit: Visit, tags: Html, { title, body, events = [], isPrivate = false }: Page): string {
  const { words, language, direction } = visit;
  return html`<!doctype html>
<html lang="${language === 'zh' ? 'zh-Hans' : language}" dir="${direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${isPrivate && html`<meta name="robots" content="noindex">`}
<title>${title} · Mooring</title>
<meta name="description" content="${words.tagline}">
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/store.css">
${tags}
<script src="/static/events.js" defer></script>
<script src="/static/consent.js" defer></script>
</head>
<body>
<a class="skip" href="#content">${words.skip}</a>
${banner(visit)}
${header(visit)}
<main id="content" tabindex="-1">
${body}
</main>
${footer(visit)}
${eventData(events)}
</body>
</html>`.text;
}

function header({ words, cart }: Visit): Html {
  const count = countOf(cart?.lines ?? []);
  return html`<header class="top">
<a class="brand" href="/"><img src="/static/icon.svg" alt="" width="34" height="34"><span>Mooring</span></a>
<nav aria-label="${words.menu}"><ul>
<li><a href="/#lamps">${words.lamps}</a></li>
<li><a href="/#house">${words.house}</a></li>
<li><a class="to-cart" href="/cart">${words.cart}${count > 0 && html` <span class="badge" aria-hidden="true">${count}</span><span class="hidden"> (${fill(words.inCart, { n: count })})</span>`}</a></li>
</ul></nav>
</header>`;
}

/** The choice about cookies. Without a script it is a form like any other. */
function banner({ words, choice, isChoosing, path }: Visit): Html {
  const { title, text, all, necessary, saved } = words.consent;
  const isOpen = choice === undefined || isChoosing;
  return html`<section class="consent" id="consent" aria-labelledby="consent-title" tabindex="-1"${!isOpen && html` hidden`}>
<form action="/consent" method="post">
<input type="hidden" name="back" value="${path}">
<div><h2 id="consent-title">${title}</h2><p>${text}</p></div>
<div class="choices"><button name="choice" value="necessary">${necessary}</button><button name="choice" value="all">${all}</button></div>
</form>
</section>
<p class="hidden" role="status" id="consent-saved" data-text="${saved}"></p>`;
}

function footer({ words, language, path }: Visit): Html {
  const switches = Object.entries(LANGUAGES).map(
    ([code, { name }]) =>
      html`<li><a href="${path}?lang=${code}" lang="${code}" hreflang="${code}"${code === language && html` aria-current="true"`}>${name}</a></li>`,
  );
  return html`<footer class="bottom">
<p class="brand"><img src="/static/icon.svg" alt="" width="28" height="28" loading="lazy"><span>Mooring</span></p>
<p>${words.footer.about}<br>${words.footer.demo}</p>
<nav aria-label="${words.language}"><ul>${switches}</ul></nav>
<p><a href="${path}?cookies=#consent" id="consent-change">${words.consent.change}</a></p>
</footer>`;
}
