import { describe, expect, test } from 'vitest';
import { readArrival } from './arrival.ts';
import { mergeClickIds } from './click-ids.ts';

const DAY = 86_400_000;
const at = (search: string, day: number) => readArrival(`https://shop.example/${search}`, day * DAY);
const after = (...arrivals: ReturnType<typeof at>[]) =>
  arrivals.reduce((kept, arrival) => mergeClickIds(kept, arrival, arrival.at), {});

describe('click ids', () => {
  test('are kept as they stand, with the time they were first seen', () => {
    expect(after(at('?fbclid=IwAR-x_Y', 1))).toEqual({ fbclid: { value: 'IwAR-x_Y', first_seen_at: DAY } });
  });

  test('that come again keep their first time', () => {
    expect(after(at('?fbclid=A', 1), at('?fbclid=A', 2))).toEqual({ fbclid: { value: 'A', first_seen_at: DAY } });
  });

  test('differ in case: a and A are two clicks', () => {
    expect(after(at('?gclid=a', 1), at('?gclid=A', 2))).toEqual({ gclid: { value: 'A', first_seen_at: 2 * DAY } });
  });

  test('replace those of the same platform only', () => {
    expect(after(at('?gclid=G&fbclid=F', 1), at('?wbraid=W', 2))).toEqual({
      fbclid: { value: 'F', first_seen_at: DAY },
      wbraid: { value: 'W', first_seen_at: 2 * DAY },
    });
  });

  test('of one platform in one address are both kept', () => {
    expect(Object.keys(after(at('?gclid=G&gbraid=B', 1)))).toEqual(['gclid', 'gbraid']);
  });

  test('go when their platform would no longer take them: TikTok after 30 days, Google after 90', () => {
    const kept = after(at('?ttclid=T&gclid=G', 0));
    expect(Object.keys(mergeClickIds(kept, undefined, 30 * DAY - 1))).toEqual(['gclid', 'ttclid']);
    expect(Object.keys(mergeClickIds(kept, undefined, 30 * DAY))).toEqual(['gclid']);
    expect(mergeClickIds(kept, undefined, 90 * DAY)).toEqual({});
  });
});

describe('an address', () => {
  test('names the campaign by its UTM parameters, without the empty ones', () => {
    expect(at('?utm_source=news&utm_medium=&utm_campaign=spring&utm_id=7', 0).campaign).toEqual({
      source: 'news',
      campaign: 'spring',
      id: '7',
    });
  });

  test('holds a click id of 1,024 characters, and none of 1,025', () => {
    expect(at(`?fbclid=${'x'.repeat(1024)}`, 0).clicks.fbclid).toHaveLength(1024);
    expect(at(`?fbclid=${'x'.repeat(1025)}`, 0).clicks).toEqual({});
  });

  test('that is none says nothing', () => {
    expect(readArrival('not an address', 5)).toEqual({ clicks: {}, at: 5 });
  });
});
