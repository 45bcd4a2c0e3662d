import type { Conversion } from '@orderloop/protocol';

const MINUTE_MS = 60_000;

/** Reads a time of a conversion, RFC 3339 or UTC ms, as UTC ms; NaN when it is neither. */
export function readTime(time: string | number): number {
  return typeof time === 'number' ? time : Date.parse(time);
}

/**
 * The time to send (R2, R3): the event's own, never the time of sending. A clock up to a minute fast is clamped to now;
 * what is too old is expired, never mended. `futureMs` is what the platform itself takes ahead of time.
 */
export function sendableTime(
  conversion: Conversion,
  now: number,
  maxAgeMs: number | null,
  futureMs = 0,
): { at: number } | { reason: 'expired' | 'future' | 'invalid_value' } {
  const at = readTime(conversion.occurred_at);
  if (Number.isNaN(at)) return { reason: 'invalid_value' };
  if (maxAgeMs !== null && now - at > maxAgeMs) return { reason: 'expired' };
  if (at - now > Math.max(MINUTE_MS, futureMs)) return { reason: 'future' };
  return { at: at - now > futureMs ? now : at };
}
