import { type ClickIdValue, platformOfClick } from './click-ids.ts';

export interface Campaign {
  source?: string;
  medium?: string;
  campaign?: string;
  term?: string;
  content?: string;
  id?: string;
}

export type Channel =
  | 'paid_social'
  | 'paid_search'
  | 'paid_shopping'
  | 'paid_video'
  | 'display'
  | 'paid_other'
  | 'affiliate'
  | 'email'
  | 'sms'
  | 'organic_social'
  | 'organic_search'
  | 'referral'
  | 'direct'
  | 'unassigned';

const SEARCH = /(^|\.)(google|bing|duckduckgo|yahoo|baidu|ecosia|yandex|qwant|startpage|brave)(\.|$)/;
const SOCIAL =
  /(^|\.)(facebook|fb|meta|instagram|ig|tiktok|pinterest|snapchat|linkedin|lnkd|twitter|x|t|reddit|threads|youtube)(\.|$)/;
const PAID = /^(.*cp.*|ppc|retargeting|paid.*)$/;
const SOCIAL_PLATFORMS = new Set(['meta', 'tiktok', 'pinterest', 'snapchat', 'reddit', 'linkedin', 'x']);

/**
 * The channel of a visit: GA4's default channel grouping, where it applies, from what the landing carried.
 * A click id counts as paid even without UTM tags, because only an ad platform puts one there; a UTM tag beats the
 * referrer, because the shop wrote it. `hosts` are the shop's own, whose referrals are no referral.
 */
export function channelOf(landing: {
  campaign?: Campaign;
  click_ids?: Record<string, ClickIdValue>;
  referrer?: string;
  hosts?: readonly string[];
}): { channel: Channel; platform?: string } {
  const source = landing.campaign?.source?.toLowerCase() ?? '';
  const medium = landing.campaign?.medium?.toLowerCase() ?? '';
  const name = landing.campaign?.campaign?.toLowerCase() ?? '';
  const clicked = platformOfClick(landing.click_ids);
  const platform = clicked ? { platform: clicked } : {};

  if (medium === 'affiliate' || medium === 'affiliates') return { channel: 'affiliate', ...platform };
  if (PAID.test(medium) || clicked) {
    if (/^(.*(([^a-df-z]|^)shop|shopping).*)$/.test(name)) return { channel: 'paid_shopping', ...platform };
    if (clicked ? SOCIAL_PLATFORMS.has(clicked) : SOCIAL.test(source)) return { channel: 'paid_social', ...platform };
    if (/video/.test(medium)) return { channel: 'paid_video', ...platform };
    if (/^(display|banner|cpm|expandable|interstitial)$/.test(medium)) return { channel: 'display', ...platform };
    if (clicked || SEARCH.test(source)) return { channel: 'paid_search', ...platform };
    return { channel: 'paid_other', ...platform };
  }
  if (/^(display|banner|expandable|interstitial|cpm)$/.test(medium)) return { channel: 'display' };
  if (/e[-_ ]?mail/.test(medium) || /e[-_ ]?mail/.test(source)) return { channel: 'email' };
  if (medium === 'sms' || source === 'sms') return { channel: 'sms' };
  if (/^(social|social-network|social-media|sm|social network|social media)$/.test(medium)) return { channel: 'organic_social' };
  if (medium === 'organic') return { channel: 'organic_search' };
  if (/^(referral|app|link)$/.test(medium)) return { channel: 'referral' };
  if (source && source !== '(direct)') {
    if (SEARCH.test(source)) return { channel: 'organic_search' };
    if (SOCIAL.test(source)) return { channel: 'organic_social' };
    return { channel: 'unassigned' };
  }

  const host = hostOf(landing.referrer);
  if (!host || landing.hosts?.includes(host)) return { channel: 'direct' };
  if (SEARCH.test(host)) return { channel: 'organic_search' };
  if (SOCIAL.test(host)) return { channel: 'organic_social' };
  return { channel: 'referral' };
}

function hostOf(url: string | undefined): string | undefined {
  return /^https?:\/\/([^/?#:@]+)/i.exec(url ?? '')?.[1]?.toLowerCase();
}
