import { expect, test } from 'vitest';
import { cached } from './cached.ts';

test('an answer is kept for twenty times as long as it took, for each key', async () => {
  let clock = 0;
  let asked = 0;
  const read = cached(
    async (key: string) => {
      asked += 1;
      clock += 10;
      return `${key}${asked}`;
    },
    () => clock,
  );
  expect(await read('a')).toBe('a1');
  clock += 199;
  expect(await read('a')).toBe('a1');
  expect(await read('b')).toBe('b2');
  clock += 1;
  expect(await read('a')).toBe('a3');
});

test('who asks while it is asked for gets the same answer, and a failure is not kept', async () => {
  let asked = 0;
  const read = cached(async () => {
    asked += 1;
    if (asked === 1) throw new Error('busy');
    return asked;
  });
  const both = await Promise.allSettled([read(undefined), read(undefined)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(asked).toBe(1);
  expect(await read(undefined)).toBe(2);
});
