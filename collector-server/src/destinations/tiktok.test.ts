import { expect, test } from 'vitest';
import { EMAIL, PHONE_PLUS, purchase, read, sent } from './testing.ts';

const clicked = purchase({ click_ids: { ttclid: 'E.C.P.SheetExample' }, cookies: { _ttp: '2SheetExampleTtp' } });

test('the fact sheet’s example, field by field', () => {
  const { json, url, headers } = sent('tiktok', [clicked]).requests[0]!;
  expect(url).toBe('https://business-api.tiktok.com/open_api/v1.3/event/track/');
  expect(headers['access-token']).toBe('T');
  expect(json).toEqual({
    event_source: 'web',
    event_source_id: 'C1SHEETEXAMPLE',
    partner_name: 'Orderloop',
    data: [
      {
        event: 'Purchase',
        event_time: 1_795_169_730,
        event_id: 'N-2044',
        user: {
          email: EMAIL,
          phone: PHONE_PLUS,
          ttclid: 'E.C.P.SheetExample',
          ttp: '2SheetExampleTtp',
          ip: '203.0.113.24',
          user_agent: 'Mozilla/5.0 (example)',
        },
        page: { url: 'https://shop.example/thank-you' },
        properties: {
          value: 129.9,
          currency: 'EUR',
          order_id: 'N-2044',
          content_type: 'product',
          num_items: 3,
          contents: [
            { content_id: 'SKU-1', content_name: 'Lamp', content_category: 'Light', quantity: 2, price: 50 },
            { content_id: 'SKU-2', content_name: 'Bulb', quantity: 1, price: 29.9 },
          ],
        },
      },
    ],
  });
});

test('the click is found in the address, places go in plain, and limited data use is stated', () => {
  const [event] = sent('tiktok', [
    purchase({
      page: { url: 'https://shop.example/?ttclid=FromUrl' },
      user: { id: ' CUST-7 ', city: 'São Paulo', region: 'SP', country: 'BRA', postal_code: 'SW1A 2AA' },
      consent: { limited_data_use: true },
    }),
  ]).requests[0]!.json.data;
  expect(event.user).toMatchObject({ ttclid: 'FromUrl', city: 'sopaulo', state: 'sp', country: 'br' });
  expect(event.user.zip_code).toBe('a5c027b44d4d7b5acc1d9375b4e4b718863ae903b9f2b01697f686ca2522b8ce');
  expect(event.limited_data_use).toBe(true);
});

test('a currency that TikTok does not know leaves the money out, and the event in', () => {
  const [event] = sent('tiktok', [{ ...clicked, order: { ...clicked.order, currency: 'ISK', value: '100' } }]).requests[0]!.json
    .data;
  expect(event.properties.currency).toBe('ISK');
  const [other] = sent('tiktok', [{ ...clicked, order: { ...clicked.order, currency: 'GEL' } }]).requests[0]!.json.data;
  expect([other.properties.value, other.properties.currency, other.properties.contents[0].price]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(other.properties.order_id).toBe('N-2044');
});

test('a test code goes with everything that it is told', () => {
  expect(sent('tiktok', [clicked], { test_event_code: 'TEST1' }).requests[0]!.json.test_event_code).toBe('TEST1');
});

test.each([
  [200, { code: 0, message: 'OK', request_id: 'R' }, 'accepted'],
  [200, { code: 20001, message: 'partly' }, 'accepted'],
  [200, { code: 40001, message: 'no permission' }, 'auth'],
  [200, { code: 40002, message: 'bad field' }, 'rejected'],
  [200, { code: 40100 }, 'throttled'],
  [200, { code: 50000 }, 'retry'],
  [200, { message: 'no code' }, 'retry'],
  [400, { code: 40777 }, 'rejected'],
  [503, '', 'retry'],
])('a reply of %i %j is %s', (status, body, verdict) => {
  expect(read('tiktok', status, body, 2).map((outcome) => outcome.verdict)).toEqual([verdict, verdict]);
});

test('its own code, words and trace id are kept', () => {
  expect(read('tiktok', 200, { code: 40002, message: 'bad field', request_id: 'R' })[0]).toEqual({
    event_id: '0',
    verdict: 'rejected',
    code: '40002',
    detail: 'bad field',
    trace: 'R',
  });
});
