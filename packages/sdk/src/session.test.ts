import { describe, expect, test } from 'vitest';
import { readArrival } from './arrival.ts';
import { adoptClicks, continueVisit, type Visit } from './session.ts';

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 10, 23, 12);

function createVisit(search = '', now = NOON): { visit: Visit; newId: () => string } {
  let count = 0;
  const newId = () => `id-${++count}`;
  return { visit: continueVisit(undefined, arrivalAt(search, now), now, newId), newId };
}
const arrivalAt = (search: string, now = NOON) => readArrival(`https://shop.example/${search}`, now);

describe('a session', () => {
  test('goes on within half an hour', () => {
    const { visit, newId } = createVisit();
    expect(continueVisit(visit, arrivalAt(''), NOON + 30 * MINUTE, newId)).toMatchObject({ session_id: visit.session_id });
  });

  test('is a new one after more than half an hour, of the same visitor, and starts counting anew', () => {
    const { visit, newId } = createVisit();
    const next = continueVisit({ ...visit, seq: 7 }, undefined, NOON + 30 * MINUTE + 1, newId);
    expect(next).toMatchObject({ visitor_id: visit.visitor_id, seq: 0 });
    expect(next.session_id).not.toBe(visit.session_id);
  });

  test('does not end at midnight', () => {
    const beforeMidnight = Date.UTC(2026, 10, 23, 23, 59);
    const { visit, newId } = createVisit('', beforeMidnight);
    expect(continueVisit(visit, undefined, beforeMidnight + 2 * MINUTE, newId).session_id).toBe(visit.session_id);
  });

  test.each([
    ['another campaign', '?utm_source=news', '?utm_source=search'],
    ['a campaign after none', '', '?utm_source=news'],
    ['another click of the same platform', '?fbclid=A', '?fbclid=B'],
    ['a click of another platform', '?fbclid=A', '?gclid=A'],
  ])('is a new one with %s', (_, first, second) => {
    const { visit, newId } = createVisit(first);
    expect(continueVisit(visit, arrivalAt(second), NOON + MINUTE, newId).session_id).not.toBe(visit.session_id);
  });

  test.each([
    ['its own campaign and click again, as on a reload', '?utm_source=news&fbclid=A'],
    ['a page without either', ''],
  ])('goes on with %s', (_, search) => {
    const { visit, newId } = createVisit('?utm_source=news&fbclid=A');
    const next = continueVisit(visit, arrivalAt(search), NOON + MINUTE, newId);
    expect(next).toMatchObject({ session_id: visit.session_id, campaign: { source: 'news' } });
  });

  test('that starts by itself keeps the click ids, and not the campaign', () => {
    const { visit, newId } = createVisit('?utm_source=news&fbclid=A');
    const next = continueVisit(visit, undefined, NOON + 60 * MINUTE, newId);
    expect(next.click_ids).toEqual({ fbclid: { value: 'A', first_seen_at: NOON } });
    expect(next.campaign).toBeUndefined();
  });

  test('with the click of an earlier session is a new one, once', () => {
    const { visit, newId } = createVisit('?gclid=G');
    const later = continueVisit(visit, undefined, NOON + 60 * MINUTE, newId);
    const again = continueVisit(later, arrivalAt('?gclid=G'), NOON + 61 * MINUTE, newId);
    expect(again.session_id).not.toBe(later.session_id);
    expect(continueVisit(again, arrivalAt('?gclid=G'), NOON + 62 * MINUTE, newId).session_id).toBe(again.session_id);
  });

  test.each([
    ['a record without a time', Number.NaN],
    ['a clock that was a day ahead', NOON + 1440 * MINUTE],
  ])('does not last for ever through %s', (_, active_at) => {
    const { visit, newId } = createVisit();
    expect(continueVisit({ ...visit, active_at }, undefined, NOON, newId).session_id).not.toBe(visit.session_id);
  });
});

test('a click that is allowed late belongs to the running session', () => {
  const { visit, newId } = createVisit();
  const adopted = adoptClicks(visit, arrivalAt('?fbclid=A'), NOON + MINUTE);
  expect(adopted).toMatchObject({ session_id: visit.session_id, click_ids: { fbclid: { value: 'A', first_seen_at: NOON } } });
  expect(continueVisit(adopted, arrivalAt('?fbclid=A'), NOON + MINUTE, newId).session_id).toBe(visit.session_id);
});
