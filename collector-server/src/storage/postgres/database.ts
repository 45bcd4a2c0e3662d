import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { StorageFault } from '../contract.ts';

export interface PostgresOptions {
  /** What the server shows of these connections, in `pg_stat_activity`. */
  name?: string;
  /** How many connections at most. */
  connections?: number;
  /** How long a free connection is waited for, in ms (U4). */
  acquire_ms?: number;
  /** How long a statement may take, and wait for a lock, in ms; 0 is without end, as it is for `answer_ms`. */
  statement_ms?: number;
  lock_ms?: number;
  /** How long an answer is waited for before the connection counts as dead, in ms: a peer may vanish without a word. */
  answer_ms?: number;
  /** How often a connection is asked for a sign of life, in ms, so that a dead one is found before it is needed. */
  heartbeat_ms?: number;
}

export const POSTGRES_DEFAULTS: Required<PostgresOptions> = {
  name: 'orderloop',
  connections: 8,
  acquire_ms: 2_000,
  statement_ms: 5_000,
  lock_ms: 2_000,
  answer_ms: 7_000,
  heartbeat_ms: 2_500,
};

const INT8 = 20;
const MAX_TRIES = 8;
const JITTER_MS = 20;
/** SQLSTATE: the server ended one of two that stood in each other's way; asking again is the answer. */
const LOST_RACE = new Set(['40001', '40P01']);
const DISK_FULL = '53100';
/** Classes and codes that say that the server can't now, rather than that the statement is wrong. */
const UNAVAILABLE = /^(08|28|53|57|58|25006|3D000|55P03|40001|40P01)/;

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
  readonly #heartbeat: NodeJS.Timeout;

  /** Doesn't connect yet. */
  constructor(url: string, options: PostgresOptions = {}) {
    const { name, connections, acquire_ms, statement_ms, lock_ms, answer_ms, heartbeat_ms } = {
      ...POSTGRES_DEFAULTS,
      ...options,
    };
    this.#pool = new pg.Pool({
      connectionString: url,
      application_name: name,
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
    const query_timeout = Math.min(answer_ms || heartbeat_ms, heartbeat_ms);
    this.#heartbeat = setInterval(() => {
      const beat = { text: 'SELECT 1', query_timeout };
      if (this.#pool.idleCount > 0) this.#checkedOut((client) => client.query(beat)).catch(() => undefined);
    }, heartbeat_ms);
    this.#heartbeat.unref();
  }

  async query<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#ask<Row>(sql, values)).rows;
  }

  async run(sql: string, values: readonly unknown[] = []): Promise<number> {
    return (await this.#ask(sql, values)).rowCount ?? 0;
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
      return await this.#checkedOut(job);
    } catch (error) {
      throw toFault(error);
    }
  }

  close(): Promise<void> {
    clearInterval(this.#heartbeat);
    return this.#pool.end();
  }

  #ask<Row extends object>(sql: string, values: readonly unknown[]): Promise<pg.QueryResult<Row>> {
    return this.connected((client) => client.query<Row>(this.#prepared(sql, values)));
  }

  #once<T>(step: (client: Queryable) => Promise<T>): Promise<T> {
    return this.#checkedOut(async (client) => {
      try {
        await client.query('BEGIN');
        const result = await step({
          query: async (sql, values = []) => (await client.query(this.#prepared(sql, values))).rows,
          run: async (sql, values = []) => (await client.query(this.#prepared(sql, values))).rowCount ?? 0,
        });
        await client.query('COMMIT');
        return result;
      } catch (error) {
        // A connection that is gone takes its transaction with it; asking it for anything would only be waited for.
        if (!isLost(error)) await client.query('ROLLBACK');
        throw error;
      }
    });
  }

  async #checkedOut<T>(job: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let lost = false;
    try {
      return await job(client);
    } catch (error) {
      lost = isLost(error);
      throw error;
    } finally {
      if (lost) this.#drop(client);
      else client.release();
    }
  }

  /** Gives up a connection that no answer comes from, and those that lie idle: they lead to the same server, the same way. */
  #drop(client: pg.PoolClient): void {
    discard(client);
    for (let idle = this.#pool.idleCount; idle > 0; idle--) this.#pool.connect().then(discard, () => undefined);
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

/** At once: a polite end would wait for a peer that may be gone. */
function discard(client: pg.PoolClient): void {
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
  client.release(true);
}

/** The connection failed, rather than what was asked on it. */
function isLost(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return /^(08|57P)/.test(codeOf(error));
  return isConnectionError(codeOf(error), (error as Error).message);
}

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
