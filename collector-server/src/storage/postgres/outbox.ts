import type { Attempt, DeliveryState } from '@orderloop/protocol';
import type { Outbox, OutboxRow } from '../contract.ts';
import type { PostgresDatabase } from './database.ts';

const COLUMNS = 'id, site, conversion_id, destination, state, attempts, fence, created_at, next_attempt_at, reason, snapshot';

type Row = { [Field in keyof OutboxRow]: OutboxRow[Field] | null };

/** The outbox on PostgreSQL, shared by as many workers as there are. */
export function createOutbox(db: PostgresDatabase): Outbox {
  return {
    // Rows that another worker is just taking are passed over, not waited for (O2).
    claim: async (now, lease_ms, limit, paused) =>
      (
        await db.query<Row>(
          `UPDATE outbox SET state = 'sending', fence = fence + 1, next_attempt_at = $1::bigint + $2::bigint
           WHERE id IN (SELECT id FROM outbox WHERE state IN ('waiting', 'sending') AND next_attempt_at <= $1
             AND site || '/' || destination <> ALL ($4::text[]) ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED)
           RETURNING ${COLUMNS}`,
          [now, lease_ms, limit, paused],
        )
      ).map(toRow),
    finish: (row, result) =>
      db.transaction(async (client) => {
        const changed = await client.run(
          `UPDATE outbox SET state = $1, attempts = attempts + $2::integer, next_attempt_at = $3, reason = $4,
             snapshot = CASE WHEN $6 THEN NULL ELSE coalesce($5, snapshot) END
           WHERE id = $7 AND fence = $8 AND state = 'sending'`,
          [
            ...[result.state, result.attempt ? 1 : 0, result.next_attempt_at ?? null, result.reason ?? null],
            ...[result.snapshot ?? null, result.snapshot === null, row.id, row.fence],
          ],
        );
        if (changed === 0) return false;
        if (result.attempt)
          await client.run('INSERT INTO attempts VALUES ($1, $2, $3)', [
            row.id,
            result.attempt.attempt,
            JSON.stringify(result.attempt),
          ]);
        return true;
      }),
    release: (filter, now) =>
      db.run(
        `UPDATE outbox SET state = 'waiting', next_attempt_at = $1, reason = NULL WHERE state = ANY ($2::text[])
           AND ($3::text IS NULL OR destination = $3) AND ($4::text IS NULL OR site = $4) AND ($5::text IS NULL OR conversion_id = $5)`,
        [now, filter.states, filter.destination ?? null, filter.site ?? null, filter.conversion_id ?? null],
      ),
    async ofConversion(site, conversion_id) {
      const rows = await db.query<Row>(
        `SELECT ${COLUMNS} FROM outbox WHERE site = $1 AND conversion_id = $2 ORDER BY destination`,
        [site, conversion_id],
      );
      return Promise.all(
        rows.map(async (row) => ({
          ...toRow(row),
          attempt_list: (
            await db.query<{ body: string }>('SELECT body FROM attempts WHERE outbox_id = $1 ORDER BY attempt', [row.id])
          ).map(({ body }) => JSON.parse(body) as Attempt),
        })),
      );
    },
    async counts() {
      const counts: Record<DeliveryState, number> = { waiting: 0, sending: 0, delivered: 0, dead: 0, skipped: 0, paused: 0 };
      for (const { state, n } of await db.query<{ state: DeliveryState; n: number }>(
        'SELECT state, count(*) AS n FROM outbox GROUP BY state',
      ))
        counts[state] = n;
      return counts;
    },
    nextDue: async (paused) => {
      const [row] = await db.query<{ due: number | null }>(
        "SELECT min(next_attempt_at) AS due FROM outbox WHERE state IN ('waiting', 'sending') AND site || '/' || destination <> ALL ($1::text[])",
        [paused],
      );
      return row?.due ?? null;
    },
  };
}

function toRow({ snapshot, next_attempt_at, reason, ...rest }: Row): OutboxRow {
  return {
    ...(rest as OutboxRow),
    ...(snapshot !== null && { snapshot }),
    ...(next_attempt_at !== null && { next_attempt_at }),
    ...(reason !== null && { reason }),
  };
}
