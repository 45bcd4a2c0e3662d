import type { Item } from '@orderloop/protocol/browser';

interface WithItems {
  items?: Item[];
}

interface WithValue extends WithItems {
  /** Total in major units of `currency`. */
  value?: number;
  /** ISO 4217 code. */
  currency?: string;
}

interface WithList extends WithItems {
  item_list_id?: string;
  item_list_name?: string;
}

interface InCart extends WithValue {
  coupon?: string;
  /** The store's cart. */
  cart_token?: string;
}

interface InCheckout extends InCart {
  /** The store's checkout. */
  checkout_token?: string;
}

/** GA4's e-commerce events and their parameters, and the ones that our elements send. */
export interface StandardEvents {
  page_view: { title?: string };
  view_item: WithValue;
  view_item_list: WithList;
  select_item: WithList;
  search: { search_term: string };
  add_to_cart: InCart;
  remove_from_cart: InCart;
  view_cart: InCart;
  add_to_wishlist: WithValue;
  begin_checkout: InCheckout;
  add_shipping_info: InCheckout & { shipping_tier?: string };
  add_payment_info: InCheckout & { payment_type?: string };
  purchase: InCheckout & {
    /** The store's order id. */
    transaction_id: string;
    tax?: number;
    shipping?: number;
  };
  refund: WithValue & { transaction_id: string };
  sign_up: { method?: string };
  login: { method?: string };
  generate_lead: WithValue;
  subscribe: WithValue;
  start_trial: WithValue;
  ad_impression: { placement: string; decision_id: string; creative_id: string };
  ad_viewable: { placement: string; decision_id: string; creative_id: string };
  reward_offer: { placement: string; offer_id: string };
  reward_start: { placement: string; offer_id: string };
  checkout_field: { field: string; step?: string; duration_ms: number; filled: boolean };
}

/**
 * A shop's own events, declared by merging, so that a misspelt name doesn't pass for one:
 *
 *     declare module '@orderloop/sdk' { interface CustomEvents { size_guide_opened: { size: string } } }
 */
// biome-ignore lint/suspicious/noEmptyInterface: there to be merged with
export interface CustomEvents {}

export type TrackedEvents = StandardEvents & CustomEvents;

export type TrackedName = keyof TrackedEvents & string;

/** The parameters of an event, left out only where all of them may be. */
export type TrackParams<Name extends TrackedName> = object extends TrackedEvents[Name]
  ? [params?: TrackedEvents[Name]]
  : [params: TrackedEvents[Name]];
