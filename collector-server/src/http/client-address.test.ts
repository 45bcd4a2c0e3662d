import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { createClientAddress, isLoopback, networkOf } from './client-address.ts';

const from = (remoteAddress: string | undefined, forwarded?: string): IncomingMessage =>
  ({
    socket: { remoteAddress },
    connection: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

test('A10: without trusted proxies the connection’s address counts, whatever the headers say', () => {
  const addressOf = createClientAddress([]);
  expect(addressOf(from('203.0.113.9', '198.51.100.1'))).toBe('203.0.113.9');
  expect(addressOf(from('::ffff:203.0.113.9'))).toBe('203.0.113.9');
  expect(addressOf(from(undefined, '198.51.100.1'))).toBeUndefined();
});

test('A10: a header is believed from a trusted proxy alone, and read from right to left', () => {
  const addressOf = createClientAddress(['10.0.0.0/8', 'fd00::/8']);
  expect(addressOf(from('10.0.0.1', '198.51.100.1'))).toBe('198.51.100.1');
  expect(addressOf(from('203.0.113.9', '198.51.100.1'))).toBe('203.0.113.9');
  // What the client itself wrote stands to the left, and is never reached.
  expect(addressOf(from('10.0.0.1', '1.2.3.4, 198.51.100.1'))).toBe('198.51.100.1');
  expect(addressOf(from('10.0.0.1', '1.2.3.4, 198.51.100.1, 10.9.9.9'))).toBe('198.51.100.1');
  expect(addressOf(from('::ffff:10.0.0.1', '2001:db8::1'))).toBe('2001:db8::1');
  expect(addressOf(from('fd00::1', '10.1.1.1, fd00::2'))).toBe('10.1.1.1');
});

test('A10: what is no address in the header is not believed', () => {
  const addressOf = createClientAddress(['10.0.0.0/8']);
  expect(addressOf(from('10.0.0.1', 'unknown'))).toBe('10.0.0.1');
  expect(addressOf(from('10.0.0.1', '1.2.3.4, <script>, 10.0.0.2'))).toBe('10.0.0.2');
  expect(addressOf(from('10.0.0.1', ''))).toBe('10.0.0.1');
});

test('the network of an address is its /24 or its /64, in one spelling', () => {
  expect(networkOf('198.51.100.7')).toBe('198.51.100');
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
  expect(networkOf('2001:DB8:1:2::9')).toBe('2001:db8:1:2');
  expect(networkOf('2001:db8::9')).toBe('2001:db8:0:0');
  expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0');
  expect(networkOf('rubbish')).toBeUndefined();
  expect(networkOf(undefined)).toBeUndefined();
});

test('loopback is told apart', () => {
  expect(['127.0.0.1', '127.8.8.8', '::1'].map(isLoopback)).toEqual([true, true, true]);
  expect(['128.0.0.1', '::2', undefined].map(isLoopback)).toEqual([false, false, false]);
});
