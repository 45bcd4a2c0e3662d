import { parentPort, workerData } from 'node:worker_threads';
import { StorageFault } from '../contract.ts';
import { Database } from './database.ts';
import { appendRows, type LogRequest, type LogResponse } from './log.ts';

/** The one writer of `log.db`, in a thread of its own: an `fsync` keeps nobody waiting but those who asked for it (D4). */
const { path } = workerData as { path: string };
const db = new Database(path, 'log');
const port = parentPort!;

port.on('message', (request: LogRequest | 'close') => {
  if (request === 'close') {
    db.checkpoint();
    void db.close().then(() => port.close());
    return;
  }
  try {
    const results = db.writeNow(() => appendRows(db, request));
    port.postMessage({ id: request.id, results } satisfies LogResponse);
  } catch (error) {
    const { message, kind } = error instanceof StorageFault ? error : new StorageFault(String(error));
    port.postMessage({ id: request.id, fault: { message, kind } } satisfies LogResponse);
  }
});
port.postMessage('open');
