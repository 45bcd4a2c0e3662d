import { createHmac, timingSafeEqual, verify } from 'node:crypto';

/** Compares in constant time what may differ in length. */
function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

type Secrets = readonly (string | Uint8Array)[];

/** True when the base64 digest is the HMAC-SHA256 of the bytes under any of the secrets. */
export const verifyHmac = (body: Uint8Array, digest: string, secrets: Secrets): boolean =>
  matchesHmac(body, Buffer.from(digest, 'base64'), secrets);

/** The same for a digest in hex. */
export const verifyHexHmac = (body: Uint8Array, digest: string, secrets: Secrets): boolean =>
  matchesHmac(body, Buffer.from(digest, 'hex'), secrets);

function matchesHmac(body: Uint8Array, given: Uint8Array, secrets: Secrets): boolean {
  let matched = false;
  // No early exit: which of the secrets matched must not show in the time it took.
  for (const secret of secrets) {
    if (secret.length && equalBytes(createHmac('sha256', secret).update(body).digest(), given)) matched = true;
  }
  return matched;
}

/** Compares a secret that travels in a header; both sides are hashed, so that its length doesn't show either. */
export function equalSecrets(given: string, expected: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'equal').update(text).digest();
  return equalBytes(digest(given), digest(expected));
}

/** True when the base64 signature is RSA (PKCS#1 v1.5) over SHA-256 of the bytes, by any of the keys or certificates in PEM. */
export function verifyRsa(signed: Uint8Array, signature: string, pems: readonly string[]): boolean {
  const given = Buffer.from(signature, 'base64');
  return pems.some((pem) => {
    try {
      return verify('RSA-SHA256', signed, pem, given);
    } catch {
      // No key, or none of RSA.
      return false;
    }
  });
}

/** How far a signed time may be from now, in ms. */
const TOLERANCE_MS = 300_000;
/** More than this at a time nobody rotates. */
export const MAX_SIGNATURES = 5;

/** Whether a signed time, in Unix seconds, is near enough to now, in UTC ms, not to be a replay. */
export const isFresh = (seconds: string, now: number): boolean => Math.abs(now - Number(seconds) * 1000) <= TOLERANCE_MS;

export type SignatureVerdict =
  | { ok: true; id: string }
  | { ok: false; code: 'bad_signature' | 'signature_missing' | 'stale_timestamp'; detail: string };

/** The key that a Standard Webhooks secret stands for: what `whsec_` and base64 spell. */
export const standardKey = (secret: string): Uint8Array => Buffer.from(secret.replace(/^whsec_/, ''), 'base64');

/**
 * Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`. Platforms differ in how the key comes from the secret: `keyOf`.
 * An id with a dot would move the boundary between the signed parts, so it is refused (A3).
 */
export function verifyStandardWebhook(
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  secrets: readonly string[],
  now: number,
  keyOf: (secret: string) => Uint8Array = standardKey,
): SignatureVerdict {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signature = headers['webhook-signature'];
  if (!id || !timestamp || !signature) {
    return refuse('signature_missing', 'Send webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks).');
  }
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) return refuse('bad_signature', 'webhook-id must match [A-Za-z0-9_-]{1,64}.');
  if (!/^\d{10}$/.test(timestamp)) return refuse('bad_signature', 'webhook-timestamp must be ten digits: Unix seconds.');
  if (!isFresh(timestamp, now)) {
    return refuse(
      'stale_timestamp',
      'webhook-timestamp is more than five minutes from now: check the clock, and sign each attempt afresh.',
    );
  }
  const keys = secrets.map(keyOf);
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const digests = signature.split(' ').slice(0, MAX_SIGNATURES);
  const matched = digests.filter((part) => part.startsWith('v1,') && verifyHmac(signed, part.slice(3), keys));
  return matched.length > 0 ? { ok: true, id } : refuse('bad_signature', 'webhook-signature does not match the body.');
}

function refuse(code: 'bad_signature' | 'signature_missing' | 'stale_timestamp', detail: string): SignatureVerdict {
  return { ok: false, code, detail };
}
