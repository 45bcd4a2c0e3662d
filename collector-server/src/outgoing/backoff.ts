export interface RetrySettings {
  base_ms: number;
  cap_ms: number;
  floor_ms: number;
  /** After a 429 or a timeout, unless the platform itself names a sooner time. */
  throttled_floor_ms: number;
}

/** O3: base 5 s, cap 6 h, floor 1 s, 60 s after throttling. */
export const RETRY_DEFAULTS: RetrySettings = { base_ms: 5_000, cap_ms: 21_600_000, floor_ms: 1_000, throttled_floor_ms: 60_000 };

const MAX_RETRY_AFTER_MS = 86_400_000;

/**
 * How long to wait after attempt number `attempt` (from 1), in ms: full jitter, `random(floor, min(cap, base·3^n))`, so
 * that what failed together does not come back together. `random` is in [0, 1).
 */
export function retryDelay(
  attempt: number,
  settings: RetrySettings,
  random: number,
  throttled: boolean,
  retryAfterMs: number | null,
): number {
  const ceiling = Math.min(settings.cap_ms, settings.base_ms * 3 ** Math.min(attempt, 30));
  if (retryAfterMs !== null) return retryAfterMs + random * Math.min(settings.floor_ms, ceiling);
  const floor = Math.min(throttled ? settings.throttled_floor_ms : settings.floor_ms, settings.cap_ms);
  return floor + random * Math.max(0, ceiling - floor);
}

/** `Retry-After` in ms: seconds or an HTTP date, at most 24 h; rubbish is null. */
export function readRetryAfter(header: string | undefined, now: number): number | null {
  if (!header) return null;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}
