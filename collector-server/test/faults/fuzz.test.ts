import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { LoggedEvent } from '@orderloop/protocol';
import { expect, onTestFinished, test } from 'vitest';
import type { Storage } from '../../src/storage/contract.ts';
import { openPostgres } from '../../src/storage/postgres/index.ts';
import { findPostgres, startPostgres } from '../../src/storage/postgres/testing.ts';
import { openSqlite } from '../../src/storage/sqlite/index.ts';
import { testConfig } from '../harness.ts';
import { createFuzzer, type FuzzRequest } from './fuzz.ts';
import { newFolder, serve } from './process.ts';

const COUNT = Number(process.env['FUZZ_COUNT'] ?? 2500);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20261123);
const CONNECTIONS = 8;
const MAX_GROWTH = 64 * 1024 * 1024;

function send(agent: Agent, url: string, { method, headers, body }: FuzzRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(
      `${url}/v1/events`,
      { agent, method, headers: { ...headers, 'content-length': body.length } },
      (answer) => {
        answer.resume();
        answer.once('end', () => resolve(answer.statusCode!));
        answer.once('error', reject);
      },
    );
    call.once('error', reject);
    call.end(body);
  });
}

/** Resident bytes of a process; 0 where the system doesn't say. */
function rss(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Every event as text, by its id: what is compared must be the same to the byte. */
async function allEvents(storage: Storage): Promise<Map<string, string>> {
  const events = new Map<string, string>();
  for (let partition = 0; partition < storage.log.partitions; partition++) {
    let rows: LoggedEvent[] = [];
    do {
      rows = await storage.log.read(partition, rows.at(-1)?.position ?? 0, 1000);
      // Times are the sender's, shifted by when the two collectors read their own clocks.
      for (const { position: _, received_at: __, clock_offset_ms: ___, occurred_at: ____, ...event } of rows)
        events.set(event.event_id, JSON.stringify(event).replace(/"first_seen_at":\d+/g, '"first_seen_at":0'));
    } while (rows.length > 0);
  }
  return events;
}

test(`F18: ${COUNT} envelopes with something wrong: none is answered 5xx, and both engines keep the same`, async () => {
  const hasPostgres = findPostgres() !== undefined;
  const server = hasPostgres ? await startPostgres() : undefined;
  onTestFinished(() => server?.stop());
  const url = await server?.newDatabase();
  // What is shed on a busy machine is refused before it is read, and is not what is asked here.
  const config = { ...testConfig(), limits: { loop_delay_ms: 60_000 } };
  const folder = newFolder(config);
  const collectors = [await serve(folder), ...(url ? [await serve(newFolder(config), ['--database-url', url])] : [])];
  const next = createFuzzer(SEED);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS * 2 });
  onTestFinished(() => agent.destroy());
  const statuses = new Map<number, number>();
  const failures: string[] = [];
  let sent = 0;
  let before = 0;
  const work = async (): Promise<void> => {
    while (sent < COUNT) {
      const index = sent++;
      if (index === Math.floor(COUNT / 4)) before = rss(collectors[0]!.child.pid!);
      const made = next();
      const answers = await Promise.all(
        collectors.map((collector) => send(agent, collector.url, made).catch((error: Error) => `broken: ${error.message}`)),
      );
      for (const status of answers) {
        if (typeof status === 'number') statuses.set(status, (statuses.get(status) ?? 0) + 1);
        // A body that is too large is cut off while it is sent: the sender may see the end before the answer.
        const isCut = typeof status === 'string' && made.body.length > 200 * 1024;
        if (!isCut && (typeof status === 'string' || status >= 500))
          failures.push(
            `seed ${SEED}, number ${index}, ${made.kind}: ${status}\n${made.body.subarray(0, 300).toString('latin1')}`,
          );
      }
      if (answers.length === 2 && answers[0] !== answers[1] && !answers.some((answer) => typeof answer === 'string'))
        failures.push(`seed ${SEED}, number ${index}, ${made.kind}: ${answers.join(' and ')}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const grown = rss(collectors[0]!.child.pid!) - before;
  console.log(
    `fuzz: ${sent} envelopes, seed ${SEED}: ${[...statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, count]) => `${status} × ${count}`)
      .join(', ')}; memory ${Math.round(grown / 1e6)} MB more`,
  );
  expect(failures.slice(0, 5)).toEqual([]);
  expect(statuses.get(202)).toBeGreaterThan(COUNT / 5);
  // A short run measures how a process warms up.
  if (COUNT >= 20_000) expect(grown).toBeLessThan(MAX_GROWTH);
  for (const collector of collectors) {
    expect((await fetch(`${collector.url}/healthz`)).status).toBe(200);
    expect(collector.said()).not.toMatch(/"level":50/);
    await collector.end('SIGKILL');
  }
  const sqlite = openSqlite(folder);
  onTestFinished(() => sqlite.close());
  const kept = await allEvents(sqlite);
  expect(kept.size).toBeGreaterThan(COUNT / 5);
  if (!url) return;
  const postgres = await openPostgres(url);
  onTestFinished(() => postgres.close());
  const other = await allEvents(postgres);
  const different = [...kept].filter(([id, text]) => other.get(id) !== text).map(([id, text]) => [text, other.get(id)]);
  expect(different.slice(0, 3)).toEqual([]);
  expect(other.size).toBe(kept.size);
}, 900_000);

test('the generator finds what it is made to find: a server that trusts what it is sent breaks', () => {
  const next = createFuzzer(SEED);
  let broken = 0;
  for (let count = 0; count < 500; count++) {
    const { body } = next();
    try {
      const { events } = JSON.parse(body.toString()) as { events: { page: { url: string } }[] };
      for (const event of events) new URL(event.page.url);
    } catch {
      broken++;
    }
  }
  expect(broken).toBeGreaterThan(100);
});
