import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from '../config.ts';
import { openStorage, type StorageSpec } from '../storage/open.ts';
import { startBackground } from './background.ts';
import { answerCall, type CallRequest } from './calls.ts';

export interface ThreadData {
  config: Config;
  spec: StorageSpec;
  owner: string;
}

export type ThreadReport = { started: true } | { error: { message: string; code?: string }; context: string };

// What nobody waits for gives way: with every core taken, requests and commits go first. On Linux this is the thread's own.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
const { config, spec, owner } = workerData as ThreadData;
const port = parentPort!;
const background = await startBackground({
  config,
  storage: await openStorage(spec),
  owner,
  now: Date.now,
  onError: (error, context) => {
    const { message, code } = error as { message?: string; code?: string };
    port.postMessage({ error: { message: message ?? String(error), ...(code && { code }) }, context } satisfies ThreadReport);
  },
});
port.on('message', async (request: CallRequest) => {
  const response = await answerCall(background, request);
  port.postMessage(response);
  if (request.target === 'control' && request.method === 'stop') port.close();
});
port.postMessage({ started: true } satisfies ThreadReport);
