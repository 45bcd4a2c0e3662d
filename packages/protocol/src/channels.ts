import { isReturnHost, kindOfHost, kindOfSource, type SiteKind } from './channel-sites.ts';
import { type ClickIdValue, type ClickPlatform, platformOfClick } from './click-ids.ts';

/** The UTM parameters of a landing page. */
export interface Campaign {
  source?: string;
  medium?: string;
  campaign?: string;
  term?: string;
  content?: string;
  id?: string;
}

/** What the rules judge a visit by. Texts are in lower case, and empty when there is none. */
export interface ChannelClues {
  /** UTM parameters. */
  source: string;
  medium: string;
  campaign: string;
  /** The ad platform of the newest click id. */
  platform: ClickPlatform | undefined;
  /** The host that referred the visit: only without a UTM source and medium, and neither the shop's own nor a return host. */
  referrer: string;
  /** The kind of site that the UTM source names, or else that referred. */
  site: SiteKind | undefined;
  /** A paid medium, or a click id: only an ad platform puts one there. */
  isPaid: boolean;
  /** The kind of ad that a paid visit came by, as far as it shows. */
  ad: SiteKind | undefined;
}

interface Rule {
  channel: string;
  /** One sentence, for people. */
  when: string;
  matches(clues: ChannelClues): boolean;
}

const PAID = /^(.*cp.*|ppc|retargeting|paid.*)$/;
const SHOP = /([^a-df-z]|^)shop|shopping/;
const DISPLAY = /^(display|banner|expandable|interstitial|cpm)$/;
const SOCIAL = /^(social|social-network|social-media|sm|social network|social media)$/;
const EMAIL = /(^|[^a-z])e[-_ ]?mail([^a-z]|$)/;
const AFFILIATE = /^affiliates?$/;
const UNSET = /^(|\(none\)|\(not set\))$/;
const AD_OF_PLATFORM: Record<ClickPlatform, 'search' | 'social'> = {
  google: 'search',
  microsoft: 'search',
  meta: 'social',
  tiktok: 'social',
  pinterest: 'social',
  snapchat: 'social',
  reddit: 'social',
  linkedin: 'social',
  x: 'social',
};

/**
 * The channels, and when a visit is of one: the first rule that matches decides. They are the rules of GA4's default
 * channel group for manual traffic (support.google.com/analytics/answer/9756891) in its order, with our own additions
 * marked as such.
 */
export const CHANNEL_RULES = [
  {
    channel: 'direct',
    when: 'The source is “(direct)” and the medium is “(none)” or “(not set)”, or there is neither a UTM tag nor a referrer; ours: a click id makes it no direct visit, and the shop’s own hosts and return hosts are no referrers.',
    matches: ({ source, medium, campaign, referrer, platform }) =>
      platform === undefined && (source === '(direct)' ? UNSET.test(medium) : !source && !medium && !campaign && !referrer),
  },
  {
    channel: 'cross_network',
    when: 'The campaign’s name contains “cross-network”.',
    matches: ({ campaign }) => campaign.includes('cross-network'),
  },
  {
    channel: 'paid_shopping',
    when: 'Paid, and the source is a shopping site or the campaign’s name says “shop” or “shopping”.',
    matches: ({ isPaid, ad, campaign }) => isPaid && (ad === 'shopping' || SHOP.test(campaign)),
  },
  {
    channel: 'paid_search',
    when: 'Paid, and the source is a search engine; ours: or the click id is of Google or Microsoft, unless source, medium or referrer say video or display.',
    matches: ({ isPaid, ad }) => isPaid && ad === 'search',
  },
  {
    channel: 'paid_social',
    when: 'Paid, and the source is a social network; ours: or the click id is of one, whatever the source says.',
    matches: ({ isPaid, ad }) => isPaid && ad === 'social',
  },
  {
    channel: 'paid_video',
    when: 'Paid, and the source is a video site; ours: or it is on no list and the medium contains “video”.',
    matches: ({ isPaid, ad }) => isPaid && ad === 'video',
  },
  {
    channel: 'display',
    when: 'The medium is “display”, “banner”, “expandable”, “interstitial” or “cpm”.',
    matches: ({ medium }) => DISPLAY.test(medium),
  },
  {
    channel: 'paid_other',
    when: 'Paid, and none of the above.',
    matches: ({ isPaid }) => isPaid,
  },
  {
    channel: 'ai_assistant',
    when: 'The source is an AI assistant, or the medium is “ai-assistant”; ours: its place before the organic channels.',
    matches: ({ site, medium }) => site === 'assistant' || medium === 'ai-assistant',
  },
  {
    channel: 'organic_shopping',
    when: 'The source is a shopping site, or the campaign’s name says “shop” or “shopping”.',
    matches: ({ site, campaign }) => site === 'shopping' || SHOP.test(campaign),
  },
  {
    channel: 'organic_social',
    when: 'The source is a social network, or the medium is “social”, “social-network”, “social-media”, “sm”, “social network” or “social media”.',
    matches: ({ site, medium }) => site === 'social' || SOCIAL.test(medium),
  },
  {
    channel: 'organic_video',
    when: 'The source is a video site, or the medium contains “video”.',
    matches: ({ site, medium }) => site === 'video' || medium.includes('video'),
  },
  {
    channel: 'organic_search',
    when: 'The source is a search engine, or the medium is “organic”.',
    matches: ({ site, medium }) => site === 'search' || medium === 'organic',
  },
  {
    channel: 'referral',
    when: 'The medium is “referral”, “app” or “link”, or another site on no list referred the visit.',
    matches: ({ medium, referrer }) => /^(referral|app|link)$/.test(medium) || referrer !== '',
  },
  {
    channel: 'email',
    when: 'The source or the medium is “email”, “e-mail”, “e_mail” or “e mail”; ours: or has it as one of its words.',
    matches: ({ source, medium }) => EMAIL.test(source) || EMAIL.test(medium),
  },
  {
    channel: 'affiliate',
    when: 'The medium is “affiliate”; ours: or “affiliates”, and then a click id doesn’t make it paid.',
    matches: ({ medium }) => AFFILIATE.test(medium),
  },
  {
    channel: 'audio',
    when: 'The medium is “audio”.',
    matches: ({ medium }) => medium === 'audio',
  },
  {
    channel: 'sms',
    when: 'The source or the medium is “sms”.',
    matches: ({ source, medium }) => source === 'sms' || medium === 'sms',
  },
  {
    channel: 'push',
    when: 'The medium ends in “push” or contains “mobile” or “notification”, or the source is “firebase”.',
    matches: ({ source, medium }) => /push$|mobile|notification/.test(medium) || source === 'firebase',
  },
  {
    channel: 'unassigned',
    when: 'Tagged, and none of the above.',
    matches: () => true,
  },
] as const satisfies readonly Rule[];

/** How a visit came: GA4's default channel group, in our spelling. */
export type Channel = (typeof CHANNEL_RULES)[number]['channel'];

/** What a visit's landing carried. */
export interface Landing {
  campaign?: Campaign;
  click_ids?: Record<string, ClickIdValue>;
  /** The address of the page before. */
  referrer?: string;
  /** The shop's own hosts, whose referrals are no referral. */
  hosts?: readonly string[];
}

/** The channel of a visit by `CHANNEL_RULES`, and the ad platform whose click id it carried. */
export function channelOf(landing: Landing): { channel: Channel; platform?: string } {
  const clues = readClues(landing);
  const { channel } = CHANNEL_RULES.find((rule) => rule.matches(clues))!;
  return { channel, ...(clues.platform && { platform: clues.platform }) };
}

function readClues({ campaign = {}, click_ids, referrer, hosts = [] }: Landing): ChannelClues {
  const [source, medium, name] = [campaign.source, campaign.medium, campaign.campaign].map(
    (text) => text?.trim().toLowerCase() ?? '',
  ) as [string, string, string];
  const platform = platformOfClick(click_ids);
  const host = source || medium ? '' : hostOf(referrer);
  const from = hosts.includes(host) || isReturnHost(host) ? '' : host;
  const site = source ? kindOfSource(source) : kindOfHost(from);
  return {
    source,
    medium,
    campaign: name,
    platform,
    referrer: from,
    site,
    isPaid: PAID.test(medium) || (platform !== undefined && !AFFILIATE.test(medium)),
    ad: adOf(platform, site, medium),
  };
}

/** Google and Microsoft sell video and display under the same click ids, so there the tag may know better. */
function adOf(platform: ClickPlatform | undefined, site: SiteKind | undefined, medium: string): SiteKind | undefined {
  const isVideo = medium.includes('video');
  if (platform === undefined) return site ?? (isVideo ? 'video' : undefined);
  const sold = AD_OF_PLATFORM[platform];
  if (sold === 'search' && (site === 'video' || isVideo)) return 'video';
  return sold === 'search' && DISPLAY.test(medium) ? undefined : sold;
}

function hostOf(url: string | undefined): string {
  return (
    /^https?:\/\/(?:[^/?#@]*@)?([^/?#:@]+)/i
      .exec(url ?? '')?.[1]
      ?.toLowerCase()
      .replace(/\.$/, '') ?? ''
  );
}
