import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Storage } from '../../src/storage/contract.ts';
import { openPostgres } from '../../src/storage/postgres/index.ts';
import { findPostgres, startPostgres } from '../../src/storage/postgres/testing.ts';
import { openSqlite } from '../../src/storage/sqlite/index.ts';
import { eventually, newVisit, postEvents, read, testConfig } from '../harness.ts';
import { mayTrace, newFolder, serve, startLoad, traceCommits } from './process.ts';

const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 3);

/** Kills a collector under load again and again; answers what it had acknowledged, and counts. */
async function killUnderLoad(folder: string, args: readonly string[] = []): Promise<string[]> {
  let current = await serve(folder, args);
  const load = startLoad(() => current.url);
  for (let round = 0; round < ROUNDS; round++) {
    // Anywhere between a few and some dozens of answers: in the middle of somebody's commit.
    await load.until(10 + ((round * 7) % 40));
    await current.end('SIGKILL');
    current = await serve(folder, args);
  }
  await load.until(10);
  await load.stop();
  await current.end('SIGKILL');
  return load.acknowledged;
}

async function assertStored(storage: Storage, acknowledged: readonly string[], perRound = 10): Promise<void> {
  const missing: string[] = [];
  for (const id of acknowledged) if (!(await storage.events.find('demo', id))) missing.push(id);
  console.log(
    `${ROUNDS} kills: ${acknowledged.length} acknowledged, ${missing.length} missing, ${await storage.log.head()} stored`,
  );
  expect(acknowledged.length).toBeGreaterThan(ROUNDS * perRound);
  expect(missing).toEqual([]);
}

test('D1, F1: a collector on SQLite that is killed under load has lost nothing that it acknowledged', async () => {
  const folder = newFolder();
  const acknowledged = await killUnderLoad(folder);
  const storage = openSqlite(folder);
  onTestFinished(() => storage.close());
  await assertStored(storage, acknowledged);
  expect(storage.integrity()).toEqual({ log: 'ok', state: 'ok' });
}, 600_000);

test.skipIf(!mayTrace)(
  'D1, F4: a collector that is killed at one write after another has lost nothing that it acknowledged',
  async () => {
    const folder = newFolder();
    let current = await serve(folder);
    const load = startLoad(() => current.url);
    for (let round = 0; round < ROUNDS; round++) {
      await load.until(5);
      const exited = once(current.child, 'exit');
      const call = round % 3 === 2 ? 'fsync,fdatasync' : 'pwrite64';
      traceCommits(current, ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${1 + round}`]);
      await exited;
      current = await serve(folder);
    }
    await load.until(10);
    await load.stop();
    await current.end('SIGKILL');
    const storage = openSqlite(folder);
    onTestFinished(() => storage.close());
    await assertStored(storage, load.acknowledged, 5);
    expect(storage.integrity()).toEqual({ log: 'ok', state: 'ok' });
  },
  1_200_000,
);

describe.skipIf(!findPostgres())('on PostgreSQL', () => {
  test('D1, F1: a collector on PostgreSQL that is killed under load has lost nothing that it acknowledged', async () => {
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    const url = await server.newDatabase();
    const acknowledged = await killUnderLoad(newFolder(), ['--database-url', url]);
    const storage = await openPostgres(url);
    onTestFinished(() => storage.close());
    await assertStored(storage, acknowledged);
  }, 600_000);

  test('U5: of two collectors on one PostgreSQL one may die: the other projects and answers what both took', async () => {
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    const url = await server.newDatabase();
    const folder = newFolder();
    const [one, two] = [await serve(folder, ['--database-url', url]), await serve(folder, ['--database-url', url])];
    const loads = [startLoad(() => one.url, 4), startLoad(() => two.url, 4)];
    await Promise.all(loads.map((load) => load.until(60)));
    await one.end('SIGKILL');
    await loads[1]!.until(60);
    await Promise.all(loads.map((load) => load.stop()));
    const sent = loads.flatMap((load) => load.acknowledged);
    const storage = await openPostgres(url);
    onTestFinished(() => storage.close());
    await assertStored(storage, sent);
    // The survivor takes over the partitions of the dead when its lease runs out.
    const counted = await eventually(async () => {
      const { sessions } = await storage.projections.dump();
      const events = (sessions as { event_count: number }[]).reduce((sum, { event_count }) => sum + event_count, 0);
      return events === (await storage.log.head()) && events;
    }, 30_000);
    expect(counted).toBeGreaterThanOrEqual(sent.length);
    const { events_total } = await read<{ events_total: number }>(two, '/v1/status');
    expect(events_total).toBe(counted);
  }, 120_000);
});

test('a collector that was killed projects on its next start what it had not projected', async () => {
  const folder = newFolder();
  const storage = openSqlite(folder);
  const { visitor_id, session_id } = newVisit();
  await storage.log.append({
    events: [{ event: 'page_view', event_id: 'e1', site: 'demo', occurred_at: 1, received_at: 1, visitor_id, session_id }],
  });
  await storage.close();
  const collector = await serve(folder);
  await eventually(async () => (await fetch(`${collector.url}/readyz`)).ok);
  expect(await collector.end('SIGTERM')).toBe(0);
  const after = openSqlite(folder);
  expect(await after.projections.sessionsOfVisitor('demo', visitor_id, 5)).toHaveLength(1);
  await after.close();
});

test('U5, F21: a collector that is told to stop answers what it began, loses nothing and leaves no log behind', async () => {
  const folder = newFolder({
    ...testConfig(),
    limits: { drain_ms: 2000, network_per_second: 1_000_000, network_burst: 1_000_000 },
  });
  const collector = await serve(folder);
  const load = startLoad(() => collector.url);
  await load.until(50);
  const ended = collector.end('SIGTERM');
  // Not ready at once, and yet answering for as long as load balancers need to notice.
  const ready = await eventually(async () => {
    const answer = await fetch(`${collector.url}/readyz`);
    return answer.status === 503 && ((await answer.json()) as { reason: string });
  });
  expect(ready.reason).toBe('shutting_down');
  const answered = load.acknowledged.length;
  expect((await postEvents(collector, [newVisit().event('page_view')])).status).toBe(202);
  await load.until(20);
  expect(load.acknowledged.length).toBeGreaterThan(answered);
  // A load balancer has taken it out by now.
  await load.stop();
  expect([...load.statuses.keys()]).toEqual([202]);
  expect(await ended).toBe(0);
  const storage = openSqlite(folder);
  onTestFinished(() => storage.close());
  await assertStored(storage, load.acknowledged);
}, 60_000);
