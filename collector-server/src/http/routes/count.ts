const MAX_ROWS = 500;

/** A number of the query; `fallback` for what is none. */
export function count(value: unknown, fallback: number, max = MAX_ROWS): number {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : fallback;
  return Math.min(number, max);
}
