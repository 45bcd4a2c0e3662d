import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { EMAIL, PHONE_PLUS, purchase, read, sent } from './testing.ts';

test('an order goes under the event’s tag, with our id as conversion_id', () => {
  const { json, url, headers } = sent('x', [purchase({ click_ids: { twclid: 'tw-1' } })]).requests[0]!;
  expect(url).toBe('https://ads-api.x.com/12/measurement/conversions/o1');
  expect(headers['x-pixel-token']).toBe('T');
  expect(json.conversions[0]).toEqual({
    conversion_time: '2026-11-20T10:15:30.250Z',
    event_id: 'tw-o1-abc',
    identifiers: [
      { twclid: 'tw-1' },
      { hashed_email: EMAIL },
      { hashed_phone_number: PHONE_PLUS },
      { ip_address: '203.0.113.24', user_agent: 'Mozilla/5.0 (example)' },
    ],
    conversion_id: 'N-2044',
    value: '129.90',
    price_currency: 'EUR',
    number_items: 3,
    contents: [
      { content_id: 'SKU-1', content_name: 'Lamp', content_price: '50.00', num_items: 2 },
      { content_id: 'SKU-2', content_name: 'Bulb', content_price: '29.90', num_items: 1 },
    ],
  });
});

test('an app signs each request by OAuth 1.0a, with a nonce of its own', () => {
  const settings = {
    pixel_token: undefined,
    consumer_key: 'ck',
    consumer_secret: 'c s',
    access_token: 'at',
    access_token_secret: 'as&',
  };
  const { headers, url } = sent('x', [purchase()], settings).requests[0]!;
  const fields = Object.fromEntries(
    [...headers['authorization']!.matchAll(/(oauth_\w+)="([^"]*)"/g)].map(([, name, value]) => [
      name!,
      decodeURIComponent(value!),
    ]),
  );
  const { oauth_signature, ...signed } = fields;
  const parameters = Object.keys(signed)
    .toSorted()
    .map((name) => `${name}=${encodeURIComponent(signed[name]!)}`)
    .join('&');
  const base = `POST&${encodeURIComponent(url)}&${encodeURIComponent(parameters)}`;
  expect(oauth_signature).toBe(createHmac('sha1', 'c%20s&as%26').update(base).digest('base64'));
  const other = sent('x', [purchase({ event_id: 'other' })], settings).requests[0]!.headers['authorization'];
  expect(other).not.toContain(fields['oauth_nonce']);
});

test('IP and user agent are one identifier, and a pair', () => {
  expect(sent('x', [purchase({ user: {}, context: { ip: '203.0.113.24' } })]).skipped).toMatchObject([
    { reason: 'no_identifiers' },
  ]);
  expect(sent('x', [purchase({ user: {} })]).requests[0]!.json.conversions[0].identifiers).toHaveLength(1);
});

test('success is that all were processed', () => {
  expect(read('x', 200, { data: { conversions_processed: 2 } }, 2).map(({ verdict }) => verdict)).toEqual([
    'accepted',
    'accepted',
  ]);
  expect(read('x', 200, { data: { conversions_processed: 1 } }, 2)[0]!.verdict).toBe('retry');
  expect(read('x', 400, { errors: [{ code: 'INVALID', message: 'bad' }] })[0]).toMatchObject({
    verdict: 'rejected',
    code: 'INVALID',
    detail: 'bad',
  });
});
