import { expect, test } from 'vitest';
import { conversionId, SESSION_REF_PATTERN, sessionRef, uuidv7 } from './ids.ts';

const random = new Uint8Array(10).fill(0xff);

test('a UUIDv7 carries its time, version and variant', () => {
  const id = uuidv7(0x0190_a1b2_c3d4, random);
  expect(id).toBe('0190a1b2-c3d4-7fff-bfff-ffffffffffff');
});

test('UUIDv7s of later times sort later', () => {
  expect(uuidv7(1_795_000_000_000, random) < uuidv7(1_795_000_000_001, new Uint8Array(10))).toBe(true);
});

test('a session reference passes every carrier unescaped', () => {
  const ref = sessionRef(uuidv7(1_795_000_000_000, random), uuidv7(1_795_000_000_000, new Uint8Array(10)));
  expect(ref).toMatch(SESSION_REF_PATTERN);
  expect(ref).toHaveLength(49);
});

test('a conversion id says site, order and stage, and no two orders share one', () => {
  expect(conversionId('demo', '1001', 'purchase')).toBe('demo:1001:purchase');
  expect(conversionId('demo', 'a:b', 'c')).not.toBe(conversionId('demo', 'a', 'b:c'));
  expect(conversionId('demo', '#10 01/é', 'purchase')).toBe('demo:%2310%2001%2F%C3%A9:purchase');
});

test('a conversion id never throws, whatever a page calls its order', () => {
  expect(conversionId('demo', '\ud800', 'purchase')).toBe('demo:%EF%BF%BD:purchase');
});
