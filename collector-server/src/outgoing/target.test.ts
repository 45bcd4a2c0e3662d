import { expect, test } from 'vitest';
import { isPublicAddress, refuseTarget } from './target.ts';

test('A11: global unicast addresses alone are public, judged by their bits', () => {
  for (const address of ['8.8.8.8', '1.1.1.1', '2a00:1450:4001:82a::200e']) expect(isPublicAddress(address)).toBe(true);
  for (const address of [
    '127.0.0.1',
    '10.0.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    'x',
  ]) {
    expect(isPublicAddress(address), address).toBe(false);
  }
});

test('A11: only https on 443 is called, whatever way a private address is spelt', () => {
  expect(refuseTarget('https://graph.facebook.com/v26.0/1/events', [])).toBeNull();
  for (const url of [
    'http://erp.example/',
    'https://u@erp.example/',
    'https://erp.example:8443/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::1]/',
    'no url',
  ]) {
    expect(refuseTarget(url, []), url).not.toBeNull();
  }
});

test('an origin on the list may be called', () => {
  expect(refuseTarget('http://127.0.0.1:4102/webhook', ['http://127.0.0.1:4102'])).toBeNull();
  expect(refuseTarget('http://127.0.0.1:4103/webhook', ['http://127.0.0.1:4102'])).not.toBeNull();
});
