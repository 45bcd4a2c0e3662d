import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { PostgresDatabase } from './database.ts';

const FOLDER = join(import.meta.dirname, 'migrations');
/** Any number, the same in every process: whoever holds its lock migrates. */
const LOCK = 7_203_811;
const LOCK_NOT_AVAILABLE = '55P03';
/** How many days ahead partitions are made, and how many back: clocks differ, and events come late. */
const DAYS_AHEAD = 7;
const DAYS_BACK = 2;
const DAY_MS = 86_400_000;

/** A migration may take longer than a statement of every day, and who waits for another's waits as long. */
const PATIENT = { connections: 1, statement_ms: 0, lock_ms: 0, answer_ms: 0 };
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Applies what is missing, one process at a time, each migration whole or not at all. Answers the names of those applied.
 * A role that may not change tables may ask as well, as long as nothing is missing.
 */
export async function migrate(url: string): Promise<string[]> {
  const db = new PostgresDatabase(url, PATIENT);
  try {
    return await db.connected(async (client) => {
      if ((await missingMigrations(client)).length === 0) return [];
      await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
      try {
        const missing = await missingMigrations(client);
        for (const name of missing) await apply(client, name);
        return missing;
      } finally {
        await client.query('SELECT pg_advisory_unlock($1)', [LOCK]);
      }
    });
  } finally {
    await db.close();
  }
}

async function missingMigrations(client: pg.PoolClient): Promise<string[]> {
  const { rows: found } = await client.query<{ known: boolean }>("SELECT to_regclass('migrations') IS NOT NULL AS known");
  if (!found[0]!.known) return migrationNames();
  const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations');
  const known = new Set(rows.map(({ name }) => name));
  return migrationNames().filter((name) => !known.has(name));
}

export const migrationNames = (): string[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.sql'))
    .sort();

async function apply(client: pg.PoolClient, name: string): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(
      'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    await client.query(readFileSync(join(FOLDER, name), 'utf8'));
    await client.query('INSERT INTO migrations (name) VALUES ($1)', [name]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    if ((error as { code?: string }).code === INSUFFICIENT_PRIVILEGE)
      throw new Error(
        '[orderloop] the tables are not up to date, and this role may not change them: run orderloop migrate as the role that owns them',
        { cause: error },
      );
    throw new Error(`[orderloop] migration ${name} failed; the store is as it was before`, { cause: error });
  }
}

/**
 * Makes the log's partitions of the days around `now` (UTC ms), one process at a time. One that can't be made now, because the
 * log is busy, is left for the next time: until then its events lie in the partition for other days.
 */
export async function prepareDays(db: PostgresDatabase, now: number): Promise<void> {
  const today = Math.floor(now / DAY_MS);
  await db.connected(async (client) => {
    const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [LOCK]);
    if (!rows[0]!.locked) return;
    try {
      for (let day = today - DAYS_BACK; day <= today + DAYS_AHEAD; day++)
        await client.query("SELECT prepare_event_day(date '1970-01-01' + $1::integer)", [day]);
    } catch (error) {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    }
  });
}

/** Throws when the server would lose what it acknowledged (D3). */
export async function assertDurable(db: PostgresDatabase): Promise<void> {
  const names = ['fsync', 'full_page_writes', 'synchronous_commit'];
  const settings = await db.query<{ name: string; setting: string }>(
    'SELECT name, setting FROM pg_settings WHERE name = ANY ($1)',
    [names],
  );
  const off = settings.filter(({ setting }) => setting === 'off').map(({ name }) => name);
  if (off.length > 0)
    throw new Error(
      `[orderloop] this PostgreSQL would lose what was acknowledged in a power cut: ${off.join(' and ')} ${off.length === 1 ? 'is' : 'are'} off. Set ${off.map((name) => `${name} = on`).join(', ')} and start again.`,
    );
}
