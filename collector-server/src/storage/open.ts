import { join } from 'node:path';
import type { EventLog, Storage } from './contract.ts';
import type { PostgresOptions } from './postgres/database.ts';

// Only the engine that is used is loaded, and of SQLite in the thread of the requests the log alone: each thread has a copy of
// its own of what it loads.
const postgres = () => import('./postgres/index.ts');
const sqlite = () => import('./sqlite/index.ts');
const threadedLog = () => import('./sqlite/threaded-log.ts');

/** Which store: what threads are told, since a store itself can't be handed to them. */
export type StorageSpec = { engine: 'sqlite'; folder: string } | { engine: 'postgres'; url: string; options?: PostgresOptions };

/** The log alone, as the thread that answers requests has it. */
export interface OpenLog {
  log: EventLog;
  /** Why nothing can be appended just now; null when it can. */
  trouble(): string | null;
  close(): Promise<void>;
}

/** Appends go one after the other; the rest are for looking up calls. */
const LOG_CONNECTIONS = 4;

/** Everything of a store, in this thread. Throws when it can't be opened, or would lose what it acknowledged. */
export async function openStorage(spec: StorageSpec): Promise<Storage> {
  return spec.engine === 'sqlite'
    ? (await sqlite()).openSqlite(spec.folder)
    : (await postgres()).openPostgres(spec.url, { name: 'orderloop background', ...spec.options });
}

/** The log of a store whose rest is another thread's. `onCrash` is told when a thread of its own died and is started anew. */
export async function openLog(spec: StorageSpec, onCrash: (error: Error) => void): Promise<OpenLog> {
  if (spec.engine === 'postgres') {
    const { openPostgres } = await postgres();
    const { log, close } = await openPostgres(spec.url, { name: 'orderloop log', connections: LOG_CONNECTIONS, ...spec.options });
    return { log, trouble: () => null, close };
  }
  (await sqlite()).assertNoOldStore(spec.folder);
  const log = await (await threadedLog()).openThreadedLog(join(spec.folder, 'log.db'), { onCrash });
  return { log, trouble: () => (log.isRunning() ? null : 'commit_thread_down'), close: () => log.close() };
}
