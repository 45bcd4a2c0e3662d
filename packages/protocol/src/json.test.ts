import { expect, test } from 'vitest';
import { parseJson } from './json.ts';

test('integers beyond 2^53 keep every digit', () => {
  expect(parseJson('{"id":820982911946154508,"small":42,"money":9.5}')).toEqual({
    id: '820982911946154508',
    small: 42,
    money: 9.5,
  });
});

test('what is not JSON throws', () => {
  expect(() => parseJson('{')).toThrow(SyntaxError);
});
