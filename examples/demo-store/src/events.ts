import { CURRENCY } from './catalogue.ts';
import { type Html, html, json } from './html.ts';
import { toNumber } from './money.ts';

export interface PageEvent {
  name: string;
  params: Record<string, unknown>;
}

interface EventLine {
  product: { slug: string; name: string; price: number };
  quantity: number;
}

/** A line in GA4's words, in major units. */
export function itemOf({ product, quantity }: EventLine) {
  return { item_id: product.slug, item_name: product.name, price: toNumber(product.price), quantity };
}

/** The parameters that GA4's e-commerce events share. */
export function paramsOf(lines: readonly EventLine[], cents?: number) {
  const sum = cents ?? lines.reduce((total, { product, quantity }) => total + product.price * quantity, 0);
  return { currency: CURRENCY, value: toNumber(sum), items: lines.map(itemOf) };
}

/** What happened on this page, for static/events.js to tell Orderloop. */
export function eventData(events: readonly PageEvent[]): Html {
  return html`<script type="application/json" id="page-events">${json(events)}</script>`;
}
