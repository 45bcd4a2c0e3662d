import type { DeadLetterRow, DeadLetters } from '../contract.ts';
import type { Database } from './database.ts';

type Row = Omit<DeadLetterRow, 'raw_truncated'> & { raw_truncated: number };

/** The dead letters on SQLite, beside the log that they are appended with. */
export function createDeadLetters(db: Database): DeadLetters {
  return {
    list: async ({ site, state, code, before }, limit) =>
      (
        await db.all<Row>(
          `SELECT * FROM dead_letters WHERE (?1 IS NULL OR site = ?1) AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR code = ?3)
             AND (?4 IS NULL OR id < ?4) ORDER BY id DESC LIMIT ?5`,
          site ?? null,
          state ?? null,
          code ?? null,
          before ?? null,
          limit,
        )
      ).map(toDeadLetter),
    get: async (id) => {
      const row = await db.get<Row>('SELECT * FROM dead_letters WHERE id = ?', id);
      return row ? toDeadLetter(row) : null;
    },
    settle: (id, state) =>
      db.write(() => {
        db.run('UPDATE dead_letters SET attempts = attempts + 1, state = coalesce(?, state) WHERE id = ?', state ?? null, id);
      }),
    count: async () => (await db.get<{ n: number }>("SELECT count(*) AS n FROM dead_letters WHERE state = 'open'"))!.n,
    bytes: async () =>
      Object.fromEntries(
        (
          await db.all<{ site: string; bytes: number }>('SELECT site, sum(length(raw)) AS bytes FROM dead_letters GROUP BY site')
        ).map(({ site, bytes }) => [site, bytes]),
      ),
    sweep: (now, limit) =>
      db.write(() =>
        db.run('DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters WHERE expires_at < ? LIMIT ?)', now, limit),
      ),
  };
}

function toDeadLetter({ raw_truncated, ...row }: Row): DeadLetterRow {
  return { ...row, raw_truncated: raw_truncated === 1 };
}
