// Checked by `tsc`: each expected error is one that a shop's developer should see.
import type { createOrderloop } from './index.ts';

declare module './ecommerce.ts' {
  interface CustomEvents {
    size_guide_opened: { size: string };
  }
}

export function usesOfTrack({ track }: ReturnType<typeof createOrderloop>): void {
  track('page_view');
  track('purchase', { transaction_id: '1001', value: 12.5, currency: 'EUR', items: [{ item_id: 'a', quantity: 1 }] });
  track('size_guide_opened', { size: 'M' });
  // @ts-expect-error a purchase names its order
  track('purchase', { value: 12.5 });
  // @ts-expect-error a purchase has parameters
  track('purchase');
  // @ts-expect-error a misspelt name
  track('purchased', { transaction_id: '1001' });
  // @ts-expect-error a misspelt field
  track('purchase', { transaction_id: '1001', curency: 'EUR' });
  // @ts-expect-error a custom event has its own fields
  track('size_guide_opened', { siez: 'M' });
}
