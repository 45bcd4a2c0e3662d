import type { Campaign, Channel } from './channels.ts';
import type { Consent } from './consent-schema.ts';
import type { SkipReason, Verdict } from './conversion.ts';
import type { Order, OrderState, PaymentState } from './order.ts';

/** A run of one visitor's events. */
export interface Session {
  site: string;
  session_id: string;
  visitor_id: string;
  /** UTC ms. */
  started_at: number;
  ended_at: number;
  event_count: number;
  page_view_count: number;
  landing_page?: string;
  referrer?: string;
  campaign?: Campaign;
  click_ids?: Record<string, { value: string; first_seen_at: number }>;
  cookies?: Record<string, string>;
  channel: Channel;
  platform?: string;
  /** The newest consent that the session carried, and when it was said, in UTC ms. */
  consent?: Consent;
  consent_at?: number;
  language?: string;
  user_agent?: string;
}

export type TouchpointKind = 'session' | 'ad_impression' | 'ad_viewable' | 'ad_click';

/** An attributable contact before an order: the start of a session, or one with an ad slot of our own. */
export interface Touchpoint {
  site: string;
  touchpoint_id: string;
  kind: TouchpointKind;
  visitor_id: string;
  session_id: string;
  /** UTC ms. */
  occurred_at: number;
  channel: Channel;
  platform?: string;
  campaign?: Campaign;
  /** Which click ids it carried, by URL parameter. */
  click_ids?: Record<string, { value: string; first_seen_at: number }>;
  placement?: string;
  creative_id?: string;
}

/**
 * What can tie an order to a session, strongest first. Rank decides, and ranks are never mixed.
 */
export const LINK_KEYS = [
  'session_ref',
  'order_id',
  'checkout_token',
  'cart_token',
  'customer_id',
  'email',
  'phone',
  'click_id',
] as const;
export type LinkKey = (typeof LINK_KEYS)[number];

/** One candidate for an order's session, chosen or not, with its evidence. */
export interface Link {
  site: string;
  order_key: string;
  session_id: string;
  visitor_id: string;
  key: LinkKey;
  /** Place in LINK_KEYS, from 1 (strongest). */
  rank: number;
  chosen: boolean;
  /** The event of the browser, and that of the order, that carried the key. */
  session_event_id: string;
  order_event_id: string;
  /** When the browser showed the key, in UTC ms. */
  matched_at: number;
  /** The order shows another identifier of the same person, not this key itself. */
  by_person?: true;
  /** Why it was not chosen. */
  rejected_because?: 'weaker_key' | 'another_session_is_nearer';
}

/** Why an order is not linked to a session. */
export type UnlinkedReason = 'no_key_on_order' | 'no_session_with_key';

/** Why a conversion does not go out. */
export type HoldReason = 'consent_missing' | 'consent_denied' | 'erased';

/** What we decided to tell platforms about an order; a projection of the log. */
export interface ConversionRow {
  site: string;
  conversion_id: string;
  order_key: string;
  event: 'purchase' | 'refund' | 'cancel';
  /** The ledger key of order-sources §1.2. */
  key: string;
  occurred_at: number;
  /** Minor units of `currency`. */
  value: number;
  currency: string;
  exponent: number;
  consent?: Consent;
  /** Absent when it may go out. */
  hold?: HoldReason;
}

/**
 * `pending` was taken by a platform that says later what became of it. `skipped` was never sent, `dead` was given up; both say
 * why.
 */
export const DELIVERY_STATES = ['waiting', 'sending', 'pending', 'delivered', 'dead', 'skipped', 'paused'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One send, with the request as sent (personal data masked) and the reply. */
export interface Attempt {
  attempt: number;
  /** UTC ms. */
  started_at: number;
  duration_ms: number;
  verdict: Verdict;
  /** Of a batch, what of the body was about this conversion. */
  request: { method: string; url: string; headers: Record<string, string>; body: string };
  /** How many conversions the request carried, where it was more than one. */
  batch?: number;
  reply?: { status: number; body: string };
  error?: string;
}

/** One conversion at one destination. */
export interface Delivery {
  conversion_id: string;
  destination: string;
  destination_type: string;
  state: DeliveryState;
  attempts: Attempt[];
  next_attempt_at?: number;
  /** Why it was skipped, given up or waits, as a code; and in a sentence. */
  reason?: SkipReason | string;
  detail?: string;
  /** When the platform took it, in UTC ms, and its own id of its answer. */
  accepted_at?: number;
  trace?: string;
}

export interface JourneyEvent {
  event_id: string;
  event: string;
  occurred_at: number;
  session_id?: string;
  page_url?: string;
  title?: string;
}

/** What a message about an order says that is no version of it. */
export type OrderFactKind = 'payment' | 'refund' | 'dispute' | 'shipment' | 'change';

/** A move of the order that the state machine (order-sources §1) does not allow: kept, not applied. */
export interface OrderConflict {
  event_id: string;
  field: 'payment_state';
  from: PaymentState;
  to: PaymentState;
}

/** `GET /v1/orders/{id}/journey`: one order from the ad click to the conversion, with its evidence. */
export interface Journey {
  order: Order & { order_key: string; received_at: number };
  order_events: { event_id: string; received_at: number; payment_state?: string; fact?: OrderFactKind }[];
  conflicts: OrderConflict[];
  /** Payments of other sources that are evidence of the order; by `likeness` it is a guess. */
  payments: { order_key: string; source: string; order_id: string; state: OrderState; by: 'reference' | 'likeness' }[];
  link: Link | null;
  unlinked_reason?: UnlinkedReason;
  candidates: Link[];
  visitor_id: string | null;
  /** Whose order it is; null when its events name nobody. `GET /v1/persons/{id}` tells more. */
  person_id: string | null;
  /** Of the person, on all devices; of the linked visitor, when nobody is known. */
  sessions: Session[];
  touchpoints: Touchpoint[];
  events: JourneyEvent[];
  conversions: (ConversionRow & { deliveries: Delivery[] })[];
}

/** `GET /v1/orders`. */
export interface OrderSummary extends Pick<Order, 'payment_state' | 'fulfillment_state' | 'dispute_state' | 'cancelled_at'> {
  order_key: string;
  order_id: string;
  order_number: string | null;
  source: string;
  state: OrderState;
  total: number;
  currency: string;
  exponent: number;
  created_at: string;
  link_key: LinkKey | null;
  unlinked_reason?: UnlinkedReason;
  channel: Channel | null;
  platform?: string;
  deliveries: { destination: string; state: DeliveryState }[];
  hold?: HoldReason;
  test: boolean;
}

/** `GET /v1/status`: what the dashboard's head shows. */
export interface Status {
  /** Nobody has to sign in: the dashboard of a demo. */
  is_open: boolean;
  sites: { site: string; name: string }[];
  events_total: number;
  events_last_minute: number;
  orders_total: number;
  orders_linked: number;
  outbox: Record<DeliveryState, number>;
  dead_letters: number;
  destinations: {
    site: string;
    destination: string;
    type: string;
    state: 'ok' | 'paused' | 'failing';
    reason?: string;
    test: boolean;
  }[];
}

/** `GET /v1/events?after=`: the newest events for the live page, personal data left out. */
export interface LiveEvent {
  position: number;
  site: string;
  event: string;
  event_id: string;
  occurred_at: number;
  received_at: number;
  visitor_id?: string;
  session_id?: string;
  action_source?: string;
  page_url?: string;
  campaign?: Campaign;
  click_ids?: string[];
  value?: string;
  flags?: string[];
}
