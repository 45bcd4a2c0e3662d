import { type KeyObject, verify, type X509Certificate } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Connection, Source, SourceReading, SourceRequest } from './contract.ts';
import { paypalApi } from './paypal-api.ts';
import { readEvent } from './paypal-events.ts';
import { readCertificates, trustedChain } from './shared/certificate.ts';
import { parseBody, reading } from './shared/fields.ts';
import { checkAddress, checkTexts, textSetting } from './shared/settings.ts';

/**
 * PayPal's events (order-sources §10): how orders were paid, or, where a site has nothing else, the orders themselves. They are
 * signed with a certificate that PayPal hands out, so there is no secret, but the webhook's id, which is signed along and never
 * sent. An order is known by PayPal's order id; captures are its payments. The session reference comes back as `custom_id`.
 */
export const paypal: Source = {
  id: 'paypal',
  role: null,
  check: ({ settings }) => [
    ...checkTexts(settings, ['webhook_id']),
    ...checkAddress(settings, 'api_url'),
    ...checkSandbox(settings['sandbox']),
    ...checkCertificates(settings),
  ],
  read: (request, connection, { now, certificate }) =>
    refusal(request, connection, now, certificate) ?? reading(() => readEvent(parseBody(request.body), connection, now)),
  certificateUrl: (request, { settings }) => (textSetting(settings, 'cert_pem') ? null : certificateUrl(request)),
  api: paypalApi,
};

const checkSandbox = (value: unknown): string[] =>
  value === undefined || typeof value === 'boolean' ? [] : ['settings.sandbox must be true or false.'];

function checkCertificates(settings: Connection['settings']): string[] {
  const { cert_pem, certificate_authorities = [] } = settings;
  const isList = Array.isArray(certificate_authorities) && certificate_authorities.every(isCertificate);
  return [
    ...(cert_pem === undefined || isCertificate(cert_pem) ? [] : ['settings.cert_pem must be a certificate as PEM text.']),
    ...(isList ? [] : ['settings.certificate_authorities must be a list of certificates as PEM text.']),
  ];
}

const isCertificate = (value: unknown): boolean => typeof value === 'string' && (certificatesOf(value)?.length ?? 0) > 0;

function certificatesOf(pem: string): X509Certificate[] | null {
  try {
    return readCertificates(pem);
  } catch {
    return null;
  }
}

/** Only PayPal's own hosts are asked: whoever may name the certificate may sign. */
function certificateUrl({ headers }: SourceRequest): string | null {
  const url = URL.parse(headers['paypal-cert-url'] ?? '');
  const isPaypals = url?.protocol === 'https:' && (url.host === 'paypal.com' || url.host.endsWith('.paypal.com'));
  return isPaypals && !url.username && !url.password ? url.href : null;
}

const SIGNED_WITH = ['transmission-id', 'transmission-time', 'transmission-sig', 'cert-url', 'auth-algo'] as const;

const refuse = (detail: string): SourceReading => ({ kind: 'refused', code: 'bad_signature', detail });

/**
 * RSA-SHA256 over `id|time|webhook id|crc32 of the body`. Null when it is good. The time is not made anew when PayPal sends an
 * event again, so it says nothing of a replay: the event's id does.
 */
function refusal(request: SourceRequest, { settings }: Connection, now: number, fetched?: string): SourceReading | null {
  const [id, time, signature, , algorithm] = SIGNED_WITH.map((name) => request.headers[`paypal-${name}`]);
  const missing = SIGNED_WITH.find((name) => !request.headers[`paypal-${name}`]);
  if (missing) return { kind: 'refused', code: 'signature_missing', detail: `PayPal-${missing} is missing.` };
  if (algorithm !== 'SHA256withRSA') return refuse('PayPal-Auth-Algo must be SHA256withRSA.');
  if (!certificateUrl(request)) return refuse('PayPal-Cert-Url must be an https address at paypal.com.');
  const key = signerOf(settings, fetched, now);
  if (typeof key === 'string') return refuse(key);
  const message = `${id}|${time}|${textSetting(settings, 'webhook_id')}|${crc32(request.signed)}`;
  const isSigned = verify('sha256', Buffer.from(message), key, Buffer.from(signature!, 'base64'));
  return isSigned ? null : refuse('The signature does not match: compare the webhook’s id with settings.webhook_id.');
}

/**
 * The key of the certificate that `settings.cert_pem` holds, which is trusted as it is; or of the one that was fetched, which
 * has to be PayPal's by name, and vouched for by a public root or one of `settings.certificate_authorities`. Otherwise what is
 * wrong with it.
 */
function signerOf(settings: Connection['settings'], fetched: string | undefined, now: number): KeyObject | string {
  const pinned = textSetting(settings, 'cert_pem');
  const certificates = certificatesOf(pinned ?? fetched ?? '') ?? [];
  const [certificate] = certificates;
  if (!certificate) return 'There is no certificate that can be read.';
  if (certificate.publicKey.asymmetricKeyType !== 'rsa') return 'The certificate holds no RSA key.';
  if (pinned) return certificate.publicKey;
  if (!isNamedPaypal(certificate)) return 'The certificate is not PayPal’s.';
  const authorities = (settings['certificate_authorities'] ?? []) as string[];
  const trusted = trustedChain(certificates, authorities.flatMap(readCertificates), now);
  return trusted.length > 0
    ? certificate.publicKey
    : 'The certificate is not valid now, or nobody who is trusted vouches for it.';
}

/** Anybody may have a certificate that a public root vouches for; PayPal's are for `messageverificationcerts….paypal.com`. */
const isNamedPaypal = ({ subject }: X509Certificate): boolean => /^CN=([a-z0-9-]+\.)+paypal\.com$/im.test(subject);
