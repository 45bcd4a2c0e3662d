// Three times what one collector can take, for a minute (F9): what it answers, what it holds in memory, that everything it
// acknowledged is stored, and how soon it is itself again. Before that, how it answers at half its load.
//   npm run bench -- overload [seconds]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '../collector-server/src/storage/sqlite/index.ts';
import { runLoad, startCollector } from './server.ts';

const SECONDS = Number(process.argv[2] ?? 60);
const folder = mkdtempSync(join(tmpdir(), 'orderloop-bench-'));
const MB = 1e6;

try {
  const store = join(folder, 'store');
  const server = await startCollector(folder, ['--data', store]);
  let acknowledged = (await runLoad(server.url, 6, 1)).acknowledged;
  const most = await runLoad(server.url, 6, 1);
  acknowledged += most.acknowledged;
  console.log(
    `at most: ${most.per_second} requests/s of one event, p50 ${most.p50_ms} p99 ${most.p99_ms} ms, ${mb(server.rss())} MB`,
  );

  const half = await runLoad(server.url, 8, 1, most.per_second / 2);
  acknowledged += half.acknowledged;
  console.log(`at half of it: p50 ${half.p50_ms} p99 ${half.p99_ms} ms (wanted: p99 under 25), ${show(half.statuses)}`);

  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, server.rss());
  }, 200);
  const over = await runLoad(server.url, SECONDS, 1, most.per_second * 3);
  clearInterval(watch);
  acknowledged += over.acknowledged;
  console.log(
    `at three times it, ${SECONDS} s: ${show(over.statuses)}; ${over.per_second}/s acknowledged, p99 of those ${over.p99_ms} ms; memory at most ${mb(peak)} MB (wanted: under 400)`,
  );

  const began = performance.now();
  let after = await runLoad(server.url, 1, 1, most.per_second / 2);
  acknowledged += after.acknowledged;
  while (after.p99_ms > 2 * half.p99_ms + 10 && performance.now() - began < 20_000) {
    after = await runLoad(server.url, 1, 1, most.per_second / 2);
    acknowledged += after.acknowledged;
  }
  console.log(
    `itself again ${((performance.now() - began) / 1000).toFixed(1)} s after (wanted: within 5): p99 ${after.p99_ms} ms at half load, ${show(after.statuses)}`,
  );
  await server.stop();
  const storage = openSqlite(store);
  const stored = await storage.log.head();
  await storage.close();
  console.log(
    `${acknowledged} acknowledged, ${stored} stored: ${stored >= acknowledged ? 'nothing is missing' : `${acknowledged - stored} MISSING`}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function mb(bytes: number): number {
  return Math.round(bytes / MB);
}

function show(statuses: Record<string, number>): string {
  return Object.entries(statuses)
    .map(([status, count]) => `${status} × ${count}`)
    .join(', ');
}
