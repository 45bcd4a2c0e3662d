import type { Creative, SiteConfig } from '../config.ts';

type Placements = NonNullable<SiteConfig['ads']>;

/** Which creative a placement shows; each of its creatives equally often. `random` in [0, 1). */
export function decide(ads: Placements, placement: string, random: number): Creative | undefined {
  const creatives = ads.find((entry) => entry.placement === placement)?.creatives ?? [];
  return creatives[Math.floor(random * creatives.length)];
}

/** The creative that a click token names. */
export function findCreative(site: SiteConfig | undefined, placement: string, creative_id: string): Creative | undefined {
  return site?.ads
    ?.find((entry) => entry.placement === placement)
    ?.creatives.find((creative) => creative.creative_id === creative_id);
}
