import type { Evidence } from '../../stitch/evidence.ts';
import type { EvidenceReader, SaleWriter } from '../contract.ts';
import { type OrderBodyRow, toOrderRow } from '../rows.ts';
import type { Database } from './database.ts';
import type { Ask } from './identity.ts';

type EvidenceRow = OrderBodyRow & { by: Evidence['by'] };

export function createEvidenceReader(ask: Ask): EvidenceReader {
  return {
    evidenceOf: async (site, order_key) =>
      (
        await ask<EvidenceRow>(
          `SELECT order_key, role, received_at, body, evidence_by AS "by" FROM orders INDEXED BY orders_by_evidence
           WHERE site = ? AND evidence_of = ? ORDER BY order_key`,
          site,
          order_key,
        )
      ).map((row) => ({ row: toOrderRow(row), by: row.by })),
  };
}

/** For use inside a write. */
export function createSaleWriter(db: Database): SaleWriter {
  return {
    orderOfAlias: async (site, alias) =>
      db.own<{ order_key: string }>('SELECT order_key FROM order_aliases WHERE site = ? AND alias = ?', site, alias)[0]
        ?.order_key ?? null,
    async putAlias(site, alias, order_key) {
      db.run('INSERT OR IGNORE INTO order_aliases VALUES (?, ?, ?)', site, alias, order_key);
    },
    async joinOrders(site, from, into) {
      for (const table of ['order_events', 'conversions'])
        db.run(`UPDATE ${table} SET order_key = ? WHERE site = ? AND order_key = ?`, into, site, from);
      for (const table of ['orders', 'links']) db.run(`DELETE FROM ${table} WHERE site = ? AND order_key = ?`, site, from);
      db.run('DELETE FROM order_keys INDEXED BY order_keys_by_order WHERE site = ? AND order_key = ?', site, from);
      db.run('DELETE FROM order_references INDEXED BY order_references_by_order WHERE site = ? AND order_key = ?', site, from);
    },
    async putReferences(site, role, order_key, references) {
      db.run(
        'DELETE FROM order_references INDEXED BY order_references_by_order WHERE site = ? AND order_key = ?',
        site,
        order_key,
      );
      for (const { kind, value, at } of references)
        db.run('INSERT INTO order_references VALUES (?, ?, ?, ?, ?, ?)', site, role, kind, value, order_key, at);
    },
    ordersByReference: async (site, role, kind, value, limit) =>
      db.own(
        `SELECT order_key, at FROM order_references WHERE site = ? AND role = ? AND kind = ? AND value = ?
         ORDER BY at DESC, order_key LIMIT ?`,
        ...[site, role, kind, value, limit],
      ),
    async putEvidence(site, order_key, evidence) {
      const { order_key: of, by } = evidence ?? { order_key: null, by: null };
      db.run('UPDATE orders SET evidence_of = ?, evidence_by = ? WHERE site = ? AND order_key = ?', of, by, site, order_key);
    },
    async evidence(site, order_key) {
      const [row] = db.own<Evidence>(
        'SELECT evidence_of AS order_key, evidence_by AS "by" FROM orders WHERE site = ? AND order_key = ? AND evidence_of IS NOT NULL',
        site,
        order_key,
      );
      return row ?? null;
    },
    async putTask({ site, source, kind, subject, wanted_at, due_at }) {
      db.run(
        `INSERT INTO source_tasks (site, source, kind, subject, wanted_at, due_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET wanted_at = excluded.wanted_at, due_at = excluded.due_at, attempts = 0, done_at = NULL, reason = NULL
         WHERE excluded.wanted_at > wanted_at`,
        ...[site, source, kind, subject, wanted_at, due_at],
      );
    },
  };
}
