import { DatabaseSync } from 'node:sqlite';
import type { Row } from './rows.ts';

export interface Group {
  order_id: string;
  /** In the order of the file; of an order that has too many, the first alone. */
  rows: Row[];
  count: number;
}

export interface Groups {
  add(order_id: string, row: Row): void;
  /** How many orders there are. */
  size(): number;
  /** In the order in which each came first. */
  all(): Generator<Group>;
  close(): void;
}

const MAX_ROWS = 10_000;
const STEP = 50_000;

/**
 * Puts the rows of a file to their orders, wherever in it they stand, in a file without a name that is gone when it is closed: a
 * file of any size costs no more memory than its largest order.
 */
export function createGroups(): Groups {
  const db = new DatabaseSync('');
  db.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;
    CREATE TABLE orders (number INTEGER PRIMARY KEY, order_id TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE rows (number INTEGER, row_number INTEGER, cells TEXT NOT NULL, PRIMARY KEY (number, row_number)) STRICT, WITHOUT ROWID;
    BEGIN`);
  const put = db.prepare(
    'INSERT INTO orders (order_id) VALUES (?) ON CONFLICT (order_id) DO UPDATE SET order_id = order_id RETURNING number',
  );
  const putRow = db.prepare('INSERT INTO rows VALUES (?, ?, ?)');
  const orders = db.prepare('SELECT number, order_id FROM orders ORDER BY number');
  const count = db.prepare('SELECT count(*) AS count FROM rows WHERE number = ?');
  const rows = db.prepare('SELECT row_number, cells FROM rows WHERE number = ? ORDER BY row_number LIMIT ?');
  let last: { order_id: string; number: number } | null = null;
  let added = 0;
  return {
    add(order_id, { row_number, values }) {
      if (last?.order_id !== order_id) last = { order_id, number: Number(put.get(order_id)!['number']) };
      putRow.run(last.number, row_number, JSON.stringify(values));
      added += 1;
      if (added % STEP === 0) db.exec('COMMIT; BEGIN');
    },
    size: () => Number(db.prepare('SELECT count(*) AS count FROM orders').get()!['count']),
    *all() {
      for (const { number, order_id } of orders.iterate()) {
        yield {
          order_id: String(order_id),
          count: Number(count.get(number!)!['count']),
          rows: rows.all(number!, MAX_ROWS).map((row) => ({
            row_number: Number(row['row_number']),
            values: JSON.parse(String(row['cells'])) as string[],
          })),
        };
      }
    },
    close: () => db.close(),
  };
}
