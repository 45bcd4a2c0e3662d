/**
 * JSON.parse that keeps integers beyond 2^53 exact, as their decimal text: store platforms' ids are that large
 * (Shopify's sample order is 820982911946154508), and a rounded id is another order's.
 * Throws SyntaxError as JSON.parse does.
 */
export function parseJson(text: string): unknown {
  // A reviver is told of every value, which takes ten times as long: only a text with so many digits can hold such a number.
  return MANY_DIGITS.test(text)
    ? JSON.parse(text, reviveLargeIntegers as (key: string, value: unknown) => unknown)
    : JSON.parse(text);
}

/** 2^53 has sixteen. */
const MANY_DIGITS = /[:[,]\s*-?\d{16}/;

// `context.source` is the JSON.parse source text access proposal, in V8 since 11.4 and not yet in TypeScript's library.
function reviveLargeIntegers(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source && /^-?\d+$/.test(source) ? source : value;
}
