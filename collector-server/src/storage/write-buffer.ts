import type { SessionKeyRow } from './contract.ts';

// What one projector transaction writes over and over (a session with each of its events) is written once, at its end or when
// something asks for its table.

export const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts);

/** Writes of one table that wait to be made at once; `rows` are by key, the newest of each. */
export class Pending<Row> {
  readonly #rows = new Map<string, Row>();
  readonly #write: (rows: Row[]) => Promise<unknown>;

  constructor(write: (rows: Row[]) => Promise<unknown>) {
    this.#write = write;
  }

  put(key: string, row: Row): void {
    this.#rows.set(key, row);
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  async flush(): Promise<void> {
    if (this.#rows.size === 0) return;
    const rows = [...this.#rows.values()];
    this.#rows.clear();
    await this.#write(rows);
  }
}

/** Remembers answers while a transaction lasts: nothing but itself changes what it sees. */
export class Known<T> {
  readonly #answers = new Map<string, T>();

  async get(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = await ask();
    this.#answers.set(key, answer);
    return answer;
  }

  set(key: string, answer: T): void {
    this.#answers.set(key, answer);
  }

  delete(key: string): void {
    this.#answers.delete(key);
  }

  clear(): void {
    this.#answers.clear();
  }
}

/** Of one key in one session, the first event that showed it counts. */
export function isEarlier(row: SessionKeyRow, waiting: SessionKeyRow | undefined): boolean {
  if (!waiting || row.occurred_at < waiting.occurred_at) return true;
  return row.occurred_at === waiting.occurred_at && row.event_id < waiting.event_id;
}
