import { createStore, del, get, update } from 'idb-keyval';
import type { Entry } from './batch.ts';

const MAX_KEPT = 200;

/** Events that could not be delivered, kept for the next page. All of it is best effort: without IndexedDB they are lost. */
export interface Unsent {
  all(): Promise<Entry[]>;
  keep(entries: readonly Entry[]): Promise<void>;
  drop(entries: readonly Entry[]): Promise<void>;
  clear(): Promise<void>;
}

export function createUnsent(key: string): Unsent {
  const store = createStore('orderloop', 'unsent');
  const attempt = <T>(work: () => Promise<T>): Promise<T | undefined> =>
    new Promise<T>((resolve) => resolve(work())).catch(() => undefined);
  const without = (kept: Entry[] | undefined, entries: readonly Entry[]): Entry[] =>
    (kept ?? []).filter(({ event_id }) => !entries.some((entry) => entry.event_id === event_id));

  return {
    all: async () => (await attempt(() => get<Entry[]>(key, store))) ?? [],
    keep: (entries) =>
      attempt(() => update<Entry[]>(key, (kept) => [...without(kept, entries), ...entries].slice(-MAX_KEPT), store)),
    drop: (entries) => attempt(() => update<Entry[]>(key, (kept) => without(kept, entries), store)),
    clear: () => attempt(() => del(key, store)),
  };
}
