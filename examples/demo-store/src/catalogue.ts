/** VAT is part of every price; one rate for all goods, and for their delivery. */
export const VAT_PERCENT = 20;
export const CURRENCY = 'EUR';

export const PRODUCTS = [
  { slug: 'bollard', name: 'Bollard', shelf: 'lamps', price: 12900 },
  { slug: 'skerry', name: 'Skerry', shelf: 'lamps', price: 28900 },
  { slug: 'harbour', name: 'Harbour', shelf: 'lamps', price: 14900 },
  { slug: 'tern', name: 'Tern', shelf: 'lamps', price: 17900 },
  { slug: 'buoy', name: 'Buoy', shelf: 'lamps', price: 6900 },
  { slug: 'fathom', name: 'Fathom', shelf: 'lamps', price: 3800 },
  { slug: 'dune', name: 'Dune', shelf: 'house', price: 11900 },
  { slug: 'pebble', name: 'Pebble', shelf: 'house', price: 5450 },
  { slug: 'salt', name: 'Salt', shelf: 'house', price: 4600 },
  { slug: 'kelp', name: 'Kelp', shelf: 'house', price: 5900 },
  { slug: 'raft', name: 'Raft', shelf: 'house', price: 4450 },
  { slug: 'ebb', name: 'Ebb', shelf: 'house', price: 8900 },
] as const satisfies readonly { slug: string; name: string; shelf: string; price: number }[];

export type Slug = (typeof PRODUCTS)[number]['slug'];
export type Shelf = (typeof PRODUCTS)[number]['shelf'];

export interface Product {
  slug: Slug;
  name: string;
  shelf: Shelf;
  /** In cents, VAT included. */
  price: number;
}

export function findProduct(slug: unknown): Product | undefined {
  return PRODUCTS.find((product) => product.slug === slug);
}
