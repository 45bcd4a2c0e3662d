import type { EventReader } from '../contract.ts';
import { EVENT_COLUMNS, type EventRow, toEvent } from '../rows.ts';
import type { Database } from './database.ts';

/** How many of the newest rows are looked through for those of the last minute. */
const RECENT = 10_000;

/** Single events of the log on SQLite. */
export function createEvents(db: Database): EventReader {
  return {
    newest: async (site, limit) =>
      (
        await db.all<EventRow>(
          `SELECT ${EVENT_COLUMNS} FROM events WHERE ?1 IS NULL OR site = ?1 ORDER BY position DESC LIMIT ?2`,
          site ?? null,
          limit,
        )
      ).map(toEvent),
    find: async (site, event_id) => {
      const row = await db.get<EventRow>(`SELECT ${EVENT_COLUMNS} FROM events WHERE site = ? AND event_id = ?`, site, event_id);
      return row ? toEvent(row) : null;
    },
    ofVisitor: async (site, visitor_id, limit) =>
      (
        await db.all<EventRow>(
          `SELECT ${EVENT_COLUMNS} FROM events WHERE site = ? AND visitor_id = ? ORDER BY position DESC LIMIT ?`,
          site,
          visitor_id,
          limit,
        )
      )
        .map(toEvent)
        .reverse(),
    counts: async (since) => {
      const row = await db.get<{ total: number; since: number }>(
        `SELECT (SELECT coalesce(max(position), 0) FROM events) AS total, (SELECT count(*) FROM
           (SELECT received_at FROM events ORDER BY position DESC LIMIT ${RECENT}) WHERE received_at >= ?) AS since`,
        since,
      );
      return row!;
    },
  };
}
