import type { Attempt, DeliveryState } from '@orderloop/protocol';
import type { Finish, Outbox, OutboxFilter, Pause } from '../contract.ts';
import { byAge, countsOf, OUTBOX_COLUMNS, type StoredOutboxRow, type StoredTally, toOutboxRow, toTally } from '../outbox-rows.ts';
import type { PostgresDatabase } from './database.ts';

const WHERE = `state = ANY ($1::text[]) AND ($2::text IS NULL OR site = $2) AND ($3::text IS NULL OR destination = $3)
  AND ($4::text IS NULL OR conversion_id = $4) AND ($5::text IS NULL OR reason = $5)`;
const wanted = ({ states, site, destination, conversion_id, reason }: OutboxFilter) => [
  states,
  site ?? null,
  destination ?? null,
  conversion_id ?? null,
  reason ?? null,
];

/** A result as one row of a JSON recordset. */
const flat = ({ row: { id, fence }, attempt, snapshot, receipt, ...rest }: Finish) => ({
  ...rest,
  id,
  fence,
  attempted: attempt ? 1 : 0,
  snapshot: snapshot ?? null,
  drops_snapshot: snapshot === null,
  receipt: receipt ?? null,
  drops_receipt: receipt === null,
});

/** The outbox on PostgreSQL, shared by as many workers as there are. */
export function createOutbox(db: PostgresDatabase): Outbox {
  return {
    // Rows that another worker is just taking are passed over, not waited for (O2).
    claim: async ({ site, destination }, now, lease_ms, limit) =>
      (
        await db.query<StoredOutboxRow>(
          `UPDATE outbox SET state = 'sending', fence = fence + 1, next_attempt_at = $1::bigint + $2::bigint
           WHERE id IN (SELECT id FROM outbox WHERE site = $4 AND destination = $5
             AND state IN ('waiting', 'sending', 'pending') AND next_attempt_at <= $1
             ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED)
           RETURNING ${OUTBOX_COLUMNS}`,
          [now, lease_ms, limit, site, destination],
        )
      )
        .map(toOutboxRow)
        .sort(byAge),
    renew: async (rows, now, lease_ms) =>
      (
        await db.query<{ id: number }>(
          `UPDATE outbox SET next_attempt_at = $1 FROM json_to_recordset($2::json) AS held (id bigint, fence bigint)
           WHERE outbox.id = held.id AND outbox.fence = held.fence AND state = 'sending' RETURNING outbox.id`,
          [now + lease_ms, JSON.stringify(rows.map(({ id, fence }) => ({ id, fence })))],
        )
      ).map(({ id }) => id),
    finish: (results) =>
      db.transaction(async (client) => {
        const kept = await client.query<{ id: number }>(
          `UPDATE outbox SET state = done.state, attempts = attempts + done.attempted, next_attempt_at = done.next_attempt_at,
             reason = done.reason, detail = done.detail,
             snapshot = CASE WHEN done.drops_snapshot THEN NULL ELSE coalesce(done.snapshot, outbox.snapshot) END,
             receipt = CASE WHEN done.drops_receipt THEN NULL ELSE coalesce(done.receipt, outbox.receipt) END,
             receipt_at = coalesce(done.receipt_at, outbox.receipt_at),
             accepted_at = coalesce(done.accepted_at, outbox.accepted_at), told = coalesce(done.told, outbox.told),
             trace = coalesce(done.trace, outbox.trace), identifiers = coalesce(done.identifiers, outbox.identifiers)
           FROM json_to_recordset($1::json) AS done (id bigint, fence bigint, state text, attempted integer,
             next_attempt_at bigint, reason text, detail text, snapshot text, drops_snapshot boolean, receipt text, drops_receipt boolean,
             receipt_at bigint, accepted_at bigint, told text, trace text, identifiers text)
           WHERE outbox.id = done.id AND outbox.fence = done.fence AND outbox.state = 'sending' RETURNING outbox.id`,
          [JSON.stringify(results.map(flat))],
        );
        const ids = new Set(kept.map(({ id }) => id));
        const attempts = results.flatMap(({ row, attempt }) =>
          attempt && ids.has(row.id) ? [{ outbox_id: row.id, attempt: attempt.attempt, body: JSON.stringify(attempt) }] : [],
        );
        if (attempts.length > 0)
          await client.run('INSERT INTO attempts SELECT * FROM json_populate_recordset(NULL::attempts, $1::json)', [
            JSON.stringify(attempts),
          ]);
        return [...ids];
      }),
    release: (filter, now) =>
      db.run(
        `UPDATE outbox SET state = CASE WHEN receipt IS NULL THEN 'waiting' ELSE 'pending' END, next_attempt_at = $6,
           queued_at = CASE WHEN state = 'dead' THEN $6 ELSE queued_at END, reason = NULL, detail = NULL WHERE ${WHERE}`,
        [...wanted(filter), now],
      ),
    async ofConversion(site, conversion_id) {
      const rows = await db.query<StoredOutboxRow>(
        `SELECT ${OUTBOX_COLUMNS} FROM outbox WHERE site = $1 AND conversion_id = $2 ORDER BY destination`,
        [site, conversion_id],
      );
      return Promise.all(
        rows.map(async (row) => ({
          ...toOutboxRow(row),
          attempt_list: (
            await db.query<{ body: string }>('SELECT body FROM attempts WHERE outbox_id = $1 ORDER BY attempt', [row.id])
          ).map(({ body }) => JSON.parse(body) as Attempt),
        })),
      );
    },
    ofConversions: async ({ site, destination }, conversion_ids) =>
      (
        await db.query<StoredOutboxRow>(
          `SELECT ${OUTBOX_COLUMNS} FROM outbox WHERE site = $1 AND conversion_id = ANY ($2::text[]) AND destination = $3`,
          [site, conversion_ids, destination],
        )
      ).map(toOutboxRow),
    list: async (filter, after, limit) =>
      (
        await db.query<StoredOutboxRow>(`SELECT ${OUTBOX_COLUMNS} FROM outbox WHERE ${WHERE} AND id > $6 ORDER BY id LIMIT $7`, [
          ...wanted(filter),
          after,
          limit,
        ])
      ).map(toOutboxRow),
    counts: async () =>
      countsOf(await db.query<{ state: DeliveryState; n: number }>('SELECT state, count(*) AS n FROM outbox GROUP BY state')),
    tally: async (site) =>
      (
        await db.query<StoredTally>(
          `SELECT site, destination, state, CASE WHEN state IN ('skipped', 'dead') THEN reason END AS reason, count(*) AS count,
             min(queued_at) AS oldest_at
           FROM outbox WHERE $1::text IS NULL OR site = $1 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
          [site ?? null],
        )
      ).map(toTally),
    quality: async ({ site, destination }, limit) => ({
      identifiers: await db.query<{ identifiers: string; count: number }>(
        `SELECT identifiers, count(*) AS count FROM outbox
         WHERE site = $1 AND destination = $2 AND state = 'delivered' AND identifiers IS NOT NULL GROUP BY identifiers`,
        [site, destination],
      ),
      latencies_ms: (
        await db.query<{ ms: number }>(
          `SELECT accepted_at - created_at AS ms FROM outbox
           WHERE site = $1 AND destination = $2 AND state = 'delivered' AND accepted_at IS NOT NULL ORDER BY id DESC LIMIT $3`,
          [site, destination, limit],
        )
      ).map(({ ms }) => ms),
    }),
    nextDue: async (lanes) =>
      (
        await db.query<{ due: number | null }>(
          `SELECT (SELECT min(next_attempt_at) FROM outbox WHERE site = lane.site AND destination = lane.destination
             AND state IN ('waiting', 'sending', 'pending')) AS due
           FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS lane (site, destination, place) ORDER BY place`,
          [lanes.map(({ site }) => site), lanes.map(({ destination }) => destination)],
        )
      ).map(({ due }) => due),
    pause: async ({ site, destination, reason, paused_at }) => {
      await db.run('INSERT INTO paused_destinations VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [
        ...[site, destination, reason, paused_at],
      ]);
    },
    unpause: async (lane) => {
      await db.run('DELETE FROM paused_destinations WHERE $1::text IS NULL OR (site = $1 AND destination = $2)', [
        lane?.site ?? null,
        lane?.destination ?? null,
      ]);
    },
    pauses: () =>
      db.query<Pause>('SELECT site, destination, reason, paused_at FROM paused_destinations ORDER BY site, destination'),
  };
}
