import type { LoggedEvent, StoredEvent } from '@orderloop/protocol';
import type { AppendResult, CallRecord, DeadLetter, EventLog, LogBatch } from '../contract.ts';
import { partitionOf } from '../partition.ts';
import type { PostgresDatabase, Queryable } from './database.ts';

/** Into how many partitions the log is put for projectors to share; not to be changed once there are events. */
export const PARTITIONS = 16;
const BEHIND_LIMIT = 100_000;

export interface EventRow {
  position: number;
  site: string;
  event_id: string;
  visitor_id: string | null;
  received_at: number;
  body: string;
}

export const EVENT_COLUMNS = 'position, site, event_id, visitor_id, received_at, body';

const APPEND = 'SELECT append_events($1, $2, $3, $4, $5, $6, $7) AS results';

/** The event log on PostgreSQL. */
export function createLog(db: PostgresDatabase): EventLog {
  return {
    partitions: PARTITIONS,
    append: async ({ events, deadLetters = [], calls = [] }: LogBatch) => {
      const values = toColumns(events);
      if (deadLetters.length === 0 && calls.length === 0) return appendEvents(db, values, events.length);
      return db.transaction(async (client) => {
        const results = await appendEvents(client, values, events.length);
        for (const letter of deadLetters) await insertDeadLetter(client, letter);
        for (const call of calls) await insertCall(client, call, results);
        return results;
      });
    },
    call: async (site, route, owner, key) => {
      const [row] = await db.query<{ body_hash: string; answer: string; received_at: number; results: string }>(
        'SELECT body_hash, answer, received_at, results FROM calls WHERE site = $1 AND route = $2 AND owner = $3 AND key = $4',
        [site, route, owner, key],
      );
      return row ? { ...row, results: unpackResults(row.results, row.results.length) } : null;
    },
    read: async (partition, after, limit) =>
      (
        await db.query<EventRow>(
          `SELECT ${EVENT_COLUMNS} FROM events WHERE log_partition = $1 AND position > $2 ORDER BY position LIMIT $3`,
          [partition, after, limit],
        )
      ).map(toEvent),
    behind: async (positions) => {
      const [row] = await db.query<{ behind: number }>(
        `SELECT coalesce(sum(waiting), 0)::bigint AS behind FROM unnest($1::bigint[]) WITH ORDINALITY AS reached (position, n),
           LATERAL (SELECT count(*) AS waiting FROM (SELECT 1 FROM events
             WHERE log_partition = reached.n - 1 AND events.position > reached.position LIMIT ${BEHIND_LIMIT}) AS behind) AS counted`,
        [positions],
      );
      return row!.behind;
    },
    head: async () => (await db.query<{ position: number }>('SELECT position FROM log_head'))[0]!.position,
  };
}

async function appendEvents(db: Queryable, columns: readonly string[], count: number): Promise<AppendResult[]> {
  const [row] = await db.query<{ results: string | null }>(APPEND, columns);
  return unpackResults(row!.results, count);
}

/** A column each, a line each event: no field holds a line feed, since ids hold no control characters and JSON escapes them. */
function toColumns(events: readonly StoredEvent[]): string[] {
  const columns: string[][] = [[], [], [], [], [], [], []];
  for (const event of events) {
    const { site, event_id, visitor_id = '', received_at, ...body } = event;
    columns[0]!.push(dayOf(event_id));
    columns[1]!.push(String(partitionOf(event, PARTITIONS)));
    columns[2]!.push(site);
    columns[3]!.push(event_id);
    columns[4]!.push(visitor_id);
    columns[5]!.push(String(received_at));
    columns[6]!.push(JSON.stringify(body));
  }
  return columns.map((lines) => lines.join('\n'));
}

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/i;
const UNDATED = '1970-01-01';
const DAY_MS = 86_400_000;
const [FIRST_DAY, LAST_DAY] = [Math.floor(Date.UTC(2020, 0, 1) / DAY_MS), Math.floor(Date.UTC(2200, 0, 1) / DAY_MS)];
const days = new Map<number, string>();

/** The day that a UUIDv7 begins with, as PostgreSQL writes it; of another id, a day before all others. */
export function dayOf(event_id: string): string {
  if (!UUID_V7.test(event_id)) return UNDATED;
  const day = Math.floor(Number.parseInt(event_id.slice(0, 8) + event_id.slice(9, 13), 16) / DAY_MS);
  if (day < FIRST_DAY || day >= LAST_DAY) return UNDATED;
  let text = days.get(day);
  if (text === undefined) {
    text = new Date(day * DAY_MS).toISOString().slice(0, 10);
    days.set(day, text);
  }
  return text;
}

async function insertDeadLetter(db: Queryable, letter: DeadLetter): Promise<void> {
  const { site, received_at, stage, code, pointer, detail, route, key_id, size, sha256, raw_truncated, raw } = letter;
  await db.run(
    `INSERT INTO dead_letters (site, received_at, stage, code, pointer, detail, route, key_id, size, sha256, raw_truncated, raw,
       collector_version, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      ...[site, received_at, stage, code, pointer, detail, route, key_id, size, sha256, raw_truncated, raw],
      ...[letter.collector_version, letter.expires_at],
    ],
  );
}

async function insertCall(db: Queryable, call: CallRecord, results: readonly AppendResult[]): Promise<void> {
  const { site, route, owner, key, body_hash, received_at, first, count, answer } = call;
  const packed = results.slice(first, first + count).map((result) => result[0]);
  await db.run('INSERT INTO calls VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING', [
    ...[site, route, owner, key, body_hash, received_at],
    ...[packed.join(''), answer],
  ]);
}

function unpackResults(packed: string | null, count: number): AppendResult[] {
  if (packed === null) return new Array<AppendResult>(count).fill('accepted');
  return Array.from(packed, (letter): AppendResult => (letter === 'a' ? 'accepted' : 'duplicate'));
}

export function toEvent({ body, visitor_id, ...columns }: EventRow): LoggedEvent {
  return { ...(JSON.parse(body) as StoredEvent), ...(visitor_id !== null && { visitor_id }), ...columns };
}
