import type { Attempt, DeliveryState } from '@orderloop/protocol';
import type { Outbox, OutboxRow } from '../contract.ts';
import type { Database } from './database.ts';

const COLUMNS = 'id, site, conversion_id, destination, state, attempts, fence, created_at, next_attempt_at, reason, snapshot';

/** The outbox on SQLite. */
export function createOutbox(db: Database): Outbox {
  return {
    // One statement that picks and takes: two workers that select first and update later send things twice (O2).
    // A row whose lease has run out is due again, so that nothing is lost with a worker that died.
    claim: (now, lease_ms, limit, paused) =>
      db.write(() =>
        db
          .own<Record<keyof OutboxRow, never>>(
            `UPDATE outbox SET state = 'sending', fence = fence + 1, next_attempt_at = ?1 + ?2
             WHERE id IN (SELECT id FROM outbox WHERE state IN ('waiting', 'sending') AND next_attempt_at <= ?1
               AND site || '/' || destination NOT IN (SELECT value FROM json_each(?4)) ORDER BY next_attempt_at LIMIT ?3)
             RETURNING ${COLUMNS}`,
            now,
            lease_ms,
            limit,
            JSON.stringify(paused),
          )
          .map(toRow),
      ),
    finish: (row, result) =>
      db.write(() => {
        const changed = db.run(
          `UPDATE outbox SET state = ?, attempts = attempts + ?, next_attempt_at = ?, reason = ?, snapshot = coalesce(?, CASE WHEN ? THEN NULL ELSE snapshot END)
           WHERE id = ? AND fence = ? AND state = 'sending'`,
          result.state,
          result.attempt ? 1 : 0,
          result.next_attempt_at ?? null,
          result.reason ?? null,
          result.snapshot ?? null,
          result.snapshot === null ? 1 : 0,
          row.id,
          row.fence,
        );
        if (changed === 0) return false;
        if (result.attempt)
          db.run('INSERT INTO attempts VALUES (?, ?, ?)', row.id, result.attempt.attempt, JSON.stringify(result.attempt));
        return true;
      }),
    release: (filter, now) =>
      db.write(() =>
        db.run(
          `UPDATE outbox SET state = 'waiting', next_attempt_at = ?1, reason = NULL WHERE state IN (SELECT value FROM json_each(?2))
           AND (?3 IS NULL OR destination = ?3) AND (?4 IS NULL OR site = ?4) AND (?5 IS NULL OR conversion_id = ?5)`,
          now,
          JSON.stringify(filter.states),
          filter.destination ?? null,
          filter.site ?? null,
          filter.conversion_id ?? null,
        ),
      ),
    async ofConversion(site, conversion_id) {
      const rows = await db.all<Record<keyof OutboxRow, never>>(
        `SELECT ${COLUMNS} FROM outbox WHERE site = ? AND conversion_id = ? ORDER BY destination`,
        site,
        conversion_id,
      );
      return Promise.all(
        rows.map(async (row) => ({
          ...toRow(row),
          attempt_list: (
            await db.all<{ body: string }>('SELECT body FROM attempts WHERE outbox_id = ? ORDER BY attempt', row.id)
          ).map(({ body }) => JSON.parse(body) as Attempt),
        })),
      );
    },
    async counts() {
      const counts: Record<DeliveryState, number> = { waiting: 0, sending: 0, delivered: 0, dead: 0, skipped: 0, paused: 0 };
      for (const { state, n } of await db.all<{ state: DeliveryState; n: number }>(
        'SELECT state, count(*) AS n FROM outbox GROUP BY state',
      ))
        counts[state] = n;
      return counts;
    },
    nextDue: async (paused) => {
      const row = await db.get<{ due: number | null }>(
        "SELECT min(next_attempt_at) AS due FROM outbox WHERE state IN ('waiting', 'sending') AND site || '/' || destination NOT IN (SELECT value FROM json_each(?))",
        JSON.stringify(paused),
      );
      return row?.due ?? null;
    },
  };
}

function toRow(row: Record<keyof OutboxRow, never>): OutboxRow {
  const { snapshot, next_attempt_at, reason, ...rest } = row as unknown as OutboxRow & {
    snapshot: string | null;
    next_attempt_at: number | null;
    reason: string | null;
  };
  return {
    ...rest,
    ...(snapshot !== null && { snapshot }),
    ...(next_attempt_at !== null && { next_attempt_at }),
    ...(reason !== null && { reason }),
  };
}
