/** Cents as a decimal text: `12990` → `"129.90"`. */
export function toDecimal(cents: number): string {
  return `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}

/** Cents as the number in major units that GA4's events hold. */
export function toNumber(cents: number): number {
  return Number(toDecimal(cents));
}
