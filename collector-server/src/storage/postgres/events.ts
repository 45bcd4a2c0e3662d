import type { EventReader } from '../contract.ts';
import { EVENT_COLUMNS, type EventRow, toEvent } from '../rows.ts';
import type { PostgresDatabase } from './database.ts';
import { dayOf, firstDayAfter, PARTITIONS, sinceDay } from './log.ts';

/** How many of the newest events are looked through at first. */
const RECENT = 10_000;

/** Single events of the log on PostgreSQL. */
export function createEvents(db: PostgresDatabase): EventReader {
  return {
    newest: async (site, limit) => {
      const [row] = await db.query<{ position: number }>('SELECT position FROM log_head');
      const head = row!.position;
      // Looks back in growing steps: a busy site's newest are near the end, a quiet one's may be anywhere.
      for (let span = RECENT; ; span *= 100) {
        const after = Math.max(0, head - span);
        const rows = await newestAfter(db, after, site, limit);
        if (rows.length === limit || after === 0) return rows.map(toEvent);
      }
    },
    find: async (site, event_id) => {
      const [row] = await db.query<EventRow>(
        `SELECT ${EVENT_COLUMNS} FROM events WHERE site = $1 AND event_id = $2 AND day = date '1970-01-01' + $3::integer`,
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
      const [head] = await db.query<{ position: number }>('SELECT position FROM log_head');
      const total = head!.position;
      const after = Math.max(0, total - RECENT);
      const [row] = await db.query<{ since: number }>(
        `SELECT sum(each.since)::bigint AS since FROM generate_series(0, ${PARTITIONS - 1}) AS n, LATERAL (
           SELECT count(*) AS since FROM events
           WHERE log_partition = n AND position > $1 AND received_at >= $2 AND ${sinceDay('$3')}) AS each`,
        [after, since, await firstDayAfter(db, after)],
      );
      return { total, since: row!.since };
    },
  };
}

/** The newest of each log partition, and of those the newest: what the indexes can give without an order of their own. */
async function newestAfter(db: PostgresDatabase, after: number, site: string | undefined, limit: number): Promise<EventRow[]> {
  return db.query<EventRow>(
    `SELECT newest.* FROM generate_series(0, ${PARTITIONS - 1}) AS n, LATERAL (SELECT ${EVENT_COLUMNS} FROM events
       WHERE log_partition = n AND position > $1 AND ${sinceDay('$2')} AND ($3::text IS NULL OR site = $3)
       ORDER BY position DESC LIMIT $4) AS newest
     ORDER BY position DESC LIMIT $4`,
    [after, await firstDayAfter(db, after), site ?? null, limit],
  );
}
