import { expect, test } from 'vitest';
import { isRelayEmail, normalizeEmail, normalizePhone } from './contact.ts';
import { countryCode } from './country.ts';

test('an address is trimmed and lower-cased, and nothing is folded', () => {
  expect(normalizeEmail('  Nora.Lind+promo@GMail.com ')).toBe('nora.lind+promo@gmail.com');
  expect(normalizeEmail('not an address')).toBeNull();
  expect(normalizeEmail('')).toBeNull();
});

test('aliases of marketplaces are known', () => {
  expect(isRelayEmail('x1@marketplace.amazon.de')).toBe(true);
  expect(isRelayEmail('x1@example.com')).toBe(false);
});

test.each([
  ['+49 (0)151 2345-6789', undefined, '+4915123456789'],
  ['0044 20 7946 0958', undefined, '+442079460958'],
  ['(415) 555-0132 ext. 9', 'US', '+14155550132'],
  ['1 415 555 0132', 'US', '+14155550132'],
  ['06 1234 5678', 'IT', '+390612345678'],
  ['030 1234567', 'Germany', '+49301234567'],
])('phone %s (%s) is %s', (phone, country, expected) => {
  expect(normalizePhone(phone, country)).toBe(expected);
});

test('a number that can’t be told is no number', () => {
  expect(normalizePhone('030 1234567')).toBeNull();
  expect(normalizePhone('555-555-SHIP', 'US')).toBeNull();
  expect(normalizePhone('+0 123')).toBeNull();
  expect(normalizePhone('')).toBeNull();
});

test('countries are known by code and by name', () => {
  expect(['de', 'DEU', 'Germany', 'Deutschland', 'Allemagne', 'AUT', 'Österreich', 'uk'].map(countryCode)).toEqual([
    'DE',
    'DE',
    'DE',
    'DE',
    'DE',
    'AT',
    'AT',
    'GB',
  ]);
  expect(countryCode('Atlantis')).toBeNull();
});
