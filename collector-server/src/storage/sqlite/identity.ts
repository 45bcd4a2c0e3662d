import type { Identifier } from '@orderloop/protocol';
import type { IdentityFact, Stamp } from '../../stitch/identity.ts';
import type { SessionState } from '../../stitch/session.ts';
import type { Claim, IdentityReader, IdentityWriter } from '../contract.ts';
import { type OrderBodyRow, toOrderRow } from '../rows.ts';
import type { Database } from './database.ts';

/** Asks for rows: of what is committed, or inside of a write. */
export type Ask = <Row>(sql: string, ...values: (string | number)[]) => Promise<Row[]>;

/** Pairs of a list of identifiers, as a table: types and values by turns. */
const WANTED = `(SELECT value ->> 'type' AS type, value ->> 'value' AS value FROM json_each(?))`;

/** Who is who, on SQLite. */
export function createIdentityReader(ask: Ask): IdentityReader {
  const orders = async (site: string, order_ids: readonly string[], limit: number, direction: 'ASC' | 'DESC') =>
    (
      await ask<OrderBodyRow>(
        `SELECT order_key, received_at, body FROM json_each(?) AS wanted JOIN orders ON order_id = wanted.value AND site = ?
         ORDER BY created_at ${direction}, order_key ${direction} LIMIT ?`,
        JSON.stringify(order_ids),
        site,
        limit,
      )
    ).map(toOrderRow);
  return {
    identityClusters: async (site, ids) =>
      (
        await ask<{ cluster: string }>(
          `SELECT DISTINCT cluster FROM ${WANTED} JOIN identifiers USING (type, value) WHERE site = ? ORDER BY cluster`,
          JSON.stringify(ids),
          site,
        )
      ).map(({ cluster }) => cluster),
    identityFacts: async (site, cluster) =>
      (await ask<{ body: string }>('SELECT body FROM identity_facts WHERE site = ? AND cluster = ?', site, cluster)).map(
        ({ body }) => JSON.parse(body) as IdentityFact,
      ),
    claimsOfSession: async (site, visitor_id, session_id, limit) =>
      (
        await ask<Claim>(
          'SELECT * FROM claims WHERE site = ? AND visitor_id = ? AND session_id = ? ORDER BY at DESC, event_id DESC LIMIT ?',
          site,
          visitor_id,
          session_id,
          limit,
        )
      ).reverse(),
    async claimNear(site, ids, { at, event_id }) {
      const near = (comparison: string, order: string): Promise<Claim[]> =>
        ask<Claim>(
          `SELECT claims.* FROM ${WANTED} JOIN claims USING (type, value) WHERE site = ? AND (at, event_id) ${comparison} (?, ?)
           ORDER BY at ${order}, event_id ${order} LIMIT 1`,
          JSON.stringify(ids),
          site,
          at,
          event_id,
        );
      return (await near('<=', 'DESC'))[0] ?? (await near('>', 'ASC'))[0] ?? null;
    },
    identifiersOfVisitor: (site, visitor_id, limit) =>
      ask<Identifier>(
        'SELECT type, value FROM visitor_identifiers WHERE site = ? AND visitor_id = ? ORDER BY type, value LIMIT ?',
        site,
        visitor_id,
        limit,
      ),
    visitorsWith: async (site, ids, limit) =>
      (
        await ask<{ visitor_id: string }>(
          `SELECT DISTINCT visitor_id FROM ${WANTED} JOIN visitor_identifiers USING (type, value) WHERE site = ? ORDER BY visitor_id LIMIT ?`,
          JSON.stringify(ids),
          site,
          limit,
        )
      ).map(({ visitor_id }) => visitor_id),
    visitorFirst: async (site, visitor_id) =>
      (await ask<Stamp>('SELECT at, event_id FROM visitors WHERE site = ? AND visitor_id = ?', site, visitor_id))[0] ?? null,
    sessionsBefore: async (site, visitor_id, until, limit) =>
      (
        await ask<{ body: string }>(
          'SELECT body FROM sessions WHERE site = ? AND visitor_id = ? AND started_at <= ? ORDER BY started_at DESC, session_id DESC LIMIT ?',
          site,
          visitor_id,
          until,
          limit,
        )
      ).map(({ body }) => JSON.parse(body) as SessionState),
    ordersWithIds: (site, order_ids, limit) => orders(site, order_ids, limit, 'DESC'),
    firstOrders: (site, order_ids, limit) => orders(site, order_ids, limit, 'ASC'),
  };
}

/** For use inside a write. */
export function createIdentityWriter(db: Database): IdentityWriter {
  return {
    async putIdentifiers(site, ids, cluster) {
      for (const { type, value, person_id } of ids)
        db.run('INSERT OR IGNORE INTO identifiers VALUES (?, ?, ?, ?, ?)', site, type, value, person_id, cluster);
    },
    async joinClusters(site, from, into) {
      for (const cluster of from) {
        db.run('UPDATE identifiers SET cluster = ? WHERE site = ? AND cluster = ?', into, site, cluster);
        db.run('UPDATE identity_facts SET cluster = ? WHERE site = ? AND cluster = ?', into, site, cluster);
      }
    },
    putFact: async (site, cluster, key, fact) =>
      db.run(
        `INSERT INTO identity_facts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
           SET at = excluded.at, event_id = excluded.event_id, body = excluded.body
           WHERE (excluded.at, excluded.event_id) < (at, event_id)`,
        site,
        key,
        cluster,
        fact.at,
        fact.event_id,
        JSON.stringify(fact),
      ) === 1,
    async putClaim({ site, visitor_id, session_id, at, event_id, type, value }) {
      db.run(
        'INSERT OR IGNORE INTO claims VALUES (?, ?, ?, ?, ?, ?, ?)',
        site,
        visitor_id,
        session_id,
        at,
        event_id,
        type,
        value,
      );
      return db.run('INSERT OR IGNORE INTO visitor_identifiers VALUES (?, ?, ?, ?)', site, visitor_id, type, value) === 1;
    },
    async putVisitor(site, visitor_id, person_id, { at, event_id }) {
      db.run(
        `INSERT INTO visitors VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at, event_id = excluded.event_id
         WHERE (excluded.at, excluded.event_id) < (at, event_id)`,
        site,
        visitor_id,
        person_id,
        at,
        event_id,
      );
    },
  };
}
