import type { Identifier, LoggedEvent } from '@orderloop/protocol';
import type { IdentityFact, Stamp } from '../../stitch/identity.ts';
import type { SessionState } from '../../stitch/session.ts';
import type { Claim, IdentityReader, IdentityWriter } from '../contract.ts';
import { NAMING_FIRST, type OrderBodyRow, toOrderRow, toTombstones, VISITOR_TABLES } from '../rows.ts';
import type { Database } from './database.ts';

/** Asks for rows: of what is committed, or inside of a write. */
export type Ask = <Row>(sql: string, ...values: (string | number)[]) => Promise<Row[]>;

/** A list of identifiers as a table. CROSS JOIN keeps it in front: each is looked up through the index, whatever the planner thinks. */
const WANTED = `(SELECT value ->> 'type' AS type, value ->> 'value' AS value FROM json_each(?))`;

/** Who is who, on SQLite. Where an index is named, the planner would take the key's first column, which is the whole table. */
export function createIdentityReader(ask: Ask): IdentityReader {
  const orders = async (site: string, order_ids: readonly string[], limit: number, direction: 'ASC' | 'DESC') =>
    (
      await ask<OrderBodyRow>(
        `SELECT order_key, role, received_at, body FROM json_each(?) AS wanted CROSS JOIN orders INDEXED BY orders_by_id
           ON order_id = wanted.value AND site = ? AND role = 'orders'
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
          `SELECT DISTINCT cluster FROM ${WANTED} CROSS JOIN identifiers USING (type, value) WHERE site = ? ORDER BY cluster`,
          JSON.stringify(ids),
          site,
        )
      ).map(({ cluster }) => cluster),
    identityFacts: async (site, cluster) =>
      (
        await ask<{ body: string }>(
          'SELECT body FROM identity_facts INDEXED BY identity_facts_by_cluster WHERE site = ? AND cluster = ?',
          site,
          cluster,
        )
      ).map(({ body }) => JSON.parse(body) as IdentityFact),
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
          `SELECT claims.* FROM ${WANTED} CROSS JOIN claims USING (type, value) WHERE site = ? AND (at, event_id) ${comparison} (?, ?)
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
        `SELECT type, value FROM visitor_identifiers WHERE site = ? AND visitor_id = ? ORDER BY ${NAMING_FIRST}, type, value LIMIT ?`,
        site,
        visitor_id,
        limit,
      ),
    visitorsWith: async (site, ids, limit) =>
      (
        await ask<{ visitor_id: string }>(
          `SELECT DISTINCT visitor_id FROM ${WANTED} CROSS JOIN visitor_identifiers USING (type, value) WHERE site = ? ORDER BY visitor_id LIMIT ?`,
          JSON.stringify(ids),
          site,
          limit,
        )
      ).map(({ visitor_id }) => visitor_id),
    visitorsWithClicks: async (site, click_ids, limit) =>
      (
        await ask<{ visitor_id: string }>(
          `SELECT DISTINCT visitor_id FROM json_each(?) AS wanted CROSS JOIN session_keys AS shown
             ON site = ? AND shown.key = 'click_id' AND shown.value = wanted.value ORDER BY visitor_id LIMIT ?`,
          JSON.stringify(click_ids),
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

interface Body {
  body: string;
}

const parseEvent = ({ body }: Body): LoggedEvent => JSON.parse(body) as LoggedEvent;

/** For use inside a write. */
export function createIdentityWriter(db: Database): IdentityWriter {
  return {
    async putIdentifiers(site, ids, cluster) {
      for (const { type, value, person_id } of ids)
        db.run('INSERT OR IGNORE INTO identifiers VALUES (?, ?, ?, ?, ?)', site, type, value, person_id, cluster);
    },
    async joinClusters(site, from, into) {
      for (const cluster of from) {
        db.run(
          'UPDATE identifiers INDEXED BY identifiers_by_cluster SET cluster = ? WHERE site = ? AND cluster = ?',
          into,
          site,
          cluster,
        );
        db.run(
          'UPDATE identity_facts INDEXED BY identity_facts_by_cluster SET cluster = ? WHERE site = ? AND cluster = ?',
          into,
          site,
          cluster,
        );
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
    async putLoose(event) {
      db.run(
        'INSERT OR REPLACE INTO loose_events VALUES (?, ?, ?, ?, ?, ?)',
        event.site,
        event.visitor_id!,
        event.occurred_at,
        event.event_id,
        event.session_id!,
        JSON.stringify(event),
      );
    },
    looseBefore: async (site, visitor_id, { at, event_id }, limit) =>
      db
        .own<Body>(
          `SELECT body FROM loose_events WHERE site = ? AND visitor_id = ? AND (at, event_id) < (?, ?)
           ORDER BY at DESC, event_id DESC LIMIT ?`,
          ...[site, visitor_id, at, event_id, limit],
        )
        .map(parseEvent),
    looseAfter: async (site, visitor_id, { at, event_id }, limit) =>
      db
        .own<Body>(
          `SELECT body FROM loose_events WHERE site = ? AND visitor_id = ? AND (at, event_id) > (?, ?)
           ORDER BY at, event_id LIMIT ?`,
          ...[site, visitor_id, at, event_id, limit],
        )
        .map(parseEvent),
    looseFirst: async (site, visitor_id, session_id) =>
      db
        .own<Body>(
          'SELECT body FROM loose_events WHERE site = ? AND visitor_id = ? AND session_id = ? ORDER BY at, event_id LIMIT 1',
          ...[site, visitor_id, session_id],
        )
        .map(parseEvent)[0] ?? null,
    async dropVisit(site, visitor_id, session_id, keys, event_ids) {
      db.run('DELETE FROM sessions WHERE site = ? AND session_id = ? AND visitor_id = ?', site, session_id, visitor_id);
      for (const id of [session_id, ...event_ids])
        db.run('DELETE FROM touchpoints WHERE site = ? AND visitor_id = ? AND touchpoint_id = ?', site, visitor_id, id);
      for (const { key, value } of keys)
        db.run(
          'DELETE FROM session_keys WHERE site = ? AND key = ? AND value = ? AND session_id = ? AND visitor_id = ?',
          ...[site, key, value, session_id, visitor_id],
        );
      db.run('DELETE FROM claims WHERE site = ? AND visitor_id = ? AND session_id = ?', site, visitor_id, session_id);
    },
    async forget(site, { visitor_ids, clusters, keys, order_keys }) {
      for (const visitor_id of visitor_ids) {
        for (const table of VISITOR_TABLES) db.run(`DELETE FROM ${table} WHERE site = ? AND visitor_id = ?`, site, visitor_id);
        for (const { key, value } of keys)
          db.run(
            'DELETE FROM session_keys WHERE site = ? AND key = ? AND value = ? AND visitor_id = ?',
            ...[site, key, value, visitor_id],
          );
      }
      for (const cluster of clusters)
        for (const table of ['identifiers', 'identity_facts'])
          db.run(`DELETE FROM ${table} INDEXED BY ${table}_by_cluster WHERE site = ? AND cluster = ?`, site, cluster);
      for (const order_key of order_keys)
        db.run('DELETE FROM order_keys INDEXED BY order_keys_by_order WHERE site = ? AND order_key = ?', site, order_key);
    },
    tombstones: async (site) =>
      db.own<{ body: string }>('SELECT body FROM erasures WHERE site = ?', site).map(({ body }) => toTombstones(body)),
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
