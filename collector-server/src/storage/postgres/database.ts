import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { StorageFault } from '../contract.ts';

export interface PostgresOptions {
  /** How many connections at most. */
  connections?: number;
  /** How long a free connection is waited for, in ms (U4). */
  acquire_ms?: number;
  /** How long a statement may take, and wait for a lock, in ms. */
  statement_ms?: number;
  lock_ms?: number;
  /** How long an answer is waited for before the connection counts as dead, in ms: a peer may vanish without a word. */
  answer_ms?: number;
}

export const POSTGRES_DEFAULTS: Required<PostgresOptions> = {
  connections: 8,
  acquire_ms: 2_000,
  statement_ms: 5_000,
  lock_ms: 2_000,
  answer_ms: 8_000,
};

const INT8 = 20;
const MAX_TRIES = 8;
const JITTER_MS = 20;
/** SQLSTATE: the server ended one of two that stood in each other's way; asking again is the answer. */
const LOST_RACE = new Set(['40001', '40P01']);
const DISK_FULL = '53100';
/** Classes and codes that say that the server can't now, rather than that the statement is wrong. */
const UNAVAILABLE = /^(08|53|57|58|25006|55P03|40001|40P01)/;

export interface Queryable {
  /** Rows of a statement that is prepared once for each connection. */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** How many rows a statement changed. */
  run(sql: string, values?: readonly unknown[]): Promise<number>;
}

/** A PostgreSQL database: a pool, transactions, and errors as the store's contract has them. */
export class PostgresDatabase implements Queryable {
  readonly #pool: pg.Pool;
  readonly #names = new Map<string, string>();

  /** Doesn't connect yet. */
  constructor(url: string, options: PostgresOptions = {}) {
    const { connections, acquire_ms, statement_ms, lock_ms, answer_ms } = { ...POSTGRES_DEFAULTS, ...options };
    this.#pool = new pg.Pool({
      connectionString: url,
      application_name: 'orderloop',
      max: connections,
      connectionTimeoutMillis: acquire_ms,
      statement_timeout: statement_ms,
      lock_timeout: lock_ms,
      query_timeout: answer_ms,
      idle_in_transaction_session_timeout: answer_ms * 2,
      keepAlive: true,
      types: { getTypeParser: (oid, format) => (oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) },
    });
    // Without listeners a database that restarts would end this process; whoever asked hears of it by its own query.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async query<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>(this.#prepared(sql, values))).rows;
    } catch (error) {
      throw toFault(error);
    }
  }

  async run(sql: string, values: readonly unknown[] = []): Promise<number> {
    try {
      return (await this.#pool.query(this.#prepared(sql, values))).rowCount ?? 0;
    } catch (error) {
      throw toFault(error);
    }
  }

  /**
   * Runs a step in one transaction on one connection. A step that the server ended for another's sake is run again, so it has
   * no effects but its statements.
   */
  async transaction<T>(step: (client: Queryable) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(step);
      } catch (error) {
        if (attempt >= MAX_TRIES || !LOST_RACE.has(codeOf(error))) throw toFault(error);
        await sleep(Math.random() * JITTER_MS * attempt);
      }
    }
  }

  /** Holds one connection for a job of its own, outside of any transaction: for locks that belong to a connection. */
  async connected<T>(job: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    try {
      const client = await this.#pool.connect();
      try {
        return await job(client);
      } finally {
        client.release();
      }
    } catch (error) {
      throw toFault(error);
    }
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #once<T>(step: (client: Queryable) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let broken = false;
    try {
      await client.query('BEGIN');
      const result = await step({
        query: async (sql, values = []) => (await client.query(this.#prepared(sql, values))).rows,
        run: async (sql, values = []) => (await client.query(this.#prepared(sql, values))).rowCount ?? 0,
      });
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {
        broken = true;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  #prepared(text: string, values: readonly unknown[]) {
    let name = this.#names.get(text);
    if (name === undefined) {
      name = `s${this.#names.size}`;
      this.#names.set(text, name);
    }
    return { name, text, values: [...values] };
  }
}

const codeOf = (error: unknown): string => {
  const cause = error instanceof StorageFault ? error.cause : error;
  return String((cause as { code?: unknown } | null)?.code ?? '');
};

/** What the server or the way to it could not do is a fault of the store; a wrong statement is a bug, and stays one. */
function toFault(error: unknown): unknown {
  if (error instanceof StorageFault) return error;
  const { message } = error as Error;
  const code = codeOf(error);
  const isSql = error instanceof pg.DatabaseError;
  if (isSql && !UNAVAILABLE.test(code)) return error;
  if (!isSql && !isConnectionError(code, message)) return error;
  return new StorageFault(`[orderloop] PostgreSQL: ${message}`, {
    cause: error,
    kind: code === DISK_FULL ? 'full' : 'unavailable',
  });
}

function isConnectionError(code: string, message: string): boolean {
  return /^(E[A-Z]+|ERR_(SSL|TLS|SOCKET).*)$/.test(code) || /connection|timeout|terminat|client has encountered/i.test(message);
}
