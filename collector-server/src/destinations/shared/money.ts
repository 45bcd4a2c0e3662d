import { type Conversion, exponentOf, formatMinor, parseDecimal } from '@orderloop/protocol';
import type { Skip } from '../contract.ts';

/**
 * A decimal of at least 0 as the shortest JSON number (`"129.90"` → `129.9`), or null. Checked digit by digit, so that
 * float noise (`129.90000000000001`) never reaches a platform (R9).
 */
export function decimalNumber(value: string | number | undefined, currency: string | undefined): number | null {
  if (value === undefined) return null;
  const exponent = currency === undefined ? 2 : exponentOf(currency);
  if (exponent === null) return null;
  const minor = parseDecimal(value, exponent);
  return minor === null || minor < 0 ? null : minor / 10 ** exponent;
}

/** The same as a text with exactly the currency's decimals (`129.9` → `"129.90"`), for platforms that want one. */
export function decimalText(value: string | number | undefined, currency: string | undefined): string | null {
  if (value === undefined) return null;
  const exponent = currency === undefined ? 2 : exponentOf(currency);
  const minor = exponent === null ? null : parseDecimal(value, exponent);
  return minor === null || minor < 0 ? null : formatMinor(minor, exponent!);
}

/** The ISO 4217 code in upper case, or undefined when it is none. */
export function readCurrency(currency: string | undefined): string | undefined {
  const code = currency?.trim().toUpperCase();
  return code && exponentOf(code) !== null ? code : undefined;
}

/** An order's value for a platform: absent where the event needs none, or why the platform can't be told. */
export type OrderMoney =
  | { value: number; text: string; currency: string }
  | { value?: undefined; text?: undefined; currency?: undefined };

/** A purchase has a value and a currency, or is not told (relays §5); other events may have neither. */
export function orderMoney({ event, order }: Conversion): OrderMoney | Omit<Skip, 'event_id'> {
  const currency = readCurrency(order?.currency);
  const value = decimalNumber(order?.value, currency);
  if (value !== null && currency) return { value, text: decimalText(order?.value, currency)!, currency };
  if (event !== 'purchase') return {};
  const wanted = currency ? 'order.value of at least 0' : 'order.currency as ISO 4217 code';
  return { reason: 'invalid_value', detail: `A purchase needs ${wanted}.` };
}
