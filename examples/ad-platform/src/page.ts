import { ADS, type Ad, linkOf, type Network } from './ads.ts';
import { type Html, html, json } from './html.ts';
import { LANGUAGES, type Language, WORDS } from './language.ts';
import { MODES } from './types.ts';
import type { Words } from './words/en.ts';

interface PageOptions {
  language: Language;
  direction: 'ltr' | 'rtl';
  shopUrl: string;
  hasVisitors: boolean;
}

/** The platform's one page. Its links are new each time, as a click id names one click. */
export function page({ language, direction, shopUrl, hasVisitors }: PageOptions): string {
  const words = WORDS[language];
  return html`<!doctype html>
<html lang="${language}" dir="${direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${words.title} · ${words.played}</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/platform.css">
<script src="/static/platform.js" defer></script>
</head>
<body>
<a class="skip" href="#inbox">${words.skip}</a>
${header(words, language, direction)}
<main>
<section class="feeds" aria-label="${words.feeds}">
${feed('social', words, social(words, shopUrl))}
${feed('search', words, search(words, shopUrl))}
${feed('video', words, video(words, shopUrl))}
</section>
<div class="desk">
${switches(words, hasVisitors)}
${inbox(words)}
</div>
</main>
<script type="application/json" id="words">${json({ ...words, language })}</script>
</body>
</html>`.text;
}

function header(words: Words, language: Language, direction: string): Html {
  return html`<header class="top">
<p class="brand"><img src="/static/icon.svg" alt="" width="36" height="36"><span>${words.title}</span></p>
<div class="about"><h1>${words.played}</h1><p>${words.intro}</p></div>
<nav aria-label="${words.language}"><ul class="languages">${Object.entries(LANGUAGES).map(
    ([code, name]) =>
      html`<li><a href="?lang=${code}${direction === 'rtl' && '&dir=rtl'}" lang="${code}" hreflang="${code}"${code === language && html` aria-current="true"`}>${name}</a></li>`,
  )}</ul></nav>
</header>`;
}

function feed(network: Network, words: Words, content: Html[]): Html {
  return html`<section class="feed ${network}" aria-labelledby="feed-${network}">
<header><h2 id="feed-${network}">${words.networks[network]}</h2><p class="kind">${words.networkKinds[network]}</p></header>
${content}
</section>`;
}

function social(words: Words, shopUrl: string): Html[] {
  return adsOf('social').map(
    (ad) => html`<article class="post">
<p class="by"><img src="/static/account.svg" alt="" width="40" height="40"><span><b>${words.accounts.shop}</b><small>${words.sponsored} · ${words.accounts.followers}</small></span></p>
<p class="said">${words.ads[ad.name].text}</p>
<a class="cover" href="${linkOf(ad, shopUrl)}"><img src="/static/${ad.picture}.svg" alt="" width="480" height="360" loading="lazy">
<span class="strip"><b>${words.ads[ad.name].title}</b><span class="call">${words.ads[ad.name].action}</span><span class="hidden"> (${words.opensShop})</span></span></a>
</article>`,
  );
}

function search(words: Words, shopUrl: string): Html[] {
  const host = new URL(shopUrl).host;
  const results = adsOf('search').map(
    (ad) => html`<li><article>
<p class="where"><b>${words.sponsored}</b> <bdi>${host}${ad.path === '/' ? '' : ad.path}</bdi></p>
<h3><a href="${linkOf(ad, shopUrl)}">${words.ads[ad.name].title}<span class="hidden"> (${words.opensShop})</span></a></h3>
<p>${words.ads[ad.name].text}</p>
</article></li>`,
  );
  return [
    html`<p class="query"><span class="hidden">${words.results} </span>${words.searchQuery}</p>`,
    html`<ol class="results">${results}</ol>`,
  ];
}

function video(words: Words, shopUrl: string): Html[] {
  return [
    html`<ul class="clips">${adsOf('video').map(
      (
        ad,
      ) => html`<li><a href="${linkOf(ad, shopUrl)}"><img src="/static/${ad.picture}.svg" alt="" width="360" height="560" loading="lazy">
<span class="caption"><small>${words.sponsored}</small><b>${words.ads[ad.name].title}</b><span>${words.ads[ad.name].text}</span><span class="call">${words.ads[ad.name].action}</span><span class="hidden"> (${words.opensShop})</span></span></a></li>`,
    )}</ul>`,
  ];
}

function switches(words: Words, hasVisitors: boolean): Html {
  const day = html`<form id="day" action="/visitors" method="post" aria-labelledby="day-title">
<h3 id="day-title">${words.day}</h3>
<p>${words.dayText}</p>
<div class="line"><button name="play" value="yes">${words.play}</button>
<progress max="1" value="0" aria-labelledby="day-title"></progress></div>
<p class="note" id="day-progress"></p>
</form>`;
  return html`<section class="switches" aria-labelledby="switches-title">
<h2 id="switches-title">${words.switches}</h2>
${hasVisitors && day}
<form id="mode" action="/control" method="post">
<fieldset><legend>${words.conversions}</legend>
${MODES.map(
  (mode, index) =>
    html`<label class="choice"><input type="radio" name="mode" value="${mode}"${index === 0 && html` checked`}> <span>${words.modes[mode]}</span></label>`,
)}
</fieldset>
<div class="line"><label for="times">${words.forHow}</label>
<select id="times" name="times"><option value="1">${words.times.once}</option><option value="5">${words.times.some}</option><option value="" selected>${words.times.all}</option></select>
<button>${words.apply}</button></div>
<p class="note" id="mode-now" role="status"></p>
</form>
<form id="reset" action="/reset" method="post"><button class="quiet">${words.reset}</button></form>
</section>`;
}

function inbox(words: Words): Html {
  const { counted, duplicates, value } = words.totals;
  return html`<section class="inbox" id="inbox" tabindex="-1" aria-labelledby="inbox-title">
<h2 id="inbox-title">${words.inbox}</h2>
<p>${words.inboxText}</p>
<noscript><p>${words.noScript} <a href="/received">/received</a>.</p></noscript>
<dl class="totals"><div><dt>${counted}</dt><dd id="total-counted">0</dd></div><div><dt>${duplicates}</dt><dd id="total-duplicates">0</dd></div><div><dt>${value}</dt><dd id="total-value">–</dd></div></dl>
<p class="hidden" role="status" id="arrived"></p>
<p class="note" role="alert" id="trouble"></p>
${(['events', 'webhooks', 'requests'] as const).map(
  (kind) =>
    html`<section aria-labelledby="${kind}-title"${kind !== 'events' && html` hidden`}><h3 id="${kind}-title">${words.tabs[kind]}</h3><ol class="log" id="${kind}"></ol></section>`,
)}
<p class="note" id="empty">${words.empty}</p>
</section>`;
}

function adsOf(network: Network): readonly Ad[] {
  return ADS.filter((ad) => ad.network === network);
}
