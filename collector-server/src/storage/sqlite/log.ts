import { type LoggedEvent, orderKey, type StoredEvent } from '@orderloop/protocol';
import type { AppendResult, DeadLetter, EventLog } from '../contract.ts';
import type { Database } from './database.ts';

interface Row {
  position: number;
  body: string;
}

// Not ON CONFLICT: a conflict would use up a position, and positions without gaps count the events.
const INSERT_EVENT = `INSERT INTO events (site, event_id, event, visitor_id, session_id, order_key, occurred_at, received_at, body)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE NOT EXISTS (SELECT 1 FROM events WHERE site = ?1 AND event_id = ?2)`;
const INSERT_DEAD_LETTER = `INSERT INTO dead_letters (site, received_at, stage, code, pointer, detail, route, key_id, size, raw)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** The event log on SQLite. */
export function createLog(db: Database): EventLog {
  return {
    append: (events, deadLetters = []) =>
      db.write(() => {
        const results = events.map((event): AppendResult => (insertEvent(db, event) ? 'accepted' : 'duplicate'));
        for (const letter of deadLetters) insertDeadLetter(db, letter);
        return results;
      }),
    read: async (after, limit) =>
      (await db.all<Row>('SELECT position, body FROM events WHERE position > ? ORDER BY position LIMIT ?', after, limit)).map(
        toEvent,
      ),
    newest: async (site, limit) =>
      (
        await db.all<Row>(
          'SELECT position, body FROM events WHERE ? IS NULL OR site = ? ORDER BY position DESC LIMIT ?',
          site ?? null,
          site ?? null,
          limit,
        )
      ).map(toEvent),
    find: async (site, event_id) => {
      const row = await db.get<Row>('SELECT position, body FROM events WHERE site = ? AND event_id = ?', site, event_id);
      return row ? toEvent(row) : null;
    },
    ofSessions: async (site, session_ids, limit) => {
      if (session_ids.length === 0) return [];
      const rows = await db.all<Row>(
        'SELECT position, body FROM events WHERE site = ? AND session_id IN (SELECT value FROM json_each(?)) ORDER BY occurred_at, position LIMIT ?',
        site,
        JSON.stringify(session_ids),
        limit,
      );
      return rows.map(toEvent);
    },
    head: async () => (await db.get<{ head: number | null }>('SELECT max(position) AS head FROM events'))?.head ?? 0,
    counts: async (since) => {
      const total = await db.get<{ n: number | null }>('SELECT max(position) AS n FROM events');
      // The newest rows stand at the end, so that a minute is counted without reading the rest.
      const recent = await db.get<{ n: number }>(
        'SELECT count(*) AS n FROM (SELECT received_at FROM events ORDER BY position DESC LIMIT 10000) WHERE received_at >= ?',
        since,
      );
      const dead = await db.get<{ n: number }>('SELECT count(*) AS n FROM dead_letters');
      return { total: total?.n ?? 0, since: recent?.n ?? 0, dead_letters: dead?.n ?? 0 };
    },
    deadLetters: (limit) => db.all<DeadLetter & { id: number }>('SELECT * FROM dead_letters ORDER BY id DESC LIMIT ?', limit),
  };
}

/** For use inside a transaction; false when the event was there. */
export function insertEvent(db: Database, event: StoredEvent): boolean {
  const changes = db.run(
    INSERT_EVENT,
    event.site,
    event.event_id,
    event.event,
    event.visitor_id ?? null,
    event.session_id ?? null,
    event.order ? orderKey(event.order) : null,
    event.occurred_at,
    event.received_at,
    JSON.stringify(event),
  );
  return changes === 1;
}

function insertDeadLetter(db: Database, letter: DeadLetter): void {
  const { site, received_at, stage, code, pointer, detail, route, key_id, size, raw } = letter;
  db.run(INSERT_DEAD_LETTER, site, received_at, stage, code, pointer, detail, route, key_id, size, raw);
}

export function toEvent({ position, body }: Row): LoggedEvent {
  return { ...(JSON.parse(body) as StoredEvent), position };
}
