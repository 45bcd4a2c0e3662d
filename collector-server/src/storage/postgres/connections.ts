import type { ConnectionState, Connections, SourceTask } from '../contract.ts';
import type { PostgresDatabase } from './database.ts';

const THIS_TASK = 'site = $1 AND source = $2 AND kind = $3 AND subject = $4 AND wanted_at = $5';
const placeOf = ({ site, source, kind, subject, wanted_at }: SourceTask) => [site, source, kind, subject, wanted_at] as const;

/** Connections on PostgreSQL. */
export function createConnections(db: PostgresDatabase): Connections {
  return {
    async state(site, source) {
      const [row] = await db.query<{ body: string }>('SELECT body FROM connections WHERE site = $1 AND source = $2', [
        site,
        source,
      ]);
      return row ? (JSON.parse(row.body) as ConnectionState) : null;
    },
    claim: ({ site, source }, owner, now, lease_ms, initial) =>
      db.transaction(async (client) => {
        await client.run('INSERT INTO connections (site, source, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
          ...[site, source],
          JSON.stringify(initial),
        ]);
        const [row] = await client.query<{ body: string }>(
          `UPDATE connections SET owner = $3, leased_until = $4
           WHERE site = $1 AND source = $2 AND (owner = $3 OR leased_until <= $5) RETURNING body`,
          [site, source, owner, now + lease_ms, now],
        );
        return row ? (JSON.parse(row.body) as ConnectionState) : null;
      }),
    put: async ({ site, source }, owner, now, lease_ms, state) =>
      (await db.run('UPDATE connections SET leased_until = $4, body = $5 WHERE site = $1 AND source = $2 AND owner = $3', [
        ...[site, source, owner, now + lease_ms],
        JSON.stringify(state),
      ])) === 1,
    async release({ site, source }, owner) {
      await db.run('UPDATE connections SET leased_until = 0 WHERE site = $1 AND source = $2 AND owner = $3', [
        site,
        source,
        owner,
      ]);
    },
    tasks: (site, source, now, limit) =>
      db.query<SourceTask>(
        `SELECT site, source, kind, subject, wanted_at, due_at, attempts FROM source_tasks
         WHERE site = $1 AND source = $2 AND done_at IS NULL AND due_at <= $3 ORDER BY due_at, kind, subject LIMIT $4`,
        [site, source, now, limit],
      ),
    async finishTask(task, now, reason) {
      await db.run(`UPDATE source_tasks SET done_at = $6, reason = $7 WHERE ${THIS_TASK}`, [
        ...placeOf(task),
        now,
        reason ?? null,
      ]);
    },
    async deferTask(task, due_at, reason) {
      await db.run(`UPDATE source_tasks SET due_at = $6, reason = $7, attempts = attempts + 1 WHERE ${THIS_TASK}`, [
        ...placeOf(task),
        due_at,
        reason,
      ]);
    },
  };
}
