import { expect, test } from 'vitest';
import { checkTime, clockOffset, readInstant } from './time.ts';

const NOW = Date.UTC(2026, 10, 20);
const DAY = 86_400_000;

test('times are RFC 3339 with zone, or integer ms', () => {
  expect(readInstant('2026-02-03T12:20:07+01:00')).toBe(Date.UTC(2026, 1, 3, 11, 20, 7));
  expect(readInstant(NOW)).toBe(NOW);
  for (const wrong of ['2026-02-03', '2026-02-03T12:20:07', 'yesterday', 1.5, null, {}, '2026-13-40T00:00:00Z'])
    expect(readInstant(wrong)).toBeNull();
});

test('L2: a clock that is off by more than a minute is corrected by its own word', () => {
  expect(clockOffset(NOW - 60_000, NOW)).toBe(0);
  expect(clockOffset(NOW - 61_000, NOW)).toBe(61_000);
  expect(clockOffset(NOW + 3_600_000, NOW)).toBe(-3_600_000);
  expect(clockOffset(undefined, NOW)).toBe(0);
});

test('times before 2015, more than a day ahead, or too old are refused', () => {
  expect(checkTime(Date.UTC(2014, 11, 31), NOW, 1e13)).toMatch(/2015/);
  expect(checkTime(NOW + DAY, NOW, DAY)).toBeNull();
  expect(checkTime(NOW + DAY + 1, NOW, DAY)).toMatch(/ahead/);
  expect(checkTime(NOW - DAY, NOW, DAY)).toBeNull();
  expect(checkTime(NOW - DAY - 1, NOW, DAY)).toMatch(/ago/);
});
