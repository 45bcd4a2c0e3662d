import { expect, test } from 'vitest';
import { createBreaker } from './breaker.ts';

const breaker = () => createBreaker(30_000, () => 1);

test('O7: five failures in a row open it, and one success between does not', () => {
  const one = breaker();
  for (let call = 0; call < 4; call++) one.failure(call);
  one.success(5);
  for (let call = 0; call < 4; call++) one.failure(10 + call);
  expect(one.state(20)).toBe('closed');
  one.failure(20);
  expect(one.state(21)).toBe('open');
  expect(one.open_until()).toBe(30_020);
});

test('O7: half of twenty calls within a minute open it, and calls of an hour ago count for nothing', () => {
  const mixed = breaker();
  for (let call = 0; call < 9; call++) {
    mixed.failure(call * 100);
    mixed.success(call * 100 + 50);
  }
  expect(mixed.state(1000)).toBe('closed');
  mixed.success(1000);
  mixed.failure(1001);
  expect(mixed.state(1002)).toBe('open');
  const old = breaker();
  for (let call = 0; call < 30; call++) {
    old.failure(call * 70_000);
    old.success(call * 70_000 + 1);
  }
  expect(old.state(30 * 70_000)).toBe('closed');
});

test('O7: it opens for twice as long each time that the one let through fails, up to a limit, and closes when it does not', () => {
  const one = breaker();
  for (let call = 0; call < 5; call++) one.failure(0);
  const spans: number[] = [];
  for (let opening = 0; opening < 6; opening++) {
    const until = one.open_until();
    expect(one.state(until)).toBe('half_open');
    one.failure(until);
    spans.push(one.open_until() - until);
  }
  expect(spans).toEqual([60_000, 120_000, 240_000, 480_000, 480_000, 480_000]);
  one.success(one.open_until());
  expect(one.state(one.open_until())).toBe('closed');
});

test('what was on its way when it opened does not open it for longer', () => {
  const one = breaker();
  for (let call = 0; call < 5; call++) one.failure(0);
  for (let call = 0; call < 5; call++) one.failure(10);
  expect(one.open_until()).toBe(30_000);
});
