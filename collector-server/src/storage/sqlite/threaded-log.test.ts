import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { type StoredEvent, uuidv7 } from '@orderloop/protocol';
import { expect, onTestFinished, test } from 'vitest';
import { StorageFault } from '../contract.ts';
import { openSqlite } from './index.ts';
import { openThreadedLog } from './threaded-log.ts';

const newEvent = (): StoredEvent => ({
  event: 'page_view',
  event_id: uuidv7(Date.now(), randomBytes(10)),
  site: 'demo',
  occurred_at: 1,
  received_at: 1,
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'orderloop-thread-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('the log that is written by a thread is the log that others read', async () => {
  const folder = newFolder();
  const log = await openThreadedLog(join(folder, 'log.db'));
  const [one, two] = [newEvent(), { ...newEvent(), visitor_id: 'v', page: { title: '灯' } }];
  expect(await log.append({ events: [one, two, one] })).toEqual(['accepted', 'accepted', 'duplicate']);
  expect(await log.read(0, 0, 10)).toEqual([
    { ...one, position: 1 },
    { ...two, position: 2 },
  ]);
  await log.close();
  const storage = openSqlite(folder);
  expect(await storage.log.head()).toBe(2);
  await storage.close();
});

test('a commit thread that crashes loses nothing acknowledged, refuses what it had begun, and another takes its place', async () => {
  const folder = newFolder();
  const crashes: Error[] = [];
  let thread: Worker | undefined;
  const log = await openThreadedLog(join(folder, 'log.db'), {
    onCrash: (error) => crashes.push(error),
    onThread: (worker) => {
      thread = worker;
    },
  });
  const acknowledged: string[] = [];
  let refused = 0;
  for (let round = 1; round <= 5; round++) {
    const killed = thread!;
    for (let count = 0; count < 20; count++) {
      const event = newEvent();
      const answer = log.append({ events: [event] }).then(
        () => acknowledged.push(event.event_id),
        (error) => {
          expect(error).toBeInstanceOf(StorageFault);
          refused++;
        },
      );
      // In the middle of its work: what is on its way has no answer yet.
      if (count === 10) void killed.terminate();
      if (count % 5 === 0) await answer;
    }
    await expect.poll(() => log.isRunning() && thread !== killed, { timeout: 10_000 }).toBe(true);
  }
  expect(crashes).toHaveLength(5);
  expect(refused).toBeGreaterThan(0);
  expect(await log.append({ events: [newEvent()] })).toEqual(['accepted']);
  await log.close();
  const storage = openSqlite(folder);
  const missing: string[] = [];
  for (const id of acknowledged) if (!(await storage.events.find('demo', id))) missing.push(id);
  expect(missing).toEqual([]);
  expect(storage.integrity()).toEqual({ log: 'ok', state: 'ok' });
  await storage.close();
});

test('a log that can’t be opened is refused, and leaves no thread behind', async () => {
  await expect(openThreadedLog(join(newFolder(), 'no', 'such', '\u0000', 'log.db'))).rejects.toThrow();
});
