/** How many dead letters of one site are kept in a minute (B1). */
const MAX_A_MINUTE = 1000;
/** How much the letters of one site may take, in bytes. */
const MAX_BYTES = 1024 ** 3;
const MINUTE_MS = 60_000;

/** Says whether another dead letter of a site may be kept; what may not is counted alone. */
export interface LetterBudget {
  /** How many of so many letters may be kept now. */
  take(site: string, wanted: number): number;
  /** What the letters of each site take, as the store says it from time to time. */
  setBytes(bytes: Readonly<Record<string, number>>): void;
}

/** A sender that is broken sends the same mistake for ever: the first of a minute tell all that there is to know (B1). */
export function createLetterBudget(now: () => number): LetterBudget {
  let minute = Number.NaN;
  let bytes: Readonly<Record<string, number>> = {};
  const kept = new Map<string, number>();
  return {
    take(site, wanted) {
      const current = Math.floor(now() / MINUTE_MS);
      if (current !== minute) kept.clear();
      minute = current;
      if ((bytes[site] ?? 0) >= MAX_BYTES) return 0;
      const before = kept.get(site) ?? 0;
      const allowed = Math.max(0, Math.min(wanted, MAX_A_MINUTE - before));
      kept.set(site, before + allowed);
      return allowed;
    },
    setBytes(given) {
      bytes = given;
    },
  };
}
