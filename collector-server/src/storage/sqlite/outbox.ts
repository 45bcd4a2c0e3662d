import type { Attempt, DeliveryState } from '@orderloop/protocol';
import type { Finish, Outbox, OutboxFilter, Pause } from '../contract.ts';
import { byAge, countsOf, OUTBOX_COLUMNS, type StoredOutboxRow, type StoredTally, toOutboxRow, toTally } from '../outbox-rows.ts';
import type { Database } from './database.ts';

const WHERE = `state IN (SELECT value FROM json_each(?1)) AND (?2 IS NULL OR site = ?2) AND (?3 IS NULL OR destination = ?3)
  AND (?4 IS NULL OR conversion_id = ?4) AND (?5 IS NULL OR reason = ?5)`;
const wanted = ({ states, site, destination, conversion_id, reason }: OutboxFilter) =>
  [JSON.stringify(states), site ?? null, destination ?? null, conversion_id ?? null, reason ?? null] as const;

/** The outbox on SQLite. */
export function createOutbox(db: Database): Outbox {
  const finishOne = ({ row, state, attempt, snapshot, receipt, ...rest }: Finish): boolean => {
    const changed = db.run(
      `UPDATE outbox SET state = ?, attempts = attempts + ?, next_attempt_at = ?, reason = ?, detail = ?,
         snapshot = CASE WHEN ? THEN NULL ELSE coalesce(?, snapshot) END,
         receipt = CASE WHEN ? THEN NULL ELSE coalesce(?, receipt) END, receipt_at = coalesce(?, receipt_at),
         accepted_at = coalesce(?, accepted_at), told = coalesce(?, told), trace = coalesce(?, trace),
         identifiers = coalesce(?, identifiers)
       WHERE id = ? AND fence = ? AND state = 'sending'`,
      ...[state, attempt ? 1 : 0, rest.next_attempt_at ?? null, rest.reason ?? null, rest.detail ?? null],
      ...[snapshot === null ? 1 : 0, snapshot ?? null, receipt === null ? 1 : 0, receipt ?? null, rest.receipt_at ?? null],
      ...[rest.accepted_at ?? null, rest.told ?? null, rest.trace ?? null, rest.identifiers ?? null],
      ...[row.id, row.fence],
    );
    if (changed === 0) return false;
    if (attempt) db.run('INSERT INTO attempts VALUES (?, ?, ?)', row.id, attempt.attempt, JSON.stringify(attempt));
    return true;
  };

  return {
    // One statement that picks and takes: two workers that select first and update later send things twice (O2).
    // A row whose lease has run out is due again, so that nothing is lost with a worker that died.
    claim: ({ site, destination }, now, lease_ms, limit) =>
      db.write(
        () =>
          db
            .own<StoredOutboxRow>(
              `UPDATE outbox SET state = 'sending', fence = fence + 1, next_attempt_at = ?1 + ?2
               WHERE id IN (SELECT id FROM outbox INDEXED BY outbox_due WHERE site = ?4 AND destination = ?5
                 AND state IN ('waiting', 'sending', 'pending') AND next_attempt_at <= ?1 ORDER BY next_attempt_at LIMIT ?3)
               RETURNING ${OUTBOX_COLUMNS}`,
              now,
              lease_ms,
              limit,
              site,
              destination,
            )
            .map(toOutboxRow)
            .sort(byAge),
        // A lease that a power cut takes away is nobody's any more.
        { mayBeLost: true },
      ),
    renew: (rows, now, lease_ms) =>
      db.write(() =>
        rows.flatMap(({ id, fence }) =>
          db.run(
            "UPDATE outbox SET next_attempt_at = ? WHERE id = ? AND fence = ? AND state = 'sending'",
            now + lease_ms,
            id,
            fence,
          ) === 1
            ? [id]
            : [],
        ),
      ),
    finish: (results) => db.write(() => results.flatMap((result) => (finishOne(result) ? [result.row.id] : []))),
    release: (filter, now) =>
      db.write(() =>
        db.run(
          `UPDATE outbox SET state = CASE WHEN receipt IS NULL THEN 'waiting' ELSE 'pending' END, next_attempt_at = ?6,
             queued_at = CASE WHEN state = 'dead' THEN ?6 ELSE queued_at END, reason = NULL, detail = NULL WHERE ${WHERE}`,
          ...wanted(filter),
          now,
        ),
      ),
    async ofConversion(site, conversion_id) {
      const rows = await db.all<StoredOutboxRow>(
        `SELECT ${OUTBOX_COLUMNS} FROM outbox WHERE site = ? AND conversion_id = ? ORDER BY destination`,
        site,
        conversion_id,
      );
      return Promise.all(
        rows.map(async (row) => ({
          ...toOutboxRow(row),
          attempt_list: (
            await db.all<{ body: string }>('SELECT body FROM attempts WHERE outbox_id = ? ORDER BY attempt', row.id)
          ).map(({ body }) => JSON.parse(body) as Attempt),
        })),
      );
    },
    ofConversions: async ({ site, destination }, conversion_ids) =>
      (
        await db.all<StoredOutboxRow>(
          `SELECT ${OUTBOX_COLUMNS} FROM outbox INDEXED BY outbox_once
           WHERE site = ? AND conversion_id IN (SELECT value FROM json_each(?)) AND destination = ?`,
          site,
          JSON.stringify(conversion_ids),
          destination,
        )
      ).map(toOutboxRow),
    list: async (filter, after, limit) =>
      (
        await db.all<StoredOutboxRow>(
          `SELECT ${OUTBOX_COLUMNS} FROM outbox WHERE ${WHERE} AND id > ?6 ORDER BY id LIMIT ?7`,
          ...wanted(filter),
          after,
          limit,
        )
      ).map(toOutboxRow),
    counts: async () =>
      countsOf(
        await db.all<{ state: DeliveryState; n: number }>(
          'SELECT state, count(*) AS n FROM outbox INDEXED BY outbox_counts GROUP BY state',
        ),
      ),
    tally: async (site) =>
      (
        await db.all<StoredTally>(
          `SELECT site, destination, state, CASE WHEN state IN ('skipped', 'dead') THEN reason END AS reason, count(*) AS count,
             min(queued_at) AS oldest_at
           FROM outbox INDEXED BY outbox_counts WHERE ?1 IS NULL OR site = ?1 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
          site ?? null,
        )
      ).map(toTally),
    quality: async ({ site, destination }, limit) => ({
      identifiers: await db.all<{ identifiers: string; count: number }>(
        `SELECT identifiers, count(*) AS count FROM outbox
         WHERE site = ? AND destination = ? AND state = 'delivered' AND identifiers IS NOT NULL GROUP BY identifiers`,
        site,
        destination,
      ),
      latencies_ms: (
        await db.all<{ ms: number }>(
          `SELECT accepted_at - created_at AS ms FROM outbox
           WHERE site = ? AND destination = ? AND state = 'delivered' AND accepted_at IS NOT NULL ORDER BY id DESC LIMIT ?`,
          site,
          destination,
          limit,
        )
      ).map(({ ms }) => ms),
    }),
    nextDue: async (lanes) =>
      (
        await db.all<{ due: number | null }>(
          `SELECT (SELECT min(next_attempt_at) FROM outbox INDEXED BY outbox_due
             WHERE site = lane.value ->> 'site' AND destination = lane.value ->> 'destination'
               AND state IN ('waiting', 'sending', 'pending')) AS due
           FROM json_each(?) AS lane ORDER BY lane.key`,
          JSON.stringify(lanes.map(({ site, destination }) => ({ site, destination }))),
        )
      ).map(({ due }) => due),
    pause: async ({ site, destination, reason, paused_at }) => {
      await db.write(() =>
        db.run('INSERT OR IGNORE INTO paused_destinations VALUES (?, ?, ?, ?)', site, destination, reason, paused_at),
      );
    },
    unpause: async (lane) => {
      await db.write(() =>
        db.run(
          'DELETE FROM paused_destinations WHERE ?1 IS NULL OR (site = ?1 AND destination = ?2)',
          lane?.site ?? null,
          lane?.destination ?? null,
        ),
      );
    },
    pauses: () =>
      db.all<Pause>('SELECT site, destination, reason, paused_at FROM paused_destinations ORDER BY site, destination'),
  };
}
