import type { LoggedEvent, Session, Touchpoint } from '@orderloop/protocol';

const OWN_ADS = new Set(['ad_impression', 'ad_viewable', 'ad_click']);

/** The touchpoint that a session is: its first event's channel (attribution §1). */
export function touchpointOfSession(session: Session): Touchpoint {
  const { site, session_id, visitor_id, started_at, channel, platform, campaign, click_ids } = session;
  return {
    site,
    touchpoint_id: session_id,
    kind: 'session',
    visitor_id,
    session_id,
    occurred_at: started_at,
    channel,
    ...(platform && { platform }),
    ...(campaign && { campaign }),
    ...(click_ids && { click_ids }),
  };
}

/** The touchpoint of an own ad slot that an event is, if it is one. */
export function touchpointOfEvent(event: LoggedEvent): Touchpoint | null {
  if (!OWN_ADS.has(event.event) || !event.visitor_id || !event.session_id) return null;
  const { placement, creative_id } = event.properties ?? {};
  return {
    site: event.site,
    touchpoint_id: event.event_id,
    kind: event.event as Touchpoint['kind'],
    visitor_id: event.visitor_id,
    session_id: event.session_id,
    occurred_at: event.occurred_at,
    channel: 'display',
    platform: 'orderloop',
    ...(typeof placement === 'string' && { placement }),
    ...(typeof creative_id === 'string' && { creative_id }),
  };
}
