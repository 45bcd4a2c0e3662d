// A slow disk (F7): strace delays each sync of the thread that commits by 5 ms. Group commit must keep requests coming where a
// server that commits for each request would do fewer than 200 a second.
//   npm run bench -- slow-disk
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLoad, startCollector } from './server.ts';

const DELAY_US = 5000;
const SYNCS = 'fsync,fdatasync';

/** The thread of a process that its own code calls so. */
function threadOf(pid: number, name: string): string {
  const task = readdirSync(`/proc/${pid}/task`).find(
    (id) => readFileSync(`/proc/${pid}/task/${id}/comm`, 'utf8').trim() === name,
  );
  if (!task) throw new Error(`Process ${pid} has no thread called ${name}.`);
  return task;
}

/** Watches one thread until it is ended; every call of the thread costs a stop, with a delay or without. */
async function trace(thread: string, delay_us: number): Promise<ChildProcess> {
  const inject = delay_us > 0 ? ['-e', `inject=${SYNCS}:delay_exit=${delay_us}`] : [];
  const tracer = spawn('strace', ['-o', '/dev/null', '-p', thread, '-e', `trace=${SYNCS}`, ...inject]);
  await once(tracer.stderr, 'data');
  return tracer;
}

if (spawnSync('strace', ['-e', 'trace=none', 'true']).status !== 0) {
  console.log('skipped: strace is not here, or may not trace');
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'orderloop-bench-'));
try {
  for (const delay_us of [0, DELAY_US]) {
    const server = await startCollector(folder, ['--data', join(folder, String(delay_us))]);
    await runLoad(server.url, 3, 1);
    const tracer = await trace(threadOf(server.pid, 'commit'), delay_us);
    const { per_second, p50_ms, p99_ms } = await runLoad(server.url, 10, 1);
    const ended = once(tracer, 'exit');
    tracer.kill('SIGTERM');
    await ended;
    await server.stop();
    console.log(`${delay_us / 1000} ms more a sync: ${Math.round(per_second)} requests/s, p50 ${p50_ms} p99 ${p99_ms} ms`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
