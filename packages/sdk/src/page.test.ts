import { expect, test } from 'vitest';
import { cleanPage } from './page.ts';

const urlOf = (url: string, mayKeepClicks = true) => cleanPage({ url }, mayKeepClicks).url;

test('an address is sent without its fragment and user part', () => {
  expect(urlOf('https://me:secret@shop.example/a?b=1#token=2')).toBe('https://shop.example/a?b=1');
});

test('without ad_storage the addresses lose their click ids, and nothing else', () => {
  const page = { url: 'https://shop.example/?fbclid=A&utm_source=b&ScCid=C', referrer: 'https://shop.example/?gclid=G' };
  expect(cleanPage(page, false)).toEqual({ url: 'https://shop.example/?utm_source=b', referrer: 'https://shop.example/' });
  expect(cleanPage(page, true)).toEqual(page);
});

test('a query without click ids is not spelt anew', () => {
  expect(urlOf('https://shop.example/?q=a%20b', false)).toBe('https://shop.example/?q=a%20b');
});

test('what is no address is not sent', () => {
  expect(cleanPage({ url: 'nonsense', referrer: '' }, true)).toEqual({ url: undefined, referrer: undefined });
});
