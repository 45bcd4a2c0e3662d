import type { LoggedEvent, Order } from '@orderloop/protocol';

let count = 0;

/** An event of a visitor `v` in session `s`, for tests of the projectors. */
export function visitEvent(more: Partial<LoggedEvent> = {}): LoggedEvent {
  count += 1;
  return {
    position: count,
    site: 'demo',
    event: 'page_view',
    event_id: `e${String(count).padStart(6, '0')}`,
    occurred_at: 1_795_000_000_000 + count * 1000,
    received_at: 1_795_000_000_000,
    visitor_id: 'v',
    session_id: 's',
    action_source: 'web',
    ...more,
  };
}

/** A paid order of 104.90 EUR. */
export function canonicalOrder(more: Partial<Omit<Order, 'amounts'>> & { amounts?: Partial<Order['amounts']> } = {}): Order {
  return {
    source: 'shop',
    account: 'demo',
    order_id: '1001',
    order_number: '#1001',
    state: 'paid',
    payment_state: 'paid',
    fulfillment_state: 'unfulfilled',
    dispute_state: 'none',
    test: false,
    edited: false,
    currency: 'EUR',
    exponent: 2,
    tax_included: true,
    presentment: null,
    created_at: '2026-11-20T10:00:00Z',
    paid_at: '2026-11-20T10:00:05Z',
    updated_at: '2026-11-20T10:00:05Z',
    cancelled_at: null,
    line_items: [
      { line_id: '1', sku: 'SKU-1', product_id: null, variant_id: null, quantity: 1, unit_price: 10000, gift_card: false },
    ],
    customer: { id: null, email_sha256: null, phone_e164: null },
    refunds: [],
    tracking: [],
    session_ref: null,
    attribution: { landing_page: null, referrer: null, click_ids: {} },
    ...more,
    amounts: {
      subtotal: 10000,
      discount: 0,
      shipping: 490,
      tax: 1675,
      tip: 0,
      fees: 0,
      total: 10490,
      paid: 10490,
      refunded: 0,
      net: 10490,
      ...more.amounts,
    },
  };
}

export function orderEvent(order: LoggedEvent['order'], more: Partial<LoggedEvent> = {}): LoggedEvent {
  const { visitor_id: _, session_id: __, ...event } = visitEvent({ event: 'order', order, action_source: 'server', ...more });
  return event;
}
