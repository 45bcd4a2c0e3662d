import { createHmac, timingSafeEqual } from 'node:crypto';

const LIFE_MS = 24 * 3_600_000;

export interface ClickToken {
  site: string;
  placement: string;
  creative_id: string;
  decision_id: string;
}

/** `base64url(payload).base64url(HMAC-SHA256)`, good for 24 h (R1). */
export function signClickToken(key: string, token: ClickToken, now: number): string {
  const payload = Buffer.from(
    JSON.stringify([token.site, token.placement, token.creative_id, token.decision_id, now + LIFE_MS]),
  ).toString('base64url');
  return `${payload}.${sign(key, payload).toString('base64url')}`;
}

/** What a token says, or null when it was changed or has run out. */
export function readClickToken(key: string, text: string, now: number): ClickToken | null {
  const [payload = '', signature = ''] = text.split('.');
  const given = Buffer.from(signature, 'base64url');
  const expected = sign(key, payload);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const [site, placement, creative_id, decision_id, expires_at] = JSON.parse(
    Buffer.from(payload, 'base64url').toString('utf8'),
  ) as [string, string, string, string, number];
  return expires_at > now ? { site, placement, creative_id, decision_id } : null;
}

function sign(key: string, payload: string): Buffer {
  return createHmac('sha256', `orderloop click ${key}`).update(payload).digest();
}
