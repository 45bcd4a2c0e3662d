const MINUTE_MS = 60_000;

/** Spreads requests over time: so many a minute, and a few of them at once. */
export interface Bucket {
  /** Takes one; answers 0, or how many ms to wait until there is one. */
  take(now: number): number;
}

/** `per_minute` undefined is without limit; `burst` is how many may come at once. */
export function createBucket(per_minute: number | undefined, burst = Math.min(10, per_minute ?? 0)): Bucket {
  if (per_minute === undefined) return { take: () => 0 };
  const every_ms = MINUTE_MS / per_minute;
  let tokens = burst;
  let filled_at: number | undefined;
  return {
    take(now) {
      tokens = Math.min(burst, tokens + Math.max(0, now - (filled_at ?? now)) / every_ms);
      filled_at = now;
      if (tokens < 1) return Math.ceil((1 - tokens) * every_ms);
      tokens -= 1;
      return 0;
    },
  };
}
