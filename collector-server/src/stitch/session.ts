import { type Campaign, type ClickIdValue, channelOf, clickIdValue, type LoggedEvent, type Session } from '@orderloop/protocol';

type ClickIds = NonNullable<Session['click_ids']>;

/** What the projector keeps beside the session, so that events in any order give the same row. */
export interface SessionState extends Session {
  /** `occurred_at`, `seq` and `event_id` of the first event, and of the events that the newest values came from. */
  first: Stamp;
  stamps: Partial<Record<'consent' | 'cookies' | 'user_agent' | 'language' | 'page', Stamp>>;
  /** The newest page, for platforms that want to know where the order was placed. */
  last_page_url?: string;
}

/** A session as it is shown: without what the projector keeps beside it. */
export function toSession({ first: _, stamps: __, last_page_url: ___, cookies: ____, ...session }: SessionState): Session {
  return session;
}

type Stamp = readonly [occurred_at: number, seq: number, event_id: string];

/** A click id that the browser first saw this long before its first event still began the session. */
const LANDING_SLACK_MS = 5_000;

/** Whether a browser or an app sent it: what a server says of a session is evidence, and no part of the visit. */
export const isOfDevice = ({ action_source = 'web' }: Pick<LoggedEvent, 'action_source'>): boolean =>
  action_source === 'web' || action_source === 'app';

/**
 * Adds one event to its session. The result depends on the set of events and not on their order: each field is a
 * minimum, a maximum, a count, or the value of the first or newest event. Answers the state unchanged for events
 * without a session. Server events are no part of one.
 */
export function foldSession(state: SessionState | null, event: LoggedEvent, hosts: readonly string[]): SessionState | null {
  if (!event.session_id || !event.visitor_id) return state;
  if (!isOfDevice(event)) return state;
  const stamp: Stamp = [event.occurred_at, event.seq ?? 0, event.event_id];
  const next: SessionState = state ? { ...state, stamps: { ...state.stamps } } : emptySession(event, stamp);
  next.started_at = Math.min(next.started_at, event.occurred_at);
  next.ended_at = Math.max(next.ended_at, event.occurred_at);
  next.event_count += 1;
  if (event.event === 'page_view') next.page_view_count += 1;
  const click_ids = mergeClickIds(next.click_ids, event);
  if (click_ids) next.click_ids = click_ids;
  if (!state || isBefore(stamp, next.first)) {
    next.first = stamp;
    readLanding(next, event, hosts);
  }
  newest(next, 'consent', stamp, event.consent, (consent) => {
    next.consent = consent;
    next.consent_at = event.occurred_at;
  });
  newest(next, 'cookies', stamp, event.cookies, (cookies) => {
    next.cookies = cookies;
  });
  newest(next, 'page', stamp, event.page?.url, (url) => {
    next.last_page_url = url;
  });
  newest(next, 'user_agent', stamp, event.context?.user_agent, (user_agent) => {
    next.user_agent = user_agent;
  });
  newest(next, 'language', stamp, event.context?.language, (language) => {
    next.language = language;
  });
  return next;
}

function emptySession(event: LoggedEvent, stamp: Stamp): SessionState {
  return {
    site: event.site,
    session_id: event.session_id!,
    visitor_id: event.visitor_id!,
    started_at: event.occurred_at,
    ended_at: event.occurred_at,
    event_count: 0,
    page_view_count: 0,
    channel: 'direct',
    first: stamp,
    stamps: {},
  };
}

/** Where the visit came from is what its first event says. */
function readLanding(session: SessionState, event: LoggedEvent, hosts: readonly string[]): void {
  const began = Object.entries(event.click_ids ?? {}).filter(([param, entry]) => beganWith(param, entry, event));
  const campaign = event.campaign as Campaign | undefined;
  const { channel, platform } = channelOf({
    campaign,
    click_ids: Object.fromEntries(began),
    referrer: event.page?.referrer,
    hosts,
  });
  session.channel = channel;
  assign(session, 'platform', platform);
  assign(session, 'landing_page', event.page?.url);
  assign(session, 'referrer', event.page?.referrer);
  assign(session, 'campaign', campaign);
}

/** The SDK sends a click id for as long as the platform honours it; only one seen with this landing made this visit. */
export function beganWith(param: string, entry: ClickIdValue, event: LoggedEvent): boolean {
  if (typeof entry === 'object' && entry.first_seen_at !== undefined)
    return entry.first_seen_at >= event.occurred_at - LANDING_SLACK_MS;
  return event.page?.url?.includes(`${param}=`) ?? false;
}

function mergeClickIds(known: ClickIds | undefined, event: LoggedEvent): ClickIds | undefined {
  if (!event.click_ids) return known;
  const merged: ClickIds = { ...known };
  for (const [param, entry] of Object.entries(event.click_ids)) {
    const value = clickIdValue(entry);
    if (!value) continue;
    const seen = (typeof entry === 'object' ? entry.first_seen_at : undefined) ?? event.occurred_at;
    const other = merged[param];
    // The newest click counts; the browser keeps the first sight of each, so nothing is made of two sights of one.
    if (!other || seen > other.first_seen_at || (seen === other.first_seen_at && value > other.value)) {
      merged[param] = { value, first_seen_at: seen };
    }
  }
  return merged;
}

function newest<T>(
  session: SessionState,
  field: keyof SessionState['stamps'],
  stamp: Stamp,
  value: T | undefined,
  take: (value: T) => void,
): void {
  const known = session.stamps[field];
  if (value === undefined || (known && !isBefore(known, stamp))) return;
  session.stamps[field] = stamp;
  take(value);
}

function isBefore(left: Stamp, right: Stamp): boolean {
  for (let index = 0; index < 3; index++) {
    if (left[index]! !== right[index]!) return left[index]! < right[index]!;
  }
  return false;
}

function assign<K extends keyof Session>(session: Session, field: K, value: Session[K] | undefined): void {
  if (value === undefined) delete session[field];
  else session[field] = value;
}
