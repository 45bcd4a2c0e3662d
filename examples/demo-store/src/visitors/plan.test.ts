import { describe, expect, test } from 'vitest';
import { planDay, type Step } from './plan.ts';

const NOW = Date.UTC(2026, 10, 20, 10, 15, 30);
const HOUR = 3600_000;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

const day = (seed: number) => planDay({ seed, now: NOW, visitors: 300 });
const ordersOf = (seed: number) =>
  day(seed).flatMap((visitor) =>
    visitor.sessions.flatMap(({ steps }) =>
      steps.filter((step): step is Extract<Step, { kind: 'order' }> => step.kind === 'order').map((step) => ({ visitor, step })),
    ),
  );

test('the same seed makes the same day, and another seed another', () => {
  expect(day(1)).toEqual(day(1));
  expect(day(1)).not.toEqual(day(2));
});

describe.each(SEEDS)('the day of seed %i', (seed) => {
  test('has 300 visitors, three quarters of whom agreed, and some of whom return', () => {
    const visitors = day(seed);
    expect(visitors).toHaveLength(300);
    expect(new Set(visitors.map(({ visitor_id }) => visitor_id)).size).toBe(300);
    const agreed = visitors.filter(({ consented }) => consented).length;
    expect(agreed).toBeGreaterThan(200);
    expect(agreed).toBeLessThan(250);
    expect(visitors.filter(({ sessions }) => sessions.length === 2).length).toBeGreaterThan(15);
    expect(new Set(visitors.map(({ channel }) => channel)).size).toBe(6);
  });

  test('has 25 to 40 orders, most of them with their session', () => {
    const orders = ordersOf(seed);
    expect(orders.length).toBeGreaterThanOrEqual(25);
    expect(orders.length).toBeLessThanOrEqual(40);
    const traced = orders.filter(({ step }) => step.trace === 'session').length;
    expect(traced / orders.length).toBeGreaterThan(0.6);
    expect(orders.every(({ visitor, step }) => visitor.consented || step.trace === 'none')).toBe(true);
    expect(orders.every(({ step }) => step.basket.length > 0)).toBe(true);
  });

  test('lies within the past 24 hours, and each session in its own order', () => {
    for (const { sessions } of day(seed)) {
      const times = sessions.flatMap(({ steps }) => steps.map(({ at }) => at));
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(times[0]).toBeGreaterThan(NOW - 24 * HOUR);
      expect(times.at(-1)).toBeLessThan(NOW);
    }
  });
});

test('evenings are busier than nights', () => {
  const hours = SEEDS.flatMap(day).map(({ sessions }) => new Date(sessions[0]!.steps[0]!.at).getUTCHours());
  const between = (from: number, to: number) => hours.filter((hour) => hour >= from && hour < to).length;
  expect(between(18, 22)).toBeGreaterThan(5 * between(1, 5));
});

test('nobody in it could be a person', () => {
  for (const { person } of day(1)) {
    expect(person.email).toMatch(/^[a-z.\d]+@example\.com$/);
    if (person.phone) expect(person.phone).toMatch(/^(\+49171392000\d\d|\+3363998000\d\d|\+44770090000\d\d)$/);
  }
});
