import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Limits } from '../limits.ts';

/** What a request is for, the most precious first: what is refused last when there is too much (U1). */
export type Priority = 'order' | 'reward' | 'event' | 'report';

/** How much of each limit a priority may use: a report gives way at half the load, an order has room when events have none. */
const SHARE: Readonly<Record<Priority, number>> = { report: 0.5, event: 1, reward: 1.25, order: 1.5 };
const SAMPLE_MS = 1_000;
const NANOSECONDS = 1e6;

export type ShedReason = 'in_flight' | 'queue_events' | 'queue_bytes' | 'loop_delay';

export interface Admission {
  /** Why a request must be refused now; null when it may come in. Costs less than a microsecond. */
  refuse(priority: Priority): ShedReason | null;
  /** A request came in; call what is answered when it is over. */
  enter(): () => void;
  inFlight(): number;
  stop(): void;
}

/** Decides before its body is read whether a request is let in: what is begun must be finished in bounded memory. */
export function createAdmission(
  limits: Pick<Limits, 'in_flight' | 'queue_events' | 'queue_bytes' | 'loop_delay_ms'>,
  queue: () => { events: number; bytes: number },
): Admission {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let lateMs = 0;
  let inFlight = 0;
  const timer = setInterval(() => {
    lateMs = delay.percentile(99) / NANOSECONDS;
    delay.reset();
  }, SAMPLE_MS);
  timer.unref();
  return {
    refuse(priority) {
      const share = SHARE[priority];
      if (inFlight >= limits.in_flight * share) return 'in_flight';
      const { events, bytes } = queue();
      if (events >= limits.queue_events * share) return 'queue_events';
      if (bytes >= limits.queue_bytes * share) return 'queue_bytes';
      return lateMs > limits.loop_delay_ms * share ? 'loop_delay' : null;
    },
    enter() {
      inFlight++;
      let left = false;
      return () => {
        if (!left) inFlight--;
        left = true;
      };
    },
    inFlight: () => inFlight,
    stop() {
      clearInterval(timer);
      delay.disable();
    },
  };
}
