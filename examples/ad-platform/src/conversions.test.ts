import { describe, expect, test } from 'vitest';
import { readConversions } from './conversions.ts';
import { toAnswer } from './faults.ts';

const NOW = Date.UTC(2026, 10, 20, 10, 15, 30);
const HASH = '7c90631fe9ea44a4255c42b5f062069023b180ae72837a24e01ca1d565648846';

type Fields = Record<string, unknown>;

/** A good purchase, with parts of it changed; `undefined` takes a part out. */
function purchase({
  user_data,
  custom_data,
  ...rest
}: {
  user_data?: Fields;
  custom_data?: Fields;
  [name: string]: unknown;
} = {}) {
  const event = {
    event_name: 'Purchase',
    event_time: NOW / 1000 - 30,
    event_id: 'N-2044',
    action_source: 'website',
    event_source_url: 'https://shop.example/thank-you',
    user_data: { em: [HASH], client_user_agent: 'Mozilla/5.0 (example)', ...user_data },
    custom_data: { value: 129.9, currency: 'EUR', ...custom_data },
    ...rest,
  };
  return JSON.parse(JSON.stringify(event));
}

const verdict = (...data: unknown[]) => readConversions({ data }, NOW);

/** The error that the endpoint answers. */
function errorOf(...data: unknown[]) {
  const result = verdict(...data);
  if (Array.isArray(result)) throw new Error('it was accepted');
  return toAnswer(result, 'trace').body.error;
}

test('the example of relays §6 passes', () => {
  const example = {
    event_name: 'Purchase',
    event_time: 1795169730,
    event_id: 'N-2044',
    action_source: 'website',
    event_source_url: 'https://shop.example/thank-you',
    user_data: {
      em: [HASH],
      ph: ['c0f8f0bebbbac96451ee8d8def84a02ae9e34c877775437cb9d458328315afa7'],
      client_ip_address: '203.0.113.24',
      client_user_agent: 'Mozilla/5.0 (example)',
      fbc: 'fb.1.1795000000000.IwSheetExample_Ab-9',
      fbp: 'fb.1.1794000000000.1122334455',
    },
    custom_data: { value: 129.9, currency: 'EUR', order_id: 'N-2044' },
  };
  expect(readConversions({ data: [example] }, 1795169760_000)).toEqual([
    { event_name: 'Purchase', event_id: 'N-2044', value: 129.9, currency: 'EUR', raw: example },
  ]);
});

describe('passes', () => {
  test.each([
    ['a hash as a bare text', { user_data: { em: HASH } }],
    ['a hash with the eight characters of the platform’s own builder', { user_data: { em: [`${HASH}.AQIDBAUG`] } }],
    ['a free order', { custom_data: { value: 0 } }],
    ['an event without an id', { event_id: undefined }],
    ['an event of exactly seven days', { event_time: NOW / 1000 - 7 * 86_400 }],
    ['an event a minute ahead', { event_time: NOW / 1000 + 60 }],
    ['a sale in a store of two months ago', { action_source: 'physical_store', event_time: NOW / 1000 - 61 * 86_400 }],
    [
      'a store’s sale without page and agent',
      { action_source: 'physical_store', event_source_url: undefined, user_data: { client_user_agent: undefined } },
    ],
    ['an fbc with the builder’s fifth segment', { user_data: { fbc: 'fb.1.1795000000000.Iw_Ab-9.AQIDBAUG' } }],
    ['a person known by address alone', { user_data: { em: undefined, client_ip_address: '2001:db8::42:1' } }],
  ])('%s', (_title, change) => {
    expect(verdict(purchase(change))).toHaveLength(1);
  });

  test('a page view without money', () => {
    expect(verdict(purchase({ event_name: 'PageView', custom_data: { value: undefined, currency: undefined } }))).toHaveLength(1);
  });
});

describe('refuses', () => {
  test.each([
    ['no name', { event_name: undefined }, 'event_name'],
    ['no time', { event_time: undefined }, 'event_time'],
    ['a time in milliseconds', { event_time: NOW }, 'future'],
    ['a time as text', { event_time: String(NOW / 1000) }, 'event_time'],
    ['a time more than a minute ahead', { event_time: NOW / 1000 + 61 }, 'future'],
    ['an unknown action_source', { action_source: 'web' }, 'action_source'],
    ['a website event without its page', { event_source_url: undefined }, 'event_source_url'],
    ['a website event without its agent', { user_data: { client_user_agent: undefined } }, 'client_user_agent'],
    ['nobody but an agent', { user_data: { em: undefined } }, 'no parameter'],
    ['a plain e-mail address', { user_data: { em: ['nora@example.com'] } }, 'user_data.em'],
    ['an upper-case hash', { user_data: { em: [HASH.toUpperCase()] } }, 'user_data.em'],
    ['one bad hash among good ones', { user_data: { ph: [HASH, '4915123456789'] } }, 'user_data.ph'],
    ['an empty list of hashes', { user_data: { ph: [] } }, 'user_data.ph'],
    [
      'the hash of an empty text',
      { user_data: { em: ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'] } },
      'user_data.em',
    ],
    ['a plain country', { user_data: { country: 'de' } }, 'user_data.country'],
    ['a null in place of absence', { user_data: { ph: null } }, 'user_data.ph'],
    ['an anonymised IPv4 address', { user_data: { client_ip_address: '203.0.113.0' } }, 'client_ip_address'],
    ['an anonymised IPv6 address', { user_data: { client_ip_address: '2001:db8:1::' } }, 'client_ip_address'],
    ['a private address', { user_data: { client_ip_address: '192.168.4.7' } }, 'client_ip_address'],
    ['a loopback address', { user_data: { client_ip_address: '::1' } }, 'client_ip_address'],
    ['a purchase without value', { custom_data: { value: undefined } }, 'value and currency'],
    ['a purchase without currency', { custom_data: { currency: undefined } }, 'value and currency'],
    ['a value as text', { custom_data: { value: '129.90' } }, 'value'],
    ['a negative value', { custom_data: { value: -1 } }, 'value'],
    ['a lower-case currency', { custom_data: { currency: 'eur' } }, 'currency'],
  ])('%s', (_title, change, part) => {
    expect(errorOf(purchase(change))).toMatchObject({ type: 'OAuthException', code: 100, is_transient: false });
    expect(errorOf(purchase(change)).message).toContain(part);
  });

  test.each(['', 'Iw_Ab', 'fb.1.1795000000000.', 'fb.1..Iw_Ab', 'fb.1.1795000000000.a.b.c', 'fb.1.1795000000000.a b'])(
    'the fbc %j with subcode 2804001',
    (fbc) => {
      expect(errorOf(purchase({ user_data: { fbc } })).error_subcode).toBe(2804001);
    },
  );

  test('an event older than seven days with subcode 2804003, and a store’s older than 62', () => {
    expect(errorOf(purchase({ event_time: NOW / 1000 - 7 * 86_400 - 1 })).error_subcode).toBe(2804003);
    expect(errorOf(purchase({ action_source: 'physical_store', event_time: NOW / 1000 - 62 * 86_400 - 1 })).error_subcode).toBe(
      2804003,
    );
  });

  test('more than a thousand events', () => {
    expect(verdict(...Array.from({ length: 1000 }, () => purchase()))).toHaveLength(1000);
    expect(errorOf(...Array.from({ length: 1001 }, () => purchase())).message).toContain('1001 events');
  });

  test('all events for the sake of one, and says which', () => {
    expect(errorOf(purchase(), purchase({ event_name: '' }), purchase()).message).toBe('data[1] event_name is missing');
  });

  test.each([undefined, null, [], 'text', {}, { data: {} }, { data: [] }])('the body %j', (body) => {
    expect(readConversions(body, NOW)).toMatchObject({ kind: 'parameter' });
  });
});
