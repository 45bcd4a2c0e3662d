import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { findProduct, type Slug } from './catalogue.ts';
import type { Payment } from './checkout-form.ts';
import type { Choice } from './consent.ts';
import { transaction } from './database.ts';
import { type Delivery, type Totals, totalsOf } from './totals.ts';

export interface NewOrder {
  lines: { slug: Slug; quantity: number }[];
  customer: { email: string; phone?: string; first_name: string; last_name: string };
  address: { street: string; postal_code: string; city: string; country: string };
  delivery: Delivery;
  payment: Payment;
  /** Which session it came from, as Orderloop's checkout element planted it. */
  session_ref?: string;
  cart_token?: string;
  checkout_token?: string;
  /** What the buyer chose in the banner, if anything. */
  consent?: Choice;
  /** UTC ms; now, unless told. */
  created_at?: number;
}

export interface OrderLine {
  slug: Slug;
  name: string;
  quantity: number;
  unit_price: number;
}

export interface Order extends Omit<NewOrder, 'lines' | 'created_at'>, Totals {
  order_id: string;
  /** In the address of the thank-you page; nobody can guess it. */
  token: string;
  created_at: number;
  lines: OrderLine[];
}

export type Orders = ReturnType<typeof createOrders>;

/** Letters and digits that nobody mistakes for each other on the telephone. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The orders in the database. `stored` runs in the transaction that stores one. */
export function createOrders(database: DatabaseSync, now: () => number, stored: (order: Order) => void) {
  const insert = database.prepare(
    'INSERT INTO orders (order_id, token, checkout_token, created_at, body) VALUES (?, ?, ?, ?, ?)',
  );
  const byToken = database.prepare('SELECT body FROM orders WHERE token = ?');
  const byCheckout = database.prepare('SELECT body FROM orders WHERE checkout_token = ?');
  const all = database.prepare('SELECT body FROM orders ORDER BY created_at');

  const read = (row: unknown): Order | undefined => (row ? JSON.parse((row as { body: string }).body) : undefined);

  /** Stores an order and what must follow from it. The same checkout a second time is the same order. */
  function place(input: NewOrder): { order: Order; isNew: boolean } {
    const lines = input.lines.map(({ slug, quantity }) => {
      const product = findProduct(slug);
      if (!product || !Number.isInteger(quantity) || quantity < 1) {
        throw new TypeError(`[demo-store] an order line is not possible (found ${quantity} of ${slug}); check the catalogue.`);
      }
      return { slug, name: product.name, quantity, unit_price: product.price };
    });
    if (lines.length === 0) throw new TypeError('[demo-store] the order has no lines; place at least one.');
    return transaction(database, () => {
      const known = input.checkout_token === undefined ? undefined : read(byCheckout.get(input.checkout_token));
      if (known) return { order: known, isNew: false };
      const created_at = input.created_at ?? now();
      const order: Order = {
        ...input,
        lines,
        created_at,
        order_id: newOrderId(created_at),
        token: randomBytes(24).toString('base64url'),
        ...totalsOf(lines, input.delivery),
      };
      insert.run(order.order_id, order.token, order.checkout_token ?? null, created_at, JSON.stringify(order));
      stored(order);
      return { order, isNew: true };
    });
  }

  return {
    place,
    findByToken: (token: string) => read(byToken.get(token)),
    findByCheckout: (checkout_token: string) => read(byCheckout.get(checkout_token)),
    list: () => all.all().map((row) => read(row)!),
  };
}

/** `M-261120-7KQ4X`: the day, and letters that make it unique even for a shop whose database was begun anew. */
function newOrderId(created_at: number): string {
  const day = new Date(created_at).toISOString().slice(2, 10).replaceAll('-', '');
  const tail = Array.from(randomBytes(6), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return `M-${day}-${tail}`;
}
