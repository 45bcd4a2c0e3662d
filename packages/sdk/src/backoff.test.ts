import { expect, test } from 'vitest';
import { backoffMs, retryAfterMs } from './backoff.ts';

test('the wait doubles with each failure from one second, and stops at a minute', () => {
  expect([1, 2, 3, 6, 7, 50].map((failures) => backoffMs(failures, 1))).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000]);
});

test('the wait is anywhere below its limit', () => {
  expect([0, 0.25, 0.5].map((random) => backoffMs(3, random))).toEqual([0, 1000, 2000]);
});

test.each([
  ['120', 120_000],
  ['Mon, 23 Nov 2026 12:00:30 GMT', 30_000],
  ['Mon, 23 Nov 2026 11:00:00 GMT', 0],
  ['-5', 0],
  ['soon', 0],
  [null, 0],
])('Retry-After %s is %i ms', (header, ms) => {
  expect(retryAfterMs(header, Date.UTC(2026, 10, 23, 12))).toBe(ms);
});
