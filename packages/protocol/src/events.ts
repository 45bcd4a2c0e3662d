interface EventEntry {
  description: string;
  /** Who may send it: a browser with the publishable key, or a server with a secret key alone (L3). */
  from: 'browser' | 'server';
  /** What its `properties` hold beyond the envelope. */
  properties?: Record<string, string>;
}

const ITEM_VALUE = { value: 'Total in major units of `currency`.', currency: 'ISO 4217 code.' };

/** The catalogue of standard events: GA4's names for e-commerce, and our own. One more event is one more entry. */
export const EVENTS = {
  page_view: { description: 'A page was shown.', from: 'browser', properties: { title: 'The document title.' } },
  view_item: { description: 'A product page was shown.', from: 'browser', properties: ITEM_VALUE },
  view_item_list: { description: 'A list of products was shown.', from: 'browser', properties: { item_list_id: 'Which list.' } },
  select_item: { description: 'A product was chosen from a list.', from: 'browser', properties: { item_list_id: 'Which list.' } },
  search: { description: 'The shop was searched.', from: 'browser', properties: { search_term: 'What was searched for.' } },
  add_to_cart: {
    description: 'Items were put in the cart.',
    from: 'browser',
    properties: { ...ITEM_VALUE, cart_token: 'The store’s cart.' },
  },
  remove_from_cart: { description: 'Items were taken out of the cart.', from: 'browser', properties: ITEM_VALUE },
  view_cart: {
    description: 'The cart was shown.',
    from: 'browser',
    properties: { ...ITEM_VALUE, cart_token: 'The store’s cart.' },
  },
  add_to_wishlist: { description: 'Items were put on a wish list.', from: 'browser', properties: ITEM_VALUE },
  begin_checkout: {
    description: 'The checkout was begun.',
    from: 'browser',
    properties: { ...ITEM_VALUE, checkout_token: 'The store’s checkout.' },
  },
  add_shipping_info: {
    description: 'Delivery was chosen.',
    from: 'browser',
    properties: { ...ITEM_VALUE, shipping_tier: 'Which delivery.' },
  },
  add_payment_info: {
    description: 'A payment method was chosen.',
    from: 'browser',
    properties: { ...ITEM_VALUE, payment_type: 'Which method.' },
  },
  purchase: {
    description: 'The browser saw the thank-you page. Evidence for stitching; the order itself comes from the store.',
    from: 'browser',
    properties: {
      ...ITEM_VALUE,
      transaction_id: 'The store’s order id.',
      tax: 'Tax in major units.',
      shipping: 'Shipping in major units.',
      coupon: 'Code.',
    },
  },
  refund: {
    description: 'GA4’s refund, as a store’s page pushes it.',
    from: 'browser',
    properties: { transaction_id: 'The store’s order id.' },
  },
  sign_up: { description: 'An account was made.', from: 'browser', properties: { method: 'How.' } },
  login: { description: 'An account was entered.', from: 'browser', properties: { method: 'How.' } },
  generate_lead: { description: 'Contact details were left.', from: 'browser', properties: ITEM_VALUE },
  subscribe: { description: 'A subscription was begun.', from: 'browser', properties: ITEM_VALUE },
  start_trial: { description: 'A trial was begun.', from: 'browser', properties: ITEM_VALUE },
  identify: { description: 'Who the visitor is, in `user`.', from: 'browser' },
  alias: {
    description: 'An operator says that two identifiers are one person (identity §2.3).',
    from: 'server',
    properties: { identifiers: 'Two of {type, value}.', by: 'Who says so.', reason: 'Why.' },
  },
  split: {
    description: 'An operator says that two identifiers are never one person.',
    from: 'server',
    properties: { identifiers: 'Two of {type, value}.', by: 'Who says so.', reason: 'Why.' },
  },
  undo: {
    description: 'An operator takes an alias, a split or an undo back.',
    from: 'server',
    properties: { identifiers: 'Those of what is taken back.', undoes: 'Its event_id.', by: 'Who says so.', reason: 'Why.' },
  },
  consent_update: {
    description: 'The visitor made or changed a choice, in `consent`.',
    from: 'browser',
    properties: { method: 'banner, cmp, gpc or api.' },
  },
  ad_impression: {
    description: 'A creative was rendered in one of our ad slots.',
    from: 'browser',
    properties: { placement: 'The slot.', decision_id: 'Which decision.', creative_id: 'What was shown.' },
  },
  ad_viewable: {
    description: 'That creative was at least half visible for a second (MRC).',
    from: 'browser',
    properties: { placement: 'The slot.', decision_id: 'Which decision.', creative_id: 'What was shown.' },
  },
  ad_click: {
    description: 'That creative was clicked; written by the signed redirect.',
    from: 'server',
    properties: { placement: 'The slot.', decision_id: 'Which decision.', creative_id: 'What was clicked.' },
  },
  reward_offer: {
    description: 'A reward was offered.',
    from: 'browser',
    properties: { placement: 'Where.', offer_id: 'Which offer.' },
  },
  reward_start: {
    description: 'The visitor began to earn it.',
    from: 'browser',
    properties: { placement: 'Where.', offer_id: 'Which offer.' },
  },
  reward_grant: {
    description: 'Points were granted.',
    from: 'server',
    properties: { offer_id: 'Which offer.', points: 'How many.' },
  },
  reward_redeem: { description: 'Points were spent.', from: 'server', properties: { points: 'How many.' } },
  checkout_field: {
    description: 'A checkout field was left. Its name and timing only, never its value (P1).',
    from: 'browser',
    properties: {
      field: 'The field’s name.',
      step: 'The checkout step.',
      duration_ms: 'Time in the field.',
      filled: 'Whether it holds anything.',
    },
  },
  web_vital: {
    description: 'One Core Web Vital.',
    from: 'browser',
    properties: { name: 'LCP, INP, CLS …', value: 'ms, or the score.' },
  },
  order: { description: 'The canonical order, or a change of it.', from: 'server' },
  privacy_request: {
    description: 'What a customer asks of the shop by law, as a store platform passes it on (P6).',
    from: 'server',
    properties: { request: 'access, erase or erase_shop.', by: 'Which source.' },
  },
} as const satisfies Record<string, EventEntry>;

export type EventName = keyof typeof EVENTS;

/** GA4's own pattern, with `:` and `.` for a shop's custom events. */
export const EVENT_NAME_PATTERN = '^[A-Za-z][A-Za-z0-9_.:]{0,127}$';

/** True when only a server may send the event: what it says is worth money. */
export function isServerEvent(name: string): boolean {
  return (EVENTS as Record<string, EventEntry>)[name]?.from === 'server';
}
