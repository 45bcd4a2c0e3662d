import { createHmac as nodeHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { LIMIT_DEFAULTS } from '../limits.ts';
import { createHmac, createRates } from './rates.ts';

const from = (address: string): IncomingMessage => ({ socket: { remoteAddress: address } as Socket }) as IncomingMessage;
const addressOf = (request: IncomingMessage) => request.socket.remoteAddress;
const START = Date.UTC(2026, 10, 27, 8);

function ratesAt(limits: Partial<typeof LIMIT_DEFAULTS>) {
  const clock = { now: START };
  return { clock, rates: createRates({ ...LIMIT_DEFAULTS, ...limits }, addressOf, () => clock.now) };
}

test('U2: a network has its burst, then waits as long as it is told, and is let in again', () => {
  const { rates, clock } = ratesAt({ network_per_second: 1, network_burst: 3 });
  expect([1, 2, 3, 4].map(() => rates.network(from('198.51.100.7')))).toEqual([0, 0, 0, 1]);
  // The whole /24 is one party, and the next is another.
  expect(rates.network(from('198.51.100.200'))).toBe(1);
  expect(rates.network(from('198.51.101.7'))).toBe(0);
  clock.now += 1000;
  expect([1, 2].map(() => rates.network(from('198.51.100.7')))).toEqual([0, 1]);
});

test('U2: an IPv6 party is its /64', () => {
  const { rates } = ratesAt({ network_per_second: 1, network_burst: 1 });
  expect(rates.network(from('2001:db8:1:2::1'))).toBe(0);
  expect(rates.network(from('2001:db8:1:2:ffff::9'))).toBe(1);
  expect(rates.network(from('2001:db8:1:3::1'))).toBe(0);
});

test('U2: this machine itself is not counted by network', () => {
  const { rates } = ratesAt({ network_per_second: 1, network_burst: 1 });
  expect([1, 2, 3].map(() => rates.network(from('127.0.0.1')))).toEqual([0, 0, 0]);
});

test('U2: a key and a site have buckets of their own', () => {
  const { rates } = ratesAt({ key_per_second: 1, key_burst: 2, site_per_second: 1, site_burst: 3 });
  expect([1, 2, 3].map(() => rates.caller('shop', 'pk_shop_1'))).toEqual([0, 0, 1]);
  expect([1, 2].map(() => rates.caller('shop', 'pk_shop_2'))).toEqual([0, 1]);
  expect(rates.caller('other', 'pk_other_1')).toBe(0);
});

test('U2: a clock that is set back neither gives nor takes', () => {
  const { rates, clock } = ratesAt({ network_per_second: 1, network_burst: 2 });
  expect(rates.network(from('198.51.100.7'))).toBe(0);
  clock.now -= 3_600_000;
  expect([1, 2].map(() => rates.network(from('198.51.100.7')))).toEqual([0, 1]);
});

test('A5: five attempts to sign in a minute from one network, from this machine too', () => {
  const { rates, clock } = ratesAt({});
  expect([1, 2, 3, 4, 5, 6].map(() => rates.login(from('127.0.0.1')))).toEqual([0, 0, 0, 0, 0, 12]);
  clock.now += 12_000;
  expect([1, 2].map(() => rates.login(from('127.0.0.1')))).toEqual([0, 12]);
});

test('P1: what stands for a network is an HMAC-SHA256 under a key of its own', () => {
  const key = randomBytes(64);
  const hmac = createHmac(key);
  for (const text of ['198.51.100', '2001:db8:1:2', '', 'ffff:ffff:ffff:ffff'])
    expect(hmac(text)).toBe(nodeHmac('sha256', key).update(text).digest('base64'));
  expect(createHmac()('198.51.100')).not.toBe(createHmac()('198.51.100'));
});

test('P1: the salt lives for a day: a network is another party on the next', () => {
  const { rates, clock } = ratesAt({ network_per_second: 1, network_burst: 1 });
  const request = from('198.51.100.7');
  expect([1, 2].map(() => rates.network(request))).toEqual([0, 1]);
  clock.now = Date.UTC(2026, 10, 28);
  // A bucket that is full again would say the same of the old name; an hour before, it is not the wait that lets it in.
  expect(rates.network(request)).toBe(0);
});

test('U2: a look costs less than a microsecond', () => {
  const { rates } = ratesAt({ network_per_second: 1_000_000, network_burst: 1_000_000 });
  const request = from('198.51.100.7');
  expect(microseconds(() => rates.network(request))).toBeLessThan(1);
});

/** The least of several measurements: what the work costs, without what else the machine does. */
function microseconds(work: () => unknown): number {
  const RUNS = 20_000;
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 10; attempt++) {
    const began = performance.now();
    for (let index = 0; index < RUNS; index++) work();
    least = Math.min(least, ((performance.now() - began) * 1000) / RUNS);
  }
  return least;
}
