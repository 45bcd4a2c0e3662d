import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maskBody, maskHeaders, maskUrl } from './mask.ts';
import { scrubUrl, truncateIp } from './scrub.ts';
import { createVault } from './vault.ts';

const vault = createVault(new Uint8Array(32).fill(7));

test('P1: sealed text opens at its own place, with its own key, and nowhere else', () => {
  const sealed = vault.seal('demo|events|e1', 'nora@example.com');
  expect(sealed).not.toContain('nora');
  expect(vault.open('demo|events|e1', sealed)).toBe('nora@example.com');
  expect(() => vault.open('demo|events|e2', sealed)).toThrow();
  expect(() => createVault(new Uint8Array(32)).open('demo|events|e1', sealed)).toThrow(/another data key/);
  expect(vault.seal('x', 'same')).not.toBe(vault.seal('x', 'same'));
});

test('P1: somebody is found by address, typed or hashed, however it was written', () => {
  const plain = vault.sealUser('a', { email: ' Nora@Example.com ' });
  const hashed = vault.sealUser('b', { email_sha256: '5dc9a94bde0d9f4a07a2d2c1ef1ff3dba15b9a4a80c8d4ec92b0f5e1c5a2d2e2' });
  expect(plain.email_index).toBe(vault.sealUser('c', { email: 'nora@example.com' }).email_index);
  expect(hashed.email_index).not.toBe(plain.email_index);
  expect(createVault(new Uint8Array(32)).sealUser('a', { email: 'nora@example.com' }).email_index).not.toBe(plain.email_index);
  expect(vault.sealUser('a', { email: 'x@marketplace.amazon.de' })).not.toHaveProperty('email_index');
});

test('a key of the wrong length is refused', () => {
  expect(() => createVault(new Uint8Array(16))).toThrow(/32 bytes/);
});

test('an address that is told quickly to be plain is what scrubbing it at length would give', () => {
  const part = fc.stringMatching(/^[a-zA-Z0-9._~%@:-]{0,12}$/);
  const address = fc
    .tuple(
      fc.constantFrom('https://', 'http://', 'HTTPS://', '//', ''),
      fc.constantFrom(
        'shop.example',
        'Shop.example',
        '127.0.0.1',
        '0x7f.1',
        'a.b-c.de:443',
        'xn--a.example',
        'localhost',
        'a..b',
        'u@a.de',
      ),
      fc.array(fc.oneof(part, fc.constantFrom('.', '..', '4111111111111111', 'eyJa.b.c', 'sk_12345678')), { maxLength: 3 }),
      fc.array(fc.tuple(fc.constantFrom('utm_source', 'gclid', 'q', '', 'fbclid'), part), { maxLength: 3 }),
      fc.constantFrom('', '#top', '?', '&'),
    )
    .map(([scheme, host, path, query, end]) => {
      const search = query.map(([name, value]) => `${name}=${value}`).join('&');
      return `${scheme}${host}/${path.join('/')}${search && `?${search}`}${end}`;
    });
  fc.assert(
    fc.property(address, (text) => {
      // A fragment that is dropped again keeps the quick way from being taken.
      const atLength = scrubUrl(text.includes('#') ? text : `${text}#`);
      expect(scrubUrl(text)).toBe(atLength);
    }),
    { numRuns: 5000 },
  );
});

test('page addresses keep the campaign and lose the rest', () => {
  expect(scrubUrl('https://shop.example/thanks/4111111111111111?utm_campaign=a&gclid=b&name=Nora')).toBe(
    'https://shop.example/thanks/[removed]?utm_campaign=a&gclid=b',
  );
  expect(scrubUrl('https://shop.example/u/nora@example.com/orders')).toBe('https://shop.example/u/[removed]/orders');
  expect(scrubUrl('/products/arc?ttclid=x&q=secret#top')).toBe('/products/arc?ttclid=x');
  expect(scrubUrl('data:text/html,x')).toBeUndefined();
  expect(scrubUrl('no url')).toBeUndefined();
  expect(scrubUrl(undefined)).toBeUndefined();
});

test('addresses of connections are cut to their network', () => {
  expect(['203.0.113.77', '::ffff:203.0.113.77', '2001:db8:1:2:3:4:5:6', '2001:db8::1', 'x', undefined].map(truncateIp)).toEqual([
    '203.0.113.0',
    '203.0.113.0',
    '2001:db8:1::',
    '2001:db8:0::',
    undefined,
    undefined,
  ]);
});

test('R13: what is shown of a request holds no secret and no person', () => {
  expect(maskHeaders({ authorization: 'Bearer tok', 'webhook-signature': 'v1,abc', 'content-type': 'application/json' })).toEqual(
    {
      authorization: 'Bearer [redacted]',
      'webhook-signature': '[redacted]',
      'content-type': 'application/json',
    },
  );
  expect(maskUrl('https://x.example/a?access_token=tok&id=1')).toBe('https://x.example/a?access_token=%5Bredacted%5D&id=1');
  const body = JSON.stringify({
    data: [
      {
        event_id: 'demo:1:purchase',
        user_data: { em: ['7c90631fe9ea44'], client_ip_address: '203.0.113.24', client_user_agent: 'Mozilla' },
      },
    ],
  });
  expect(JSON.parse(maskBody(body))).toEqual({
    data: [
      { event_id: 'demo:1:purchase', user_data: { em: ['7c90…'], client_ip_address: '203.…', client_user_agent: 'Mozilla' } },
    ],
  });
  expect(maskBody('nora@example.com')).toBe('[not JSON]');
});
