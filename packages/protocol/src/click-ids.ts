interface ClickId {
  /** The URL parameter, and the name under which the id is kept. */
  param: string;
  platform: string;
  /** How long the platform accepts the click, in days. */
  life_days: number;
}

/** Click ids that ad platforms put on links (relays §3). They are opaque and case-sensitive, and are never hashed. */
export const CLICK_IDS = [
  { param: 'fbclid', platform: 'meta', life_days: 90 },
  { param: 'gclid', platform: 'google', life_days: 90 },
  { param: 'wbraid', platform: 'google', life_days: 90 },
  { param: 'gbraid', platform: 'google', life_days: 90 },
  { param: 'ttclid', platform: 'tiktok', life_days: 30 },
  { param: 'msclkid', platform: 'microsoft', life_days: 90 },
  { param: 'epik', platform: 'pinterest', life_days: 365 },
  { param: 'ScCid', platform: 'snapchat', life_days: 90 },
  { param: 'rdt_cid', platform: 'reddit', life_days: 90 },
  { param: 'li_fat_id', platform: 'linkedin', life_days: 90 },
  { param: 'twclid', platform: 'x', life_days: 90 },
] as const satisfies readonly ClickId[];

/** An ad platform that marks clicks with an id of its own. */
export type ClickPlatform = (typeof CLICK_IDS)[number]['platform'];

/** First-party cookies that the platforms' own tags set, and that their conversion APIs want back (relays §3). */
export const AD_COOKIES = [
  '_fbp',
  '_fbc',
  '_ga',
  '_gcl_aw',
  '_gcl_gb',
  '_gcl_ag',
  '_ttp',
  '_epik',
  '_scid',
  '_scclid',
  '_uetvid',
  '_uetmsclkid',
  '_rdt_uuid',
  '_rdt_cid',
  'li_fat_id',
  '_twclid',
] as const;

/** UTM parameters, and the campaign field that each fills. */
export const UTM_FIELDS = ['source', 'medium', 'campaign', 'term', 'content', 'id'] as const;

/** A click id as it travels on an event: bare, or with the time it was first seen, in UTC ms. */
export type ClickIdValue = string | { value: string; first_seen_at?: number };

/** The id itself, whichever form it came in. */
export function clickIdValue(entry: ClickIdValue | undefined): string | undefined {
  return typeof entry === 'string' ? entry : entry?.value;
}

/** Which ad platform a set of click ids names, the newest click first; undefined when there is none. */
export function platformOfClick(click_ids: Record<string, ClickIdValue> | undefined): ClickPlatform | undefined {
  let best: { platform: ClickPlatform; at: number } | undefined;
  for (const { param, platform } of CLICK_IDS) {
    const entry = click_ids?.[param];
    if (!clickIdValue(entry)) continue;
    const at = typeof entry === 'object' ? (entry.first_seen_at ?? 0) : 0;
    if (!best || at > best.at) best = { platform, at };
  }
  return best?.platform;
}
