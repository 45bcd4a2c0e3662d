import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { readCertificates, trustedChain } from './certificate.ts';
import { makeCertificate, type TestCertificate } from './testing.ts';

const NOW = Date.UTC(2026, 1, 3);
const root = makeCertificate({ name: 'Root', ca: true });
const middle = makeCertificate({ name: 'Middle', ca: true, issuer: root });
const leaf = makeCertificate({ issuer: middle });

const namesOf = (given: TestCertificate[], authorities: TestCertificate[], now = NOW) =>
  trustedChain(
    readCertificates(given.map(({ pem }) => pem).join('')),
    authorities.map(({ pem }) => new X509Certificate(pem)),
    now,
  ).map(({ subject }) => subject);

test('a certificate is trusted through those that came with it, in any order, up to one that is', () => {
  const chain = ['CN=messageverificationcerts.paypal.com', 'CN=Middle', 'CN=Root'];
  expect(namesOf([leaf, middle], [root])).toEqual(chain);
  expect(namesOf([leaf, root, middle], [root])).toEqual(chain);
  expect(namesOf([leaf], [middle])).toEqual(chain.slice(0, 2));
  expect(namesOf([leaf], [leaf])).toEqual(chain.slice(0, 1));
});

test('a certificate that nobody trusted vouches for is not', () => {
  expect(namesOf([leaf, middle], [])).toEqual([]);
  expect(namesOf([leaf], [root])).toEqual([]);
  expect(namesOf([leaf, middle, root], [])).toEqual([]);
  expect(namesOf([], [root])).toEqual([]);
  expect(namesOf([makeCertificate()], [root])).toEqual([]);
  // Bears the name of one that is trusted, and is not signed by it.
  expect(namesOf([makeCertificate({ issuer: makeCertificate({ name: 'Root', ca: true }) })], [root])).toEqual([]);
});

test('a certificate that may not vouch for others does not', () => {
  const noAuthority = makeCertificate({ name: 'shop.example', issuer: root });
  expect(namesOf([makeCertificate({ issuer: noAuthority }), noAuthority], [root])).toEqual([]);
  expect(namesOf([noAuthority], [root])).toHaveLength(2);
});

test('every certificate of a chain has to be valid at the time', () => {
  const year = { from: Date.UTC(2026, 0), to: Date.UTC(2027, 0) };
  const short = makeCertificate({ name: 'Short', ca: true, issuer: root, ...year });
  expect(namesOf([makeCertificate({ issuer: short }), short], [root], Date.UTC(2026, 6))).toHaveLength(3);
  expect(namesOf([makeCertificate({ issuer: short }), short], [root], Date.UTC(2025, 11))).toEqual([]);
  expect(namesOf([makeCertificate({ issuer: short }), short], [root], Date.UTC(2027, 1))).toEqual([]);
  expect(namesOf([makeCertificate({ issuer: root, ...year })], [root], Date.UTC(2027, 1))).toEqual([]);
});

test('the public roots are trusted', () => {
  const [pem] = rootCertificates;
  const now = Date.parse(new X509Certificate(pem!).validTo) - 1000;
  expect(trustedChain(readCertificates(pem!), [], now)).toHaveLength(1);
});

test('a text that is no certificate throws, and one that holds none is none', () => {
  expect(readCertificates('nothing')).toEqual([]);
  expect(() => readCertificates('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toThrow();
});
