import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { expect, test } from 'vitest';
import { firstFault, toPointer } from './schema-fault.ts';

const validator = Compile(
  Type.Object(
    {
      id: Type.String(),
      state: Type.Optional(Type.Union([Type.Literal('on'), Type.Literal('off')])),
      list: Type.Optional(Type.Array(Type.Integer())),
    },
    { additionalProperties: false },
  ),
);
const faultOf = (value: unknown) => firstFault(validator.Errors(value));

test('a missing, an unknown and a wrong field are named, and told apart', () => {
  expect(faultOf({})).toEqual({ pointer: '/id', kind: 'missing', detail: 'This field is required.' });
  expect(faultOf({ id: 'a', 'a/b~c': 1 })).toEqual({ pointer: '/a~1b~0c', kind: 'unknown', detail: 'There is no such field.' });
  expect(faultOf({ id: 1 })).toEqual({ pointer: '/id', kind: 'wrong', detail: 'This must be string.' });
  expect(faultOf({ id: 'a', list: [1, 'x'] })).toMatchObject({ pointer: '/list/1', kind: 'wrong' });
  expect(faultOf({ id: 'a', state: 'maybe' })).toMatchObject({ pointer: '/state', kind: 'wrong' });
  expect(firstFault([])).toEqual({ pointer: '', kind: 'wrong', detail: 'This is not valid.' });
});

test('a pointer escapes what means something in it', () => {
  expect(toPointer(['a/b', 0, '~'])).toBe('/a~1b/0/~0');
});
