import { createHmac, timingSafeEqual } from 'node:crypto';

const TOLERANCE_S = 300;

export interface SignedDelivery {
  id: string | undefined;
  timestamp: string | undefined;
  signature: string | undefined;
  body: Buffer;
}

/** Why a delivery is not to be believed (Standard Webhooks 1.0.0), or null when it is. `now` is UTC ms. */
export function faultOfDelivery({ id, timestamp, signature, body }: SignedDelivery, secret: string, now: number): string | null {
  if (!id || !timestamp || !signature) return 'a header is missing: webhook-id, webhook-timestamp or webhook-signature';
  if (!/^\d{1,12}$/.test(timestamp)) return 'webhook-timestamp is not unix time in seconds';
  if (Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_S) return 'webhook-timestamp is more than five minutes off';
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  // While a secret is changed there are two signatures, one with the old and one with the new.
  const matches = signature.split(' ').some((entry) => {
    const [version, encoded = ''] = entry.split(',');
    const given = Buffer.from(encoded, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
  return matches ? null : 'webhook-signature does not match';
}
