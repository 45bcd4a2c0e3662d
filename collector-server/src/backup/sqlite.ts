import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';

/** The state first: what is projected must not be ahead of the log that it came from. */
export const SQLITE_PARTS = ['state.db', 'log.db'] as const;

/** All in one step, so that a writer beside it doesn't make it begin anew. */
const ALL_PAGES = 2 ** 30;
const LOOK_MS = 250;

/** Copies a store that may be in use, as it is at one moment; the last position of its log when it began is answered. */
export async function copyStore(from: string, to: string, onProgress: (bytes: number, total: number) => void): Promise<number> {
  const total = SQLITE_PARTS.reduce((sum, name) => sum + statSync(join(from, name)).size, 0);
  const timer = setInterval(() => {
    onProgress(
      readdirSync(to).reduce((sum, name) => sum + statSync(join(to, name)).size, 0),
      total,
    );
  }, LOOK_MS);
  try {
    const began_at = count(from).head;
    for (const name of SQLITE_PARTS) {
      const source = new DatabaseSync(join(from, name), { readOnly: true, timeout: 5000 });
      try {
        await backup(source, join(to, name), { rate: ALL_PAGES });
      } finally {
        source.close();
      }
    }
    return began_at;
  } finally {
    clearInterval(timer);
  }
}

export interface StoreCount {
  events: number;
  /** The last position, and the first. */
  head: number;
  first: number;
  projected: number;
  outbox: number;
  dead_letters: number;
}

/** Throws when a file of the store is damaged, or when its log has a gap. */
export function checkStore(folder: string): StoreCount {
  for (const name of SQLITE_PARTS) {
    const db = new DatabaseSync(join(folder, name), { readOnly: true });
    const finding = String(Object.values(db.prepare('PRAGMA integrity_check(1)').get()!)[0]);
    db.close();
    if (finding !== 'ok') throw new Error(`[orderloop] ${name} is damaged: ${finding}`);
  }
  const found = count(folder);
  if (found.events !== (found.head === 0 ? 0 : found.head - found.first + 1)) throw new Error('[orderloop] the log has a gap');
  if (found.projected > found.head) throw new Error('[orderloop] the projections are ahead of the log');
  return found;
}

export const isStore = (folder: string): boolean => SQLITE_PARTS.some((name) => existsSync(join(folder, name)));

function count(folder: string): StoreCount {
  const log = new DatabaseSync(join(folder, 'log.db'), { readOnly: true, timeout: 5000 });
  const state = new DatabaseSync(join(folder, 'state.db'), { readOnly: true, timeout: 5000 });
  const one = (db: DatabaseSync, sql: string): number => Number(Object.values(db.prepare(sql).get()!)[0] ?? 0);
  try {
    return {
      events: one(log, 'SELECT count(*) FROM events'),
      head: one(log, 'SELECT coalesce(max(position), 0) FROM events'),
      first: one(log, 'SELECT coalesce(min(position), 0) FROM events'),
      projected: one(state, 'SELECT coalesce(max(position), 0) FROM projector'),
      outbox: one(state, 'SELECT count(*) FROM outbox'),
      dead_letters: one(log, 'SELECT count(*) FROM dead_letters'),
    };
  } finally {
    log.close();
    state.close();
  }
}
