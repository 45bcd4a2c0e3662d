const BASE_MS = 1000;
const CAP_MS = 60_000;

/** How long to wait after so many failures in a row: anything up to a doubling limit, so that visitors don't return in step. */
export function backoffMs(failures: number, random: number): number {
  return random * Math.min(CAP_MS, BASE_MS * 2 ** (failures - 1));
}

/** The `Retry-After` header, seconds or a date, as ms from `now`; 0 when there is none to be read. */
export function retryAfterMs(header: string | null, now: number): number {
  if (!header) return 0;
  const seconds = Number(header);
  return Math.max(0, Number.isNaN(seconds) ? Date.parse(header) - now || 0 : seconds * 1000);
}
