import { expect, test } from 'vitest';
import { createCell, type StorageArea } from './storage.ts';

const areaOf = (map: Map<string, string>): StorageArea => ({
  getItem: (key) => map.get(key) ?? null,
  setItem: (key, value) => map.set(key, value),
  removeItem: (key) => map.delete(key),
});
const refuse = (): never => {
  throw new DOMException('no', 'SecurityError');
};

test('what is written is read again, also by another tab', () => {
  const map = new Map<string, string>();
  createCell(() => areaOf(map), 'a').write({ seq: 1 });
  expect(createCell(() => areaOf(map), 'a').read()).toEqual({ seq: 1 });
});

test('what is removed is gone', () => {
  const map = new Map<string, string>();
  const cell = createCell(() => areaOf(map), 'a');
  cell.write({ seq: 1 });
  cell.remove();
  expect([cell.read(), map.size]).toEqual([undefined, 0]);
});

test('a damaged value is no value', () => {
  expect(createCell(() => areaOf(new Map([['a', '{"seq":']])), 'a').read()).toBeUndefined();
});

test('storage that is refused altogether is replaced by the page’s memory', () => {
  const cell = createCell(refuse, 'a');
  expect(cell.read()).toBeUndefined();
  cell.write({ seq: 1 });
  expect(cell.read()).toEqual({ seq: 1 });
  cell.remove();
  expect(cell.read()).toBeUndefined();
});

test('storage that is full goes on in memory with the newest value', () => {
  const map = new Map([['a', '{"seq":1}']]);
  const cell = createCell(() => ({ ...areaOf(map), setItem: refuse }), 'a');
  cell.write({ seq: 2 });
  expect(cell.read()).toEqual({ seq: 2 });
});
