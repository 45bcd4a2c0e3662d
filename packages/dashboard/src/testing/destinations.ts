import type { DestinationDetail, DestinationReconciliation, DestinationSummary, Destinations } from '@orderloop/protocol';

const counts = { waiting: 0, sending: 0, pending: 0, delivered: 0, dead: 0, skipped: 0, paused: 0 };

export const destination = (more: Partial<DestinationSummary> = {}): DestinationSummary => ({
  site: 'shop',
  destination: 'meta',
  type: 'meta',
  name: 'Meta Conversions API',
  api_version: 'v26.0',
  state: 'ok',
  test: false,
  faults: [],
  refund: 'none',
  verification: { effect: 'test_view', needs: ['test_event_code'] },
  counts: { ...counts, delivered: 1204, waiting: 3, skipped: 41, dead: 2 },
  reasons: [
    { state: 'skipped', reason: 'consent_denied', count: 41 },
    { state: 'dead', reason: '100/2804003', count: 2 },
  ],
  oldest_waiting_at: Date.UTC(2026, 2, 4, 9),
  ...more,
});

export const destinations: Destinations = {
  destinations: [
    destination(),
    destination({
      ...{ destination: 'google', type: 'google_ads', name: 'Google Ads (Data Manager API)', state: 'paused', refund: 'restate' },
      paused: { reason: 'PERMISSION_DENIED', at: Date.UTC(2026, 2, 4, 9) },
      ...{ verification: { effect: 'validated', needs: [] }, counts: { ...counts, paused: 7, waiting: 12 }, reasons: [] },
    }),
    destination({
      ...{
        destination: 'li',
        type: 'linkedin',
        name: 'LinkedIn Conversions API',
        state: 'failing',
        test: true,
        verification: null,
      },
      sunset: 'LinkedIn Conversions API 202608 ends on 2027-08-16, in 40 days: set settings.api_version to a newer one.',
      ...{ faults: ['settings.access_token is missing; make one.'], counts, reasons: [] },
    }),
  ],
};

export const detail: DestinationDetail = {
  ...destination(),
  match_quality: {
    accepted: 1204,
    identifiers: [
      { name: 'email', count: 1190 },
      { name: 'phone', count: 301 },
      { name: 'click_id', count: 602 },
    ],
  },
  latency: { count: 1000, p50_ms: 14, p95_ms: 61_000 },
};

export const reconciliation: DestinationReconciliation = {
  from: Date.UTC(2026, 1, 2),
  to: Date.UTC(2026, 2, 4),
  orders: 1260,
  rows: [
    { state: 'dead', reason: '100/2804003', currency: 'EUR', orders: 2, total: 25_800 },
    { state: 'delivered', reason: null, currency: 'EUR', orders: 1200, total: 15_480_000 },
    { state: 'delivered', reason: null, currency: 'JPY', orders: 4, total: 48_000 },
    { state: 'held', reason: 'consent_missing', currency: 'EUR', orders: 10, total: 129_000 },
    { state: 'no_conversion', reason: 'test', currency: 'EUR', orders: 3, total: 38_700 },
    { state: 'skipped', reason: 'consent_denied', currency: 'EUR', orders: 41, total: 528_900 },
  ],
};
