import { spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hasTools } from '../src/backup/postgres.ts';
import { sourceDelivery } from '../src/storage/deliveries.suite.ts';
import { openPostgres } from '../src/storage/postgres/index.ts';
import { findPostgres, startPostgres } from '../src/storage/postgres/testing.ts';
import { openSqlite } from '../src/storage/sqlite/index.ts';
import { newFolder, serve, startLoad } from './faults/process.ts';
import { eventually, newId, newVisit, orderInput, postEvents, postOrder, testConfig } from './harness.ts';

const BIN = join(import.meta.dirname, '..', 'bin', 'orderloop.mjs');

interface Answer {
  code: number | null;
  out: Record<string, never> & { [name: string]: unknown };
  said: string;
}

async function orderloop(...args: string[]): Promise<Answer> {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out: out ? JSON.parse(out) : {}, said };
}

/** A store with some of everything that can't be derived again. */
async function fill(folder: string, args: string[] = []): Promise<void> {
  const collector = await serve(folder, args);
  const visit = newVisit();
  await postEvents(collector, [visit.event('page_view'), visit.event('no_such_event'), visit.event('view_item')]);
  await postOrder(collector, orderInput({ session_ref: visit.session_ref }), { 'idempotency-key': 'call-1' });
  await eventually(async () => {
    const metrics = await (await fetch(`${collector.url}/metrics`)).text();
    return /orderloop_projector_lag_events 0\b/.test(metrics);
  });
  await collector.end('SIGKILL');
}

/** Whether a copied file, without what lay beside it, holds an event; one that can't be read holds none. */
function holds(file: string, event_id: string): boolean {
  try {
    const db = new DatabaseSync(file);
    const row = db.prepare('SELECT 1 FROM events WHERE event_id = ?').get(event_id);
    db.close();
    return row !== undefined;
  } catch {
    return false;
  }
}

const withDestination = () =>
  testConfig({
    destinations: [
      { id: 'hook', type: 'webhook', settings: { url: 'https://hooks.example/x', secret: 'whsec_AAECAwQFBgcICQ==' } },
    ],
  });

test('U8, F25: a backup under load is proved, and holds every event that was acknowledged before it began', async () => {
  const folder = newFolder();
  const collector = await serve(folder);
  const load = startLoad(() => collector.url, 4);
  for (let round = 0; round < 3; round++) {
    await load.until(100);
    const before = [...load.acknowledged];
    const file = join(folder, `backup-${round}`);
    const { code, out, said } = await orderloop('backup', '--to', file, '--data', folder);
    expect(said).not.toContain('Something went wrong');
    expect(code).toBe(0);
    expect(out).toMatchObject({ proved: true, engine: 'sqlite', dead_letters: 0 });
    const target = newFolder();
    expect(await orderloop('restore', file, '--data', target)).toMatchObject({ code: 0, out: { restored: true } });
    const storage = openSqlite(target);
    const missing: string[] = [];
    for (const id of before) if (!(await storage.events.find('demo', id))) missing.push(id);
    await storage.close();
    expect(missing).toEqual([]);
    // Nobody reads it without the key.
    expect(readFileSync(file).includes('page_view')).toBe(false);
  }
  await load.stop();
  // The control: files copied from under a collector lack what its write-ahead log holds, unless it was emptied just then.
  let lost = false;
  for (let attempt = 0; attempt < 5 && !lost; attempt++) {
    const event = newVisit().event('page_view');
    expect((await postEvents(collector, [event])).status).toBe(202);
    const copied = newFolder();
    for (const name of ['log.db', 'state.db']) cpSync(join(folder, name), join(copied, name));
    lost = !holds(join(copied, 'log.db'), String(event['event_id']));
  }
  expect(lost).toBe(true);
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
}, 120_000);

test('a backup that is damaged, cut off or another’s is refused, and what is there is never written over', async () => {
  const folder = newFolder();
  await fill(folder);
  const file = join(folder, 'backup');
  expect((await orderloop('backup', '--to', file, '--data', folder)).code).toBe(0);
  expect((await orderloop('backup', '--to', file, '--data', folder)).said).toContain('never written over');
  expect((await orderloop('restore', file, '--data', folder)).said).toContain('There is a store in this folder already');
  const bytes = readFileSync(file);
  const damaged = join(folder, 'damaged');
  const refusals: [string, Buffer][] = [
    ['one bit', Buffer.from(bytes.map((byte, at) => (at === bytes.length - 100 ? byte ^ 1 : byte)))],
    ['cut off', bytes.subarray(0, -200)],
    ['another header', Buffer.concat([Buffer.from(bytes.toString('latin1').replace('2026', '2027'), 'latin1')])],
    ['no backup', Buffer.from('PK\u0003\u0004')],
  ];
  for (const [what, content] of refusals) {
    writeFileSync(damaged, content);
    const target = newFolder();
    const { code } = await orderloop('restore', damaged, '--data', target);
    expect(code, what).not.toBe(0);
    expect(existsSync(join(target, 'log.db')), what).toBe(false);
  }
  const other = newFolder({ ...testConfig(), data_key: 'another' });
  const { code, said } = await orderloop('restore', file, '--data', other);
  expect(code).toBe(1);
  expect(said).toContain('was made with data key');
}, 60_000);

describe.skipIf(!findPostgres())('with PostgreSQL', () => {
  test('a store is copied to PostgreSQL with its positions, goes on where it was interrupted, and is verified', async () => {
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    const url = await server.newDatabase();
    const folder = newFolder(withDestination());
    await fill(folder);
    const source = openSqlite(folder);
    await source.log.append({
      events: Array.from({ length: 1500 }, () => ({
        event: 'page_view',
        event_id: newId(),
        site: 'demo',
        occurred_at: 1,
        received_at: 1,
      })),
    });
    await source.deliveries.put([sourceDelivery('1'), sourceDelivery('2', { verified: false, verdict: 'rejected' })]);
    const copy = () => orderloop('copy', '--data', folder, '--to', url);
    const first = await copy();
    expect(first.said).not.toContain('Something went wrong');
    expect(first).toMatchObject({ code: 0, out: { verified: true, events: { source: 1503, target: 1503, copied: 1503 } } });
    expect(first.out['tables']).toMatchObject({ calls: { source: 1, target: 1 }, dead_letters: { source: 1, target: 1 } });
    // Grown since, and once more with nothing new.
    await source.log.append({
      events: [{ event: 'page_view', event_id: newId(), site: 'demo', occurred_at: 1, received_at: 1 }],
    });
    expect(await copy()).toMatchObject({ code: 0, out: { verified: true, events: { copied: 1 } } });
    expect(await copy()).toMatchObject({ code: 0, out: { verified: true, events: { copied: 0 } } });
    // What is derived again is what was derived there.
    const moved = await serve(folder, ['--database-url', url]);
    const target = await openPostgres(url);
    onTestFinished(() => target.close());
    await eventually(async () => {
      const metrics = await (await fetch(`${moved.url}/metrics`)).text();
      return /orderloop_projector_lag_events 0\b/.test(metrics);
    });
    expect(await target.projections.dump()).toEqual(await source.projections.dump());
    expect(await target.deliveries.list({}, 9)).toEqual(await source.deliveries.list({}, 9));
    expect(await target.deliveries.summaries('demo', 0)).toEqual(await source.deliveries.summaries('demo', 0));
    expect(await target.log.call('demo', '/v1/orders', 'sk_demo_', 'key:call-1')).not.toBeNull();
    await source.close();
    // Another store may not be put over it.
    const other = newFolder();
    await fill(other);
    const refused = await orderloop('copy', '--data', other, '--to', url);
    expect(refused.code).toBe(2);
    expect(refused.said).toContain('another store');
  }, 120_000);

  test.skipIf(!hasTools())(
    'U8: a backup of PostgreSQL is restored into a scratch database before it counts',
    async () => {
      const server = await startPostgres();
      onTestFinished(() => server.stop());
      const url = await server.newDatabase();
      const folder = newFolder();
      await fill(folder, ['--database-url', url]);
      const file = join(folder, 'backup');
      const made = await orderloop('backup', '--to', file, '--data', folder, '--database-url', url);
      expect(made.said).not.toContain('Something went wrong');
      expect(made).toMatchObject({ code: 0, out: { proved: true, engine: 'postgres', events: 3, dead_letters: 1 } });
      const empty = await server.newDatabase();
      expect(await orderloop('restore', file, '--data', folder, '--database-url', empty)).toMatchObject({
        code: 0,
        out: { events: 3 },
      });
      expect((await orderloop('restore', file, '--data', folder, '--database-url', empty)).said).toContain('not empty');
      const one = await openPostgres(url);
      const two = await openPostgres(empty);
      onTestFinished(() => Promise.all([one.close(), two.close()]).then(() => undefined));
      expect(await two.projections.dump()).toEqual(await one.projections.dump());
      rmSync(file);
    },
    120_000,
  );
});
