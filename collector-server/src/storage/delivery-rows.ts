import type { DeliveryVerdict, SourceDelivery } from '@orderloop/protocol';
import type { DeliverySummary } from './contract.ts';

// What rows about deliveries mean that both engines keep alike.

const HOUR_MS = 3_600_000;

/** The beginning of an hour, as UTC ms. */
export const hourOf = (ms: number): number => ms - (ms % HOUR_MS);

/** A row as it is kept: the body holds what the columns don't. */
export interface DeliveryRow {
  site: string;
  source: string;
  id: string;
  verified: number | boolean;
  received_at: number;
  first_at: number;
  count: number;
  body: string;
}

export const DELIVERY_COLUMNS = 'site, source, id, verified, received_at, first_at, count, body';

export function toDelivery({ body, verified, ...columns }: DeliveryRow): SourceDelivery {
  return { ...(JSON.parse(body) as SourceDelivery), ...columns, verified: Boolean(verified) };
}

/** The rows that deliveries are: each id once, with what it stands for in all. */
export function fromDeliveries(deliveries: readonly SourceDelivery[]): (DeliveryRow & { verified: boolean })[] {
  const rows = new Map<string, DeliveryRow & { verified: boolean }>();
  for (const { site, source, id, verified, received_at, first_at, count, ...rest } of deliveries) {
    const key = JSON.stringify([site, source, id]);
    const known = rows.get(key);
    rows.set(key, {
      ...{ site, source, id, verified, received_at },
      first_at: known?.first_at ?? first_at,
      count: (known?.count ?? 0) + count,
      body: JSON.stringify(rest),
    });
  }
  return [...rows.values()];
}

export interface DeliveryCount {
  site: string;
  source: string;
  hour: number;
  verdict: DeliveryVerdict;
  count: number;
}

/** How many there are, by source, hour and verdict. */
export function countDeliveries(deliveries: readonly SourceDelivery[]): DeliveryCount[] {
  const counts = new Map<string, DeliveryCount>();
  for (const { site, source, received_at, verdict, count } of deliveries) {
    const hour = hourOf(received_at);
    const key = JSON.stringify([site, source, hour, verdict]);
    counts.set(key, { site, source, hour, verdict, count: (counts.get(key)?.count ?? 0) + count });
  }
  return [...counts.values()];
}

/** The last delivery of each source, with what was counted of it. */
export function toSummaries(last: readonly SourceDelivery[], counts: readonly Omit<DeliveryCount, 'hour'>[]): DeliverySummary[] {
  return last.map(({ site, source, received_at, verdict }) => {
    const own = counts.filter((row) => row.site === site && row.source === source);
    const of = (wanted: DeliveryVerdict): number => own.find((row) => row.verdict === wanted)?.count ?? 0;
    return {
      site,
      source,
      last_delivery_at: received_at,
      last_verdict: verdict,
      counts: {
        accepted: of('accepted'),
        duplicate: of('duplicate'),
        ignored: of('ignored'),
        rejected: of('rejected'),
      },
    };
  });
}
