import type { Storage } from '../contract.ts';
import { createConnections } from './connections.ts';
import { PostgresDatabase, type PostgresOptions } from './database.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createDeliveries } from './deliveries.ts';
import { createErasures } from './erasures.ts';
import { createEvents } from './events.ts';
import { createLog } from './log.ts';
import { assertDurable, migrate, prepareDays } from './migrate.ts';
import { createOutbox } from './outbox.ts';
import { createProjections } from './projections.ts';
import { createRewards } from './rewards.ts';

const PREPARE_MS = 6 * 3_600_000;

/**
 * A store in a PostgreSQL database, shared by as many collectors as open it. Applies migrations that are missing. Rejects
 * when the server can't be reached, or would lose in a power cut what it acknowledged (D3).
 */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<Storage> {
  const db = new PostgresDatabase(url, options);
  try {
    await assertDurable(db);
    await migrate(url);
    await prepareDays(db, Date.now());
  } catch (error) {
    await db.close();
    throw error;
  }
  // What can't be prepared now is tried again; until then the events of that day lie in the partition for other days.
  const timer = setInterval(() => prepareDays(db, Date.now()).catch(() => undefined), PREPARE_MS);
  timer.unref();
  const log = createLog(db);
  return {
    log,
    events: createEvents(db),
    deadLetters: createDeadLetters(db),
    projections: createProjections(db),
    outbox: createOutbox(db),
    rewards: createRewards(db),
    erasures: createErasures(db),
    connections: createConnections(db),
    deliveries: createDeliveries(db),
    check: async () => {
      await log.append({ events: [] });
    },
    size: async () => {
      const [row] = await db.query<{ bytes: number }>('SELECT pg_database_size(current_database()) AS bytes');
      return { bytes: row!.bytes, wal_bytes: 0 };
    },
    close: async () => {
      clearInterval(timer);
      await db.close();
    },
  };
}

/** A database's migrations alone: for `orderloop migrate`. Answers the names of those applied. */
export async function migratePostgres(url: string): Promise<string[]> {
  const db = new PostgresDatabase(url);
  try {
    await assertDurable(db);
    const applied = await migrate(url);
    await prepareDays(db, Date.now());
    return applied;
  } finally {
    await db.close();
  }
}
