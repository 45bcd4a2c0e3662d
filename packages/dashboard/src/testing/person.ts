import type { Identifier, OrderSummary, Person, Session, Status, Touchpoint } from '@orderloop/protocol';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MONDAY = Date.UTC(2026, 2, 2, 9);

export const PERSON_ID = '7d1f0a52-93c4-8e6b-b1a0-0d9e51c0ffee';
export const MERGED_ID = '2b9c77e0-1f3a-8d41-9a55-c3d2e1deface';
export const PROBABLE_ID = 'e4a1b0c9-5d8e-8f23-8c66-77aa12bada55';
const PHONE = '0195a3c2-8f10-7c44-a3b1-5e0f9a11aaaa';
const LAPTOP = '0195a8d0-1b22-7e55-9c02-6f1fab22bbbb';

const hash = (end: string): string =>
  '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15'.padEnd(64 - end.length, '0') + end;
const ID = {
  customer: { type: 'user_id', value: '4711' },
  email: { type: 'email', value: hash('a1b2c3') },
  workEmail: { type: 'email', value: hash('d4e5f6') },
  sister: { type: 'user_id', value: '5700' },
  phone: { type: 'phone', value: hash('778899') },
  order: { type: 'order_id', value: '1042' },
  cart: { type: 'cart_token', value: 'hWN1yAjZ6bZ3dLq9fR2sT8uV4wX0yB5cE7gI1kM3oP6qS9tU' },
} satisfies Record<string, Identifier>;

const session = (more: Pick<Session, 'session_id' | 'visitor_id' | 'started_at' | 'channel'> & Partial<Session>): Session => ({
  site: 'shop',
  ended_at: more.started_at + 6 * MINUTE_MS,
  event_count: 9,
  page_view_count: 4,
  ...more,
});

const touchpointOf = ({ site, session_id, visitor_id, started_at, channel, platform }: Session): Touchpoint => ({
  site,
  touchpoint_id: session_id,
  kind: 'session',
  visitor_id,
  session_id,
  occurred_at: started_at,
  channel,
  ...(platform && { platform }),
});

const order = (more: Pick<OrderSummary, 'order_key' | 'order_id' | 'created_at'> & Partial<OrderSummary>): OrderSummary => ({
  order_number: null,
  source: 'shopify',
  state: 'paid',
  payment_state: 'paid',
  fulfillment_state: 'unfulfilled',
  dispute_state: 'none',
  cancelled_at: null,
  total: 12_900,
  currency: 'EUR',
  exponent: 2,
  link_key: 'session_ref',
  channel: 'paid_social',
  deliveries: [],
  test: false,
  ...more,
});

const sessions = [
  session({
    session_id: 's3',
    visitor_id: LAPTOP,
    started_at: MONDAY + 2 * DAY_MS,
    channel: 'email',
    ended_at: MONDAY + 2 * DAY_MS,
  }),
  session({ session_id: 's2', visitor_id: PHONE, started_at: MONDAY + DAY_MS, channel: 'direct' }),
  session({
    session_id: 's1',
    visitor_id: PHONE,
    started_at: MONDAY,
    channel: 'paid_social',
    platform: 'meta',
    campaign: { source: 'facebook', medium: 'paid', campaign: 'spring' },
    click_ids: { fbclid: { value: 'IwAR0a1b2c3d4e5f6g7h8', first_seen_at: MONDAY } },
  }),
];

/** A person with all that the page can show: two devices, one of them shared, orders with and without a visit, each rule broken. */
export const person: Person = {
  site: 'shop',
  person_id: PERSON_ID,
  anonymous: false,
  first_seen_at: MONDAY,
  identifiers: [
    { ...ID.customer, person_id: PERSON_ID, first_seen_at: MONDAY, first_event_id: 'e1' },
    { ...ID.email, person_id: MERGED_ID, first_seen_at: MONDAY + DAY_MS, first_event_id: 'e2' },
    { ...ID.phone, person_id: 'p3', first_seen_at: MONDAY + DAY_MS, first_event_id: 'e3' },
    { ...ID.order, person_id: 'p4', first_seen_at: MONDAY + 2 * DAY_MS, first_event_id: 'e4' },
    { ...ID.cart, person_id: 'p5', first_seen_at: MONDAY + 2 * DAY_MS, first_event_id: 'e5' },
  ],
  devices: [
    { visitor_id: PHONE, first_seen_at: MONDAY, shared: true },
    { visitor_id: LAPTOP, first_seen_at: MONDAY + 2 * DAY_MS, shared: false },
  ],
  sessions,
  touchpoints: [
    ...sessions.map(touchpointOf).toReversed(),
    {
      site: 'shop',
      touchpoint_id: 'click',
      kind: 'ad_click',
      visitor_id: PHONE,
      session_id: 's2',
      occurred_at: MONDAY + DAY_MS + MINUTE_MS,
      channel: 'display',
      platform: 'orderloop',
      placement: 'home-hero',
    },
  ],
  orders: [
    order({ order_key: 'shopify:main:1042', order_id: '1042', order_number: '#1042', created_at: '2026-03-04T09:05:00Z' }),
    order({
      order_key: 'till:main:77',
      order_id: '77',
      source: 'till',
      state: 'partially_refunded',
      payment_state: 'partially_refunded',
      total: 4_550,
      created_at: '2026-03-06T15:30:00Z',
      link_key: null,
      unlinked_reason: 'no_session_with_key',
      channel: null,
    }),
  ],
  conflicts: [
    {
      event_id: 'c-000001',
      occurred_at: MONDAY + DAY_MS,
      demoted: ID.sister,
      kept: ID.email,
      reason: 'limit',
      limit_of: 'user_id',
    },
    { event_id: 'c-000002', occurred_at: MONDAY + 2 * DAY_MS, demoted: ID.workEmail, kept: ID.customer, reason: 'cannot_link' },
    { event_id: 'c-000003', occurred_at: MONDAY + 3 * DAY_MS, demoted: ID.cart, kept: ID.customer, reason: 'merge_limit' },
  ],
  history: [
    { kind: 'merge', event_id: 'h-000001', occurred_at: MONDAY + DAY_MS, identifiers: [ID.customer, ID.email] },
    {
      kind: 'alias',
      event_id: 'h-000002',
      occurred_at: MONDAY + 2 * DAY_MS,
      identifiers: [ID.customer, ID.phone],
      by: 'ana@shop.example',
      reason: 'She wrote from both.',
    },
    {
      kind: 'split',
      event_id: 'h-000003',
      occurred_at: MONDAY + 3 * DAY_MS,
      identifiers: [ID.customer, ID.sister],
      by: 'ben@shop.example',
      reason: 'Two sisters with one tablet.',
      undone: true,
    },
    { kind: 'undo', event_id: 'h-000004', occurred_at: MONDAY + 4 * DAY_MS, identifiers: [], by: 'ben@shop.example' },
    {
      kind: 'erase',
      event_id: 'h-000005',
      occurred_at: MONDAY + 5 * DAY_MS,
      identifiers: [ID.workEmail],
      by: 'ana@shop.example',
    },
  ],
  probable: { probable_person_id: PROBABLE_ID, probability: 0.93 },
};

/** Known by one device alone. */
export const nobody: Person = {
  site: 'shop',
  person_id: PROBABLE_ID,
  anonymous: true,
  first_seen_at: MONDAY,
  identifiers: [],
  devices: [{ visitor_id: LAPTOP, first_seen_at: MONDAY, shared: false }],
  sessions: [],
  touchpoints: [],
  orders: [],
  conflicts: [],
  history: [],
};

/** What the page's head asks for. */
export const status: Status = {
  is_open: true,
  sites: [{ site: 'shop', name: 'Shop' }],
  events_total: 1204,
  events_last_minute: 3,
  orders_total: 2,
  orders_linked: 1,
  outbox: { waiting: 0, sending: 0, pending: 0, delivered: 2, dead: 0, skipped: 0, paused: 0 },
  dead_letters: 0,
  destinations: [],
};
