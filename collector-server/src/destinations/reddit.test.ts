import { expect, test } from 'vitest';
import { EMAIL_FOLDED, NOW, purchase, read, sent } from './testing.ts';

test('the fact sheet’s example, field by field, in milliseconds', () => {
  const bought = purchase({
    click_ids: { rdt_cid: '1SheetExample' },
    cookies: { _rdt_uuid: '1790000000000.0a1b2c3d-0000-4000-8000-00000000beef' },
    user: { email: '  Nora.Lind+promo@GMail.com ' },
    context: { user_agent: 'Mozilla/5.0 (example)' },
  });
  const { json, url } = sent('reddit', [bought]).requests[0]!;
  expect(url).toBe('https://ads-api.reddit.com/api/v3/pixels/a2_x/conversion_events');
  expect(json).toEqual({
    data: {
      events: [
        {
          event_at: 1_795_169_730_250,
          action_source: 'WEBSITE',
          type: { tracking_type: 'PURCHASE' },
          click_id: '1SheetExample',
          user: { email: EMAIL_FOLDED, uuid: '0a1b2c3d-0000-4000-8000-00000000beef', user_agent: 'Mozilla/5.0 (example)' },
          metadata: {
            conversion_id: 'N-2044',
            value: 129.9,
            currency: 'EUR',
            item_count: 3,
            products: [
              { id: 'SKU-1', name: 'Lamp', category: 'Light' },
              { id: 'SKU-2', name: 'Bulb' },
            ],
          },
        },
      ],
    },
  });
});

test('events of one’s own are CUSTOM, five minutes of the future are taken, and limited data use names where', () => {
  const [event] = sent(
    'reddit',
    [
      purchase({
        event: 'wish',
        occurred_at: NOW + 4 * 60_000,
        user: { email: 'a@example.com', country: 'US' },
        consent: { limited_data_use: true, region: 'US-CA' },
      }),
    ],
    {
      events: { wish: 'W'.repeat(80) },
      test_id: 't1',
    },
  ).requests[0]!.json.data.events;
  expect(event.type).toEqual({ tracking_type: 'CUSTOM', custom_event_name: 'W'.repeat(64) });
  expect(event.event_at).toBe(NOW + 4 * 60_000);
  expect(event.user.data_processing_options).toEqual({ modes: ['LDU'], country: 'US', region: 'US-CA' });
  expect(sent('reddit', [purchase({ user: {}, context: { user_agent: 'x' } })]).skipped).toMatchObject([
    { reason: 'no_identifiers' },
  ]);
});

test.each([
  [200, '', 'accepted'],
  [400, { error: { code: 400, message: 'bad' } }, 'rejected'],
  [403, {}, 'auth'],
  [503, '', 'retry'],
])('a reply of %i %j is %s', (status, body, verdict) => {
  expect(read('reddit', status, body)[0]!.verdict).toBe(verdict);
});
