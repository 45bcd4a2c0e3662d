import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compact, fromJson, toJson } from './json.ts';

describe('what goes on the wire', () => {
  test('leaves out what says nothing, at every depth', () => {
    const value = { a: undefined, b: null, c: '', d: [], e: {}, f: [null, '', { g: null }], h: Number.NaN, i: { j: [''] } };
    expect(toJson(value)).toBe('{}');
  });

  test('keeps zero and false, which say something', () => {
    expect(toJson({ quantity: 0, filled: false })).toBe('{"quantity":0,"filled":false}');
  });

  test('writes dates and big integers, and leaves out functions', () => {
    expect(toJson({ at: new Date(0), bad: new Date(Number.NaN), big: 12n, run: () => 1 })).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","big":"12"}',
    );
  });

  test('ends in a circle, and where the collector would refuse the depth', () => {
    const circle: Record<string, unknown> = { name: 'a' };
    circle.self = circle;
    const json = toJson({ properties: circle });
    expect(json.match(/"name"/g)).toHaveLength(5);
  });

  test('is not misled by the toJSON of Prototype.js', () => {
    const prototype = Array.prototype as { toJSON?: unknown };
    prototype.toJSON = function (this: unknown[]) {
      return `[${this.join()}]`;
    };
    try {
      expect(toJson({ items: [{ item_id: 'a' }] })).toBe('{"items":[{"item_id":"a"}]}');
    } finally {
      delete prototype.toJSON;
    }
  });

  test('never throws, and is always JSON without null or empty text', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withSparseArray: true, withNullPrototype: true }), (value) => {
        const json = toJson({ value });
        JSON.parse(json, (key, inner) => {
          if (key) expect([null, '', '[]', '{}']).not.toContain(typeof inner === 'object' ? JSON.stringify(inner) : inner);
          return inner;
        });
      }),
    );
  });

  test('is the same after a second pass', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(toJson(compact(value))).toBe(toJson(value));
      }),
    );
  });
});

test('a damaged text is read as nothing', () => {
  expect([fromJson('{'), fromJson('null'), fromJson(null), fromJson(undefined)]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
