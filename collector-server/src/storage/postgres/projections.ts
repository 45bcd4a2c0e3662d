import type { Link, LoggedEvent, OrderSummary, Touchpoint, UnlinkedReason } from '@orderloop/protocol';
import type { ConversionState } from '../../stitch/conversion.ts';
import type { SessionState } from '../../stitch/session.ts';
import type { PersonMember, Projections, ReconciliationRow } from '../contract.ts';
import {
  type IdentifierRow,
  type OrderBodyRow,
  type OrderListRow,
  PROJECTION_TABLES,
  toMember,
  toOrderRow,
  toOrderSummary,
  type VisitorRow,
} from '../rows.ts';
import type { PostgresDatabase } from './database.ts';
import { createIdentityReader } from './identity.ts';
import { createTx } from './projection-tx.ts';
import { createEvidenceReader } from './sales.ts';

export interface Body {
  body: string;
}

/** Any number: it keeps these locks apart from others. */
const PROJECTING = 7_203_812;

const parse = <T>(row: Body | undefined): T | null => (row ? (JSON.parse(row.body) as T) : null);
const parseAll = <T>(rows: readonly Body[]): T[] => rows.map((row) => JSON.parse(row.body) as T);

/** The projections on PostgreSQL. */
export function createProjections(db: PostgresDatabase): Projections {
  return {
    ...createIdentityReader(db),
    ...createEvidenceReader(db),
    personMember: async (site, person_id) => {
      const [id] = await db.query<IdentifierRow>(
        `SELECT site, type, value FROM identifiers WHERE person_id = $1 AND ($2::text IS NULL OR site = $2)
         ORDER BY site, type, value LIMIT 1`,
        [person_id, site ?? null],
      );
      if (id) return toMember(id);
      const [visitor] = await db.query<VisitorRow>(
        `SELECT site, visitor_id FROM visitors WHERE person_id = $1 AND ($2::text IS NULL OR site = $2)
         ORDER BY site, visitor_id LIMIT 1`,
        [person_id, site ?? null],
      );
      if (visitor || site === undefined) return visitor ?? null;
      const [own] = await db.query<VisitorRow>('SELECT site, visitor_id FROM visitors WHERE visitor_id = $1 AND site = $2', [
        person_id,
        site,
      ]);
      return own ?? null;
    },
    async personMembers(after, limit) {
      const members: PersonMember[] = [];
      if (after === null || 'id' in after) {
        const { site = '', id = { type: '', value: '' } } = after ?? {};
        const rows = await db.query<IdentifierRow>(
          'SELECT site, type, value FROM identifiers WHERE (site, type, value) > ($1, $2, $3) ORDER BY site, type, value LIMIT $4',
          [site, id.type, id.value, limit],
        );
        members.push(...rows.map(toMember));
      }
      if (members.length === limit) return members;
      const { site, visitor_id } = after && 'visitor_id' in after ? after : { site: '', visitor_id: '' };
      const visitors = await db.query<VisitorRow>(
        'SELECT site, visitor_id FROM visitors WHERE (site, visitor_id) > ($1, $2) ORDER BY site, visitor_id LIMIT $3',
        [site, visitor_id, limit - members.length],
      );
      return [...members, ...visitors];
    },
    // A lock for each site, held until the commit; each statement after it sees what those before it committed. Not the
    // isolation level `serializable`: ids that begin with their time lie on the same pages, and nearly every step would lose
    // against its neighbours.
    transaction: (sites, step) =>
      db.transaction(async (client) => {
        for (const site of [...new Set(sites)].sort())
          await client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [PROJECTING, site]);
        const tx = createTx(client);
        const result = await step(tx);
        await tx.flush();
        return result;
      }),
    reset: () =>
      db.transaction(async (client) => {
        await client.run(`TRUNCATE ${PROJECTION_TABLES.join(', ')}`);
      }),
    lease: async (owner, partitions, _now, lease_ms) => {
      const [row] = await db.query<{ held: number[] }>('SELECT lease_partitions($1, $2, $3) AS held', [
        owner,
        partitions,
        lease_ms,
      ]);
      return row!.held;
    },
    release: async (owner) => {
      await db.transaction(async (client) => {
        await client.run('DELETE FROM projector_leases WHERE owner = $1', [owner]);
        await client.run('DELETE FROM projector_owners WHERE owner = $1', [owner]);
      });
    },
    position: async (partition) =>
      (await db.query<{ position: number }>('SELECT position FROM projector WHERE log_partition = $1', [partition]))[0]
        ?.position ?? 0,
    orders: (site, limit) => listOrders(db, '($1::text IS NULL OR o.site = $1) AND o.evidence_of IS NULL', [site ?? null, limit]),
    orderSummaries: (site, order_keys) =>
      listOrders(db, 'o.site = $1 AND o.order_key = ANY ($3::text[])', [site, order_keys.length, order_keys]),
    async findOrder(site, id) {
      const [row] = await db.query<OrderBodyRow & { site: string }>(
        `SELECT site, order_key, role, received_at, body FROM orders
         WHERE ($1::text IS NULL OR site = $1) AND (order_key = $2 OR order_id = $2 OR order_number = $2)
         ORDER BY (order_key = $2) DESC, created_at DESC LIMIT 1`,
        [site ?? null, id],
      );
      return row ? { site: row.site, row: toOrderRow(row) } : null;
    },
    async links(site, order_key) {
      const candidates = parseAll<Link>(
        await db.query<Body>('SELECT body FROM links WHERE site = $1 AND order_key = $2 ORDER BY place', [site, order_key]),
      );
      const [order] = await db.query<{ visitor_id: string | null; unlinked_reason: UnlinkedReason | null }>(
        'SELECT visitor_id, unlinked_reason FROM orders WHERE site = $1 AND order_key = $2',
        [site, order_key],
      );
      const unlinked_reason = order?.unlinked_reason ?? undefined;
      return {
        link: candidates.find((link) => link.chosen) ?? null,
        candidates,
        visitor_id: order?.visitor_id ?? null,
        ...(unlinked_reason && { unlinked_reason }),
      };
    },
    sessionsOfVisitor: async (site, visitor_id, limit) =>
      parseAll<SessionState>(
        await db.query<Body>(
          'SELECT body FROM sessions WHERE site = $1 AND visitor_id = $2 ORDER BY started_at, session_id LIMIT $3',
          [site, visitor_id, limit],
        ),
      ),
    touchpointsOfVisitor: async (site, visitor_id, until, limit) =>
      parseAll<Touchpoint>(
        await db.query<Body>(
          `SELECT body FROM touchpoints WHERE site = $1 AND visitor_id = $2 AND occurred_at <= $3
           ORDER BY occurred_at, touchpoint_id LIMIT $4`,
          [site, visitor_id, until, limit],
        ),
      ),
    orderEventsOf: async (site, order_key) =>
      parseAll<LoggedEvent>(
        await db.query<Body>('SELECT body FROM order_events WHERE site = $1 AND order_key = $2 ORDER BY position', [
          site,
          order_key,
        ]),
      ),
    conversion: async (site, conversion_id) =>
      parse<ConversionState>(
        (await db.query<Body>('SELECT body FROM conversions WHERE site = $1 AND conversion_id = $2', [site, conversion_id]))[0],
      ),
    conversionsById: async (site, conversion_ids) =>
      parseAll<ConversionState>(
        await db.query<Body>('SELECT body FROM conversions WHERE site = $1 AND conversion_id = ANY ($2::text[])', [
          site,
          conversion_ids,
        ]),
      ),
    conversionsOf: async (site, order_key) =>
      parseAll<ConversionState>(
        await db.query<Body>('SELECT body FROM conversions WHERE site = $1 AND order_key = $2 ORDER BY seq', [site, order_key]),
      ),
    reconcile: ({ site, destination }, from, to) =>
      db.query<ReconciliationRow>(
        `SELECT CASE WHEN c.conversion_id IS NULL THEN 'no_conversion' WHEN x.id IS NULL THEN 'held' ELSE x.state END AS state,
           CASE WHEN c.conversion_id IS NULL THEN
               CASE WHEN o.body::json #>> '{order,test}' = 'true' THEN 'test' ELSE o.body::json #>> '{order,state}' END
             WHEN x.id IS NULL THEN coalesce(c.body::json ->> 'hold', 'not_queued')
             WHEN x.state IN ('skipped', 'dead') THEN x.reason END AS reason,
           o.body::json #>> '{order,currency}' AS currency, count(*) AS orders,
           sum((o.body::json #>> '{order,amounts,total}')::bigint)::bigint AS total
         FROM orders o
         LEFT JOIN conversions c ON c.site = o.site AND c.order_key = o.order_key AND c.body::json ->> 'event' = 'purchase'
         LEFT JOIN outbox x ON x.site = c.site AND x.conversion_id = c.conversion_id AND x.destination = $2
         WHERE o.site = $1 AND o.evidence_of IS NULL AND o.created_at >= $3 AND o.created_at < $4
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
        [site, destination, new Date(from).toISOString().slice(0, 19), new Date(to).toISOString().slice(0, 19)],
      ),
    counts: async () =>
      (
        await db.query<{ orders: number; linked: number }>(
          'SELECT count(*) AS orders, count(visitor_id) AS linked FROM orders WHERE evidence_of IS NULL',
        )
      )[0]!,
    dump: async () => ({
      sessions: parseAll(await db.query<Body>('SELECT body FROM sessions ORDER BY site, session_id, visitor_id')),
      touchpoints: parseAll(await db.query<Body>('SELECT body FROM touchpoints ORDER BY site, visitor_id, touchpoint_id')),
      orders: parseAll(await db.query<Body>('SELECT body FROM orders ORDER BY site, order_key')),
      links: parseAll(await db.query<Body>('SELECT body FROM links ORDER BY site, order_key, place')),
      conversions: parseAll(await db.query<Body>('SELECT body FROM conversions ORDER BY site, conversion_id')),
    }),
  };
}

/** With the channel of the last visit that was not direct: the model that most shops read first. */
async function listOrders(db: PostgresDatabase, where: string, wanted: readonly unknown[]): Promise<OrderSummary[]> {
  const rows = await db.query<OrderListRow & { deliveries: OrderSummary['deliveries'] | null }>(
    `SELECT o.order_key, o.body, o.link_key, o.unlinked_reason,
       (SELECT s.body FROM sessions s WHERE s.site = o.site AND s.visitor_id = o.visitor_id
         AND s.started_at <= extract(epoch FROM o.created_at::timestamptz) * 1000 + 60000
         ORDER BY s.body::json ->> 'channel' = 'direct', s.started_at DESC LIMIT 1) AS session,
       (SELECT json_agg(json_build_object('destination', x.destination, 'state', x.state)) FROM conversions c
         JOIN outbox x ON x.site = c.site AND x.conversion_id = c.conversion_id
         WHERE c.site = o.site AND c.order_key = o.order_key) AS deliveries,
       (SELECT c.body::json ->> 'hold' FROM conversions c WHERE c.site = o.site AND c.order_key = o.order_key ORDER BY c.seq LIMIT 1) AS hold
     FROM orders o WHERE ${where} ORDER BY o.created_at DESC, o.order_key DESC LIMIT $2`,
    wanted,
  );
  return rows.map((row) => toOrderSummary(row, row.deliveries ?? []));
}
