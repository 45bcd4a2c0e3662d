import type { StoredEvent } from '@orderloop/protocol';
import { expect, test } from 'vitest';
import { type LogBatch, StorageFault } from '../storage/contract.ts';
import { createCommitQueue } from './commit-queue.ts';

const event = (event_id: string): StoredEvent => ({ event: 'page_view', event_id, site: 'demo', occurred_at: 0, received_at: 0 });
const events = (...ids: string[]) => ({ events: ids.map(event) });
const many = (count: number, name = 'e') => events(...Array.from({ length: count }, (_, index) => `${name}${index}`));

/** A log that remembers its batches, and commits each when `gate` lets it. */
function recordingLog({ fail = false, gate = Promise.resolve() }: { fail?: boolean; gate?: Promise<void> } = {}) {
  const batches: string[][] = [];
  const named: [string, number, number][] = [];
  const log = {
    append: async (batch: LogBatch) => {
      batches.push(batch.events.map(({ event_id }) => event_id));
      for (const { key, first, count } of batch.calls ?? []) named.push([key, first, count]);
      await gate;
      if (fail) throw new StorageFault('disk full');
      return batch.events.map(({ event_id }) => (event_id === 'twice' ? ('duplicate' as const) : ('accepted' as const)));
    },
  };
  return { log, batches, named };
}

test('D4: requests that come together share one commit, and each gets its own results', async () => {
  const { log, batches } = recordingLog();
  let commits = 0;
  const queue = createCommitQueue(log, { onCommit: () => commits++ });
  const results = await Promise.all([queue.append(events('a', 'twice')), queue.append(events('b'))]);
  expect(results).toEqual([['accepted', 'duplicate'], ['accepted']]);
  expect(batches).toEqual([['a', 'twice', 'b']]);
  expect(commits).toBe(1);
});

test('D4: when a commit fails, every request in it fails, and nothing is held of it', async () => {
  const { log } = recordingLog({ fail: true });
  const faults: StorageFault[] = [];
  const queue = createCommitQueue(log, { onFault: (fault) => faults.push(fault) });
  const results = await Promise.allSettled([queue.append({ ...events('a'), bytes: 9 }), queue.append(events('b'))]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(faults).toHaveLength(1);
  expect(queue.load()).toEqual({ events: 0, bytes: 0 });
});

test('256 events don’t wait for more', async () => {
  const { log, batches } = recordingLog();
  const queue = createCommitQueue(log, { window_ms: 60_000 });
  await queue.append(many(256));
  expect(batches.map(({ length }) => length)).toEqual([256]);
});

test('what comes while a group is committed is the next group, and may be larger', async () => {
  let open = (): void => undefined;
  const { log, batches } = recordingLog({ gate: new Promise((resolve) => (open = resolve)) });
  const queue = createCommitQueue(log);
  const first = queue.append(many(256));
  const later = Array.from({ length: 12 }, (_, index) => queue.append(many(100, `later${index}-`)));
  expect(batches).toHaveLength(1);
  expect(queue.load().events).toBe(1456);
  open();
  await Promise.all([first, ...later]);
  expect(batches.map(({ length }) => length)).toEqual([256, 1000, 200]);
});

test('a call that named itself is told which events of the group are its own', async () => {
  const { log, named } = recordingLog();
  const queue = createCommitQueue(log);
  const call = { site: 'demo', route: 'r', owner: 'o', key: 'k', body_hash: 'h', received_at: 0, answer: '{}' };
  await Promise.all([queue.append(events('a', 'b')), queue.append({ ...events('c', 'd', 'e'), call })]);
  expect(named).toEqual([['k', 2, 3]]);
});

test('drain leaves nothing behind', async () => {
  const { log, batches } = recordingLog();
  const queue = createCommitQueue(log, { window_ms: 60_000 });
  void queue.append(events('a'));
  await queue.drain();
  expect(batches).toEqual([['a']]);
});
