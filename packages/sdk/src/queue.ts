import { backoffMs } from './backoff.ts';
import { batchBody, type Entry, takeBatch } from './batch.ts';
import type { Environment } from './environment.ts';
import { post } from './transport.ts';
import type { Unsent } from './unsent.ts';
import type { Warn } from './warn.ts';

const DELAY_MS = 1000;
const FULL = 20;
const MAX_WAITING = 200;

export interface Queue {
  /** Takes an event; a prompt one takes the others along within the same task. */
  add(entry: Entry, isPrompt: boolean): void;
  /** Sends what waits now, unless the collector asked for patience. */
  flush(): Promise<void>;
  /** Brings back what the last page could not deliver. */
  restore(): Promise<void>;
  /** Hands everything over, because the page may not come back. */
  leave(): void;
  /** Forgets everything, here and in IndexedDB. */
  clear(): void;
  stop(): void;
}

interface QueueOptions {
  environment: Environment;
  url: string;
  key: string;
  unsent: Unsent;
  /** Whether events may be kept in this browser. */
  mayKeep(): boolean;
  warn: Warn;
}

/** Events on their way to the collector, each sent until it has answered for it. */
export function createQueue({ environment, url, key, unsent, mayKeep, warn }: QueueOptions): Queue {
  const { now, random } = environment;
  const flying = new Set<Entry>();
  const kept = new Set<Entry>();
  const beaconed = new WeakSet<Entry>();
  let waiting: Entry[] = [];
  let failures = 0;
  let blockedUntil = 0;
  let timer: number | undefined;
  let dueAt = 0;
  let running: Promise<void> | undefined;

  const grounded = () => waiting.filter((entry) => !flying.has(entry));
  const bodyOf = (batch: Entry[]) => batchBody(key, now(), batch);

  function wake(delay_ms: number): void {
    const at = Math.max(now() + delay_ms, blockedUntil);
    if (timer !== undefined && at >= dueAt) return;
    environment.clearTimeout(timer);
    dueAt = at;
    timer = environment.setTimeout(flush, at - now());
  }

  function flush(): Promise<void> {
    environment.clearTimeout(timer);
    timer = undefined;
    running ??= run().finally(() => {
      running = undefined;
      if (grounded().length) wake(0);
    });
    return running;
  }

  async function run(): Promise<void> {
    for (let batch = takeBatch(grounded()); batch.length && now() >= blockedUntil; batch = takeBatch(grounded())) {
      await deliver(batch);
    }
  }

  async function deliver(batch: Entry[]): Promise<void> {
    for (const entry of batch) flying.add(entry);
    const outcome = await post(environment, url, bodyOf(batch), warn);
    for (const entry of batch) flying.delete(entry);
    if (!outcome.retry) {
      failures = 0;
      return forget(batch);
    }
    failures++;
    blockedUntil = now() + Math.max(outcome.after_ms, backoffMs(failures, random(new Uint8Array(1))[0]! / 256));
    keep(batch);
    wake(0);
  }

  function forget(batch: Entry[]): void {
    waiting = waiting.filter((entry) => !batch.includes(entry));
    const stored = batch.filter((entry) => kept.delete(entry));
    if (stored.length) void unsent.drop(stored);
  }

  function keep(batch: Entry[]): void {
    // What a withdrawal has cleared in the meantime is not in `waiting` any more, and must not come back.
    const fresh = batch.filter((entry) => waiting.includes(entry) && !kept.has(entry));
    if (!fresh.length || !mayKeep()) return;
    for (const entry of fresh) kept.add(entry);
    void unsent.keep(fresh);
  }

  return {
    add(entry, isPrompt) {
      waiting = [...waiting, entry].slice(-MAX_WAITING);
      wake(isPrompt || waiting.length >= FULL ? 0 : DELAY_MS);
    },
    flush,
    async restore() {
      const known = new Set(waiting.map(({ event_id }) => event_id));
      const entries = (await unsent.all()).filter(({ event_id }) => !known.has(event_id));
      if (!entries.length || !mayKeep()) return;
      for (const entry of entries) kept.add(entry);
      waiting = [...entries, ...waiting].slice(-MAX_WAITING);
      wake(0);
    },
    leave() {
      const doubtful = [...flying];
      let rest = grounded().filter((entry) => !beaconed.has(entry));
      while (rest.length) {
        const batch = takeBatch(rest);
        rest = rest.slice(batch.length);
        for (const entry of batch) beaconed.add(entry);
        const isTaken = environment.sendBeacon(url, bodyOf(batch));
        // A beacon that is taken may still get lost; after a failure we have reason to think so.
        if (isTaken && !failures) forget(batch);
        else doubtful.push(...batch);
        if (!isTaken) void deliver(batch);
      }
      keep(doubtful);
    },
    clear() {
      waiting = [];
      kept.clear();
      void unsent.clear();
    },
    stop() {
      environment.clearTimeout(timer);
    },
  };
}
