import { Worker } from 'node:worker_threads';
import type { Background } from './background.ts';
import { type CallResponse, createCaller } from './calls.ts';
import type { ThreadData, ThreadReport } from './thread.ts';

const RESTART_MS = 1_000;
/** Small, because the process should be; what it keeps for long lives elsewhere. */
const YOUNG_MB = 16;

/**
 * The background in a thread of its own, so that projecting keeps no request waiting. One that crashes is started anew: all
 * that it does, it does from what is on disk. Rejects when it can't be started at first.
 */
export async function startBackgroundThread(
  data: ThreadData,
  onError: (error: unknown, context: string) => void,
): Promise<Background> {
  let thread: Worker | undefined;
  let stopping = false;
  const caller = createCaller((call) => {
    if (call.target === 'control' && call.method === 'stop') stopping = true;
    thread?.postMessage(call);
    return thread !== undefined;
  });

  const start = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./thread.ts', import.meta.url), {
        name: 'background',
        workerData: data,
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
      });
      let failure: unknown;
      worker.on('message', (message: CallResponse | ThreadReport) => {
        if ('id' in message) caller.answer(message);
        else if ('started' in message) {
          thread = worker;
          resolve();
        } else onError(Object.assign(new Error(message.error.message), { code: message.error.code }), message.context);
      });
      worker.on('error', (error) => {
        failure = error;
      });
      worker.on('exit', (code) => {
        if (thread === worker) thread = undefined;
        caller.failAll();
        const error = failure ?? new Error(`the background thread ended with ${code}`);
        reject(error);
        if (stopping) return;
        onError(error, 'background');
        setTimeout(() => start().catch(() => undefined), RESTART_MS).unref();
      });
    });

  try {
    await start();
  } catch (error) {
    stopping = true;
    throw error;
  }
  return {
    events: caller.target('events'),
    deadLetters: caller.target('deadLetters'),
    projections: caller.target('projections'),
    outbox: caller.target('outbox'),
    rewards: caller.target('rewards'),
    persons: caller.target('persons'),
    deliveries: caller.target('deliveries'),
    connections: caller.target('connections'),
    control: caller.target('control'),
  };
}
