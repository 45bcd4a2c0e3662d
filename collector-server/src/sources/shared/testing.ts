import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { crc32 } from 'node:zlib';
import forge from 'node-forge';

/** A certificate with its key, for tests: nobody but they ever trusts it. */
export interface TestCertificate {
  pem: string;
  key: KeyObject;
  name: string;
}

interface Options {
  name?: string;
  /** Itself, where it is left out. */
  issuer?: TestCertificate;
  ca?: boolean;
  /** UTC ms. */
  from?: number;
  to?: number;
}

let serial = 0;

/** A certificate as it is wanted, valid from 2020 to 2099 unless it is said otherwise. */
export function makeCertificate({
  name = 'messageverificationcerts.paypal.com',
  issuer,
  ca = false,
  from = Date.UTC(2020, 0),
  to = Date.UTC(2099, 0),
}: Options = {}): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = `0${++serial}`;
  certificate.validity.notBefore = new Date(from);
  certificate.validity.notAfter = new Date(to);
  certificate.setSubject([{ name: 'commonName', value: name }]);
  certificate.setIssuer([{ name: 'commonName', value: issuer?.name ?? name }]);
  certificate.setExtensions([{ name: 'basicConstraints', cA: ca }]);
  const signer = issuer ? (issuer.key.export({ type: 'pkcs1', format: 'pem' }) as string) : privateKey;
  certificate.sign(forge.pki.privateKeyFromPem(signer), forge.md.sha256.create());
  return { pem: forge.pki.certificateToPem(certificate), key: createPrivateKey(privateKey), name };
}

/** The headers with which PayPal would send a body, signed with the key of a certificate. */
export function paypalHeaders(
  body: string | Uint8Array,
  certificate: TestCertificate,
  webhook_id: string,
): Record<string, string> {
  const message = `69cd13f0-d67a-11e5-baa3-778b53f4ae55|2026-02-03T11:20:10Z|${webhook_id}|${crc32(body)}`;
  return {
    'paypal-transmission-id': '69cd13f0-d67a-11e5-baa3-778b53f4ae55',
    'paypal-transmission-time': '2026-02-03T11:20:10Z',
    'paypal-auth-algo': 'SHA256withRSA',
    'paypal-cert-url': 'https://api.paypal.com/v1/notifications/certs/CERT-TEST',
    'paypal-transmission-sig': sign('sha256', Buffer.from(message), certificate.key).toString('base64'),
  };
}
