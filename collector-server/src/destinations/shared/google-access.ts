import { createSign } from 'node:crypto';
import type { Access } from '../contract.ts';
import { readJson, textOf } from './reply.ts';

/** What proves to Google who asks: one of three. */
export interface GoogleAccess {
  /** A token that is made elsewhere, and kept fresh there. */
  access_token?: string;
  /** The JSON key of a service account (Google Cloud console, IAM, Service accounts, Keys). */
  service_account?: { client_email: string; private_key: string; token_uri?: string };
  /** Of a person who agreed, with the OAuth client that they agreed to. */
  refresh_token?: string;
  client_id?: string;
  client_secret?: string;
  /** Another token address, for a test. */
  token_uri?: string;
}

export const GOOGLE_SECRETS = ['access_token', 'service_account', 'refresh_token', 'client_secret', 'developer_token'] as const;

const TOKEN_URI = 'https://oauth2.googleapis.com/token';
const LIFE_S = 3_600;

/** Gets access tokens by a service account's signed assertion (RFC 7523) or by a refresh token (RFC 6749 §6). */
export const googleAccess = (scope: string): Access => ({
  request(settings, now) {
    const { service_account, refresh_token, client_id, client_secret, token_uri } = settings as GoogleAccess;
    const url = service_account?.token_uri ?? token_uri ?? TOKEN_URI;
    if (service_account)
      return post(url, {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: assertion(service_account, scope, url, now),
      });
    if (refresh_token)
      return post(url, {
        grant_type: 'refresh_token',
        refresh_token,
        client_id: client_id ?? '',
        client_secret: client_secret ?? '',
      });
    return null;
  },
  token(reply) {
    const body = readJson(reply.body);
    const access_token = textOf(body?.['access_token']);
    if (reply.status !== 200 || !access_token) return null;
    return { access_token, expires_in_ms: Number(body?.['expires_in'] ?? LIFE_S) * 1000 };
  },
});

/** What is wrong with them, in sentences. */
export function checkGoogleAccess(settings: Record<string, unknown>): string[] {
  const { access_token, service_account, refresh_token, client_id, client_secret } = settings as GoogleAccess;
  if (access_token) return [];
  if (service_account)
    return service_account.client_email && service_account.private_key
      ? []
      : ['settings.service_account must hold client_email and private_key, as the JSON key of the service account does.'];
  if (refresh_token)
    return client_id && client_secret
      ? []
      : ['settings.client_id and settings.client_secret are missing: a refresh token belongs to an OAuth client.'];
  return ['settings.service_account is missing; make a key under IAM, Service accounts, or give refresh_token with its client.'];
}

const post = (url: string, form: Record<string, string>) => ({
  method: 'POST' as const,
  url,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(form).toString(),
});

function assertion(
  { client_email, private_key }: NonNullable<GoogleAccess['service_account']>,
  scope: string,
  aud: string,
  now: number,
): string {
  const iat = Math.floor(now / 1000);
  const signed = [
    { alg: 'RS256', typ: 'JWT' },
    { iss: client_email, scope, aud, iat, exp: iat + LIFE_S },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = createSign('RSA-SHA256').update(signed).sign(private_key.replaceAll('\\n', '\n'), 'base64url');
  return `${signed}.${signature}`;
}
