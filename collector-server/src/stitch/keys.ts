import { clickIdValue, type LinkKey, type LoggedEvent, type Order, sessionRef } from '@orderloop/protocol';
import { isBlocked } from './identifiers.ts';

/** Something that may stand on a browser event and on an order, and so ties the one to the other. */
export interface StitchKey {
  key: LinkKey;
  value: string;
}

/** The keys that a browser event shows; what is blocked ties nothing (identity §2.1). */
export function keysOfEvent(event: LoggedEvent, blocked?: ReadonlySet<string>): StitchKey[] {
  if (!event.session_id || !event.visitor_id) return [];
  const { properties = {}, user, click_ids = {} } = event;
  const add = adder(blocked);
  const keys: StitchKey[] = [
    { key: 'session_ref', value: sessionRef(event.session_id, event.visitor_id) },
    // What a shop's own developer is likely to pass on.
    { key: 'session_ref', value: event.session_id },
  ];
  add(keys, 'order_id', properties['transaction_id'] ?? properties['order_id']);
  add(keys, 'checkout_token', properties['checkout_token']);
  add(keys, 'cart_token', properties['cart_token']);
  add(keys, 'customer_id', user?.id);
  add(keys, 'email', user?.email_index);
  add(keys, 'phone', user?.phone_index);
  for (const entry of Object.values(click_ids)) add(keys, 'click_id', clickIdValue(entry));
  return keys;
}

/** The keys that an order shows, each with the first of its events (oldest version first) that brought it. */
export function keysOfOrder(
  order: Order,
  events: readonly LoggedEvent[],
  blocked?: ReadonlySet<string>,
): (StitchKey & { event_id: string })[] {
  const add = adder(blocked);
  const keys: (StitchKey & { event_id: string })[] = [];
  const from = (event_id: string, found: StitchKey[]) => {
    for (const entry of found) {
      if (!keys.some(({ key, value }) => key === entry.key && value === entry.value)) keys.push({ ...entry, event_id });
    }
  };
  for (const event of events) {
    const found: StitchKey[] = [];
    add(found, 'session_ref', event.order?.session_ref);
    add(found, 'checkout_token', event.properties?.['checkout_token']);
    add(found, 'cart_token', event.properties?.['cart_token']);
    add(found, 'customer_id', event.user?.id);
    add(found, 'email', event.user?.email_index);
    add(found, 'phone', event.user?.phone_index);
    from(event.event_id, found);
  }
  const own: StitchKey[] = [];
  add(own, 'order_id', order.order_id);
  // Thank-you pages show the number that the buyer knows: `#1001`, or without its sign.
  add(own, 'order_id', order.order_number);
  add(own, 'order_id', order.order_number?.replace(/^#/, ''));
  for (const value of Object.values(order.attribution.click_ids)) add(own, 'click_id', value);
  from(events[0]?.event_id ?? '', own);
  return keys;
}

const adder =
  (blocked: ReadonlySet<string> | undefined) =>
  (keys: StitchKey[], key: LinkKey, value: unknown): void => {
    const text = (typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '').trim();
    if (!isBlocked(text, blocked) && text.length <= 1024) keys.push({ key, value: text });
  };
