// Events made durable in PostgreSQL per processor second, summed over our process and all of the database server's: the
// collector with all its checks beside a bare server (bare-postgres.ts), 1 and 20 events a request, all on one core and the
// load on the other. What the background thread uses, and the connections that it keeps busy, is told apart.
//   postgres.ts [--collectors 2]    two collectors on one database beside one
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { migratePostgres } from '../collector-server/src/storage/postgres/index.ts';
import { startPostgres, type TestPostgres } from '../collector-server/src/storage/postgres/testing.ts';
import type { LoadResult } from './load.ts';
import { runLoad, type Server, startCollector, startServer } from './server.ts';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const WARM_SECONDS = 5;
const SECONDS = 4;
const ROUNDS = Number(process.env['ROUNDS'] ?? 1);
const { values: options } = parseArgs({ options: { collectors: { type: 'string', default: '1' } } });

interface Figure {
  per_second: number;
  per_cpu: number;
  load: LoadResult;
  /** Seconds of processor time by whose it was. */
  used: Record<string, number>;
}

const folder = mkdtempSync(join(tmpdir(), 'orderloop-bench-'));
const database = await startPostgres({ shared_buffers: '512MB', max_wal_size: '4GB', max_pred_locks_per_transaction: '1024' });
if (existsSync('/usr/bin/taskset')) execFileSync('taskset', ['-acp', '0', String(database.pid())], { stdio: 'ignore' });
try {
  if (options.collectors === '1') await besideBare();
  else await sideBySide(Number(options.collectors));
} finally {
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function besideBare(): Promise<void> {
  for (const perRequest of [1, 20]) {
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const bare = await measure([await startBare(await newStore())], perRequest);
      const ours = await measure([await startCollector(folder, ['--database-url', await newStore()])], perRequest);
      ratios.push(ours.per_cpu / bare.per_cpu);
      console.log(`${perRequest} a request, round ${round + 1}: ratio ${ratios.at(-1)!.toFixed(2)}`);
      console.log(`  bare      ${show(bare)}`);
      console.log(`  collector ${show(ours)}`);
    }
    const median = ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)]!;
    console.log(`${perRequest} a request: median ratio per processor second ${median.toFixed(2)}`);
  }
}

async function sideBySide(collectors: number): Promise<void> {
  for (const perRequest of [1, 20]) {
    const alone = await measure([await startCollector(folder, ['--database-url', await newStore()])], perRequest);
    const url = await newStore();
    const all: Server[] = [];
    for (let n = 0; n < collectors; n++) all.push(await startCollector(folder, ['--database-url', url]));
    const together = await measure(all, perRequest);
    console.log(
      `${perRequest} a request: ${collectors} collectors ${(together.per_second / alone.per_second).toFixed(2)} × the events a second of one`,
    );
    console.log(`  one  ${show(alone)}`);
    console.log(`  all  ${show(together)}`);
  }
}

async function newStore(): Promise<string> {
  const url = await database.newDatabase();
  await migratePostgres(url);
  return url;
}

function startBare(url: string): Promise<Server> {
  return startServer([join(import.meta.dirname, 'bare-postgres.ts'), url], /(http:\S+)/);
}

async function measure(servers: readonly Server[], perRequest: number): Promise<Figure> {
  const loadAll = (seconds: number) => Promise.all(servers.map(({ url }) => runLoad(url, seconds, perRequest)));
  await loadAll(WARM_SECONDS);
  const clients = await clientNames(database.url);
  const before = cpu(servers, database, clients);
  const loads = await loadAll(SECONDS);
  const after = cpu(servers, database, clients);
  // Not told to stop: what the background still had to do is not what is measured.
  for (const server of servers) await server.kill();
  const used = Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));
  const total = Object.values(used).reduce((sum, value) => sum + value, 0);
  const acknowledged = loads.reduce((sum, load) => sum + load.acknowledged, 0);
  const counted = total - (used['background'] ?? 0) - (used['postgres for orderloop background'] ?? 0);
  return {
    per_second: Math.round(acknowledged / SECONDS),
    per_cpu: Math.round(acknowledged / counted),
    load: loads[0]!,
    used,
  };
}

/** The collectors' threads by name; the database's connections by whom they serve, and the rest of it as one. */
function cpu(servers: readonly Server[], { pid }: TestPostgres, clients: ReadonlyMap<number, string>): Record<string, number> {
  const used: Record<string, number> = {};
  const add = (name: string, seconds: number): void => {
    used[name] = (used[name] ?? 0) + seconds;
  };
  for (const server of servers) for (const [name, seconds] of Object.entries(server.cpu())) add(name, seconds);
  for (const process of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = statOf(process);
    if (!stat || (stat.parent !== pid() && Number(process) !== pid())) continue;
    const client = clients.get(Number(process));
    add(client === undefined ? 'postgres' : `postgres for ${client || 'bare'}`, stat.seconds);
  }
  return used;
}

function statOf(pid: string): { parent: number; seconds: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND };
  } catch {
    return null;
  }
}

/** Which of the database's processes serve whom, by process id: connections say so by their names. */
async function clientNames(url: string): Promise<ReadonlyMap<number, string>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ pid: number; name: string }>(
    "SELECT pid, application_name AS name FROM pg_stat_activity WHERE backend_type = 'client backend'",
  );
  await client.end();
  return new Map(rows.map(({ pid, name }) => [pid, name]));
}

function show({ per_second, per_cpu, load: { p50_ms, p99_ms, statuses }, used }: Figure): string {
  const parts = Object.entries(used)
    .filter(([, seconds]) => seconds > 0.04)
    .map(([name, seconds]) => `${name} ${seconds.toFixed(2)} s`);
  return `${per_cpu}/CPU s, ${per_second}/s, p50 ${p50_ms} p99 ${p99_ms} ms ${JSON.stringify(statuses)} (${parts.join(', ')})`;
}
