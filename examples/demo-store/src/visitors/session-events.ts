import { type EventInput, uuidv7 } from '@orderloop/protocol';
import { CURRENCY, findProduct } from '../catalogue.ts';
import { consentOf } from '../consent.ts';
import { itemOf, paramsOf } from '../events.ts';
import type { Order } from '../orders.ts';
import type { Basket, PlannedSession, PlannedVisitor, Step } from './plan.ts';
import type { Random } from './random.ts';

/** Writes a session's events as the SDK would. */
export function createSessionEvents(visitor: PlannedVisitor, session: PlannedSession, shopUrl: string, random: Random) {
  const { landing, session_id } = session;
  // A click outlives the session that it began: a visitor who returns still carries it.
  const click = landing.click ?? visitor.sessions[0]!.landing.click;
  const clicked_at = visitor.sessions[0]!.steps[0]!.at;
  const fbp = `fb.1.${clicked_at}.${random.between(10 ** 9, 10 ** 10 - 1)}`;
  let seq = 0;
  let page = {
    url: shopUrl + landing.path + landing.query,
    title: 'Mooring',
    ...(landing.referrer && { referrer: landing.referrer }),
  };

  function event(name: string, at: number, more: Partial<EventInput> = {}): EventInput {
    return {
      event: name,
      event_id: uuidv7(at, random.bytes(10)),
      occurred_at: at,
      visitor_id: visitor.visitor_id,
      session_id,
      seq: seq++,
      action_source: 'web',
      page,
      consent: consentOf('all'),
      ...(landing.campaign && { campaign: landing.campaign }),
      ...(click && { click_ids: { [click.param]: { value: click.value, first_seen_at: clicked_at } } }),
      ...(click?.param === 'fbclid' && { cookies: { _fbp: fbp, _fbc: `fb.1.${clicked_at}.${click.value}` } }),
      ...more,
    };
  }

  function turnTo(path: string, title: string): void {
    page = { url: shopUrl + path, title, referrer: page.url };
  }

  function shopping(name: string, at: number, basket: readonly Basket[], more: Record<string, unknown> = {}): EventInput {
    const { items, ...properties } = paramsOf(linesOf(basket));
    return event(name, at, { items, properties: { ...properties, ...more } });
  }

  return {
    /** The event of a step; an order has none of its own. */
    of(step: Exclude<Step, { kind: 'order' }>): EventInput {
      switch (step.kind) {
        case 'page':
          if (seq > 0) turnTo(step.path, step.title);
          return event('page_view', step.at, { properties: { title: step.title } });
        case 'item':
          return shopping('view_item', step.at, [{ slug: step.product.slug, quantity: 1 }]);
        case 'add':
          return shopping('add_to_cart', step.at, [step.line]);
        case 'cart':
          return shopping('view_cart', step.at, step.basket);
        case 'checkout':
          return shopping('begin_checkout', step.at, step.basket);
        case 'identify': {
          const { email, phone } = visitor.person;
          return event('identify', step.at, { user: { email, ...(phone && { phone }) } });
        }
      }
    },
    /** What the thank-you page tells. */
    thanks(order: Order, at: number): EventInput[] {
      turnTo(`/thank-you/${order.token}`, 'Mooring');
      const { order_id: transaction_id, total, shipping, tax } = order;
      const items = order.lines.map(({ slug, name, quantity, unit_price: price }) =>
        itemOf({ product: { slug, name, price }, quantity }),
      );
      const properties = { transaction_id, currency: CURRENCY, value: total / 100, shipping: shipping / 100, tax: tax / 100 };
      return [event('page_view', at, { properties: { title: 'Mooring' } }), event('purchase', at + 5, { items, properties })];
    },
  };
}

function linesOf(basket: readonly Basket[]) {
  return basket.map(({ slug, quantity }) => ({ product: findProduct(slug)!, quantity }));
}
