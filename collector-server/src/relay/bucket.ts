const MINUTE_MS = 60_000;

/** Spreads requests over time: so many a minute, and a few of them at once. */
export interface Bucket {
  /** Takes one; answers 0, or how many ms to wait until there is one. */
  take(now: number): number;
}

/** `per_minute` undefined is without limit. */
export function createBucket(per_minute: number | undefined, burst = 10): Bucket {
  if (per_minute === undefined) return { take: () => 0 };
  const every_ms = MINUTE_MS / per_minute;
  const size = Math.min(burst, per_minute);
  let tokens = size;
  let filled_at: number | undefined;
  return {
    take(now) {
      tokens = Math.min(size, tokens + Math.max(0, now - (filled_at ?? now)) / every_ms);
      filled_at = now;
      if (tokens < 1) return Math.ceil((1 - tokens) * every_ms);
      tokens -= 1;
      return 0;
    },
  };
}
