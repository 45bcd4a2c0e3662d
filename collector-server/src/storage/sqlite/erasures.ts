import type { Erasure, Erasures } from '../contract.ts';
import { fromEvent } from '../rows.ts';
import type { Database } from './database.ts';

/** Erasures on SQLite. */
export function createErasures(log: Database, state: Database): Erasures {
  const read = async (where: string, ...values: string[]): Promise<Erasure[]> =>
    (await state.all<{ body: string }>(`SELECT body FROM erasures WHERE ${where} ORDER BY at, event_id`, ...values)).map(
      ({ body }) => JSON.parse(body) as Erasure,
    );
  return {
    begin: (erasure) =>
      state.write(() => {
        const { site, event_id, at } = erasure;
        state.run('INSERT INTO erasures VALUES (?, ?, ?, 0, ?)', site, event_id, at, JSON.stringify(erasure));
      }),
    open: () => read('NOT is_done'),
    async done(site, event_id) {
      const [erasure] = await read('site = ? AND event_id = ?', site, event_id);
      const { subject: _, ...kept } = erasure!;
      await state.write(() => {
        state.run(
          'UPDATE erasures SET is_done = 1, body = ? WHERE site = ? AND event_id = ?',
          JSON.stringify(kept),
          site,
          event_id,
        );
      });
    },
    sweep: (before) =>
      state.write(() => {
        state.run('DELETE FROM erasures WHERE is_done AND at < ?', before);
      }),
    overwrite: (events) =>
      log.write(() => {
        for (const event of events) {
          const { site, event_id, visitor_id, body } = fromEvent(event);
          log.run('UPDATE events SET visitor_id = ?, body = ? WHERE site = ? AND event_id = ?', visitor_id, body, site, event_id);
        }
      }),
  };
}
