import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { openSqlite } from '../../src/storage/sqlite/index.ts';
import { KEY, newVisit, ORIGIN, testConfig } from '../harness.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'orderloop.mjs');

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'orderloop-kill-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'orderloop.json'), JSON.stringify(testConfig()));
  return folder;
}

/** A collector in a process of its own; resolves when it listens. */
async function serve(folder: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [BIN, 'serve', '--port', '0', '--data', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  for await (const line of createInterface({ input: child.stderr! })) {
    const url = /^Collector\s+(\S+)/.exec(line)?.[1];
    if (url) return { child, url };
  }
  throw new Error('The collector ended before it listened.');
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, 'exit');
  child.kill(signal);
  return (await exited)[0] as number | null;
}

const post = (url: string, events: unknown[]) =>
  fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { origin: ORIGIN, 'content-type': 'text/plain' },
    body: JSON.stringify({ key: KEY, sent_at: Date.now(), events }),
  });

test('D1: a collector that is killed right after a 202 still has the event', async () => {
  const folder = newFolder();
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round++) {
    const { child, url } = await serve(folder);
    const visit = newVisit();
    // Several senders at once, so that the kill falls somewhere in the middle of their work.
    let killed: Promise<unknown> | undefined;
    const senders = Array.from({ length: 8 }, async () => {
      for (let count = 0; count < 20 && !killed; count++) {
        const event = visit.event('page_view');
        const answer = await post(url, [event]).catch(() => null);
        if (answer?.status === 202) acknowledged.push(String(event['event_id']));
        if (acknowledged.length >= (round + 1) * 40) killed ??= end(child, 'SIGKILL');
      }
    });
    await Promise.all(senders);
    await (killed ?? end(child, 'SIGKILL'));
  }
  const storage = openSqlite(folder);
  const stored = new Set((await storage.log.read(0, 0, 10_000)).map(({ event_id }) => event_id));
  await storage.close();
  expect(acknowledged.length).toBeGreaterThanOrEqual(120);
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
});

test('a collector that was killed projects on its next start what it had not projected', async () => {
  const folder = newFolder();
  const storage = openSqlite(folder);
  const visit = newVisit();
  await storage.log.append({
    events: [
      {
        event: 'page_view',
        event_id: 'e1',
        site: 'demo',
        occurred_at: 1,
        received_at: 1,
        visitor_id: visit.visitor_id,
        session_id: visit.session_id,
      },
    ],
  });
  await storage.close();
  const { child } = await serve(folder);
  expect(await end(child, 'SIGTERM')).toBe(0);
  const after = openSqlite(folder);
  expect(await after.projections.sessionsOfVisitor('demo', visit.visitor_id, 5)).toHaveLength(1);
  await after.close();
});
