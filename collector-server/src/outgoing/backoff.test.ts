import { expect, test } from 'vitest';
import { RETRY_DEFAULTS, readRetryAfter, retryDelay } from './backoff.ts';

const delay = (attempt: number, random: number, throttled = false, retryAfter: number | null = null) =>
  retryDelay(attempt, RETRY_DEFAULTS, random, throttled, retryAfter);

test('O3: the wait triples, is jittered over its whole range, and is capped', () => {
  expect(delay(1, 0)).toBe(1_000);
  expect(delay(1, 1)).toBe(15_000);
  expect(delay(2, 1)).toBe(45_000);
  expect(delay(40, 1)).toBe(21_600_000);
});

test('O3: after throttling a minute at least, unless the platform names a time', () => {
  expect(delay(1, 0, true)).toBe(60_000);
  expect(delay(1, 0, true, 2_000)).toBe(2_000);
  expect(delay(1, 0.999, true, 2_000)).toBeGreaterThan(2_000);
});

test('Retry-After is seconds or a date, a day at most; rubbish is ignored', () => {
  const now = Date.UTC(2026, 10, 20, 12);
  expect(readRetryAfter('120', now)).toBe(120_000);
  expect(readRetryAfter('Fri, 20 Nov 2026 12:00:30 GMT', now)).toBe(30_000);
  expect(readRetryAfter('Fri, 20 Nov 2026 11:00:00 GMT', now)).toBe(0);
  expect(readRetryAfter('999999999', now)).toBe(86_400_000);
  expect(readRetryAfter('soon', now)).toBeNull();
  expect(readRetryAfter(undefined, now)).toBeNull();
});
