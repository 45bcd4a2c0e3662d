import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Storage } from '../contract.ts';
import { createConnections } from './connections.ts';
import { Database } from './database.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createDeliveries } from './deliveries.ts';
import { createErasures } from './erasures.ts';
import { createEvents } from './events.ts';
import { createLog } from './log.ts';
import { createOutbox } from './outbox.ts';
import { createProjections } from './projections.ts';
import { createRewards } from './rewards.ts';

export interface SqliteStorage extends Storage {
  /** What SQLite finds wrong with each file: `ok`, or the first of its findings. */
  integrity(): { log: string; state: string };
}

/**
 * A store in two SQLite files in `folder`: `log.db`, the truth, and `state.db`, what is derived from it and what was sent to
 * whom. Two, because a file has one writer at a time, and projecting must never keep an append waiting. Without a folder
 * both live in memory and end with the process.
 */
export function openSqlite(folder?: string): SqliteStorage {
  if (folder !== undefined) assertNoOldStore(folder);
  const path = (name: string): string => (folder === undefined ? ':memory:' : join(folder, name));
  const log = new Database(path('log.db'), 'log');
  const state = new Database(path('state.db'), 'state');
  return {
    log: createLog(log),
    events: createEvents(log),
    deadLetters: createDeadLetters(log),
    projections: createProjections(state),
    outbox: createOutbox(state),
    rewards: createRewards(state),
    erasures: createErasures(log, state),
    connections: createConnections(state),
    deliveries: createDeliveries(state),
    check: async () => {
      await log.write(() => undefined);
      await state.write(() => undefined);
    },
    size: async () => {
      const [one, two] = [log.size(), state.size()];
      return { bytes: one.bytes + two.bytes, wal_bytes: one.wal_bytes + two.wal_bytes };
    },
    integrity: () => ({ log: log.integrity(), state: state.integrity() }),
    close: async () => {
      await log.close();
      await state.close();
    },
  };
}

/** Throws when the folder holds a store that this version can't read: to start beside it would look like a loss. */
export function assertNoOldStore(folder: string): void {
  if (existsSync(join(folder, 'orderloop.db')))
    throw new Error(
      `[orderloop] ${folder} holds a store of before the first release (orderloop.db), which this version can’t read. Start with another folder.`,
    );
}
