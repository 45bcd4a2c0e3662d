import { expect, test } from 'vitest';
import { splitIntoVisits } from './split.ts';
import { visitEvent } from './testing.ts';

const AT = Date.UTC(2026, 10, 20, 23, 50);
const MINUTE_MS = 60_000;
const at = (minute: number, more: Parameters<typeof visitEvent>[0] = {}) =>
  visitEvent({ occurred_at: AT + minute * MINUTE_MS, session_id: undefined, ...more });
const sizes = (events: Parameters<typeof splitIntoVisits>[0]) => splitIntoVisits(events).map((visit) => visit.length);
const click = (value: string, minute: number) => ({ gclid: { value, first_seen_at: AT + minute * MINUTE_MS } });

test('half an hour without an event ends a visit, to the millisecond', () => {
  expect(sizes([at(0), at(30)])).toEqual([2]);
  expect(sizes([at(0), at(30, { occurred_at: AT + 30 * MINUTE_MS + 1 })])).toEqual([1, 1]);
});

test('midnight splits nothing', () => {
  expect(sizes([at(0), at(20)])).toEqual([2]);
});

test('another campaign begins a visit, and the same one again does not', () => {
  const [autumn, winter] = [
    { source: 'news', campaign: 'autumn' },
    { source: 'news', campaign: 'winter' },
  ];
  expect(sizes([at(0, { campaign: autumn }), at(1), at(2, { campaign: autumn }), at(3, { campaign: winter }), at(4)])).toEqual([
    3, 2,
  ]);
});

test('a new click begins a visit; one that the device carries along does not', () => {
  expect(
    sizes([at(0, { click_ids: click('a', 0) }), at(5, { click_ids: click('a', 0) }), at(9, { click_ids: click('b', 9) })]),
  ).toEqual([2, 1]);
});
