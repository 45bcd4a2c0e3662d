import { CURRENCY_EXPONENTS, formatMinor, parseDecimal } from '@orderloop/protocol';
import { type Json, textAt, UnusableDelivery } from './shared/fields.ts';

/** Where Stripe's smallest unit is not known from ISO 4217 alone (order-sources §2); ISO's own two decimals are Stripe's. */
const EXPONENTS: readonly (readonly [exponent: number, codes: string])[] = [
  [0, 'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'],
  [2, 'ISK UGX'],
  [3, 'BHD JOD KWD OMR TND'],
];

/** How many decimals an amount has that Stripe writes as a whole number. A currency that is not here is refused. */
const STRIPE_EXPONENTS: ReadonlyMap<string, number> = new Map([
  ...[...CURRENCY_EXPONENTS].filter(([, exponent]) => exponent === 2),
  ...EXPONENTS.flatMap(([exponent, codes]) => codes.split(' ').map((code) => [code, exponent] as const)),
]);

/** The currency of one of Stripe's objects, and its amounts in ISO 4217's minor units. */
export interface StripeMoney {
  currency: string;
  exponent: number;
  /** Null where the object does not state it. Throws UnusableDelivery. */
  find(amount: unknown, field: string): number | null;
  /** Throws UnusableDelivery where the object does not state it. */
  read(amount: unknown, field: string): number;
}

/** `pointer` is where the object stands in the delivery. Throws UnusableDelivery for a currency that nobody knows the unit of. */
export function moneyOf(object: Json, pointer: string): StripeMoney {
  const currency = textAt(object['currency'])?.toUpperCase() ?? '';
  const exponent = CURRENCY_EXPONENTS.get(currency);
  const stripe = STRIPE_EXPONENTS.get(currency);
  if (exponent === undefined || stripe === undefined)
    throw new UnusableDelivery('unknown_currency', `${pointer}/currency`, 'Expected a currency that Stripe settles in.');
  const read = (amount: unknown, field: string): number => {
    const isWhole = typeof amount === 'number' && Number.isSafeInteger(amount) && amount >= 0;
    const minor = isWhole ? parseDecimal(formatMinor(amount, stripe), exponent) : null;
    if (minor === null)
      throw new UnusableDelivery('invalid_amount', `${pointer}/${field}`, 'Expected a whole number of at least 0.');
    return minor;
  };
  return {
    currency,
    exponent,
    read,
    find: (amount, field) => (amount === null || amount === undefined ? null : read(amount, field)),
  };
}
