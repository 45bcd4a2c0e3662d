import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CURRENCY_EXPONENTS, exponentOf, formatMinor, hasSurplusDecimals, parseDecimal } from './currency.ts';

test('exponents follow ISO 4217, and an unknown code has none', () => {
  expect([exponentOf('JPY'), exponentOf('EUR'), exponentOf('KWD'), exponentOf('CLF')]).toEqual([0, 2, 3, 4]);
  expect(exponentOf('QQQ')).toBeNull();
  expect(exponentOf('eur')).toBeNull();
});

test('decimals are read digit by digit', () => {
  expect(parseDecimal('15.755', 3)).toBe(15755);
  expect(parseDecimal('0.1', 2)).toBe(10);
  expect(parseDecimal('5250.00', 0)).toBe(5250);
  expect(parseDecimal(27.000000000000004, 2)).toBe(2700);
  expect(parseDecimal(129.9, 2)).toBe(12990);
  expect(parseDecimal('-20.00', 2)).toBe(-2000);
});

test('surplus decimals are rounded once, half away from zero', () => {
  expect(parseDecimal('62.6793', 2)).toBe(6268);
  expect(parseDecimal('0.005', 2)).toBe(1);
  expect(parseDecimal('-0.005', 2)).toBe(-1);
  expect(parseDecimal('1.0049999', 2)).toBe(100);
  expect(hasSurplusDecimals('1.005', 2)).toBe(true);
  expect(hasSurplusDecimals('1.500', 2)).toBe(false);
});

test('what is no decimal, or too large to be exact, is refused', () => {
  for (const text of ['', 'abc', '1,5', '1e3', '0x10', '--1', '1.', '.5', '99999999999999999'])
    expect(parseDecimal(text, 2)).toBeNull();
  expect(parseDecimal(Number.NaN, 2)).toBeNull();
  expect(parseDecimal(Number.POSITIVE_INFINITY, 2)).toBeNull();
});

test('formatting and reading are inverse for every currency', () => {
  const currencies = fc.constantFrom(...CURRENCY_EXPONENTS.values());
  fc.assert(
    fc.property(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), currencies, (minor, exponent) => {
      expect(parseDecimal(formatMinor(minor, exponent), exponent)).toBe(minor);
    }),
    { seed: 7 },
  );
});
