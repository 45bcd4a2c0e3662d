import { CLICK_IDS } from '@orderloop/protocol/browser';
import type { Arrival } from './arrival.ts';

/** Click ids by URL parameter, each with the UTC ms at which this browser first saw it. */
export type ClickIds = Record<string, { value: string; first_seen_at: number }>;

const DAY_MS = 86_400_000;

/**
 * The click ids after an arrival. A known one keeps its first time, because Meta refuses an `fbc` that was made anew
 * (relays §3); a new one replaces those of the same platform; those past their platform's life go.
 */
export function mergeClickIds(kept: ClickIds | undefined, arrival: Arrival | undefined, now: number): ClickIds {
  const clicks = arrival?.clicks ?? {};
  const isKnown = (param: string) => kept?.[param]?.value === clicks[param];
  const renewed = CLICK_IDS.filter(({ param }) => clicks[param] && !isKnown(param)).map(({ platform }) => platform as string);
  const merged: ClickIds = {};
  for (const { param, platform, life_days } of CLICK_IDS) {
    const value = clicks[param];
    const old = kept?.[param];
    if (value && !isKnown(param)) merged[param] = { value, first_seen_at: arrival!.at };
    else if (old && old.first_seen_at + life_days * DAY_MS > now && (value || !renewed.includes(platform))) merged[param] = old;
  }
  return merged;
}
