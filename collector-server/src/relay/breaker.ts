const IN_A_ROW = 5;
const WINDOW_MS = 60_000;
const WINDOW_CALLS = 20;
const KEPT_CALLS = 100;
/** 30 s doubles to 8 min: longer, and what waited an hour would not be delivered within ten minutes of the end of it (F10). */
const MAX_DOUBLINGS = 4;

export type BreakerState = 'closed' | 'open' | 'half_open';

/** Leaves a destination alone that fails, and lets one call through now and then to see whether it is well again (O7). */
export interface Breaker {
  state(now: number): BreakerState;
  /** Until when it is open, in UTC ms; 0 while it is closed. */
  open_until(): number;
  success(now: number): void;
  failure(now: number): void;
}

/** `base_ms` is how long it opens at first; `random` is in [0, 1). */
export function createBreaker(base_ms: number, random: () => number): Breaker {
  let inARow = 0;
  let openings = 0;
  let until = 0;
  let calls: { at: number; failed: boolean }[] = [];

  const open = (now: number): void => {
    const span = base_ms * 2 ** Math.min(openings, MAX_DOUBLINGS);
    openings += 1;
    // Jittered over its upper half, so that several collectors do not come back together.
    until = now + Math.round(span * (0.5 + random() / 2));
    calls = [];
    inARow = 0;
  };

  const note = (at: number, failed: boolean): void => {
    calls = [...calls.filter((call) => call.at > at - WINDOW_MS).slice(1 - KEPT_CALLS), { at, failed }];
  };

  return {
    state: (now) => (until === 0 ? 'closed' : now < until ? 'open' : 'half_open'),
    open_until: () => until,
    success(now) {
      inARow = 0;
      openings = 0;
      until = 0;
      note(now, false);
    },
    failure(now) {
      // The one that was let through has failed, or one that was on its way when it opened.
      if (until > 0) {
        if (now >= until) open(now);
        return;
      }
      inARow += 1;
      note(now, true);
      const failed = calls.filter((call) => call.failed).length;
      if (inARow >= IN_A_ROW || (calls.length >= WINDOW_CALLS && failed * 2 >= calls.length)) open(now);
    },
  };
}
