import type { DeadLetterRow, DeadLetters } from '../contract.ts';
import type { PostgresDatabase } from './database.ts';

/** The dead letters on PostgreSQL. */
export function createDeadLetters(db: PostgresDatabase): DeadLetters {
  return {
    list: ({ site, state, code, before }, limit) =>
      db.query<DeadLetterRow>(
        `SELECT * FROM dead_letters WHERE ($1::text IS NULL OR site = $1) AND ($2::text IS NULL OR state = $2)
           AND ($3::text IS NULL OR code = $3) AND ($4::bigint IS NULL OR id < $4) ORDER BY id DESC LIMIT $5`,
        [site ?? null, state ?? null, code ?? null, before ?? null, limit],
      ),
    get: async (id) => (await db.query<DeadLetterRow>('SELECT * FROM dead_letters WHERE id = $1', [id]))[0] ?? null,
    settle: async (id, state) => {
      await db.run('UPDATE dead_letters SET attempts = attempts + 1, state = coalesce($2, state) WHERE id = $1', [
        id,
        state ?? null,
      ]);
    },
    count: async () => (await db.query<{ n: number }>("SELECT count(*) AS n FROM dead_letters WHERE state = 'open'"))[0]!.n,
    bytes: async () =>
      Object.fromEntries(
        (
          await db.query<{ site: string; bytes: number }>(
            'SELECT site, sum(length(raw))::bigint AS bytes FROM dead_letters GROUP BY site',
          )
        ).map(({ site, bytes }) => [site, bytes]),
      ),
    sweep: (now, limit) =>
      db.run('DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters WHERE expires_at < $1 LIMIT $2)', [now, limit]),
  };
}
