import { parentPort, workerData } from 'node:worker_threads';
import { StorageFault } from '../contract.ts';
import { Database } from './database.ts';
import { appendRows, type LogRequest, type LogResponse } from './log.ts';

/** The one writer of `log.db`, in a thread of its own: an `fsync` keeps nobody waiting but those who asked for it (D4). */
const { path } = workerData as { path: string };
const db = new Database(path, 'log');
const LOOK_EVERY = 256;
/** A reader that lasts keeps the write-ahead log from being emptied; beyond this it is emptied as soon as it can be (U7). */
const MAX_WAL_BYTES = 256 * 1024 * 1024;
let appends = 0;
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
    if (++appends % LOOK_EVERY === 0 && db.size().wal_bytes > MAX_WAL_BYTES) db.checkpoint();
  } catch (error) {
    const { message, kind } = error instanceof StorageFault ? error : new StorageFault(String(error));
    port.postMessage({ id: request.id, fault: { message, kind } } satisfies LogResponse);
  }
});
port.postMessage('open');
