const BASE_MS = 250;
const CAP_MS = 10_000;

/** Past this, a call gives up instead of holding its caller; the error says how long to wait. */
export const LONGEST_WAIT_MS = 60_000;

/**
 * The wait before attempt `attempt` + 1: full jitter, because a fixed schedule brings every caller of a collector that
 * just came back to its door at the same time. What `Retry-After` asks comes first, and the jitter on top of it.
 */
export function backoff(attempt: number, random: number, retryAfterMs: number | undefined): number {
  const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** (attempt - 1));
  return Math.round((retryAfterMs ?? 0) + random * (retryAfterMs === undefined ? ceiling : BASE_MS));
}

/** `Retry-After` in ms: seconds or an HTTP date. Rubbish is ignored. */
export function readRetryAfter(header: string | null, now: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // `Date.parse` reads almost anything as a date; HTTP has one form only.
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return undefined;
  return Math.max(0, Date.parse(text) - now);
}
