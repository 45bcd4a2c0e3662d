import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
/** Longer chains nobody has. */
const MAX_CERTIFICATES = 10;

/** The certificates of a PEM text, the signer's first. Throws Error where one can't be read. */
export function readCertificates(pem: string): X509Certificate[] {
  return (pem.match(PEM) ?? []).slice(0, MAX_CERTIFICATES).map((text) => new X509Certificate(text));
}

/**
 * The chain of a certificate up to one that is trusted: the public roots that Node brings, and `authorities`. `given` is what came
 * with it, itself first. Empty where there is none, or where one of the chain is not valid at `now` (UTC ms).
 */
export function trustedChain(
  given: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  now: number,
): X509Certificate[] {
  const chain = given.slice(0, 1);
  for (let last = chain[0]; last; last = chain.at(-1)) {
    const anchors = [...authorities, ...publicRoots(last.issuer), ...publicRoots(last.subject)];
    const anchor = anchors.find((one) => isSame(one, last!)) ?? anchors.find((one) => isIssuedBy(last!, one));
    const next = anchor ?? given.find((one) => !chain.includes(one) && isIssuedBy(last!, one));
    if (!next) return [];
    if (!isSame(next, last)) chain.push(next);
    if (anchor) return chain.every((one) => isValidAt(one, now)) ? chain : [];
  }
  return [];
}

const isSame = (left: X509Certificate, right: X509Certificate): boolean => left.fingerprint256 === right.fingerprint256;

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

const isValidAt = ({ validFromDate, validToDate }: X509Certificate, now: number): boolean =>
  validFromDate.getTime() <= now && now <= validToDate.getTime();

let roots: Map<string, X509Certificate[]> | undefined;

/** By their subject; read once, when they are needed. */
function publicRoots(subject: string): X509Certificate[] {
  roots ??= Map.groupBy(
    rootCertificates.map((pem) => new X509Certificate(pem)),
    (root) => root.subject,
  );
  return roots.get(subject) ?? [];
}
