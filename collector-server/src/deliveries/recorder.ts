import type { SourceDelivery } from '@orderloop/protocol';

/** How soon the background hears of a delivery, in ms: many are told of at once. */
const FLUSH_MS = 250;
const RETRY_MS = 1_000;
/** What a burst keeps in memory at most; the oldest go. */
const MAX_WAITING = 1000;

export interface DeliveryRecorder {
  /** Notes a delivery that was answered. Nobody waits for it: the background keeps it a moment later, or, after a crash, never. */
  note(delivery: SourceDelivery): void;
  /** Hands on what waits, and takes nothing more. */
  stop(): Promise<void>;
}

/** `put` is the background's; what it can't keep now is handed to it again. */
export function createDeliveryRecorder(
  put: (deliveries: readonly SourceDelivery[]) => Promise<void>,
  onError: (error: unknown) => void,
): DeliveryRecorder {
  let waiting = new Map<string, SourceDelivery>();
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> | null = null;
  let stopped = false;

  const add = (delivery: SourceDelivery): void => {
    const key = JSON.stringify([delivery.site, delivery.source, delivery.id]);
    const known = waiting.get(key);
    waiting.set(key, known ? { ...delivery, first_at: known.first_at, count: known.count + delivery.count } : delivery);
    if (waiting.size > MAX_WAITING) waiting.delete(waiting.keys().next().value!);
  };
  const schedule = (ms: number): void => {
    if (stopped || timer || flushing) return;
    timer = setTimeout(flush, ms);
    timer.unref();
  };
  const flush = (): void => {
    timer = undefined;
    const deliveries = [...waiting.values()];
    waiting = new Map();
    let wait_ms = FLUSH_MS;
    flushing = put(deliveries)
      .catch((error: unknown) => {
        onError(error);
        const newer = [...waiting.values()];
        waiting = new Map();
        for (const delivery of [...deliveries, ...newer]) add(delivery);
        wait_ms = RETRY_MS;
      })
      .finally(() => {
        flushing = null;
        if (waiting.size > 0) schedule(wait_ms);
      });
  };

  return {
    note(delivery) {
      if (stopped) return;
      add(delivery);
      schedule(FLUSH_MS);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await flushing;
      if (waiting.size === 0) return;
      flush();
      await flushing;
    },
  };
}
