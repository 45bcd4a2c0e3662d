import { describe, expect, test } from 'vitest';
import { backoff, readRetryAfter } from './retry.ts';

describe('the wait before the next attempt', () => {
  test('is anything from nothing to a ceiling that doubles up to ten seconds', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8].map((attempt) => backoff(attempt, 1, undefined))).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000,
    ]);
    expect(backoff(3, 0, undefined)).toBe(0);
    expect(backoff(3, 0.5, undefined)).toBe(500);
  });

  test('is never shorter than what Retry-After asks, even with the luckiest dice', () => {
    expect(backoff(1, 0, 7000)).toBe(7000);
    expect(backoff(1, 0.5, 7000)).toBe(7125);
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 10, 20, 10, 0, 0);

  test('is read as seconds or as an HTTP date', () => {
    expect(readRetryAfter('2', now)).toBe(2000);
    expect(readRetryAfter('0', now)).toBe(0);
    expect(readRetryAfter('Fri, 20 Nov 2026 10:00:30 GMT', now)).toBe(30_000);
  });

  test('asks for no wait when its date is past', () => {
    expect(readRetryAfter('Fri, 20 Nov 2026 09:00:00 GMT', now)).toBe(0);
  });

  test.each([null, '', '-1', '1.5', 'soon', '1e9', 'tomorrow 10:00'])('is ignored when it is %j', (header) => {
    expect(readRetryAfter(header, now)).toBeUndefined();
  });
});
