import type { Conversion } from '@orderloop/protocol';
import type { Destination, Outcome, Reply } from './contract.ts';
import { DESTINATIONS } from './index.ts';

export const NOW = Date.parse('2026-11-20T10:20:00Z');

/** The order of the fact sheet's examples (relays §6–§10), with everything that any platform takes of it. */
export const purchase = (more: Partial<Conversion> = {}): Conversion => ({
  event: 'purchase',
  event_id: 'N-2044',
  occurred_at: '2026-11-20T10:15:30.250Z',
  action_source: 'web',
  page: { url: 'https://shop.example/thank-you' },
  user: { email: '  Nora.Lind+promo@GMail.com ', phone: '+49 (0)151 2345-6789' },
  context: { ip: '203.0.113.24', user_agent: 'Mozilla/5.0 (example)' },
  order: {
    id: 'N-2044',
    value: '129.90',
    currency: 'EUR',
    tax: '20.74',
    shipping: '4.90',
    items: [
      { id: 'SKU-1', name: 'Lamp', category: 'Light', price: '50.00', quantity: 2 },
      { id: 'SKU-2', name: 'Bulb', price: '29.90', quantity: 1 },
    ],
  },
  ...more,
});

/** What of the order went back, as the relay says it to a destination that took the purchase. */
export const refund = (destination: string | null, left = '110.00', more: Partial<Conversion> = {}): Conversion =>
  purchase({
    event: 'refund',
    event_id: 'N-2044:refund',
    refund: {
      order_id: 'N-2044',
      amount: '19.90',
      full: Number(left) === 0,
      left,
      ...(destination && {
        original: {
          event_id: 'N-2044',
          occurred_at: '2026-11-20T10:15:30.250Z',
          accepted: { [destination]: { value: '129.90' } },
        },
      }),
    },
    ...more,
  });

export const EMAIL = '7c90631fe9ea44a4255c42b5f062069023b180ae72837a24e01ca1d565648846';
export const EMAIL_FOLDED = '89c85da92dcc5ea62bdbe7c9e46056600235a70e34349f90c2b35518cfe5c717';
export const PHONE_PLUS = '663a4322addcdcc2be9435bfd2505066dc1048b89d33e48f363119f18bdd71e8';
export const PHONE_DIGITS = 'c0f8f0bebbbac96451ee8d8def84a02ae9e34c877775437cb9d458328315afa7';

/** Settings with which each destination can be used. */
export const SETTINGS: Readonly<Record<string, Record<string, unknown>>> = {
  meta: { dataset_id: '1', access_token: 'T' },
  google_ads: { customer_id: '123-456-7890', conversion_action_id: '987654321', access_token: 'T' },
  google_ads_api: { customer_id: '123-456-7890', conversion_action_id: '987', developer_token: 'D', access_token: 'T' },
  ga4: { measurement_id: 'G-SHEET1', api_secret: 'S' },
  tiktok: { pixel_code: 'C1SHEETEXAMPLE', access_token: 'T' },
  pinterest: { ad_account_id: '549', access_token: 'T' },
  snapchat: { pixel_id: 'p1', access_token: 'T' },
  microsoft: { tag_id: '77', access_token: 'T' },
  reddit: { pixel_id: 'a2_x', access_token: 'T' },
  linkedin: { conversion_rule_id: '104012', access_token: 'T' },
  x: { pixel_id: 'o1', event_tag_id: 'tw-o1-abc', pixel_token: 'T' },
  webhook: { url: 'https://erp.example/hook', secret: 'whsec_D/ym8xiEtWSgKE+sfqEKKOONPkwqTWWH' },
};

/** What a destination would be sent, with its JSON read. */
export function sent(id: string, conversions: readonly Conversion[], more: Record<string, unknown> = {}, now = NOW) {
  const { requests, skipped } = DESTINATIONS[id]!.requests(conversions, { ...SETTINGS[id], ...more }, { now });
  return { requests: requests.map((request) => ({ ...request, json: JSON.parse(request.body) })), skipped };
}

export const replyOf = (status: number, body: unknown): Reply => ({
  status,
  headers: {},
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

/** The verdicts of a reply to conversions named 0, 1, 2 … */
export function read(id: string, status: number, body: unknown, count = 1): Outcome[] {
  const destination = DESTINATIONS[id] as Destination;
  return destination.outcomes(
    replyOf(status, body),
    Array.from({ length: count }, (_, index) => String(index)),
  );
}
