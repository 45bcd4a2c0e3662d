/**
 * Which sites are of which kind. An entry with a dot is a host: it stands for itself and everything under it; one that
 * ends in `.*` stands for that name under `.com` or a country's domain, bare or with `www.` or `m.` in front, and so not
 * for the mail or documents that its owner hosts. An entry without a dot is a name for `utm_source`.
 */
export const CHANNEL_SITES = {
  search: [
    ...['google', 'adwords', 'google.*', 'images.google.*'],
    ...['bing', 'bing.com', 'msn', 'duckduckgo', 'duckduckgo.com', 'yahoo', 'yahoo.*', 'search.yahoo.com', 'search.yahoo.co.jp'],
    ...['baidu', 'baidu.com', 'yandex', 'yandex.*', 'ya.ru', 'ecosia', 'ecosia.org', 'qwant', 'qwant.com'],
    ...['startpage', 'startpage.com', 'brave', 'search.brave.com', 'naver', 'search.naver.com', 'daum', 'search.daum.net'],
    ...['seznam', 'seznam.cz', 'sogou', 'sogou.com', 'so.com', 'kagi', 'kagi.com', 'ask', 'ask.com', 'aol', 'search.aol.com'],
  ],
  social: [
    ...['meta', 'facebook', 'fb', 'facebook.com', 'fb.com', 'fb.me', 'messenger', 'messenger.com', 'instagram', 'ig'],
    ...['instagram.com', 'threads', 'threads.net', 'threads.com', 'whatsapp', 'whatsapp.com', 'wa.me'],
    ...['tiktok', 'tiktok.com', 'pinterest', 'pinterest.*', 'pinterest.com', 'pin.it', 'snapchat', 'snapchat.com'],
    ...['linkedin', 'linkedin.com', 'lnkd.in', 'twitter', 'twitter.com', 'x', 'x.com', 't.co', 'bluesky', 'bsky.app'],
    ...['reddit', 'reddit.com', 'redd.it', 'quora', 'quora.com', 'tumblr', 'tumblr.com', 'mastodon', 'mastodon.social'],
    ...['discord', 'discord.com', 'telegram', 'telegram.me', 'telegram.org', 't.me', 'xing', 'xing.com', 'nextdoor'],
    ...['nextdoor.com', 'vk', 'vk.com', 'ok.ru', 'weibo', 'weibo.com', 'weibo.cn', 'tieba.baidu.com', 'line.me'],
  ],
  shopping: [
    ...['amazon', 'amazon.*', 'ebay', 'ebay.*', 'etsy', 'etsy.com', 'walmart', 'walmart.com', 'alibaba', 'alibaba.com'],
    ...['aliexpress', 'aliexpress.com', 'google shopping', 'google_shopping', 'shopping.google.com', 'rakuten', 'rakuten.*'],
    ...['mercadolibre', 'mercadolibre.*', 'allegro', 'allegro.pl', 'bol.com', 'cdiscount', 'cdiscount.com', 'zalando'],
    ...['zalando.*', 'temu', 'temu.com', 'idealo', 'idealo.*', 'geizhals', 'geizhals.*', 'billiger.de', 'kelkoo', 'kelkoo.*'],
    ...['pricerunner', 'pricerunner.*', 'taobao.com', 'tmall.com', 'jd.com', 'flipkart', 'flipkart.com'],
  ],
  video: [
    ...['youtube', 'youtube.com', 'youtu.be', 'vimeo', 'vimeo.com', 'dailymotion', 'dailymotion.com', 'twitch', 'twitch.tv'],
    ...['bilibili', 'bilibili.com', 'youku', 'youku.com', 'nicovideo.jp', 'rumble', 'rumble.com', 'rutube.ru'],
  ],
  assistant: [
    ...['chatgpt', 'chatgpt.com', 'openai', 'openai.com', 'claude', 'claude.ai', 'gemini', 'gemini.google.com'],
    ...['copilot', 'copilot.com', 'copilot.microsoft.com', 'perplexity', 'perplexity.ai', 'deepseek', 'deepseek.com'],
    ...['grok', 'grok.com', 'mistral', 'chat.mistral.ai', 'meta.ai', 'poe.com', 'doubao.com', 'kimi.com', 'chat.qwen.ai'],
  ],
} as const satisfies Record<string, readonly string[]>;

export type SiteKind = keyof typeof CHANNEL_SITES;

/**
 * Payment pages and sign-ins, written as `CHANNEL_SITES` are: a buyer who comes back from one was not referred by it, so as
 * a referrer they count as the shop's own hosts do.
 */
export const RETURN_HOSTS: readonly string[] = [
  ...['paypal.com', 'stripe.com', 'klarna.com', 'checkout.shopify.com', 'pay.shopify.com', 'shop.app', 'pay.google.com'],
  ...['pay.amazon.com', 'payments.amazon.*', 'adyen.com', 'mollie.com', 'checkout.com', 'worldpay.com', 'braintreegateway.com'],
  ...['squareup.com', 'afterpay.com', 'clearpay.co.uk', 'affirm.com', 'sofort.com', 'giropay.de', 'pay.ideal.nl', 'razorpay.com'],
  ...['payu.*', 'mercadopago.*', 'alipay.com', 'wx.tenpay.com', 'cardinalcommerce.com'],
  ...['accounts.google.*', 'appleid.apple.com', 'login.live.com', 'login.microsoftonline.com', 'login.yahoo.com', 'auth0.com'],
];

const KINDS = new Map<string, SiteKind>(
  Object.entries(CHANNEL_SITES).flatMap(([kind, sites]) => sites.map((site) => [site, kind as SiteKind] as const)),
);
const RETURNS = new Map(RETURN_HOSTS.map((host) => [host, true]));

/** The kind of the site that a `utm_source` in lower case means: a host, or a name, which may end in "ads". */
export function kindOfSource(source: string): SiteKind | undefined {
  if (source.includes('.')) return kindOfHost(source);
  return KINDS.get(source) ?? KINDS.get(source.replace(/[-_ ]?ads?$/, ''));
}

/** The kind of site that a host in lower case is, by the longest entry that it matches. */
export function kindOfHost(host: string): SiteKind | undefined {
  return findHost(KINDS, host);
}

/** Whether a buyer comes back from this host, in lower case, rather than being referred by it. */
export function isReturnHost(host: string): boolean {
  return findHost(RETURNS, host) === true;
}

function findHost<T>(entries: ReadonlyMap<string, T>, host: string): T | undefined {
  for (let name = host; name.includes('.'); name = name.slice(name.indexOf('.') + 1)) {
    const found = entries.get(name);
    if (found !== undefined) return found;
  }
  const [, name] = /^(?:(?:www|m)\.)?(.+?)\.(?:com?\.[a-z]{2}|com|[a-z]{2})$/.exec(host) ?? [];
  return name === undefined ? undefined : entries.get(`${name}.*`);
}
