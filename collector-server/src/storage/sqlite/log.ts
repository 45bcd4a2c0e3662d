import type { LoggedEvent, StoredEvent } from '@orderloop/protocol';
import type { AppendResult, CallRecord, DeadLetter, EventLog, KnownCall, LogBatch } from '../contract.ts';
import type { Database } from './database.ts';

/** What a row of the log is beside its body: the body holds the rest of the event, and neither says what the other does. */
export interface EventRow {
  position: number;
  site: string;
  event_id: string;
  visitor_id: string | null;
  received_at: number;
  body: string;
}

export const EVENT_COLUMNS = 'position, site, event_id, visitor_id, received_at, body';

const INSERT_EVENT = 'INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?)';
const INSERT_CALL = 'INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
const INSERT_DEAD_LETTER = `INSERT INTO dead_letters (site, received_at, stage, code, pointer, detail, route, key_id, size, sha256,
  raw_truncated, raw, collector_version, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** The event log on SQLite: one writer, so one partition. */
export function createLog(db: Database): EventLog {
  return {
    partitions: 1,
    append: (batch) => db.write(() => appendBatch(db, batch)),
    call: async (site, route, owner, key) => {
      const row = await db.get<{ body_hash: string; answer: string; received_at: number; results: string }>(
        'SELECT body_hash, answer, received_at, results FROM calls WHERE site = ? AND route = ? AND owner = ? AND key = ?',
        site,
        route,
        owner,
        key,
      );
      return row ? toKnownCall(row) : null;
    },
    read: async (_partition, after, limit) =>
      (
        await db.all<EventRow>(`SELECT ${EVENT_COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?`, after, limit)
      ).map(toEvent),
    behind: async ([position = 0]) => (await db.get<{ position: number }>('SELECT position FROM head'))!.position - position,
    head: async () => (await db.get<{ position: number }>('SELECT position FROM head'))!.position,
  };
}

/** For use inside a transaction. */
function appendBatch(db: Database, { events, deadLetters = [], calls = [] }: LogBatch): AppendResult[] {
  const before = db.own<{ position: number }>('SELECT position FROM head')[0]!.position;
  let position = before;
  const results = events.map((event): AppendResult => {
    // A position is used up by what was put in alone: positions without gaps count the events.
    if (!insertEvent(db, position + 1, event)) return 'duplicate';
    position++;
    return 'accepted';
  });
  if (position > before) db.run('UPDATE head SET position = ?', position);
  for (const letter of deadLetters) insertDeadLetter(db, letter);
  for (const call of calls) insertCall(db, call, results);
  return results;
}

function insertEvent(db: Database, at: number, event: StoredEvent): boolean {
  const { site, event_id, visitor_id, received_at, ...body } = event;
  return db.run(INSERT_EVENT, at, site, event_id, visitor_id ?? null, received_at, JSON.stringify(body)) === 1;
}

function insertDeadLetter(db: Database, letter: DeadLetter): void {
  const { site, received_at, stage, code, pointer, detail, route, key_id, size, sha256, raw_truncated, raw } = letter;
  const truncated = raw_truncated ? 1 : 0;
  const { collector_version, expires_at } = letter;
  db.run(
    INSERT_DEAD_LETTER,
    ...[site, received_at, stage, code, pointer, detail, route, key_id, size, sha256, truncated, raw],
    ...[collector_version, expires_at],
  );
}

function insertCall(db: Database, call: CallRecord, results: readonly AppendResult[]): void {
  const { site, route, owner, key, body_hash, received_at, first, count, answer } = call;
  db.run(INSERT_CALL, site, route, owner, key, body_hash, received_at, packResults(results.slice(first, first + count)), answer);
}

/** Results as text, a letter each: `a` accepted, `d` duplicate. */
export const packResults = (results: readonly AppendResult[]): string => results.map((result) => result[0]).join('');

export function toKnownCall({ results, ...call }: Omit<KnownCall, 'results'> & { results: string }): KnownCall {
  return { ...call, results: Array.from(results, (letter): AppendResult => (letter === 'a' ? 'accepted' : 'duplicate')) };
}

export function toEvent({ body, visitor_id, ...columns }: EventRow): LoggedEvent {
  return { ...(JSON.parse(body) as StoredEvent), ...(visitor_id !== null && { visitor_id }), ...columns };
}
