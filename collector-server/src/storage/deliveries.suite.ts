import type { SourceDelivery } from '@orderloop/protocol';
import { describe, expect, test } from 'vitest';
import type { Storage } from './contract.ts';

const HOUR_MS = 3_600_000;
const NOON = 12 * HOUR_MS;

/** A delivery that was taken; `id` names it. */
export function sourceDelivery(id: string, more: Partial<SourceDelivery> = {}): SourceDelivery {
  const received_at = more.received_at ?? NOON;
  return {
    site: 'demo',
    source: 'shopify',
    id,
    received_at,
    first_at: received_at,
    count: 1,
    verified: true,
    status: 200,
    verdict: 'accepted',
    reason: null,
    detail: null,
    pointer: null,
    topic: 'orders/paid',
    orders: 1,
    order_key: 'shopify:shop:1',
    order_number: '#1001',
    state: 'paid',
    total: 5250,
    currency: 'EUR',
    exponent: 2,
    test: false,
    has_session_ref: true,
    ...more,
  };
}

const refusal = (id: string, received_at: number, more: Partial<SourceDelivery> = {}): SourceDelivery => ({
  ...sourceDelivery(id, { received_at, verified: false, status: 401, verdict: 'rejected', reason: 'bad_signature' }),
  ...{ topic: null, orders: 0, order_key: null, order_number: null, state: null, total: null, currency: null },
  ...{ exponent: null, test: null, has_session_ref: null },
  ...more,
});

/** What every engine must do with deliveries of sources. */
export function deliveriesContract(storage: () => Storage): void {
  describe('deliveries of sources', () => {
    const ids = async (filter = {}, limit = 50) => (await storage().deliveries.list(filter, limit)).map(({ id }) => id);

    test('come back as they were put, newest first, of a site, of a source, or of all', async () => {
      const one = sourceDelivery('1', { received_at: NOON });
      const two = refusal('2', NOON + 1);
      const { deliveries } = storage();
      await deliveries.put([one, two]);
      await deliveries.put([
        sourceDelivery('3', { site: 'other', received_at: NOON + 2 }),
        sourceDelivery('4', { source: 'generic', received_at: NOON + 3 }),
      ]);
      expect(await deliveries.list({ site: 'demo', source: 'shopify' }, 10)).toEqual([two, one]);
      expect(await ids({ site: 'demo' })).toEqual(['4', '2', '1']);
      expect(await ids()).toEqual(['4', '3', '2', '1']);
      expect(await ids({}, 2)).toEqual(['4', '3']);
      await deliveries.put([]);
      expect(await ids()).toHaveLength(4);
    });

    test('one that comes again under its id is counted on, in one step and in the next', async () => {
      const { deliveries } = storage();
      await deliveries.put([refusal('same', 10), refusal('same', 20, { count: 3 })]);
      await deliveries.put([refusal('same', 30, { reason: 'signature_missing' })]);
      expect(await deliveries.list({}, 10)).toEqual([
        refusal('same', 30, { first_at: 10, count: 5, reason: 'signature_missing' }),
      ]);
      expect(await deliveries.summaries('demo', 0)).toMatchObject([{ counts: { accepted: 0, rejected: 5 } }]);
    });

    test('each source is summed up: its last, and what came since an hour', async () => {
      const { deliveries } = storage();
      await deliveries.put([
        sourceDelivery('1', { received_at: NOON - 1 }),
        sourceDelivery('2', { received_at: NOON }),
        sourceDelivery('3', { received_at: NOON + 1, verdict: 'duplicate' }),
        refusal('4', NOON + 2, { count: 7 }),
        sourceDelivery('5', { source: 'generic', received_at: NOON - HOUR_MS, verdict: 'ignored' }),
        sourceDelivery('6', { site: 'other', received_at: NOON }),
      ]);
      const counts = { accepted: 0, duplicate: 0, ignored: 0, rejected: 0 };
      const generic = { site: 'demo', source: 'generic', last_delivery_at: NOON - HOUR_MS, last_verdict: 'ignored', counts };
      expect(await deliveries.summaries('demo', NOON + 1000)).toEqual([
        generic,
        {
          ...{ site: 'demo', source: 'shopify', last_delivery_at: NOON + 2, last_verdict: 'rejected' },
          counts: { accepted: 1, duplicate: 1, ignored: 0, rejected: 7 },
        },
      ]);
      expect(await deliveries.summaries(undefined, NOON)).toHaveLength(3);
      expect(await deliveries.summaries('nobody', 0)).toEqual([]);
    });

    test('a sweep keeps the newest of each source, and what was not signed takes no place of what was', async () => {
      const { deliveries } = storage();
      const flood = Array.from({ length: 9 }, (_, index) => refusal(`flood${index}`, NOON + 100 + index));
      const real = Array.from({ length: 4 }, (_, index) => sourceDelivery(`real${index}`, { received_at: NOON + index }));
      await deliveries.put([...flood, ...real, sourceDelivery('far', { site: 'other', received_at: 1 })]);
      await deliveries.sweep({ verified: 3, unverified: 2 }, NOON + HOUR_MS);
      expect(await ids({ site: 'demo' })).toEqual(['flood8', 'flood7', 'real3', 'real2', 'real1']);
      expect(await ids({ site: 'other' })).toEqual(['far']);
      expect((await deliveries.summaries('demo', 0))[0]!.counts).toEqual({ accepted: 0, duplicate: 0, ignored: 0, rejected: 0 });
    });

    test('a rebuild leaves them alone', async () => {
      await storage().deliveries.put([sourceDelivery('1')]);
      await storage().projections.reset();
      expect(await ids()).toEqual(['1']);
    });
  });
}
