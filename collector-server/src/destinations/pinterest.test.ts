import { expect, test } from 'vitest';
import { EMAIL, PHONE_DIGITS, purchase, read, sent } from './testing.ts';

test('the fact sheet’s example, field by field, money as text', () => {
  const { json, url } = sent('pinterest', [purchase({ click_ids: { epik: 'dj0ySheetExample' } })]).requests[0]!;
  expect(url).toBe('https://api.pinterest.com/v5/ad_accounts/549/events');
  expect(json.data[0]).toEqual({
    event_name: 'checkout',
    action_source: 'web',
    event_time: 1_795_169_730,
    event_id: 'N-2044',
    event_source_url: 'https://shop.example/thank-you',
    user_data: {
      em: [EMAIL],
      ph: [PHONE_DIGITS],
      click_id: 'dj0ySheetExample',
      client_ip_address: '203.0.113.24',
      client_user_agent: 'Mozilla/5.0 (example)',
    },
    custom_data: {
      currency: 'EUR',
      value: '129.90',
      order_id: 'N-2044',
      num_items: 3,
      content_ids: ['SKU-1', 'SKU-2'],
      contents: [
        { id: 'SKU-1', item_name: 'Lamp', item_category: 'Light', item_price: '50.00', quantity: 2 },
        { id: 'SKU-2', item_name: 'Bulb', item_price: '29.90', quantity: 1 },
      ],
    },
  });
});

test('it needs an address, or IP and user agent; limited data use is an opt-out', () => {
  expect(sent('pinterest', [purchase({ user: { phone: '+4915123456789' }, context: {} })]).skipped).toMatchObject([
    { reason: 'no_identifiers' },
  ]);
  expect(sent('pinterest', [purchase({ user: {} })]).requests).toHaveLength(1);
  expect(sent('pinterest', [purchase({ consent: { limited_data_use: true } })]).requests[0]!.json.data[0]).toMatchObject({
    opt_out: true,
    opt_out_type: 'LDP',
  });
});

test('each event has its own answer, in order; one that is not spoken of is tried again', () => {
  const body = {
    num_events_received: 3,
    num_events_processed: 1,
    events: [{ status: 'processed' }, { status: 'failed', error_message: 'bad em' }],
  };
  expect(read('pinterest', 422, body, 3)).toMatchObject([
    { verdict: 'accepted' },
    { verdict: 'rejected', code: 'failed', detail: 'bad em' },
    { verdict: 'retry' },
  ]);
  expect(read('pinterest', 400, { code: 1, message: 'bad request' })[0]).toMatchObject({
    verdict: 'rejected',
    code: '1',
    detail: 'bad request',
  });
  expect(read('pinterest', 403, {})[0]!.verdict).toBe('auth');
});
