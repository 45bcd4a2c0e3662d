import type { DatabaseSync } from 'node:sqlite';
import { type Client, OrderloopError } from '@orderloop/client';
import type { OrderInput } from '@orderloop/protocol';

/** Answers that say the order itself is wrong: the same one again would only be refused again. */
const FINAL = new Set([400, 409, 413, 422]);
const LONGEST_WAIT_MS = 60_000;

export interface OutboxEntry {
  id: string;
  order_id: string;
  state: 'pending' | 'sent' | 'refused';
  attempts: number;
  error: string | null;
}

export interface OutboxOptions {
  database: DatabaseSync;
  send: Client['sendOrder'];
  now: () => number;
  /** How often it looks for what is due, and the wait after a first failure. */
  retryMs: number;
}

export type Outbox = ReturnType<typeof createOutbox>;

/**
 * Orders on their way to the collector. A row is written in the transaction that stores the order, so a collector that
 * is down, or a shop that is killed, loses none; the row's id goes along, so that a repeat is recognised.
 */
export function createOutbox({ database, send, now, retryMs }: OutboxOptions) {
  const insert = database.prepare('INSERT INTO outbox (id, order_id, body, due_at) VALUES (?, ?, ?, ?)');
  const due = database.prepare(
    "SELECT id, body, attempts FROM outbox WHERE state = 'pending' AND due_at <= ? ORDER BY rowid LIMIT 20",
  );
  const finish = database.prepare('UPDATE outbox SET state = ?, attempts = attempts + 1, error = ? WHERE id = ?');
  const postpone = database.prepare('UPDATE outbox SET attempts = attempts + 1, due_at = ?, error = ? WHERE id = ?');
  const all = database.prepare('SELECT id, order_id, state, attempts, error FROM outbox ORDER BY rowid');

  let stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  async function deliver({ id, body, attempts }: { id: string; body: string; attempts: number }): Promise<void> {
    const { signal } = stop;
    try {
      await send(JSON.parse(body) as OrderInput, { id, signal });
      finish.run('sent', null, id);
    } catch (error) {
      if (signal.aborted) return;
      const message = (error as Error).message;
      if (error instanceof OrderloopError && FINAL.has(error.status ?? 0)) {
        finish.run('refused', message, id);
        console.error(`[demo-store] the collector refused an order: ${message}`);
      } else {
        postpone.run(now() + Math.min(LONGEST_WAIT_MS, retryMs * 2 ** Math.min(attempts, 10)), message, id);
      }
    }
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      const rows = due.all(now()) as { id: string; body: string; attempts: number }[];
      if (rows.length === 0) return;
      await Promise.all(rows.map(deliver));
    }
  }

  /** Sends what is due, unless it is at it already. */
  function flush(): Promise<void> {
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  }

  function wake(): void {
    flush().catch((error: unknown) => console.error('[demo-store] the outbox stopped:', error));
  }

  return {
    /** To be called in the transaction that stores the order. */
    add(order: OrderInput): void {
      insert.run(`order_${order.order_id}`, order.order_id, JSON.stringify(order), now());
    },
    /** Sends what is due, in the background. */
    wake,
    start(): void {
      stop = new AbortController();
      timer ??= setInterval(wake, retryMs);
      wake();
    },
    /** Gives up what is under way, which stays in the outbox. */
    async stop(): Promise<void> {
      clearInterval(timer);
      timer = undefined;
      stop.abort();
      await running;
    },
    list: () => all.all() as unknown as OutboxEntry[],
  };
}
