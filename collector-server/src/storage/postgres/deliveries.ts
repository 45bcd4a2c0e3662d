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
import type { PostgresDatabase } from './database.ts';

/** In one order whoever writes, so that two collectors never wait for each other. */
const ORDERED = 'ORDER BY 1, 2, 3';

/** Deliveries of sources on PostgreSQL. */
export function createDeliveries(db: PostgresDatabase): Deliveries {
  return {
    put: (deliveries) =>
      db.transaction(async (client) => {
        await client.run(
          `INSERT INTO deliveries (${DELIVERY_COLUMNS})
           SELECT ${DELIVERY_COLUMNS} FROM json_populate_recordset(NULL::deliveries, $1::json) ${ORDERED}
           ON CONFLICT (site, source, id) DO UPDATE SET received_at = excluded.received_at,
             count = deliveries.count + excluded.count, body = excluded.body`,
          [JSON.stringify(fromDeliveries(deliveries))],
        );
        await client.run(
          `INSERT INTO delivery_counts (site, source, hour, verdict, count)
           SELECT site, source, hour, verdict, count FROM json_populate_recordset(NULL::delivery_counts, $1::json) ${ORDERED}, 4
           ON CONFLICT (site, source, hour, verdict) DO UPDATE SET count = delivery_counts.count + excluded.count`,
          [JSON.stringify(countDeliveries(deliveries))],
        );
      }),
    list: async ({ site, source }, limit) =>
      (
        await db.query<DeliveryRow>(
          `SELECT ${DELIVERY_COLUMNS} FROM deliveries WHERE ($1::text IS NULL OR site = $1) AND ($2::text IS NULL OR source = $2)
           ORDER BY received_at DESC, id DESC LIMIT $3`,
          [site ?? null, source ?? null, limit],
        )
      ).map(toDelivery),
    async summaries(site, since) {
      const last = await db.query<DeliveryRow>(
        `SELECT DISTINCT ON (site, source) ${DELIVERY_COLUMNS} FROM deliveries WHERE $1::text IS NULL OR site = $1
         ORDER BY site, source, received_at DESC, id DESC`,
        [site ?? null],
      );
      const counts = await db.query<Omit<DeliveryCount, 'hour'>>(
        `SELECT site, source, verdict, sum(count)::bigint AS count FROM delivery_counts
         WHERE hour >= $2 AND ($1::text IS NULL OR site = $1) GROUP BY site, source, verdict`,
        [site ?? null, hourOf(since)],
      );
      return toSummaries(last.map(toDelivery), counts);
    },
    sweep: (keep, before) =>
      db.transaction(async (client) => {
        await client.run(
          `DELETE FROM deliveries WHERE (site, source, id) IN (SELECT site, source, id FROM (
             SELECT *, row_number() OVER (PARTITION BY site, source, verified ORDER BY received_at DESC, id DESC) AS place
             FROM deliveries
           ) AS placed WHERE place > CASE WHEN verified THEN $1::integer ELSE $2::integer END)`,
          [keep.verified, keep.unverified],
        );
        await client.run('DELETE FROM delivery_counts WHERE hour < $1', [hourOf(before)]);
      }),
  };
}
