import { createHash } from 'node:crypto';
import type { LoggedEvent } from '@orderloop/protocol';
import type { EventLog } from './contract.ts';
import { PostgresDatabase } from './postgres/database.ts';
import { openPostgres } from './postgres/index.ts';
import { openTables, SMALL_TABLES, type SmallTable } from './sqlite/tables.ts';

const BATCH = 500;

/** Something of the target is not the source's: nothing may be put over it. */
export class CopyConflict extends Error {}

export interface CopyReport {
  events: { source: number; target: number; copied: number; sha256: string };
  tables: Record<SmallTable, { source: number; target: number }>;
  /** True when counts and checksums of source and target agree. */
  verified: boolean;
}

/**
 * Moves a store from SQLite to PostgreSQL: the log in its order and with its positions, and what can't be derived from it.
 * Projections are derived again by the collector that starts on the target. Run again after an interruption, or when the
 * source has grown, it copies what is missing. Throws CopyConflict when the target holds another store.
 */
export async function copyToPostgres(
  folder: string,
  url: string,
  onProgress: (done: number, total: number) => void,
): Promise<CopyReport> {
  const source = openTables(folder);
  const target = await openPostgres(url, { statement_ms: 600_000, answer_ms: 600_000 });
  const db = new PostgresDatabase(url, { connections: 1, statement_ms: 600_000, answer_ms: 600_000 });
  try {
    const total = source.head();
    const began_at = await target.log.head();
    if (began_at > 0) assertSame(source.events(0, 1)[0], await firstOf(target.log));
    if (began_at > total)
      throw new CopyConflict('The target holds more events than the source: it has been written to by a collector.');
    for (let after = began_at; after < total; ) {
      const events = source.events(after, BATCH);
      const results = await target.log.append({ events: events.map(({ position: _, ...event }) => event) });
      if (results.includes('duplicate')) throw new CopyConflict('The target holds events of the source in another order.');
      after = events.at(-1)!.position;
      onProgress(after, total);
    }
    const tables = {} as CopyReport['tables'];
    await db.transaction(async (client) => {
      await client.run(`TRUNCATE ${SMALL_TABLES.join(', ')}`);
      for (const table of SMALL_TABLES) {
        let rows = 0;
        for (const page of source.pages(table)) {
          rows += page.length;
          await client.run(
            `INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::${table}, $1::json)`,
            [JSON.stringify(page)],
          );
        }
        const [{ count }] = (await client.query<{ count: number }>(`SELECT count(*) AS count FROM ${table}`)) as [
          { count: number },
        ];
        tables[table] = { source: rows, target: count };
      }
      for (const table of ['outbox', 'dead_letters'])
        await client.query(
          `SELECT setval(pg_get_serial_sequence($1, 'id'), greatest(1, (SELECT coalesce(max(id), 0) FROM ${table})))`,
          [table],
        );
    });
    const [sourceSum, targetSum] = [await checksum(source.log, total), await checksum(target.log, total)];
    const head = await target.log.head();
    const agree = Object.values(tables).every(({ source: one, target: other }) => one === other);
    return {
      events: { source: total, target: head, copied: head - began_at, sha256: targetSum },
      tables,
      verified: agree && head === total && sourceSum === targetSum,
    };
  } finally {
    await db.close();
    await target.close();
    source.close();
  }
}

function assertSame(source: LoggedEvent | undefined, target: LoggedEvent | undefined): void {
  if (source?.event_id !== target?.event_id || source?.site !== target?.site)
    throw new CopyConflict(
      'The target holds another store: name an empty database, or the one that this store was copied to before.',
    );
}

async function firstOf(log: EventLog): Promise<LoggedEvent | undefined> {
  const reads = Array.from({ length: log.partitions }, (_, partition) => log.read(partition, 0, 1));
  return (await Promise.all(reads)).flat().sort((one, other) => one.position - other.position)[0];
}

/** Over every event up to a position, in order: its place, and all that it says. */
async function checksum(log: Pick<EventLog, 'partitions' | 'read'>, upTo: number): Promise<string> {
  const hash = createHash('sha256');
  for await (const event of inOrder(log)) {
    if (event.position > upTo) break;
    hash.update(`${canonical(event)}\n`);
  }
  return hash.digest('hex');
}

/** The same text for the same event, whatever order its fields are in. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([one], [other]) => (one < other ? -1 : 1)))
      : entry,
  );
}

async function* inOrder(log: Pick<EventLog, 'partitions' | 'read'>): AsyncGenerator<LoggedEvent> {
  const queues: LoggedEvent[][] = Array.from({ length: log.partitions }, () => []);
  const reached = new Array<number>(log.partitions).fill(0);
  for (;;) {
    for (let partition = 0; partition < queues.length; partition++) {
      if (queues[partition]!.length > 0 || reached[partition] === Number.POSITIVE_INFINITY) continue;
      const rows = await log.read(partition, reached[partition]!, BATCH);
      queues[partition] = rows;
      reached[partition] = rows.at(-1)?.position ?? Number.POSITIVE_INFINITY;
    }
    let next: LoggedEvent[] | undefined;
    for (const queue of queues) if (queue[0] && (!next || queue[0].position < next[0]!.position)) next = queue;
    if (!next) return;
    yield next.shift()!;
  }
}
