// Events made durable per second: the collector beside a bare server that parses, inserts with the same unique index under
// synchronous=FULL with group commit, and answers after it. 1 and 20 events a request.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readConfig } from '../collector-server/src/config.ts';
import { startCollector } from '../collector-server/src/main.ts';

const KEY = 'pk_bench_0123456789';
const ORIGIN = 'https://shop.example';
const SECONDS = 4;
const ROUNDS = 3;

interface Result {
  acknowledged: number;
  failed: number;
  per_second: number;
  p50_ms: number;
  p99_ms: number;
}

const folder = mkdtempSync(join(tmpdir(), 'orderloop-bench-'));
try {
  for (const perRequest of [1, 20]) {
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const bare = await measureBare(perRequest, round);
      const ours = await measureCollector(perRequest, round);
      ratios.push(ours.per_second / bare.per_second);
      console.log(
        `${perRequest} a request, round ${round + 1}: collector ${show(ours)}; bare ${show(bare)}; ratio ${ratios.at(-1)!.toFixed(2)}`,
      );
    }
    console.log(`${perRequest} a request: median ratio ${ratios.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!.toFixed(2)}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function show({ per_second, p50_ms, p99_ms, failed }: Result): string {
  return `${per_second}/s p50 ${p50_ms} ms p99 ${p99_ms} ms${failed ? ` ${failed} failed` : ''}`;
}

async function load(url: string, perRequest: number): Promise<Result> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'load.ts'), url, '/v1/events', String(SECONDS), String(perRequest), KEY, ORIGIN],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  await once(child, 'close');
  return JSON.parse(out) as Result;
}

async function measureCollector(perRequest: number, round: number): Promise<Result> {
  const config = readConfig(
    {
      data_key: 'bench',
      dashboard_token: 'bench',
      sites: { bench: { name: 'Bench', publishable_keys: [KEY], secret_keys: [], signing_secrets: [], origins: [ORIGIN] } },
    },
    {},
  );
  const collector = await startCollector(
    { config, storage: { engine: 'sqlite', folder: join(folder, `ours-${perRequest}-${round}`) }, limits: { drain_ms: 0 } },
    { port: 0, host: '127.0.0.1' },
  );
  const result = await load(collector.url, perRequest);
  await collector.stop();
  return result;
}

async function measureBare(perRequest: number, round: number): Promise<Result> {
  const db = new DatabaseSync(join(folder, `bare-${perRequest}-${round}.db`));
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE events (position INTEGER PRIMARY KEY, id TEXT UNIQUE, visitor TEXT, body TEXT); CREATE INDEX v ON events (visitor)',
  );
  const insert = db.prepare('INSERT OR IGNORE INTO events (id, visitor, body) VALUES (?, ?, ?)');
  let waiting: { events: { event_id: string; visitor_id: string }[]; done(): void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const commit = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const group = waiting;
    waiting = [];
    db.exec('BEGIN');
    for (const { events } of group)
      for (const event of events) insert.run(event.event_id, event.visitor_id, JSON.stringify(event));
    db.exec('COMMIT');
    for (const { done } of group) done();
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { events } = JSON.parse(Buffer.concat(chunks).toString());
      waiting.push({ events, done: () => response.writeHead(202).end() });
      timer ??= setTimeout(commit, 2);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const result = await load(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, perRequest);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  db.close();
  return result;
}
