import type { Deliveries } from '../contract.ts';
import {
  countDeliveries,
  DELIVERY_COLUMNS,
  type DeliveryCount,
  type DeliveryRow,
  fromDeliveries,
  hourOf,
  toDelivery,
  toSummaries,
} from '../delivery-rows.ts';
import type { Database } from './database.ts';

/** Deliveries of sources on SQLite. */
export function createDeliveries(db: Database): Deliveries {
  return {
    put: (deliveries) =>
      db.write(() => {
        for (const { site, source, id, verified, received_at, first_at, count, body } of fromDeliveries(deliveries))
          db.run(
            `INSERT INTO deliveries (${DELIVERY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET received_at = excluded.received_at, count = count + excluded.count, body = excluded.body`,
            ...[site, source, id, Number(verified), received_at, first_at, count, body],
          );
        for (const { site, source, hour, verdict, count } of countDeliveries(deliveries))
          db.run(
            `INSERT INTO delivery_counts (site, source, hour, verdict, count) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET count = count + excluded.count`,
            ...[site, source, hour, verdict, count],
          );
      }),
    list: async ({ site, source }, limit) =>
      (
        await db.all<DeliveryRow>(
          `SELECT ${DELIVERY_COLUMNS} FROM deliveries WHERE (?1 IS NULL OR site = ?1) AND (?2 IS NULL OR source = ?2)
           ORDER BY received_at DESC, id DESC LIMIT ?3`,
          ...[site ?? null, source ?? null, limit],
        )
      ).map(toDelivery),
    async summaries(site, since) {
      const last = await db.all<DeliveryRow>(
        `SELECT ${DELIVERY_COLUMNS} FROM (
           SELECT *, row_number() OVER (PARTITION BY site, source ORDER BY received_at DESC, id DESC) AS place FROM deliveries
           WHERE ?1 IS NULL OR site = ?1
         ) WHERE place = 1 ORDER BY site, source`,
        site ?? null,
      );
      const counts = await db.all<Omit<DeliveryCount, 'hour'>>(
        `SELECT site, source, verdict, sum(count) AS count FROM delivery_counts WHERE hour >= ?2 AND (?1 IS NULL OR site = ?1)
         GROUP BY site, source, verdict`,
        ...[site ?? null, hourOf(since)],
      );
      return toSummaries(last.map(toDelivery), counts);
    },
    sweep: (keep, before) =>
      db.write(() => {
        db.run(
          `DELETE FROM deliveries WHERE (site, source, id) IN (SELECT site, source, id FROM (
             SELECT *, row_number() OVER (PARTITION BY site, source, verified ORDER BY received_at DESC, id DESC) AS place
             FROM deliveries
           ) WHERE place > CASE WHEN verified THEN ? ELSE ? END)`,
          ...[keep.verified, keep.unverified],
        );
        db.run('DELETE FROM delivery_counts WHERE hour < ?', hourOf(before));
      }),
  };
}
