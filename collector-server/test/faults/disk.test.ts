import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openSqlite } from '../../src/storage/sqlite/index.ts';
import { eventually, newVisit, postEvents, testConfig } from '../harness.ts';
import { mayTrace, newFolder, serve, startLoad, traceCommits } from './process.ts';

/** A small disk of its own; null where this user may not mount one. */
function mountSmallDisk(size: string): string | null {
  const at = mkdtempSync(join(tmpdir(), 'orderloop-disk-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', at]).status !== 0) {
    rmSync(at, { recursive: true });
    return null;
  }
  return at;
}

function unmount(at: string): void {
  execFileSync('umount', ['-l', at]);
  rmSync(at, { recursive: true, force: true });
}

const probe = mountSmallDisk('1m');
if (probe) unmount(probe);
const mayMount = probe !== null;

describe.skipIf(!mayMount)(mayMount ? 'on a small disk' : 'skipped: this user may not mount a disk', () => {
  test('U3, F5: a disk that is full refuses writes, answers reads, loses nothing, and goes on by itself when there is space', async () => {
    const disk = mountSmallDisk('12m')!;
    onTestFinished(() => unmount(disk));
    const folder = newFolder(testConfig({}, { limits: { disk_reserve_bytes: 0, network_burst: 1_000_000 } }), disk);
    const collector = await serve(folder);
    const large = () => newVisit().event('page_view', { properties: { filler: Array(14).fill('x'.repeat(1000)) } });
    const acknowledged: string[] = [];
    const statuses = new Set<number>();
    for (let count = 0; count < 2000 && !statuses.has(503); count++) {
      const event = large();
      const { status } = await postEvents(collector, [event]);
      statuses.add(status);
      if (status === 202) acknowledged.push(String(event['event_id']));
    }
    expect([...statuses].sort()).toEqual([202, 503]);
    expect(acknowledged.length).toBeGreaterThan(30);
    // Reads go on.
    expect((await fetch(`${collector.url}/healthz`)).status).toBe(200);
    const { status, body, headers } = await postEvents(collector, [large()]);
    expect({ status, code: body['code'] }).toMatchObject({ status: 503 });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    execFileSync('mount', ['-o', 'remount,size=64m', disk]);
    await eventually(async () => (await postEvents(collector, [large()])).status === 202);
    expect(collector.child.exitCode).toBeNull();
    expect(await collector.end('SIGTERM')).toBe(0);
    const storage = openSqlite(folder);
    onTestFinished(() => storage.close());
    const missing: string[] = [];
    for (const id of acknowledged) if (!(await storage.events.find('demo', id))) missing.push(id);
    console.log(`disk full: ${acknowledged.length} acknowledged before, ${missing.length} missing`);
    expect(missing).toEqual([]);
    expect(storage.integrity()).toEqual({ log: 'ok', state: 'ok' });
  }, 120_000);

  test('U3: below the reserve writes are refused before the disk is full, and it is not ready', async () => {
    const disk = mountSmallDisk('40m')!;
    onTestFinished(() => unmount(disk));
    const folder = newFolder(testConfig({}, { limits: { disk_reserve_bytes: 16 * 1024 * 1024 } }), disk);
    const collector = await serve(folder);
    expect((await postEvents(collector, [newVisit().event('page_view')])).status).toBe(202);
    const filler = join(disk, 'filler');
    writeFileSync(filler, Buffer.alloc(25 * 1024 * 1024));
    const refused = await eventually(async () => {
      const answer = await postEvents(collector, [newVisit().event('page_view')]);
      return answer.status === 503 && answer;
    });
    expect(refused.body['code']).toBe('disk_full');
    const ready = await fetch(`${collector.url}/readyz`);
    expect({ status: ready.status, body: await ready.json() }).toEqual({
      status: 503,
      body: { status: 'not_ready', reason: 'disk_full' },
    });
    rmSync(filler);
    await eventually(async () => (await postEvents(collector, [newVisit().event('page_view')])).status === 202);
    expect((await fetch(`${collector.url}/readyz`)).status).toBe(200);
  }, 60_000);
});

describe.skipIf(!mayTrace)(mayTrace ? 'with the system’s calls watched' : 'skipped: strace is not here, or may not trace', () => {
  test('U3, F6: after a failed fsync the batch is refused, and the process ends with 70 for its supervisor to start anew', async () => {
    const folder = newFolder();
    const collector = await serve(folder);
    const load = startLoad(() => collector.url, 4);
    await load.until(20);
    const exited = new Promise<number | null>((resolve) => collector.child.once('exit', resolve));
    traceCommits(collector, ['-e', 'trace=fsync,fdatasync', '-e', 'inject=fsync,fdatasync:error=EIO:when=20+']);
    expect(await exited).toBe(70);
    await load.stop();
    expect(collector.said()).toContain('ending, to be started anew');
    const again = await serve(folder);
    expect((await postEvents(again, [newVisit().event('page_view')])).status).toBe(202);
    await again.end('SIGKILL');
    const storage = openSqlite(folder);
    onTestFinished(() => storage.close());
    const missing: string[] = [];
    for (const id of load.acknowledged) if (!(await storage.events.find('demo', id))) missing.push(id);
    expect(missing).toEqual([]);
  }, 60_000);

  test('D1, F3: between the write and the answer the write-ahead log is made durable', async () => {
    const folder = newFolder();
    const collector = await serve(folder);
    await postEvents(collector, [newVisit().event('page_view')]);
    const trace = join(folder, 'trace');
    const tracer = traceCommits(collector, ['-y', '-o', trace, '-e', 'trace=fsync,fdatasync,pwrite64']);
    await eventually(async () => existsSync(trace));
    const read = () => readFileSync(trace, 'utf8').split('\n');
    const syncs = () => read().filter((line) => /fdatasync|fsync/.test(line) && line.includes('log.db-wal')).length;
    // The tracer may have come too late for the first.
    await eventually(async () => (await postEvents(collector, [newVisit().event('page_view')])).status === 202 && syncs() > 0);
    const before = syncs();
    for (let count = 0; count < 5; count++)
      expect((await postEvents(collector, [newVisit().event('page_view')])).status).toBe(202);
    expect(syncs()).toBeGreaterThanOrEqual(before + 5);
    const writes = read();
    expect(writes.findIndex((line) => line.includes('pwrite64'))).toBeLessThan(
      writes.findLastIndex((line) => /fsync|fdatasync/.test(line)),
    );
    tracer.kill('SIGTERM');
  }, 60_000);
});
