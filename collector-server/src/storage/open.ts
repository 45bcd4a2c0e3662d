import { join } from 'node:path';
import type { EventLog, Storage } from './contract.ts';
import { assertNoOldStore, openSqlite } from './sqlite/index.ts';
import { openThreadedLog } from './sqlite/threaded-log.ts';

/** Which store: what threads are told, since a store itself can't be handed to them. */
export type StorageSpec = { engine: 'sqlite'; folder: string };

/** The log alone, as the thread that answers requests has it. */
export interface OpenLog {
  log: EventLog;
  /** Why nothing can be appended just now; null when it can. */
  trouble(): string | null;
  close(): Promise<void>;
}

/** Everything of a store, in this thread. Throws when it can't be opened, or would lose what it acknowledged. */
export async function openStorage(spec: StorageSpec): Promise<Storage> {
  return openSqlite(spec.folder);
}

/** The log of a store whose rest is another thread's. `onCrash` is told when a thread of its own died and is started anew. */
export async function openLog(spec: StorageSpec, onCrash: (error: Error) => void): Promise<OpenLog> {
  assertNoOldStore(spec.folder);
  const log = await openThreadedLog(join(spec.folder, 'log.db'), onCrash);
  return { log, trouble: () => (log.isRunning() ? null : 'commit_thread_down'), close: () => log.close() };
}
