import { fromJson, toJson } from './json.ts';

/** One JSON value in the page's storage. */
export interface Cell {
  read(): unknown;
  write(value: unknown): void;
  remove(): void;
}

/** What of `Storage` is used. Getting at it may throw, and so may every call. */
export type StorageArea = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** A cell under `key`. The first write that fails shows that there is no storage; from then on the page's memory serves. */
export function createCell(area: () => StorageArea, key: string): Cell {
  let inMemory: string | undefined;
  let isRefused = false;

  return {
    read() {
      try {
        if (!isRefused) return fromJson(area().getItem(key));
      } catch {
        // Refused; the first write will tell for good.
      }
      return fromJson(inMemory);
    },
    write(value) {
      inMemory = toJson(value);
      try {
        if (!isRefused) area().setItem(key, inMemory);
      } catch {
        isRefused = true;
      }
    },
    remove() {
      inMemory = undefined;
      try {
        area().removeItem(key);
      } catch {
        // Nothing could be stored there either.
      }
    },
  };
}
