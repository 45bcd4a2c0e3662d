import type { StoredEvent } from '@orderloop/protocol';
import type { AppendResult, CallRecord, DeadLetter, EventLog } from '../storage/contract.ts';
import { StorageFault } from '../storage/contract.ts';

/** What of one request goes into the log, all of it or nothing. */
export interface Entry {
  events: readonly StoredEvent[];
  deadLetters?: readonly DeadLetter[];
  /** The call that brought it, when it named itself; its place in the group is the queue's to say. */
  call?: Omit<CallRecord, 'first' | 'count'>;
  /** About how much memory it holds, in bytes. */
  bytes?: number;
}

/** Appends to the log for many requests at once. */
export interface CommitQueue {
  /** Resolves once the events are on stable storage (D1); rejects with StorageFault when nothing of them was kept. */
  append(entry: Entry): Promise<AppendResult[]>;
  /** The same for the one route whose every microsecond counts: `done` is called once, with an error or the results. */
  submit(entry: Entry, done: Committed): void;
  /** What waits or is being committed: events, and bytes. */
  load(): { events: number; bytes: number };
  /** Resolves when all that was given has been committed or refused. */
  drain(): Promise<void>;
}

export interface CommitQueueOptions {
  /** How long the first of a group waits for others, in ms (D4). */
  window_ms?: number;
  /** How many events don't wait any longer (D4). */
  group_events?: number;
  /** Told after each commit: its events, and how long it took in ms. There may be something new to project. */
  onCommit?: (events: number, duration_ms: number) => void;
  onFault?: (error: StorageFault) => void;
}

/** While one group is being committed the next may grow to this many times its size: fewer, larger commits under load. */
const GROWTH = 4;

export type Committed = (error: unknown, results: readonly AppendResult[]) => void;

interface Waiting {
  entry: Entry;
  done: Committed;
}

/**
 * Group commit (D4): requests that arrive within 2 ms, or 256 events, share one transaction, and each is answered after
 * that commit. One group is committed at a time; what comes meanwhile is the next.
 */
export function createCommitQueue(log: Pick<EventLog, 'append'>, options: CommitQueueOptions = {}): CommitQueue {
  const { window_ms = 2, group_events = 256, onCommit, onFault } = options;
  let waiting: Waiting[] = [];
  let waitingEvents = 0;
  let events = 0;
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let committing: Promise<void> | null = null;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (committing || waiting.length === 0) return;
    const group = takeGroup();
    committing = commit(group).finally(() => {
      committing = null;
      flush();
    });
  };

  const takeGroup = (): Waiting[] => {
    let size = 0;
    let end = 0;
    while (end < waiting.length && (end === 0 || size + waiting[end]!.entry.events.length <= group_events * GROWTH))
      size += waiting[end++]!.entry.events.length;
    const group = waiting.slice(0, end);
    waiting = waiting.slice(end);
    waitingEvents -= size;
    return group;
  };

  const commit = async (group: Waiting[]): Promise<void> => {
    const began = performance.now();
    const all: StoredEvent[] = [];
    const deadLetters: DeadLetter[] = [];
    const calls: CallRecord[] = [];
    for (const { entry } of group) {
      if (entry.call) calls.push({ ...entry.call, first: all.length, count: entry.events.length });
      for (const event of entry.events) all.push(event);
      if (entry.deadLetters) deadLetters.push(...entry.deadLetters);
    }
    try {
      const results = await log.append({ events: all, deadLetters, calls });
      let start = 0;
      for (const { entry, done } of group) {
        done(null, results.slice(start, start + entry.events.length));
        start += entry.events.length;
      }
      onCommit?.(all.length, performance.now() - began);
    } catch (error) {
      for (const { done } of group) done(error, []);
      if (error instanceof StorageFault) onFault?.(error);
    } finally {
      for (const { entry } of group) {
        events -= entry.events.length;
        bytes -= entry.bytes ?? 0;
      }
    }
  };

  const submit = (entry: Entry, done: Committed): void => {
    waiting.push({ entry, done });
    waitingEvents += entry.events.length;
    events += entry.events.length;
    bytes += entry.bytes ?? 0;
    if (waitingEvents >= group_events) flush();
    else timer ??= setTimeout(flush, window_ms);
  };

  return {
    submit,
    append: (entry) =>
      new Promise((resolve, reject) => {
        submit(entry, (error, results) => (error === null ? resolve([...results]) : reject(error)));
      }),
    load: () => ({ events, bytes }),
    async drain() {
      while (waiting.length > 0 || committing) {
        flush();
        await committing;
      }
    },
  };
}
