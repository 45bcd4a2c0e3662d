import type { EventReader } from '../contract.ts';
import type { PostgresDatabase } from './database.ts';
import { dayOf, EVENT_COLUMNS, type EventRow, PARTITIONS, toEvent } from './log.ts';

/** How many of the newest events are looked through for those of the last minute. */
const RECENT = 10_000;

/** Single events of the log on PostgreSQL. */
export function createEvents(db: PostgresDatabase): EventReader {
  return {
    // The newest of each partition, and of those the newest: what the indexes can give without an order of their own.
    newest: async (site, limit) =>
      (
        await db.query<EventRow>(
          `SELECT newest.* FROM generate_series(0, ${PARTITIONS - 1}) AS n, LATERAL (SELECT ${EVENT_COLUMNS} FROM events
             WHERE log_partition = n AND ($1::text IS NULL OR site = $1) ORDER BY position DESC LIMIT $2) AS newest
           ORDER BY position DESC LIMIT $2`,
          [site ?? null, limit],
        )
      ).map(toEvent),
    find: async (site, event_id) => {
      const [row] = await db.query<EventRow>(
        `SELECT ${EVENT_COLUMNS} FROM events WHERE site = $1 AND event_id = $2 AND day = $3::date`,
        [site, event_id, dayOf(event_id)],
      );
      return row ? toEvent(row) : null;
    },
    ofVisitor: async (site, visitor_id, limit) =>
      (
        await db.query<EventRow>(
          `SELECT ${EVENT_COLUMNS} FROM events WHERE site = $1 AND visitor_id = $2 ORDER BY position DESC LIMIT $3`,
          [site, visitor_id, limit],
        )
      )
        .map(toEvent)
        .reverse(),
    counts: async (since) => {
      const [row] = await db.query<{ total: number; since: number }>(
        `SELECT position AS total, (SELECT sum(each.since) FROM generate_series(0, ${PARTITIONS - 1}) AS n, LATERAL (
             SELECT count(*) AS since FROM events
             WHERE log_partition = n AND events.position > log_head.position - ${RECENT} AND received_at >= $1) AS each)::bigint AS since
         FROM log_head`,
        [since],
      );
      return row!;
    },
  };
}
