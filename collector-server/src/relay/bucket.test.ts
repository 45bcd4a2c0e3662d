import { expect, test } from 'vitest';
import { createBucket } from './bucket.ts';

test('so many a minute go through, and who is too early is told for how long', () => {
  const bucket = createBucket(60, 2);
  expect([bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([0, 0, 1000]);
  expect(bucket.take(400)).toBe(600);
  expect(bucket.take(1000)).toBe(0);
  let through = 0;
  for (let now = 10_000; now < 70_000; now += 10) if (bucket.take(now) === 0) through += 1;
  expect(through).toBeGreaterThanOrEqual(60);
  expect(through).toBeLessThanOrEqual(62);
});

test('without a rate everything goes through, and a clock that jumps back takes nothing away', () => {
  expect(createBucket(undefined).take(0)).toBe(0);
  const bucket = createBucket(60, 1);
  bucket.take(5_000);
  expect(bucket.take(0)).toBe(1000);
  expect(bucket.take(1_000)).toBe(0);
});
