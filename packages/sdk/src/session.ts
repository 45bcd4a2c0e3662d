import { UTM_FIELDS } from '@orderloop/protocol/browser';
import type { Arrival, Campaign } from './arrival.ts';
import { type ClickIds, mergeClickIds } from './click-ids.ts';

const IDLE_MS = 30 * 60_000;

/** What this browser remembers of its visitor from page to page. */
export interface Visit {
  visitor_id: string;
  session_id: string;
  /** The next event's place in the session. */
  seq: number;
  /** UTC ms of the last event. */
  active_at: number;
  /** The campaign that the session started with. */
  campaign?: Campaign;
  /** The click ids that the session started with, to tell a reload of its landing page from a new click. */
  clicks?: Record<string, string>;
  /** All click ids that platforms still accept; they outlive the session. */
  click_ids?: ClickIds;
}

/** The visit at `now`: the same session, or a new one after half an hour's silence, a new campaign or a new click. */
export function continueVisit(
  visit: Visit | undefined,
  arrival: Arrival | undefined,
  now: number,
  newId: () => string,
  remembered?: string,
): Visit {
  const click_ids = mergeClickIds(visit?.click_ids, arrival, now);
  if (visit && isSameSession(visit, arrival, now)) return { ...visit, click_ids };
  return {
    visitor_id: visit?.visitor_id ?? (remembered || newId()),
    session_id: newId(),
    seq: 0,
    active_at: now,
    campaign: arrival?.campaign,
    clicks: arrival?.clicks,
    click_ids,
  };
}

/** The visit once `ad_storage` is granted late: the click that led here counts, and starts no second session. */
export function adoptClicks(visit: Visit, landing: Arrival, now: number): Visit {
  return {
    ...visit,
    clicks: { ...visit.clicks, ...landing.clicks },
    click_ids: mergeClickIds(visit.click_ids, landing, now),
  };
}

function isSameSession(visit: Visit, arrival: Arrival | undefined, now: number): boolean {
  // Absolute, and false for what is no number: a clock set back, or a damaged record, must not keep a session for ever.
  if (!(Math.abs(now - visit.active_at) <= IDLE_MS)) return false;
  const { campaign, clicks = {} } = arrival ?? {};
  if (campaign && UTM_FIELDS.some((field) => campaign[field] !== visit.campaign?.[field])) return false;
  return Object.keys(clicks).every((param) => visit.clicks?.[param] === clicks[param]);
}
