import type { Evidence } from '../../stitch/evidence.ts';
import type { EvidenceReader, SaleWriter } from '../contract.ts';
import { type OrderBodyRow, toOrderRow } from '../rows.ts';
import type { Queryable } from './database.ts';

type EvidenceRow = OrderBodyRow & { by: Evidence['by'] };

export function createEvidenceReader(db: Queryable): EvidenceReader {
  return {
    evidenceOf: async (site, order_key) =>
      (
        await db.query<EvidenceRow>(
          `SELECT order_key, role, received_at, body, evidence_by AS by FROM orders
           WHERE site = $1 AND evidence_of = $2 ORDER BY order_key`,
          [site, order_key],
        )
      ).map((row) => ({ row: toOrderRow(row), by: row.by })),
  };
}

/** For use inside a transaction. */
export function createSaleWriter(db: Queryable): SaleWriter {
  return {
    orderOfAlias: async (site, alias) =>
      (
        await db.query<{ order_key: string }>('SELECT order_key FROM order_aliases WHERE site = $1 AND alias = $2', [site, alias])
      )[0]?.order_key ?? null,
    async putAlias(site, alias, order_key) {
      await db.run('INSERT INTO order_aliases VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [site, alias, order_key]);
    },
    async joinOrders(site, from, into) {
      for (const table of ['order_events', 'conversions'])
        await db.run(`UPDATE ${table} SET order_key = $1 WHERE site = $2 AND order_key = $3`, [into, site, from]);
      for (const table of ['orders', 'links', 'order_keys', 'order_references'])
        await db.run(`DELETE FROM ${table} WHERE site = $1 AND order_key = $2`, [site, from]);
    },
    async putReferences(site, role, order_key, references) {
      await db.run('DELETE FROM order_references WHERE site = $1 AND order_key = $2', [site, order_key]);
      if (references.length === 0) return;
      await db.run(
        'INSERT INTO order_references SELECT $1, $2, kind, value, $3, at FROM unnest($4::text[], $5::text[], $6::bigint[]) AS row (kind, value, at)',
        [
          ...[site, role, order_key],
          references.map(({ kind }) => kind),
          references.map(({ value }) => value),
          references.map(({ at }) => at),
        ],
      );
    },
    ordersByReference: (site, role, kind, value, limit) =>
      db.query(
        `SELECT order_key, at FROM order_references WHERE site = $1 AND role = $2 AND kind = $3 AND value = $4
         ORDER BY at DESC, order_key LIMIT $5`,
        [site, role, kind, value, limit],
      ),
    async putEvidence(site, order_key, evidence) {
      const { order_key: of, by } = evidence ?? { order_key: null, by: null };
      await db.run('UPDATE orders SET evidence_of = $1, evidence_by = $2 WHERE site = $3 AND order_key = $4', [
        ...[of, by],
        ...[site, order_key],
      ]);
    },
    async evidence(site, order_key) {
      const [row] = await db.query<Evidence>(
        'SELECT evidence_of AS order_key, evidence_by AS by FROM orders WHERE site = $1 AND order_key = $2 AND evidence_of IS NOT NULL',
        [site, order_key],
      );
      return row ?? null;
    },
    async putTask({ site, source, kind, subject, wanted_at, due_at }) {
      await db.run(
        `INSERT INTO source_tasks AS known (site, source, kind, subject, wanted_at, due_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (site, source, kind, subject) DO UPDATE
         SET wanted_at = excluded.wanted_at, due_at = excluded.due_at, attempts = 0, done_at = NULL, reason = NULL
         WHERE excluded.wanted_at > known.wanted_at`,
        [site, source, kind, subject, wanted_at, due_at],
      );
    },
  };
}
