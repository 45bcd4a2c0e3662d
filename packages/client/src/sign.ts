import { createHmac } from 'node:crypto';
import { broken } from './broken.ts';

const PREFIX = 'whsec_';
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The bytes of a Standard Webhooks secret. */
export function readSecret(value: unknown): Buffer {
  const advice = 'pass the signing secret of the site as the collector shows it, whsec_ included';
  if (typeof value !== 'string' || value === '') throw broken('signingSecret is missing', 'found nothing', advice);
  if (!value.startsWith(PREFIX)) {
    throw broken('signingSecret does not start with whsec_', `found a text of ${value.length} characters`, advice);
  }
  const encoded = value.slice(PREFIX.length);
  // Node's base64 reader skips what it doesn't know, so a mistyped secret would only show as a bad signature.
  if (!BASE64.test(encoded)) throw broken('signingSecret is not base64 after whsec_', 'found another character', advice);
  const secret = Buffer.from(encoded, 'base64');
  if (secret.length < 24 || secret.length > 64) {
    throw broken('signingSecret is not 24 to 64 bytes long', `found ${secret.length} bytes`, advice);
  }
  return secret;
}

/** The `webhook-signature` of Standard Webhooks 1.0.0 over the exact bytes of the body. `timestamp` is in seconds. */
export function sign(secret: Buffer, id: string, timestamp: number, body: string): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`, 'utf8').digest('base64')}`;
}
