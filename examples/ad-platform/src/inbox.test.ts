import { beforeEach, describe, expect, test } from 'vitest';
import { createInbox, type Inbox } from './inbox.ts';
import type { Source } from './types.ts';

const MINUTE = 60_000;

let now = 0;
let inbox: Inbox;

beforeEach(() => {
  now = Date.UTC(2026, 10, 20);
  inbox = createInbox(() => now);
});

const arrive = (source: Source, event_id: string | null = 'N-1', event_name = 'Purchase') =>
  inbox.receive({ event_name, event_id, source, value: 1, currency: 'EUR', raw: {} });

const states = () => inbox.received().events.map(({ source, status, kept }) => [source, status, kept]);

describe('one event that comes twice is counted once', () => {
  test('from the server twice: the first counts', () => {
    arrive('api');
    now += MINUTE;
    arrive('api');
    expect(states()).toEqual([
      ['api', 'counted', null],
      ['api', 'duplicate', 'api'],
    ]);
  });

  test('from the browser, then the server: the browser’s counts', () => {
    arrive('pixel');
    now += 40 * MINUTE;
    arrive('api');
    expect(states()).toEqual([
      ['pixel', 'counted', null],
      ['api', 'duplicate', 'pixel'],
    ]);
  });

  test('from the server, then within five minutes the browser: the browser’s takes its place', () => {
    arrive('api');
    now += 5 * MINUTE;
    arrive('pixel');
    arrive('api');
    expect(states()).toEqual([
      ['api', 'duplicate', 'pixel'],
      ['pixel', 'counted', null],
      ['api', 'duplicate', 'pixel'],
    ]);
  });

  test('from the server, then after five minutes the browser: the server’s stays', () => {
    arrive('api');
    now += 5 * MINUTE + 1;
    arrive('pixel');
    expect(states()).toEqual([
      ['api', 'counted', null],
      ['pixel', 'duplicate', 'api'],
    ]);
  });
});

describe('is counted by itself', () => {
  test('another name, another id, no id at all', () => {
    arrive('api');
    arrive('api', 'N-2');
    arrive('api', 'N-1', 'AddToCart');
    arrive('api', null);
    arrive('api', null);
    expect(states().every(([, status]) => status === 'counted')).toBe(true);
  });

  test('the same id after 48 hours, and not a moment before', () => {
    arrive('api');
    now += 48 * 60 * MINUTE;
    arrive('api');
    now += 1;
    arrive('api');
    expect(states().map(([, status]) => status)).toEqual(['counted', 'duplicate', 'counted']);
  });
});

test('the version tells whether anything is new', () => {
  const before = inbox.version();
  expect(inbox.version()).toBe(before);
  arrive('api');
  expect(inbox.version()).not.toBe(before);
});
