import { createHmac } from 'node:crypto';

export interface OAuth1Credentials {
  consumer_key: string;
  consumer_secret: string;
  access_token: string;
  access_token_secret: string;
}

/** RFC 3986: as encodeURIComponent, and what that leaves out. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** A query as it is sent and as it is signed: encoded by the same rule, so that no side reads it differently. */
export const encodeQuery = (query: Readonly<Record<string, string>>): string =>
  Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');

/** OAuth 1.0a, HMAC-SHA256: the signature of a request without a form body. `query` and `oauth` are not encoded. */
export function oauth1Signature(
  { method, url, query, oauth }: Record<'query' | 'oauth', Readonly<Record<string, string>>> & { method: string; url: string },
  { consumer_secret, access_token_secret }: Pick<OAuth1Credentials, 'consumer_secret' | 'access_token_secret'>,
): string {
  const parameters = Object.entries({ ...query, ...oauth })
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
  const base = [method, url, parameters].map(encode).join('&');
  return createHmac('sha256', `${encode(consumer_secret)}&${encode(access_token_secret)}`)
    .update(base)
    .digest('base64');
}

/** The Authorization header of a GET. `now` in UTC ms; the nonce must never have been used with this second before. */
export function oauth1Header(
  request: { url: string; query: Readonly<Record<string, string>> },
  credentials: OAuth1Credentials,
  { now, nonce }: { now: number; nonce: string },
): string {
  const oauth = {
    oauth_consumer_key: credentials.consumer_key,
    oauth_nonce: nonce,
    oauth_signature_method: 'HMAC-SHA256',
    oauth_timestamp: String(Math.floor(now / 1000)),
    oauth_token: credentials.access_token,
    oauth_version: '1.0',
  };
  const oauth_signature = oauth1Signature({ method: 'GET', ...request, oauth }, credentials);
  const fields = Object.entries({ ...oauth, oauth_signature }).map(([name, value]) => `${name}="${encode(value)}"`);
  return `OAuth ${fields.join(', ')}`;
}
