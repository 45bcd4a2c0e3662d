import type { StoredEvent } from '@orderloop/protocol';
import { expect, test } from 'vitest';
import type { EventLog } from '../storage/contract.ts';
import { createCommitQueue } from './commit-queue.ts';

const event = (event_id: string): StoredEvent => ({ event: 'page_view', event_id, site: 'demo', occurred_at: 0, received_at: 0 });

function recordingLog(fail = false) {
  const batches: string[][] = [];
  const log = {
    append: async (events: readonly StoredEvent[]) => {
      batches.push(events.map(({ event_id }) => event_id));
      if (fail) throw new Error('disk full');
      return events.map(({ event_id }) => (event_id === 'twice' ? ('duplicate' as const) : ('accepted' as const)));
    },
  } as Pick<EventLog, 'append'> as EventLog;
  return { log, batches };
}

test('D4: requests that come together share one commit, and each gets its own results', async () => {
  const { log, batches } = recordingLog();
  let commits = 0;
  const queue = createCommitQueue(log, () => commits++);
  const results = await Promise.all([queue.append([event('a'), event('twice')]), queue.append([event('b')])]);
  expect(results).toEqual([['accepted', 'duplicate'], ['accepted']]);
  expect(batches).toEqual([['a', 'twice', 'b']]);
  expect(commits).toBe(1);
});

test('D4: when a commit fails, every request in it fails', async () => {
  const { log } = recordingLog(true);
  const queue = createCommitQueue(log, () => undefined);
  const results = await Promise.allSettled([queue.append([event('a')]), queue.append([event('b')])]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('256 events don’t wait for more', async () => {
  const { log, batches } = recordingLog();
  const queue = createCommitQueue(log, () => undefined);
  const full = queue.append(Array.from({ length: 256 }, (_, index) => event(String(index))));
  const next = queue.append([event('later')]);
  await Promise.all([full, next]);
  expect(batches.map(({ length }) => length)).toEqual([256, 1]);
});

test('drain leaves nothing behind', async () => {
  const { log, batches } = recordingLog();
  const queue = createCommitQueue(log, () => undefined);
  void queue.append([event('a')]);
  await queue.drain();
  expect(batches).toEqual([['a']]);
});
