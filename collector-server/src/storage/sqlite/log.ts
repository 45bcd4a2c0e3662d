import type { CallRecord, DeadLetter, EventLog, LogBatch, StorageFault } from '../contract.ts';
import { EVENT_COLUMNS, type EventRow, toEvent, unpackResults } from '../rows.ts';
import type { Database } from './database.ts';

const HEAD = 'SELECT coalesce(max(position), 0) AS position FROM events';
const INSERT_EVENT = 'INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?)';
const INSERT_CALL = 'INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
const INSERT_DEAD_LETTER = `INSERT INTO dead_letters (site, received_at, stage, code, pointer, detail, route, key_id, size, sha256,
  raw_truncated, raw, collector_version, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** An append on its way to the writer. */
export interface LogRequest {
  id: number;
  /** `site, event_id, visitor_id, received_at, body` of each event, one after the other: what is flat crosses threads fastest. */
  rows: (string | number | null)[];
  deadLetters: readonly DeadLetter[];
  calls: readonly CallRecord[];
}

/** `results` is null when every event was new: nearly always. */
export type LogResponse =
  | { id: number; results: string | null }
  | { id: number; fault: { message: string; kind: StorageFault['kind'] } };

const ROW_WIDTH = 5;

/** The event log on SQLite: one writer, so one partition. */
export function createLog(db: Database): EventLog {
  return {
    ...createLogReader(db),
    append: (batch) => db.write(() => unpackResults(appendRows(db, toRequest(0, batch)), batch.events.length)),
  };
}

/** What a log does beside appending. */
export function createLogReader(db: Database): Omit<EventLog, 'append'> {
  return {
    partitions: 1,
    call: async (site, route, owner, key) => {
      const row = await db.get<{ body_hash: string; answer: string; received_at: number; results: string }>(
        'SELECT body_hash, answer, received_at, results FROM calls WHERE site = ? AND route = ? AND owner = ? AND key = ?',
        site,
        route,
        owner,
        key,
      );
      return row ? { ...row, results: unpackResults(row.results, row.results.length) } : null;
    },
    forgetCalls: (before, limit) =>
      db.write(() =>
        db.run(
          `DELETE FROM calls WHERE (site, route, owner, key) IN
             (SELECT site, route, owner, key FROM calls WHERE received_at < ? LIMIT ?)`,
          before,
          limit,
        ),
      ),
    read: async (_partition, after, limit) =>
      (
        await db.all<EventRow>(`SELECT ${EVENT_COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?`, after, limit)
      ).map(toEvent),
    waiting: async ([position = 0]) => ((await db.get<{ position: number }>(HEAD))!.position > position ? [0] : []),
    behind: async ([position = 0]) => (await db.get<{ position: number }>(HEAD))!.position - position,
    head: async () => (await db.get<{ position: number }>(HEAD))!.position,
  };
}

export function toRequest(id: number, { events, deadLetters = [], calls = [] }: LogBatch): LogRequest {
  const rows: LogRequest['rows'] = [];
  for (const event of events) {
    const { site, event_id, visitor_id = null, received_at, ...body } = event;
    rows.push(site, event_id, visitor_id, received_at, JSON.stringify(body));
  }
  return { id, rows, deadLetters, calls };
}

/** For use inside a transaction. Answers the results, packed; null when every event was new. */
export function appendRows(db: Database, { rows, deadLetters, calls }: LogRequest): string | null {
  const before = db.own<{ position: number }>(HEAD)[0]!.position;
  const insert = db.prepare(INSERT_EVENT);
  let position = before;
  let results = '';
  for (let index = 0; index < rows.length; index += ROW_WIDTH) {
    const { changes } = insert.run(
      position + 1,
      rows[index]!,
      rows[index + 1]!,
      rows[index + 2]!,
      rows[index + 3]!,
      rows[index + 4]!,
    );
    results += changes === 1 ? 'a' : 'd';
    // A position is used up by what was put in alone: positions without gaps count the events.
    if (changes === 1) position++;
  }
  // An empty batch writes nevertheless: it is how one asks whether the log can be written to.
  if (rows.length === 0) db.run('PRAGMA user_version = 1');
  for (const letter of deadLetters) insertDeadLetter(db, letter);
  for (const call of calls) insertCall(db, call, results);
  return position - before === results.length ? null : results;
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

function insertCall(db: Database, call: CallRecord, results: string): void {
  const { site, route, owner, key, body_hash, received_at, first, count, answer } = call;
  db.run(INSERT_CALL, site, route, owner, key, body_hash, received_at, results.slice(first, first + count), answer);
}
