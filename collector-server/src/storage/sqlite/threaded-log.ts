import { Worker } from 'node:worker_threads';
import { type AppendResult, type EventLog, StorageFault } from '../contract.ts';
import { unpackResults } from '../rows.ts';
import { Database } from './database.ts';
import { createLogReader, type LogRequest, type LogResponse, toRequest } from './log.ts';

/** How long the thread stays down after it crashed, in ms: long enough not to spin, short enough not to be missed. */
const RESTART_MS = 250;
/** What is given to be written lives for a few ms: a small nursery is enough, and keeps the process small. */
const YOUNG_MB = 16;

interface Pending {
  resolve(results: AppendResult[]): void;
  reject(error: StorageFault): void;
  size: number;
}

export interface ThreadedLog extends EventLog {
  /** True while the thread that commits runs. */
  isRunning(): boolean;
  close(): Promise<void>;
}

/**
 * The log on SQLite with its writer in a thread of its own. A writer that crashes takes nothing with it that was
 * acknowledged: what it was given is refused as StorageFault, and another takes its place. `onCrash` is told, `onThread` of
 * each thread that runs.
 */
export async function openThreadedLog(
  path: string,
  { onCrash, onThread }: { onCrash?: (error: Error) => void; onThread?: (thread: Worker) => void } = {},
): Promise<ThreadedLog> {
  const pending = new Map<number, Pending>();
  let next = 0;
  let thread: Worker | undefined;
  let closing = false;
  let restart: NodeJS.Timeout | undefined;

  const start = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./log-thread.ts', import.meta.url), {
        name: 'commit',
        workerData: { path },
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
      });
      let failure: Error | undefined;
      worker.on('message', (message: LogResponse | 'open') => {
        if (message === 'open') {
          thread = worker;
          onThread?.(worker);
          resolve();
        } else answer(message);
      });
      worker.on('error', (error) => {
        failure = error as Error;
      });
      worker.on('exit', (code) => {
        if (thread === worker) thread = undefined;
        failAll();
        const error = failure ?? new Error(`the commit thread ended with ${code}`);
        reject(error);
        if (closing) return;
        onCrash?.(error);
        restart = setTimeout(() => start().catch(() => undefined), RESTART_MS);
      });
    });

  const answer = (message: LogResponse): void => {
    const entry = pending.get(message.id);
    pending.delete(message.id);
    if ('fault' in message) entry?.reject(new StorageFault(message.fault.message, { kind: message.fault.kind }));
    else entry?.resolve(unpackResults(message.results, entry.size));
  };

  const failAll = (): void => {
    for (const { reject } of pending.values()) reject(new StorageFault('[orderloop] the commit thread ended before it answered'));
    pending.clear();
  };

  try {
    await start();
  } catch (error) {
    closing = true;
    clearTimeout(restart);
    throw error;
  }
  const reader = new Database(path, 'log', { readOnly: true });
  return {
    ...createLogReader(reader),
    isRunning: () => thread !== undefined,
    append: (batch) =>
      new Promise((resolve, reject) => {
        if (!thread) return reject(new StorageFault('[orderloop] the commit thread is not running'));
        const request: LogRequest = toRequest(next++, batch);
        pending.set(request.id, { resolve, reject, size: batch.events.length });
        thread.postMessage(request);
      }),
    async close() {
      closing = true;
      clearTimeout(restart);
      await reader.close();
      const worker = thread;
      if (!worker) return;
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      worker.postMessage('close');
      await ended;
    },
  };
}
