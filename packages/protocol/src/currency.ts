const EXPONENT_0 = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF';
const EXPONENT_2 =
  'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG';
const EXPONENT_3 = 'BHD IQD JOD KWD LYD OMR TND';
const EXPONENT_4 = 'CLF UYW';

/** ISO 4217: how many decimals a currency's minor unit has. */
export const CURRENCY_EXPONENTS: ReadonlyMap<string, number> = new Map(
  [EXPONENT_0, EXPONENT_2, EXPONENT_3, EXPONENT_4].flatMap((codes, index) =>
    codes.split(' ').map((code) => [code, index === 0 ? 0 : index + 1] as const),
  ),
);

/** The minor-unit exponent of an ISO 4217 code, or null when the code is not in the table: never a silent 2. */
export function exponentOf(currency: string): number | null {
  return CURRENCY_EXPONENTS.get(currency) ?? null;
}

const DECIMAL = /^([+-]?)(\d{1,15})(?:\.(\d{1,20}))?$/;

/**
 * Reads a decimal text as integer minor units, digit by digit, without a float in between.
 * More decimals than the exponent are rounded once, half away from zero (BigCommerce and Magento send four).
 * A number is read through its shortest decimal text. Answers null when it is not a decimal, or too large to be exact.
 */
export function parseDecimal(value: string | number, exponent: number): number | null {
  const match = DECIMAL.exec(typeof value === 'number' ? plainText(value) : value.trim());
  if (!match) return null;
  const [, sign, whole = '', fraction = ''] = match;
  const digits = `${whole}${fraction.slice(0, exponent).padEnd(exponent, '0')}`;
  let minor = Number(digits);
  if ((fraction[exponent] ?? '0') >= '5') minor += 1;
  if (!Number.isSafeInteger(minor)) return null;
  return sign === '-' && minor !== 0 ? -minor : minor;
}

/** True when the text has a non-zero digit past the exponent: `"1.005"` in EUR. */
export function hasSurplusDecimals(value: string, exponent: number): boolean {
  const fraction = DECIMAL.exec(value.trim())?.[3] ?? '';
  return /[1-9]/.test(fraction.slice(exponent));
}

/** Writes integer minor units as a decimal with exactly the currency's decimals: `12990, 2` → `"129.90"`. */
export function formatMinor(minor: number, exponent: number): string {
  const digits = String(Math.abs(minor)).padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  const fraction = exponent === 0 ? '' : `.${digits.slice(-exponent)}`;
  return `${minor < 0 ? '-' : ''}${whole}${fraction}`;
}

function plainText(value: number): string {
  const text = String(value);
  if (!/e/i.test(text)) return text;
  // 1e-7 and the like: below any minor unit, so fixed notation loses nothing that could be kept.
  return Number.isFinite(value) && Math.abs(value) < 1e15 ? value.toFixed(10) : text;
}
