const DAY_MS = 86_400_000;
const EARLIEST_MS = Date.UTC(2015, 0, 1);
const MAX_AHEAD_MS = DAY_MS;
const TOLERATED_SKEW_MS = 60_000;
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/i;

/** How old an event may be: 30 days from a browser, 400 from a server. */
export const MAX_AGE_MS = { browser: 30 * DAY_MS, server: 400 * DAY_MS } as const;

/** UTC ms from RFC 3339 with zone, or from integer ms; null when it is neither. */
export function readInstant(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : null;
  if (typeof value !== 'string' || !RFC_3339.test(value)) return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}

/**
 * What the sender's clock is off by, in ms: 0 unless it is off by more than a minute (L2). `sent_at` is the clock's own
 * word at the time of sending.
 */
export function clockOffset(sent_at: unknown, received_at: number): number {
  const sent = readInstant(sent_at);
  if (sent === null || Math.abs(received_at - sent) <= TOLERATED_SKEW_MS) return 0;
  return received_at - sent;
}

/** Why a corrected time can't be used, or null. */
export function checkTime(occurred_at: number, now: number, maxAgeMs: number): string | null {
  if (occurred_at < EARLIEST_MS) return 'The time is before 2015.';
  if (occurred_at > now + MAX_AHEAD_MS) return 'The time is more than 24 h ahead.';
  if (occurred_at < now - maxAgeMs) return `The time is more than ${Math.round(maxAgeMs / DAY_MS)} days ago.`;
  return null;
}
