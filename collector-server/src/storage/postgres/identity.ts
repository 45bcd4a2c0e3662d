import type { Identifier, LoggedEvent } from '@orderloop/protocol';
import type { IdentityFact, Stamp } from '../../stitch/identity.ts';
import type { SessionState } from '../../stitch/session.ts';
import type { Claim, IdentityReader, IdentityWriter } from '../contract.ts';
import { NAMING_FIRST, type OrderBodyRow, toOrderRow, toTombstones, VISITOR_TABLES } from '../rows.ts';
import type { Queryable } from './database.ts';

const types = (ids: readonly Identifier[]): string[] => ids.map(({ type }) => type);
const values = (ids: readonly Identifier[]): string[] => ids.map(({ value }) => value);
/** Each identifier by itself through the index: a join would be planned as if the table were small. */
const WANTED = 'unnest($2::text[], $3::text[]) AS wanted (type, value)';
const CLAIM = 'site, visitor_id, session_id, at, event_id, type, value';

/** Who is who, on PostgreSQL. */
export function createIdentityReader(db: Queryable): IdentityReader {
  const orders = async (site: string, order_ids: readonly string[], limit: number, direction: 'ASC' | 'DESC') =>
    (
      await db.query<OrderBodyRow>(
        `SELECT found.order_key, found.role, found.received_at, found.body FROM unnest($2::text[]) AS wanted (order_id),
           LATERAL (SELECT * FROM orders WHERE site = $1 AND order_id = wanted.order_id AND role = 'orders') AS found
         ORDER BY found.created_at ${direction}, found.order_key ${direction} LIMIT $3`,
        [site, order_ids, limit],
      )
    ).map(toOrderRow);
  return {
    identityClusters: async (site, ids) =>
      (
        await db.query<{ cluster: string }>(
          `SELECT DISTINCT cluster FROM ${WANTED}, LATERAL (SELECT cluster FROM identifiers
             WHERE site = $1 AND type = wanted.type AND value = wanted.value) AS found ORDER BY cluster`,
          [site, types(ids), values(ids)],
        )
      ).map(({ cluster }) => cluster),
    identityFacts: async (site, cluster) =>
      (await db.query<{ body: string }>('SELECT body FROM identity_facts WHERE site = $1 AND cluster = $2', [site, cluster])).map(
        ({ body }) => JSON.parse(body) as IdentityFact,
      ),
    claimsOfSession: async (site, visitor_id, session_id, limit) =>
      (
        await db.query<Claim>(
          `SELECT ${CLAIM} FROM claims WHERE site = $1 AND visitor_id = $2 AND session_id = $3 ORDER BY at DESC, event_id DESC LIMIT $4`,
          [site, visitor_id, session_id, limit],
        )
      ).reverse(),
    async claimNear(site, ids, { at, event_id }) {
      const near = (comparison: string, order: string): Promise<Claim[]> =>
        db.query<Claim>(
          `SELECT found.* FROM ${WANTED}, LATERAL (SELECT ${CLAIM} FROM claims
             WHERE site = $1 AND type = wanted.type AND value = wanted.value AND (at, event_id) ${comparison} ($4, $5)
             ORDER BY at ${order}, event_id ${order} LIMIT 1) AS found
           ORDER BY at ${order}, event_id ${order} LIMIT 1`,
          [site, types(ids), values(ids), at, event_id],
        );
      return (await near('<=', 'DESC'))[0] ?? (await near('>', 'ASC'))[0] ?? null;
    },
    identifiersOfVisitor: (site, visitor_id, limit) =>
      db.query<Identifier>(
        `SELECT type, value FROM visitor_identifiers WHERE site = $1 AND visitor_id = $2 ORDER BY ${NAMING_FIRST}, type, value LIMIT $3`,
        [site, visitor_id, limit],
      ),
    visitorsWith: async (site, ids, limit) =>
      (
        await db.query<{ visitor_id: string }>(
          `SELECT DISTINCT visitor_id FROM ${WANTED}, LATERAL (SELECT visitor_id FROM visitor_identifiers
             WHERE site = $1 AND type = wanted.type AND value = wanted.value) AS found ORDER BY visitor_id LIMIT $4`,
          [site, types(ids), values(ids), limit],
        )
      ).map(({ visitor_id }) => visitor_id),
    visitorsWithClicks: async (site, click_ids, limit) =>
      (
        await db.query<{ visitor_id: string }>(
          `SELECT DISTINCT visitor_id FROM unnest($2::text[]) AS wanted (value), LATERAL (SELECT visitor_id FROM session_keys
             WHERE site = $1 AND key = 'click_id' AND value = wanted.value) AS found ORDER BY visitor_id LIMIT $3`,
          [site, click_ids, limit],
        )
      ).map(({ visitor_id }) => visitor_id),
    visitorFirst: async (site, visitor_id) =>
      (await db.query<Stamp>('SELECT at, event_id FROM visitors WHERE site = $1 AND visitor_id = $2', [site, visitor_id]))[0] ??
      null,
    sessionsBefore: async (site, visitor_id, until, limit) =>
      (
        await db.query<{ body: string }>(
          `SELECT body FROM sessions WHERE site = $1 AND visitor_id = $2 AND started_at <= $3
           ORDER BY started_at DESC, session_id DESC LIMIT $4`,
          [site, visitor_id, until, limit],
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

/** For use inside a transaction. */
export function createIdentityWriter(db: Queryable): IdentityWriter {
  return {
    async putIdentifiers(site, ids, cluster) {
      await db.run(
        `INSERT INTO identifiers SELECT $1, type, value, person_id, $2 FROM unnest($3::text[], $4::text[], $5::text[]) AS row (type, value, person_id)
         ON CONFLICT DO NOTHING`,
        [site, cluster, types(ids), values(ids), ids.map(({ person_id }) => person_id)],
      );
    },
    async joinClusters(site, from, into) {
      await db.run('UPDATE identifiers SET cluster = $1 WHERE site = $2 AND cluster = ANY ($3)', [into, site, from]);
      await db.run('UPDATE identity_facts SET cluster = $1 WHERE site = $2 AND cluster = ANY ($3)', [into, site, from]);
    },
    putFact: async (site, cluster, key, fact) =>
      (await db.run(
        `INSERT INTO identity_facts AS known VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (site, fact) DO UPDATE
           SET at = excluded.at, event_id = excluded.event_id, body = excluded.body
           WHERE (excluded.at, excluded.event_id) < (known.at, known.event_id)`,
        [site, key, cluster, fact.at, fact.event_id, JSON.stringify(fact)],
      )) === 1,
    async putLoose(event) {
      await db.run(
        `INSERT INTO loose_events VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (site, visitor_id, at, event_id) DO UPDATE SET session_id = excluded.session_id, body = excluded.body`,
        [event.site, event.visitor_id, event.occurred_at, event.event_id, event.session_id, JSON.stringify(event)],
      );
    },
    looseBefore: async (site, visitor_id, { at, event_id }, limit) =>
      (
        await db.query<Body>(
          `SELECT body FROM loose_events WHERE site = $1 AND visitor_id = $2 AND (at, event_id) < ($3, $4)
           ORDER BY at DESC, event_id DESC LIMIT $5`,
          [site, visitor_id, at, event_id, limit],
        )
      ).map(parseEvent),
    looseAfter: async (site, visitor_id, { at, event_id }, limit) =>
      (
        await db.query<Body>(
          `SELECT body FROM loose_events WHERE site = $1 AND visitor_id = $2 AND (at, event_id) > ($3, $4)
           ORDER BY at, event_id LIMIT $5`,
          [site, visitor_id, at, event_id, limit],
        )
      ).map(parseEvent),
    looseFirst: async (site, visitor_id, session_id) =>
      (
        await db.query<Body>(
          'SELECT body FROM loose_events WHERE site = $1 AND visitor_id = $2 AND session_id = $3 ORDER BY at, event_id LIMIT 1',
          [site, visitor_id, session_id],
        )
      ).map(parseEvent)[0] ?? null,
    async dropVisit(site, visitor_id, session_id, keys, event_ids) {
      await db.run('DELETE FROM sessions WHERE site = $1 AND session_id = $2 AND visitor_id = $3', [
        site,
        session_id,
        visitor_id,
      ]);
      await db.run('DELETE FROM touchpoints WHERE site = $1 AND visitor_id = $2 AND touchpoint_id = ANY ($3::text[])', [
        ...[site, visitor_id],
        [session_id, ...event_ids],
      ]);
      await db.run(
        `DELETE FROM session_keys USING unnest($4::text[], $5::text[]) AS shown (key, value)
         WHERE site = $1 AND session_id = $2 AND visitor_id = $3 AND session_keys.key = shown.key AND session_keys.value = shown.value`,
        [site, session_id, visitor_id, keys.map(({ key }) => key), keys.map(({ value }) => value)],
      );
      await db.run('DELETE FROM claims WHERE site = $1 AND visitor_id = $2 AND session_id = $3', [site, visitor_id, session_id]);
    },
    async forget(site, { visitor_ids, clusters, keys, order_keys }) {
      for (const table of VISITOR_TABLES)
        await db.run(`DELETE FROM ${table} WHERE site = $1 AND visitor_id = ANY ($2::text[])`, [site, visitor_ids]);
      await db.run(
        `DELETE FROM session_keys USING unnest($3::text[], $4::text[]) AS shown (key, value)
         WHERE site = $1 AND visitor_id = ANY ($2::text[]) AND session_keys.key = shown.key AND session_keys.value = shown.value`,
        [site, visitor_ids, keys.map(({ key }) => key), keys.map(({ value }) => value)],
      );
      for (const table of ['identifiers', 'identity_facts'])
        await db.run(`DELETE FROM ${table} WHERE site = $1 AND cluster = ANY ($2::text[])`, [site, clusters]);
      await db.run('DELETE FROM order_keys WHERE site = $1 AND order_key = ANY ($2::text[])', [site, order_keys]);
    },
    tombstones: async (site) =>
      (await db.query<{ body: string }>('SELECT body FROM erasures WHERE site = $1', [site])).map(({ body }) =>
        toTombstones(body),
      ),
    async putClaim({ site, visitor_id, session_id, at, event_id, type, value }) {
      await db.run('INSERT INTO claims VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING', [
        ...[site, visitor_id, session_id],
        at,
        ...[event_id, type, value],
      ]);
      const added = await db.run('INSERT INTO visitor_identifiers VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [
        ...[site, visitor_id, type, value],
      ]);
      return added === 1;
    },
    async putVisitor(site, visitor_id, person_id, { at, event_id }) {
      await db.run(
        `INSERT INTO visitors AS known VALUES ($1, $2, $3, $4, $5) ON CONFLICT (site, visitor_id) DO UPDATE
           SET at = excluded.at, event_id = excluded.event_id
           WHERE (excluded.at, excluded.event_id) < (known.at, known.event_id)`,
        [site, visitor_id, person_id, at, event_id],
      );
    },
  };
}
