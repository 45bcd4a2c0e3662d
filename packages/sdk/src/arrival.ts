import { CLICK_IDS, type EventInput, UTM_FIELDS } from '@orderloop/protocol/browser';

export type Campaign = NonNullable<EventInput['campaign']>;

/** What an address says about how the visitor came. */
export interface Arrival {
  campaign?: Campaign;
  /** Click ids by URL parameter. */
  clicks: Record<string, string>;
  /** UTC ms at which it was seen. */
  at: number;
}

/** A longer click id is no click id: cut short, the platform wouldn't know it. */
const MAX_CLICK_ID = 1024;

export function readArrival(address: string, at: number): Arrival {
  const arrival: Arrival = { clicks: {}, at };
  let query: URLSearchParams;
  try {
    query = new URL(address).searchParams;
  } catch {
    return arrival;
  }
  for (const field of UTM_FIELDS) {
    const value = query.get(`utm_${field}`)?.slice(0, 256);
    if (value) arrival.campaign = { ...arrival.campaign, [field]: value };
  }
  for (const { param } of CLICK_IDS) {
    const value = query.get(param);
    if (value && value.length <= MAX_CLICK_ID) arrival.clicks[param] = value;
  }
  return arrival;
}
