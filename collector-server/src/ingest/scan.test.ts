import { expect, test } from 'vitest';
import { scanJson } from './scan.ts';

const scan = (text: string, tokens = 100) => scanJson(Buffer.from(text), tokens);

test('64 levels are legal, 65 are not', () => {
  expect(scan('['.repeat(64) + ']'.repeat(64))).toBeNull();
  expect(scan('['.repeat(65) + ']'.repeat(65))).toBe('too_deep');
});

test('brackets inside texts count for nothing', () => {
  expect(scan(JSON.stringify({ a: `"${'['.repeat(200)}\\"` }))).toBeNull();
});

test('tokens are counted, and the limit is exact', () => {
  const list = (count: number) => JSON.stringify(Array.from({ length: count }, () => 1));
  expect(scan(list(99))).toBeNull();
  expect(scan(list(100))).toBe('too_many_tokens');
});
