import { createDecipheriv, createHash, createHmac } from 'node:crypto';
import { verifyHexHmac } from './verify.ts';

/*
 * What marketplaces and app platforms sign with where it is neither an HMAC over the body alone nor Standard Webhooks
 * (order-sources §11). Each is a pure function of what it is given; secrets are texts as the platform shows them.
 */

const hexHmac = (secret: string, message: string | Uint8Array): string =>
  createHmac('sha256', secret).update(message).digest('hex');

const byName = <T>([left]: readonly [string, T], [right]: readonly [string, T]): number =>
  left < right ? -1 : left > right ? 1 : 0;

/**
 * True when TikTok Shop's `Authorization` header (hex, without a scheme) is the HMAC-SHA256 of the app's key and the raw body
 * under any of the app's secrets.
 */
export function verifyTiktokWebhook(
  authorization: string,
  body: Uint8Array,
  { app_key, app_secrets }: { app_key: string; app_secrets: readonly string[] },
): boolean {
  return verifyHexHmac(Buffer.concat([Buffer.from(app_key), body]), authorization, app_secrets);
}

/**
 * The `sign` parameter of a request to TikTok Shop, in hex: HMAC-SHA256 over the path, the query's names and values sorted by
 * name, and the body, all of it wrapped in the app's secret. `sign` and `access_token` of the query are not signed.
 */
export function signTiktokRequest(
  { path, query, body = '' }: { path: string; query: Readonly<Record<string, string>>; body?: string },
  app_secret: string,
): string {
  const pairs = Object.entries(query).filter(([name]) => name !== 'sign' && name !== 'access_token');
  const signed = pairs.sort(byName).flat().join('');
  return hexHmac(app_secret, `${app_secret}${path}${signed}${body}${app_secret}`);
}

/**
 * The `sign` parameter of a request to Temu, in upper-case hex: MD5 over the parameters' names and values sorted by name, wrapped
 * in the app's secret. Texts are signed as they are, everything else as its JSON.
 */
export function signTemuRequest(params: Readonly<Record<string, unknown>>, app_secret: string): string {
  const pairs = Object.entries(params).filter(([name]) => name !== 'sign');
  const texts = pairs.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const);
  const signed = texts.sort(byName).flat().join('');
  return createHash('md5').update(`${app_secret}${signed}${app_secret}`).digest('hex').toUpperCase();
}

/**
 * The `x-lt-signature` header of a request to SHEIN: a random key of five characters, and the base64 of the hex text of the
 * HMAC-SHA256 over `openKeyId&timestamp&path`, keyed with the secret and that random key. `timestamp_ms` in UTC ms.
 */
export function signSheinRequest(
  {
    open_key_id,
    path,
    timestamp_ms,
    random_key,
  }: { open_key_id: string; path: string; timestamp_ms: number; random_key: string },
  secret_key: string,
): string {
  const digest = hexHmac(`${secret_key}${random_key}`, `${open_key_id}&${timestamp_ms}&${path}`);
  return `${random_key}${Buffer.from(digest).toString('base64')}`;
}

const SHEIN_IV = 'space-station-de';

/**
 * The text that SHEIN encrypted for the holder of a key: AES-128-CBC under the key's first 16 bytes. So come event data, under the
 * secret key, and the secret key itself, under the app's secret. Throws Error when it was encrypted with another key.
 */
export function decryptShein(ciphertext_base64: string, key: string): string {
  const decipher = createDecipheriv('aes-128-cbc', Buffer.from(key).subarray(0, 16), SHEIN_IV);
  const plain = Buffer.concat([decipher.update(ciphertext_base64, 'base64'), decipher.final()]);
  return new TextDecoder('utf-8', { fatal: true }).decode(plain);
}

/**
 * The HMAC-SHA256 of a delivery from Walmart, over method, path with query, timestamp and the SHA-256 of the body, one a line. The
 * form is known from performance webhooks alone, and whether Walmart writes it in hex or in base64 is not known
 * (order-sources §16): prefer BASIC or OAUTH where a subscription may choose.
 */
export function signWalmartDelivery(
  { method, path, timestamp, body }: { method: string; path: string; timestamp: string; body: Uint8Array },
  secret: string,
): Buffer {
  const digest = createHash('sha256').update(body).digest('hex');
  return createHmac('sha256', secret).update(`${method}\n${path}\n${timestamp}\n${digest}`).digest();
}

/**
 * True when the query that Shopify sends a merchant back with is its own: `hmac` is the hex HMAC-SHA256 of the other parameters,
 * sorted by name and written as they came, under any of the app's client secrets. Whether its `timestamp` is fresh and its
 * `state` ours is for who asks.
 */
export function verifyShopifyCallback(query: string, secrets: readonly string[]): boolean {
  const pairs = query.split('&').map((pair) => [pair.split('=', 1)[0]!, pair] as const);
  const given = pairs.filter(([name]) => name === 'hmac');
  const message = pairs.filter(([name]) => name !== 'hmac').sort(byName);
  if (given.length !== 1) return false;
  const digest = given[0]![1].slice('hmac='.length);
  return verifyHexHmac(Buffer.from(message.map(([, pair]) => pair).join('&')), digest, secrets);
}
