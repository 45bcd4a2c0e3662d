import { join } from 'node:path';
import type { LoggedEvent } from '@orderloop/protocol';
import type { EventLog } from '../contract.ts';
import { EVENT_COLUMNS, type EventRow, toEvent } from '../rows.ts';
import { Database } from './database.ts';
import { createLogReader } from './log.ts';

/** What can't be derived from the log again, in an order in which it can be put back. */
export const SMALL_TABLES = [
  'calls',
  'dead_letters',
  'outbox',
  'attempts',
  'paused_destinations',
  'reward_offers',
  'erasures',
  'source_tasks',
  'connections',
  'deliveries',
  'delivery_counts',
] as const;
export type SmallTable = (typeof SMALL_TABLES)[number];

const IN_LOG: readonly SmallTable[] = ['calls', 'dead_letters'];
const PAGE = 500;

export interface Tables {
  log: Pick<EventLog, 'partitions' | 'read'>;
  /** The last position; 0 when empty. */
  head(): number;
  events(after: number, limit: number): LoggedEvent[];
  /** Every row of a table as plain data, a page at a time. */
  pages(table: SmallTable): Generator<Record<string, unknown>[]>;
  close(): void;
}

/** Reads the tables of a store in SQLite as they are, beside a collector that may be running on it. */
export function openTables(folder: string): Tables {
  const log = new Database(join(folder, 'log.db'), 'log', { readOnly: true });
  const state = new Database(join(folder, 'state.db'), 'state', { readOnly: true });
  return {
    log: createLogReader(log),
    head: () => log.own<{ head: number }>('SELECT coalesce(max(position), 0) AS head FROM events')[0]!.head,
    events: (after, limit) =>
      log
        .own<EventRow>(`SELECT ${EVENT_COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?`, after, limit)
        .map(toEvent),
    *pages(table) {
      const db = IN_LOG.includes(table) ? log : state;
      for (let offset = 0; ; offset += PAGE) {
        const rows = db.own<Record<string, unknown>>(`SELECT * FROM ${table} LIMIT ${PAGE} OFFSET ${offset}`);
        if (rows.length > 0) yield rows;
        if (rows.length < PAGE) return;
      }
    },
    close() {
      void log.close();
      void state.close();
    },
  };
}
