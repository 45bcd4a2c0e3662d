import type { Erasure, Erasures } from '../contract.ts';
import { fromEvent } from '../rows.ts';
import type { PostgresDatabase } from './database.ts';

/** Erasures on PostgreSQL. */
export function createErasures(db: PostgresDatabase): Erasures {
  const read = async (where: string, values: string[] = []): Promise<Erasure[]> =>
    (await db.query<{ body: string }>(`SELECT body FROM erasures WHERE ${where} ORDER BY at, event_id`, values)).map(
      ({ body }) => JSON.parse(body) as Erasure,
    );
  return {
    async begin(erasure) {
      const { site, event_id, at } = erasure;
      await db.run('INSERT INTO erasures VALUES ($1, $2, $3, false, $4)', [site, event_id, at, JSON.stringify(erasure)]);
    },
    open: () => read('NOT is_done'),
    async done(site, event_id) {
      const [erasure] = await read('site = $1 AND event_id = $2', [site, event_id]);
      const { subject: _, ...kept } = erasure!;
      await db.run('UPDATE erasures SET is_done = true, body = $1 WHERE site = $2 AND event_id = $3', [
        JSON.stringify(kept),
        site,
        event_id,
      ]);
    },
    async sweep(before) {
      await db.run('DELETE FROM erasures WHERE is_done AND at < $1', [before]);
    },
    overwrite: (events) =>
      db.transaction(async (client) => {
        const rows = events.map(fromEvent);
        await client.run(
          `UPDATE events SET visitor_id = given.visitor_id, body = given.body
           FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS given (site, event_id, visitor_id, body)
           WHERE events.site = given.site AND events.event_id = given.event_id`,
          [
            rows.map(({ site }) => site),
            rows.map(({ event_id }) => event_id),
            rows.map(({ visitor_id }) => visitor_id),
            rows.map(({ body }) => body),
          ],
        );
      }),
  };
}
