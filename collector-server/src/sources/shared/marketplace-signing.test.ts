import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  decryptShein,
  signSheinRequest,
  signTemuRequest,
  signTiktokRequest,
  signWalmartDelivery,
  verifyShopifyCallback,
  verifyTiktokWebhook,
} from './marketplace-signing.ts';

interface Vector {
  name: string;
  [field: string]: unknown;
}

const { vectors } = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/sources/signing-vectors.json', import.meta.url), 'utf8'),
) as { vectors: Vector[] };
const vector = <T>(name: string): T => vectors.find((one) => one.name === name)! as T;

test('TikTok Shop signs its deliveries over the app’s key and the raw body', () => {
  const { app_key, app_secret, body, headers } = vector<{
    app_key: string;
    app_secret: string;
    body: string;
    headers: { authorization: string };
  }>('tiktok-webhook-valid');
  const isGood = (digest: string, text: string, key: string, secrets: string[]) =>
    verifyTiktokWebhook(digest, Buffer.from(text), { app_key: key, app_secrets: secrets });
  expect(isGood(headers.authorization, body, app_key, ['old', app_secret])).toBe(true);
  expect(isGood(headers.authorization, `${body} `, app_key, [app_secret])).toBe(false);
  expect(isGood(headers.authorization, body, 'another_key', [app_secret])).toBe(false);
  expect(isGood(headers.authorization, body, app_key, ['another'])).toBe(false);
  expect(isGood('', body, app_key, [app_secret])).toBe(false);
});

test('a request to TikTok Shop is signed over path, sorted query and body', () => {
  const { app_secret, sign, ...request } = vector<{
    app_secret: string;
    sign: string;
    path: string;
    query: Record<string, string>;
    body: string;
  }>('tiktok-request-sign');
  expect(signTiktokRequest(request, app_secret)).toBe(sign);
  const shuffled = Object.fromEntries(Object.entries(request.query).reverse());
  expect(signTiktokRequest({ ...request, query: { access_token: 'x', ...shuffled, sign: 'y' } }, app_secret)).toBe(sign);
  expect(signTiktokRequest({ ...request, body: '{}' }, app_secret)).not.toBe(sign);
});

test('a request to Temu is signed over its sorted parameters, lists as JSON', () => {
  const { app_secret, sign, params } = vector<{ app_secret: string; sign: string; params: Record<string, unknown> }>(
    'temu-request-sign',
  );
  expect(signTemuRequest(params, app_secret)).toBe(sign);
  expect(signTemuRequest({ sign: 'x', ...Object.fromEntries(Object.entries(params).reverse()) }, app_secret)).toBe(sign);
  expect(signTemuRequest({ ...params, pageNumber: 2 }, app_secret)).not.toBe(sign);
});

test('a request to SHEIN is signed with the secret and a random key', () => {
  const { openKeyId, secretKey, path, timestamp_ms, random_key, headers } = vector<{
    openKeyId: string;
    secretKey: string;
    path: string;
    timestamp_ms: number;
    random_key: string;
    headers: Record<string, string>;
  }>('shein-request-sign');
  const request = { open_key_id: openKeyId, path, timestamp_ms, random_key };
  expect(signSheinRequest(request, secretKey)).toBe(headers['x-lt-signature']);
  expect(signSheinRequest({ ...request, random_key: 'test2' }, secretKey).slice(5)).not.toBe(headers['x-lt-signature']!.slice(5));
});

test('SHEIN’s event data is read with the key that it was encrypted for, and with no other', () => {
  const { ciphertext_base64, secretKey, plaintext } = vector<{
    ciphertext_base64: string;
    secretKey: string;
    plaintext: string;
  }>('shein-event-decrypt');
  expect(decryptShein(ciphertext_base64, secretKey)).toBe(plaintext);
  expect(() => decryptShein(ciphertext_base64, 'another key of enough bytes')).toThrow();
});

test('Walmart’s canonical form is method, path, timestamp and the body’s hash, one a line', () => {
  const { body, secret, hmac_base64, hmac_hex } = vector<{
    body: string;
    secret: string;
    hmac_base64: string;
    hmac_hex: string;
  }>('walmart-canonical-hmac');
  const delivery = { method: 'POST', path: '/hooks/walmart?acct=1', timestamp: '1770117607', body: Buffer.from(body) };
  expect(signWalmartDelivery(delivery, secret).toString('hex')).toBe(hmac_hex);
  expect(signWalmartDelivery(delivery, secret).toString('base64')).toBe(hmac_base64);
  expect(signWalmartDelivery({ ...delivery, path: '/hooks/walmart?acct=2' }, secret).toString('hex')).not.toBe(hmac_hex);
});

test('Shopify’s callback is believed in any order of its parameters, and not with one changed', () => {
  const { query, secret } = vector<{ query: string; secret: string }>('shopify-oauth-callback');
  expect(verifyShopifyCallback(query, ['old', secret])).toBe(true);
  expect(verifyShopifyCallback(query.split('&').reverse().join('&'), [secret])).toBe(true);
  expect(verifyShopifyCallback(query.replace('example.myshopify.com', 'attacker.myshopify.com'), [secret])).toBe(false);
  expect(verifyShopifyCallback(`${query}&extra=1`, [secret])).toBe(false);
  expect(verifyShopifyCallback(query.replace(/&hmac=.*/, ''), [secret])).toBe(false);
  expect(verifyShopifyCallback(query, ['another'])).toBe(false);
});
