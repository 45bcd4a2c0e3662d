/** What the shop's own pixels are told of an order. Money in major units. */
export interface PixelOrder {
  order_id: string;
  value: number;
  currency: string;
  items?: readonly { id: string; quantity?: number; price?: number }[];
}

type Call = (...args: unknown[]) => void;

/**
 * Tells those of the shop's own pixels that are on the page (`fbq`, `ttq`, `gtag`) of an order, under the id that the collector
 * relays it by: each platform then counts page and server once. GA4 and Google Ads know an order by its `transaction_id`.
 */
export function firePixels(window: Window, event_id: string, { order_id, value, currency, items = [] }: PixelOrder): void {
  const { fbq, ttq, gtag } = window as unknown as { fbq?: Call; ttq?: { track?: Call }; gtag?: Call };
  const order = { value, currency, order_id, content_type: 'product' };
  const each = (rename: (item: NonNullable<PixelOrder['items']>[number]) => object) =>
    items.length > 0 ? items.map(rename) : undefined;
  const calls: (() => void)[] = [
    () => fbq?.('track', 'Purchase', { ...order, contents: each((item) => item) }, { eventID: event_id }),
    () =>
      ttq?.track?.(
        'Purchase',
        { ...order, contents: each(({ id, quantity, price }) => ({ content_id: id, quantity, price })) },
        { event_id },
      ),
    () =>
      gtag?.('event', 'purchase', {
        transaction_id: order_id,
        value,
        currency,
        items: each(({ id, quantity, price }) => ({ item_id: id, quantity, price })),
      }),
  ];
  for (const call of calls)
    try {
      call();
    } catch {
      // Another's pixel must not keep the next from being told.
    }
}
