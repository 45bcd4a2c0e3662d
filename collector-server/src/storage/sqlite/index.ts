import { join } from 'node:path';
import type { Storage } from '../contract.ts';
import { Database } from './database.ts';
import { createLog } from './log.ts';
import { createOutbox } from './outbox.ts';
import { createProjections } from './projections.ts';
import { createRewards } from './rewards.ts';

/** A store in one SQLite file, `orderloop.db` in `folder`; without a folder it lives in memory and ends with the process. */
export function openSqlite(folder?: string): Storage {
  const db = new Database(folder === undefined ? ':memory:' : join(folder, 'orderloop.db'));
  return {
    log: createLog(db),
    projections: createProjections(db),
    outbox: createOutbox(db),
    rewards: createRewards(db),
    check: () => db.write(() => undefined),
    close: () => db.close(),
  };
}
