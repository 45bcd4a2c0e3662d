import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresDatabase } from '../storage/postgres/database.ts';
import type { StoreCount } from './sqlite.ts';

export const DUMP = 'orderloop.dump';

/** Runs one of PostgreSQL's own programs; rejects with what it said. The password goes by the environment alone. */
async function runTool(name: string, args: readonly string[], url: string): Promise<void> {
  const { password } = new URL(url);
  const safe = new URL(url);
  safe.password = '';
  const child = spawn(findTool(name), [...args, '-d', safe.href], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...(password && { PGPASSWORD: decodeURIComponent(password) }) },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`[orderloop] ${name} failed: ${said.trim()}`);
}

function findTool(name: string): string {
  const folder = '/usr/lib/postgresql';
  const versions = existsSync(folder) ? readdirSync(folder).sort((one, other) => Number(other) - Number(one)) : [];
  const found = [...versions.map((version) => join(folder, version, 'bin')), ...(process.env['PATH'] ?? '').split(':')]
    .map((place) => join(place, name))
    .find((path) => existsSync(path));
  if (!found) throw new Error(`[orderloop] ${name} is not on this machine: install PostgreSQL’s client programs.`);
  return found;
}

export const hasTools = (): boolean => {
  try {
    return ['pg_dump', 'pg_restore'].every((name) => findTool(name));
  } catch {
    return false;
  }
};

/** Dumps a database that may be in use, as it is at one moment; the last position of its log when it began is answered. */
export async function dumpDatabase(
  url: string,
  folder: string,
  onProgress: (bytes: number, total: number) => void,
): Promise<number> {
  const { head, bytes } = await inspect(url);
  const file = join(folder, DUMP);
  const timer = setInterval(() => onProgress(statSync(file, { throwIfNoEntry: false })?.size ?? 0, bytes), 250);
  try {
    await runTool('pg_dump', ['--format=custom', '--compress=0', '--no-owner', '--no-privileges', '--file', file], url);
  } finally {
    clearInterval(timer);
  }
  return head;
}

/** Restores a dump into a database that holds nothing. */
export async function restoreDatabase(url: string, folder: string): Promise<StoreCount> {
  const db = new PostgresDatabase(url, { connections: 1 });
  try {
    const [row] = await db.query<{ n: number }>("SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'public'");
    if (row!.n > 0) throw new Error('[orderloop] the database is not empty: a backup is restored into an empty one');
  } finally {
    await db.close();
  }
  await runTool('pg_restore', ['--exit-on-error', '--no-owner', '--no-privileges', join(folder, DUMP)], url);
  return checkDatabase(url);
}

/** Restores a dump into a database of its own beside `url`, counts, and drops it. Needs a role that may create databases. */
export async function proveDump(url: string, folder: string): Promise<StoreCount> {
  const name = `orderloop_proof_${randomBytes(6).toString('hex')}`;
  const scratch = new URL(url);
  scratch.pathname = `/${name}`;
  const db = new PostgresDatabase(url, { connections: 1, statement_ms: 600_000, answer_ms: 600_000 });
  try {
    await db.connected((client) => client.query(`CREATE DATABASE ${name} TEMPLATE template0`));
    try {
      return await restoreDatabase(scratch.href, folder);
    } finally {
      await db.connected((client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    }
  } finally {
    await db.close();
  }
}

/** Throws when the log has a gap. */
async function checkDatabase(url: string): Promise<StoreCount> {
  const found = await inspect(url);
  if (found.events !== (found.events === 0 ? 0 : found.head - found.first + 1)) throw new Error('[orderloop] the log has a gap');
  if (found.projected > found.head) throw new Error('[orderloop] the projections are ahead of the log');
  return found;
}

async function inspect(url: string): Promise<StoreCount & { bytes: number }> {
  const db = new PostgresDatabase(url, { connections: 1, statement_ms: 600_000, answer_ms: 600_000 });
  try {
    const [row] = await db.query<StoreCount & { bytes: number }>(
      `SELECT (SELECT count(*) FROM events) AS events, (SELECT position FROM log_head) AS head,
         (SELECT coalesce(min(position), 0)::bigint FROM events) AS first,
         (SELECT coalesce(max(position), 0)::bigint FROM projector) AS projected,
         (SELECT count(*) FROM outbox) AS outbox, (SELECT count(*) FROM dead_letters) AS dead_letters,
         pg_database_size(current_database()) AS bytes`,
    );
    return row!;
  } finally {
    await db.close();
  }
}
