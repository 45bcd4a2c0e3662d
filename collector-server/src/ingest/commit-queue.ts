import type { StoredEvent } from '@orderloop/protocol';
import type { AppendResult, DeadLetter, EventLog } from '../storage/contract.ts';

const WINDOW_MS = 2;
const MAX_EVENTS = 256;

interface Waiting {
  events: readonly StoredEvent[];
  deadLetters: readonly DeadLetter[];
  resolve(results: AppendResult[]): void;
  reject(error: unknown): void;
}

/** Appends to the log for many requests at once. */
export interface CommitQueue {
  /** Resolves once the events are on stable storage (D1); rejects when nothing of them was kept. */
  append(events: readonly StoredEvent[], deadLetters?: readonly DeadLetter[]): Promise<AppendResult[]>;
  /** Resolves when all that was given has been committed or refused. */
  drain(): Promise<void>;
}

/**
 * Group commit (D4): requests that arrive within 2 ms, or 256 events, share one transaction, and each is answered after
 * that commit. `onCommit` is told that there is something new to project.
 */
export function createCommitQueue(log: EventLog, onCommit: () => void): CommitQueue {
  let waiting: Waiting[] = [];
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const commit = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const group = waiting;
    waiting = [];
    count = 0;
    if (group.length > 0) running = running.then(() => commitGroup(group));
  };

  const commitGroup = async (group: Waiting[]): Promise<void> => {
    try {
      const results = await log.append(
        group.flatMap(({ events }) => events),
        group.flatMap(({ deadLetters }) => deadLetters),
      );
      let start = 0;
      for (const { events, resolve } of group) {
        resolve(results.slice(start, start + events.length));
        start += events.length;
      }
      onCommit();
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };

  return {
    append: (events, deadLetters = []) =>
      new Promise((resolve, reject) => {
        waiting.push({ events, deadLetters, resolve, reject });
        count += events.length;
        if (count >= MAX_EVENTS) commit();
        else timer ??= setTimeout(commit, WINDOW_MS);
      }),
    async drain() {
      commit();
      await running;
    },
  };
}
