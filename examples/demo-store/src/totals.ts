import { VAT_PERCENT } from './catalogue.ts';

export const DELIVERIES = ['standard', 'express'] as const;
export type Delivery = (typeof DELIVERIES)[number];

const FREE_FROM = 10_000;
const FEES = { standard: 490, express: 990 } as const;

export interface Line {
  quantity: number;
  /** In cents, VAT included. */
  unit_price: number;
}

/** All in cents. `tax` is the part of `total` that is VAT. */
export interface Totals {
  subtotal: number;
  shipping: number;
  tax: number;
  total: number;
}

export function deliveryFee(subtotal: number, delivery: Delivery): number {
  if (subtotal === 0 || (delivery === 'standard' && subtotal >= FREE_FROM)) return 0;
  return FEES[delivery];
}

/** What an order costs. VAT is rounded once, on the whole, so that its parts can't add up to something else. */
export function totalsOf(lines: readonly Line[], delivery: Delivery): Totals {
  const subtotal = lines.reduce((sum, { quantity, unit_price }) => sum + quantity * unit_price, 0);
  const shipping = deliveryFee(subtotal, delivery);
  const total = subtotal + shipping;
  return { subtotal, shipping, tax: Math.round((total * VAT_PERCENT) / (100 + VAT_PERCENT)), total };
}

/** How many cents of goods are still missing for free delivery. */
export function untilFree(subtotal: number): number {
  return Math.max(0, FREE_FROM - subtotal);
}
