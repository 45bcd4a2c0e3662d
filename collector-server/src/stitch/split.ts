import { type Campaign, clickIdValue, type LoggedEvent } from '@orderloop/protocol';
import { beganWith } from './session.ts';

/** A visit ends after this long without an event, in ms. */
export const IDLE_MS = 30 * 60_000;

const UTM_FIELDS = ['source', 'medium', 'campaign', 'term', 'content', 'id'] as const;

/** What a visit came by: its first event's campaign, and the clicks that led to it. */
interface Landing {
  campaign: Campaign | undefined;
  clicks: Readonly<Record<string, string>>;
}

/**
 * Events of one device that name no session, in canonical order, as visits: by the SDK's own rule. Half an hour of silence, a
 * campaign that differs or a new click id begin the next; midnight doesn't.
 */
export function splitIntoVisits(events: readonly LoggedEvent[]): LoggedEvent[][] {
  const visits: LoggedEvent[][] = [];
  let landing: Landing | undefined;
  let last = Number.NEGATIVE_INFINITY;
  for (const event of events) {
    if (!landing || beginsVisit(landing, last, event)) {
      visits.push([]);
      landing = landingOf(event);
    }
    visits.at(-1)!.push(event);
    last = event.occurred_at;
  }
  return visits;
}

/** Whether an event that comes next begins a visit of its own. */
export function beginsVisit({ campaign, clicks }: Landing, last: number, event: LoggedEvent): boolean {
  if (event.occurred_at - last > IDLE_MS) return true;
  const came = landingOf(event);
  if (came.campaign && UTM_FIELDS.some((field) => came.campaign![field] !== campaign?.[field])) return true;
  return Object.entries(came.clicks).some(([param, value]) => clicks[param] !== value);
}

export function landingOf(event: LoggedEvent): Landing {
  const clicks = Object.entries(event.click_ids ?? {}).filter(([param, entry]) => beganWith(param, entry, event));
  return {
    campaign: event.campaign as Campaign | undefined,
    clicks: Object.fromEntries(clicks.map(([param, entry]) => [param, clickIdValue(entry) ?? ''])),
  };
}
