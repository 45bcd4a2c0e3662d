import type { EventInput, Item, User } from '@orderloop/protocol/browser';
import type { Arrival } from './arrival.ts';
import type { Choice } from './consent.ts';
import { cleanPage, type Page } from './page.ts';
import type { Visit } from './session.ts';

/** What happened, before consent says how much of it may be told. */
export interface Draft {
  event: string;
  event_id: string;
  occurred_at: number;
  page: Page;
  /** How the visitor came, when this is a page view. */
  arrival?: Arrival;
  user?: User;
  items?: Item[];
  properties?: Record<string, unknown>;
}

/**
 * The event as it is sent, with what the consent in force allows; undefined when that leaves nothing to say.
 * The visit is asked for last, because each asking counts an event.
 */
export function buildEvent(
  { arrival: _arrival, page, user, ...draft }: Draft,
  consent: Choice,
  nextVisit: () => Visit,
  cookies: () => Record<string, string>,
): EventInput | undefined {
  const mayKeepClicks = consent.ad_storage === 'granted';
  const told = consent.ad_user_data === 'granted' ? user : user?.id ? { id: user.id } : undefined;
  if (draft.event === 'identify' && !told) return undefined;
  const { visitor_id, session_id, seq, campaign, click_ids } = nextVisit();
  return {
    ...draft,
    visitor_id,
    session_id,
    seq,
    action_source: 'web',
    page: cleanPage(page, mayKeepClicks),
    consent,
    ...(campaign && { campaign }),
    ...(mayKeepClicks && click_ids && { click_ids, cookies: cookies() }),
    ...(told && { user: told }),
  };
}

/** The last word about a visitor: that there is to be no more. */
export function buildWithdrawal(visitor_id: string, consent: Choice, event_id: string, occurred_at: number): EventInput {
  return {
    event: 'consent_update',
    event_id,
    occurred_at,
    visitor_id,
    action_source: 'web',
    consent,
    properties: { method: 'api' },
  };
}
