import { expect, test } from 'vitest';
import { createLetterBudget } from './letter-budget.ts';

test('B1: a thousand letters of a site are kept in a minute, and none beyond a gibibyte', () => {
  let now = 0;
  const budget = createLetterBudget(() => now);
  expect(budget.take('a', 999)).toBe(999);
  expect(budget.take('a', 5)).toBe(1);
  expect(budget.take('a', 5)).toBe(0);
  expect(budget.take('b', 5)).toBe(5);
  now = 60_000;
  expect(budget.take('a', 5)).toBe(5);
  budget.setBytes({ a: 1024 ** 3, b: 1024 ** 3 - 1 });
  expect(budget.take('a', 1)).toBe(0);
  expect(budget.take('b', 1)).toBe(1);
});
