import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { findProduct, type Product, type Slug } from './catalogue.ts';

const MOST_OF_ONE = 10;

export interface CartLine {
  product: Product;
  quantity: number;
}

export interface Cart {
  /** In the cookie, and nowhere else: who knows it may change the cart. */
  id: string;
  /** Its public name, for events and orders. */
  token: string;
  /** Names one checkout, so that a form that is sent twice makes one order. */
  checkout_token: string;
  lines: CartLine[];
}

export type Carts = ReturnType<typeof createCarts>;

/** The carts in the database, each known by its cookie. */
export function createCarts(database: DatabaseSync, now: () => number) {
  const selectCart = database.prepare('SELECT id, token, checkout_token FROM carts WHERE id = ?');
  const selectLines = database.prepare('SELECT slug, quantity FROM cart_lines WHERE cart_id = ? ORDER BY rowid');
  const insertCart = database.prepare('INSERT INTO carts (id, token, checkout_token, created_at) VALUES (?, ?, ?, ?)');
  const addLine = database.prepare(
    `INSERT INTO cart_lines (cart_id, slug, quantity) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET quantity = min(${MOST_OF_ONE}, quantity + excluded.quantity)`,
  );
  const setLine = database.prepare('UPDATE cart_lines SET quantity = ? WHERE cart_id = ? AND slug = ?');
  const deleteLine = database.prepare('DELETE FROM cart_lines WHERE cart_id = ? AND slug = ?');
  const deleteCart = database.prepare('DELETE FROM carts WHERE id = ?');

  function find(id: string | undefined): Cart | undefined {
    const row = id === undefined ? undefined : (selectCart.get(id) as Omit<Cart, 'lines'> | undefined);
    if (!row) return undefined;
    const lines = (selectLines.all(row.id) as { slug: Slug; quantity: number }[]).flatMap(({ slug, quantity }) => {
      const product = findProduct(slug);
      return product ? [{ product, quantity }] : [];
    });
    return { ...row, lines };
  }

  return {
    find,
    /** A new, empty cart. */
    open(): Cart {
      const cart = { id: secret(), token: `cart_${secret()}`, checkout_token: `checkout_${secret()}` };
      insertCart.run(cart.id, cart.token, cart.checkout_token, now());
      return { ...cart, lines: [] };
    },
    add(id: string, slug: Slug, quantity: number): void {
      addLine.run(id, slug, quantity);
    },
    /** None takes the line out. */
    setQuantity(id: string, slug: Slug, quantity: number): void {
      if (quantity === 0) deleteLine.run(id, slug);
      else setLine.run(quantity, id, slug);
    },
    remove(id: string): void {
      deleteCart.run(id);
    },
  };
}

/** A quantity from a form; undefined when it is none that a cart takes. */
export function readQuantity(value: unknown, least: 0 | 1): number | undefined {
  const text = String(value ?? '');
  const quantity = /^\d{1,3}$/.test(text) ? Number(text) : -1;
  return quantity >= least ? Math.min(MOST_OF_ONE, quantity) : undefined;
}

export function countOf(lines: readonly { quantity: number }[]): number {
  return lines.reduce((sum, { quantity }) => sum + quantity, 0);
}

function secret(): string {
  return randomBytes(18).toString('base64url');
}
