import type { ConnectionState, Connections, SourceTask } from '../contract.ts';
import type { Database } from './database.ts';

const THIS_TASK = 'site = ? AND source = ? AND kind = ? AND subject = ? AND wanted_at = ?';
const placeOf = ({ site, source, kind, subject, wanted_at }: SourceTask) => [site, source, kind, subject, wanted_at] as const;

/** Connections on SQLite. */
export function createConnections(db: Database): Connections {
  const read = async (site: string, source: string): Promise<ConnectionState | null> => {
    const row = await db.get<{ body: string }>('SELECT body FROM connections WHERE site = ? AND source = ?', site, source);
    return row ? (JSON.parse(row.body) as ConnectionState) : null;
  };
  return {
    state: read,
    claim: ({ site, source }, owner, now, lease_ms, initial) =>
      db.write(() => {
        db.run('INSERT OR IGNORE INTO connections (site, source, body) VALUES (?, ?, ?)', site, source, JSON.stringify(initial));
        const claimed = db.run(
          'UPDATE connections SET owner = ?, leased_until = ? WHERE site = ? AND source = ? AND (owner = ? OR leased_until <= ?)',
          ...[owner, now + lease_ms, site, source, owner, now],
        );
        if (claimed === 0) return null;
        const [row] = db.own<{ body: string }>('SELECT body FROM connections WHERE site = ? AND source = ?', site, source);
        return JSON.parse(row!.body) as ConnectionState;
      }),
    put: ({ site, source }, owner, now, lease_ms, state) =>
      db.write(
        () =>
          db.run(
            'UPDATE connections SET leased_until = ?, body = ? WHERE site = ? AND source = ? AND owner = ?',
            ...[now + lease_ms, JSON.stringify(state), site, source, owner],
          ) === 1,
      ),
    release: ({ site, source }, owner) =>
      db.write(() => {
        db.run('UPDATE connections SET leased_until = 0 WHERE site = ? AND source = ? AND owner = ?', site, source, owner);
      }),
    tasks: (site, source, now, limit) =>
      db.all<SourceTask>(
        `SELECT site, source, kind, subject, wanted_at, due_at, attempts FROM source_tasks INDEXED BY source_tasks_due
         WHERE site = ? AND source = ? AND done_at IS NULL AND due_at <= ? ORDER BY due_at, kind, subject LIMIT ?`,
        ...[site, source, now, limit],
      ),
    finishTask: (task, now, reason) =>
      db.write(() => {
        db.run(`UPDATE source_tasks SET done_at = ?, reason = ? WHERE ${THIS_TASK}`, now, reason ?? null, ...placeOf(task));
      }),
    deferTask: (task, due_at, reason) =>
      db.write(() => {
        db.run(
          `UPDATE source_tasks SET due_at = ?, reason = ?, attempts = attempts + 1 WHERE ${THIS_TASK}`,
          ...[due_at, reason],
          ...placeOf(task),
        );
      }),
  };
}
