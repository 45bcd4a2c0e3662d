import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { StorageFault } from '../contract.ts';

/** Extended result codes: a file, or its folder, could not be made durable. */
const FSYNC_FAILED = new Set([1034, 1290]);
const SQLITE_FULL = 13;
/** Keeps the upper pages of the indexes in memory in a store of 10⁷ events; for each connection, as it comes to use it. */
const CACHE_KIB = 8 * 1024;
const MIGRATIONS = join(dirname(fileURLToPath(import.meta.url)), 'migrations');

/**
 * One SQLite file, as D3 wants it: WAL, `synchronous=FULL` read back, and one writer at a time. Statements are prepared once.
 */
export class Database {
  readonly #writer: DatabaseSync;
  readonly #reader: DatabaseSync;
  readonly #statements = new Map<DatabaseSync, Map<string, StatementSync>>();
  #queue: Promise<unknown> = Promise.resolve();

  readonly #path: string;

  /**
   * `path` is a file, or `:memory:`; `schema` names the folder of its migrations.
   * Throws when the file can't be opened, or would not survive a power cut.
   */
  constructor(path: string, schema: 'log' | 'state', { readOnly = false } = {}) {
    this.#path = path;
    if (readOnly) {
      this.#reader = this.#writer = new DatabaseSync(path, { timeout: 5000, readOnly: true });
      return;
    }
    const inMemory = path === ':memory:';
    if (!inMemory) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#writer = open(path);
    // Its owner's alone; the files that SQLite puts beside it take the same mode.
    if (!inMemory) chmodSync(path, 0o600);
    migrate(this.#writer, join(MIGRATIONS, schema));
    if (!inMemory) assertDurable(this.#writer);
    // Readers on their own connection never see a transaction half done; an in-memory store has only the one.
    this.#reader = inMemory ? this.#writer : open(path);
  }

  /**
   * Runs a step that writes, alone, in one transaction: it is kept whole or not at all. The steps of one process queue
   * here, because two connections that wait for each other in one thread would wait for ever. `mayBeLost` is for what a power
   * cut may take away because it is made again, such as what is derived from the log: it is not waited for, whole or not at
   * all like the rest, and durable with the next that is.
   */
  write<T>(step: () => T | Promise<T>, { mayBeLost = false } = {}): Promise<T> {
    const run = async (): Promise<T> => {
      try {
        if (mayBeLost) this.#writer.exec('PRAGMA synchronous = NORMAL');
        this.#writer.exec('BEGIN IMMEDIATE');
        const result = await step();
        this.#writer.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#writer.isTransaction) this.#writer.exec('ROLLBACK');
        throw toFault(error);
      } finally {
        if (mayBeLost) this.#writer.exec('PRAGMA synchronous = FULL');
      }
    };
    const result = this.#queue.then(run, run);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** The same at once, for a thread whose only writer this is. */
  writeNow<T>(step: () => T): T {
    try {
      this.#writer.exec('BEGIN IMMEDIATE');
      const result = step();
      this.#writer.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#writer.isTransaction) this.#writer.exec('ROLLBACK');
      throw toFault(error);
    }
  }

  /** A statement of the writer's, prepared once. For use inside a write. */
  prepare(sql: string): StatementSync {
    return this.#prepare(this.#writer, sql);
  }

  /** Moves what the write-ahead log holds into the file, and empties it. */
  checkpoint(): void {
    this.#writer.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  /** For use inside `write`. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(this.#writer, sql).run(...values).changes);
  }

  /** For use inside `write`: sees what the transaction wrote. */
  own<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(this.#writer, sql).all(...values) as Row[];
  }

  /** Reads what has been committed. */
  async all<Row>(sql: string, ...values: SQLInputValue[]): Promise<Row[]> {
    // The one connection of an in-memory store may be inside a transaction: wait for its end.
    if (this.#reader === this.#writer) await this.#queue;
    return this.#prepare(this.#reader, sql).all(...values) as Row[];
  }

  async get<Row>(sql: string, ...values: SQLInputValue[]): Promise<Row | undefined> {
    return (await this.all<Row>(sql, ...values))[0];
  }

  /** `ok`, or the first thing that is wrong with the file. Reads all of it. */
  integrity(): string {
    return String(Object.values(this.#writer.prepare('PRAGMA integrity_check(1)').get()!)[0]);
  }

  /** Bytes of the file, and of its write-ahead log; 0 in memory. */
  size(): { bytes: number; wal_bytes: number } {
    const of = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    return { bytes: of(this.#path), wal_bytes: of(`${this.#path}-wal`) };
  }

  async close(): Promise<void> {
    await this.#queue;
    this.#statements.clear();
    if (this.#reader !== this.#writer) this.#reader.close();
    this.#writer.close();
  }

  #prepare(connection: DatabaseSync, sql: string): StatementSync {
    const statements = this.#statements.get(connection) ?? new Map<string, StatementSync>();
    this.#statements.set(connection, statements);
    const statement = statements.get(sql) ?? connection.prepare(sql);
    statements.set(sql, statement);
    return statement;
  }
}

function toFault(error: unknown): unknown {
  const { code, errcode = 0, message } = error as { code?: string; errcode?: number; message?: string };
  if (code !== 'ERR_SQLITE_ERROR') return error;
  const kind = FSYNC_FAILED.has(errcode) ? 'fatal' : (errcode & 0xff) === SQLITE_FULL ? 'full' : 'unavailable';
  return new StorageFault(`[orderloop] SQLite: ${message}`, { cause: error, kind });
}

function open(path: string): DatabaseSync {
  const connection = new DatabaseSync(path, { timeout: 5000, enableForeignKeyConstraints: true });
  // Larger pages than SQLite's own: an event is about 1 KB, and a page of four is rewritten with every commit.
  connection.exec(`PRAGMA page_size = 16384; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;`);
  return connection;
}

/** Read back after the first write (D3): a build may fall back to NORMAL without a word, and then lose what it acknowledged. */
function assertDurable(connection: DatabaseSync): void {
  const { synchronous } = connection.prepare('PRAGMA synchronous').get() as { synchronous: number };
  const { journal_mode } = connection.prepare('PRAGMA journal_mode').get() as { journal_mode: string };
  if (synchronous !== 2 || journal_mode !== 'wal') {
    throw new Error(
      `[orderloop] SQLite runs with synchronous=${synchronous} and journal_mode=${journal_mode}; it must be 2 (FULL) and wal. Is the file on a network drive?`,
    );
  }
}

function migrate(connection: DatabaseSync, folder: string): void {
  connection.exec('CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT');
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  for (const name of files) {
    connection.exec('BEGIN IMMEDIATE');
    try {
      if (!connection.prepare('SELECT 1 FROM migrations WHERE name = ?').get(name)) {
        connection.exec(readFileSync(join(folder, name), 'utf8'));
        connection.prepare('INSERT INTO migrations VALUES (?, unixepoch() * 1000)').run(name);
      }
      connection.exec('COMMIT');
    } catch (error) {
      connection.exec('ROLLBACK');
      throw new Error(`[orderloop] migration ${name} failed; the store is as it was before`, { cause: error });
    }
  }
}
