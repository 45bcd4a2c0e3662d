import type { Link, LoggedEvent, OrderSummary, Touchpoint, UnlinkedReason } from '@orderloop/protocol';
import type { ConversionState } from '../../stitch/conversion.ts';
import type { StitchKey } from '../../stitch/keys.ts';
import type { SessionState } from '../../stitch/session.ts';
import type {
  OrderRow,
  PersonMember,
  Projections,
  ProjectionTx,
  ReconciliationRow,
  SessionKeyRow,
  VisitorConsent,
} from '../contract.ts';
import {
  type IdentifierRow,
  type OrderBodyRow,
  type OrderKeyRow,
  type OrderListRow,
  PROJECTION_TABLES,
  toMember,
  toOrderKey,
  toOrderRow,
  toOrderSummary,
  type VisitorRow,
} from '../rows.ts';
import { isEarlier, keyOf, Pending } from '../write-buffer.ts';
import type { Database } from './database.ts';
import { createIdentityReader, createIdentityWriter } from './identity.ts';
import { createEvidenceReader, createSaleWriter } from './sales.ts';

interface Body {
  body: string;
}

const ORDER_EVENTS = 'SELECT body FROM order_events WHERE site = ? AND order_key = ? ORDER BY position';

const PERSON_OF_IDENTIFIER =
  'SELECT site, type, value FROM identifiers WHERE person_id = ?1 AND (?2 IS NULL OR site = ?2) ORDER BY site, type, value LIMIT 1';
const PERSON_OF_VISITOR =
  'SELECT site, visitor_id FROM visitors WHERE person_id = ?1 AND (?2 IS NULL OR site = ?2) ORDER BY site, visitor_id LIMIT 1';
const VISITOR = 'SELECT site, visitor_id FROM visitors WHERE visitor_id = ? AND site = ?';
/** Named, because the planner would take the key's first column, which is the whole table. */
const KEYS_OF_ORDER = 'order_keys INDEXED BY order_keys_by_order WHERE site = ? AND order_key = ?';
const IDENTIFIERS_AFTER =
  'SELECT site, type, value FROM identifiers WHERE (site, type, value) > (?, ?, ?) ORDER BY site, type, value LIMIT ?';
const VISITORS_AFTER =
  'SELECT site, visitor_id FROM visitors WHERE (site, visitor_id) > (?, ?) ORDER BY site, visitor_id LIMIT ?';
const parse = <T>(row: Body | undefined): T | null => (row ? (JSON.parse(row.body) as T) : null);
const parseAll = <T>(rows: Body[]): T[] => rows.map((row) => JSON.parse(row.body) as T);

/** The projections on SQLite. */
export function createProjections(db: Database): Projections {
  return {
    ...createIdentityReader((sql, ...values) => db.all(sql, ...values)),
    ...createEvidenceReader((sql, ...values) => db.all(sql, ...values)),
    personMember: async (site, person_id) => {
      const [id] = await db.all<IdentifierRow>(PERSON_OF_IDENTIFIER, person_id, site ?? null);
      if (id) return toMember(id);
      const [visitor] = await db.all<VisitorRow>(PERSON_OF_VISITOR, person_id, site ?? null);
      return visitor ?? (site === undefined ? undefined : (await db.all<VisitorRow>(VISITOR, person_id, site))[0]) ?? null;
    },
    async personMembers(after, limit) {
      const members: PersonMember[] = [];
      if (after === null || 'id' in after) {
        const { site = '', id = { type: '', value: '' } } = after ?? {};
        const rows = await db.all<IdentifierRow>(IDENTIFIERS_AFTER, site, id.type, id.value, limit);
        members.push(...rows.map(toMember));
      }
      if (members.length === limit) return members;
      const { site, visitor_id } = after && 'visitor_id' in after ? after : { site: '', visitor_id: '' };
      return [...members, ...(await db.all<VisitorRow>(VISITORS_AFTER, site, visitor_id, limit - members.length))];
    },
    transaction: (_sites, step) =>
      db.write(
        async () => {
          const tx = createTx(db);
          const result = await step(tx);
          await tx.flush();
          return result;
        },
        // Derived from the log, position and all; a conversion that was sent meanwhile is sent again under its id.
        { mayBeLost: true },
      ),
    reset: () =>
      db.write(() => {
        for (const table of PROJECTION_TABLES) db.run(`DELETE FROM ${table}`);
      }),
    // One process has the file, so the one partition is its own.
    lease: async () => [0],
    release: async () => undefined,
    position: async (partition) =>
      (await db.get<{ position: number }>('SELECT position FROM projector WHERE log_partition = ?', partition))?.position ?? 0,
    orders: (site, limit) => listOrders(db, '(?1 IS NULL OR o.site = ?1) AND o.evidence_of IS NULL', site ?? null, limit),
    orderSummaries: (site, order_keys) =>
      listOrders(db, 'o.site = ?1 AND o.order_key IN (SELECT value FROM json_each(?3))', site, -1, JSON.stringify(order_keys)),
    async findOrder(site, id) {
      const row = await db.get<OrderBodyRow & { site: string }>(
        `SELECT site, order_key, role, received_at, body FROM orders
         WHERE (?1 IS NULL OR site = ?1) AND (order_key = ?2 OR order_id = ?2 OR order_number = ?2) ORDER BY (order_key = ?2) DESC, created_at DESC LIMIT 1`,
        site ?? null,
        id,
      );
      return row ? { site: row.site, row: toOrderRow(row) } : null;
    },
    async links(site, order_key) {
      const candidates = parseAll<Link>(
        await db.all<Body>('SELECT body FROM links WHERE site = ? AND order_key = ? ORDER BY place', site, order_key),
      );
      const order = await db.get<{ visitor_id: string | null; unlinked_reason: UnlinkedReason | null }>(
        'SELECT visitor_id, unlinked_reason FROM orders WHERE site = ? AND order_key = ?',
        site,
        order_key,
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
      parseAll(
        await db.all<Body>(
          'SELECT body FROM sessions WHERE site = ? AND visitor_id = ? ORDER BY started_at, session_id LIMIT ?',
          site,
          visitor_id,
          limit,
        ),
      ),
    touchpointsOfVisitor: async (site, visitor_id, until, limit) =>
      parseAll(
        await db.all<Body>(
          'SELECT body FROM touchpoints WHERE site = ? AND visitor_id = ? AND occurred_at <= ? ORDER BY occurred_at, touchpoint_id LIMIT ?',
          site,
          visitor_id,
          until,
          limit,
        ),
      ),
    orderEventsOf: async (site, order_key) => parseAll<LoggedEvent>(await db.all<Body>(ORDER_EVENTS, site, order_key)),
    conversion: async (site, conversion_id) =>
      parse(await db.get<Body>('SELECT body FROM conversions WHERE site = ? AND conversion_id = ?', site, conversion_id)),
    conversionsById: async (site, conversion_ids) =>
      parseAll(
        await db.all<Body>(
          'SELECT body FROM conversions WHERE site = ? AND conversion_id IN (SELECT value FROM json_each(?))',
          site,
          JSON.stringify(conversion_ids),
        ),
      ),
    conversionsOf: async (site, order_key) =>
      parseAll(await db.all<Body>('SELECT body FROM conversions WHERE site = ? AND order_key = ? ORDER BY seq', site, order_key)),
    reconcile: ({ site, destination }, from, to) =>
      db.all<ReconciliationRow>(
        `SELECT CASE WHEN c.conversion_id IS NULL THEN 'no_conversion' WHEN x.id IS NULL THEN 'held' ELSE x.state END AS state,
           CASE WHEN c.conversion_id IS NULL THEN iif(o.body -> '$.order.test' = 'true', 'test', o.body ->> '$.order.state')
             WHEN x.id IS NULL THEN coalesce(c.body ->> 'hold', 'not_queued')
             WHEN x.state IN ('skipped', 'dead') THEN x.reason END AS reason,
           o.body ->> '$.order.currency' AS currency, count(*) AS orders, sum(o.body ->> '$.order.amounts.total') AS total
         FROM orders o
         LEFT JOIN conversions c ON c.site = o.site AND c.order_key = o.order_key AND c.body ->> 'event' = 'purchase'
         LEFT JOIN outbox x ON x.site = c.site AND x.conversion_id = c.conversion_id AND x.destination = ?2
         WHERE o.site = ?1 AND o.evidence_of IS NULL AND o.created_at >= ?3 AND o.created_at < ?4
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
        site,
        destination,
        new Date(from).toISOString().slice(0, 19),
        new Date(to).toISOString().slice(0, 19),
      ),
    counts: async () =>
      (await db.get<{ orders: number; linked: number }>(
        'SELECT count(*) AS orders, count(visitor_id) AS linked FROM orders WHERE evidence_of IS NULL',
      ))!,
    dump: async () => ({
      sessions: parseAll(await db.all<Body>('SELECT body FROM sessions ORDER BY site, session_id, visitor_id')),
      touchpoints: parseAll(await db.all<Body>('SELECT body FROM touchpoints ORDER BY site, visitor_id, touchpoint_id')),
      orders: parseAll(await db.all<Body>('SELECT body FROM orders ORDER BY site, order_key')),
      links: parseAll(await db.all<Body>('SELECT body FROM links ORDER BY site, order_key, place')),
      conversions: parseAll(await db.all<Body>('SELECT body FROM conversions ORDER BY site, conversion_id')),
    }),
  };
}

/** One projector transaction. What most events write waits, so that it is written once however many say it. */
function createTx(db: Database): ProjectionTx & { flush(): Promise<void> } {
  const identity = createIdentityReader(async (sql, ...values) => db.own(sql, ...values));
  const writer = createIdentityWriter(db);
  const sales = { ...createEvidenceReader(async (sql, ...values) => db.own(sql, ...values)), ...createSaleWriter(db) };
  const sessions = new Pending<SessionState>(async (rows) => {
    for (const row of rows)
      db.run(
        'INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?)',
        row.site,
        row.session_id,
        row.visitor_id,
        row.started_at,
        JSON.stringify(row),
      );
  });
  const touchpoints = new Pending<Touchpoint>(async (rows) => {
    for (const row of rows)
      db.run(
        'INSERT OR REPLACE INTO touchpoints VALUES (?, ?, ?, ?, ?)',
        row.site,
        row.touchpoint_id,
        row.visitor_id,
        row.occurred_at,
        JSON.stringify(row),
      );
  });
  const sessionKeys = new Pending<SessionKeyRow>(async (rows) => {
    for (const row of rows)
      db.run(
        `INSERT INTO session_keys VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET event_id = excluded.event_id, occurred_at = excluded.occurred_at
         WHERE (excluded.occurred_at, excluded.event_id) < (occurred_at, event_id)`,
        row.site,
        row.key,
        row.value,
        row.session_id,
        row.visitor_id,
        row.event_id,
        row.occurred_at,
      );
  });
  return {
    async flush() {
      await sessions.flush();
      await touchpoints.flush();
      await sessionKeys.flush();
    },
    // Asking one by one costs nothing here.
    prefetch: async () => undefined,
    ...identity,
    ...writer,
    ...sales,
    async dropVisit(...visit) {
      await this.flush();
      await writer.dropVisit(...visit);
    },
    async sessionsBefore(...wanted) {
      await sessions.flush();
      return identity.sessionsBefore(...wanted);
    },
    session: async (site, session_id, visitor_id) =>
      sessions.get(keyOf(site, session_id, visitor_id)) ??
      parse<SessionState>(
        db.own<Body>(
          'SELECT body FROM sessions WHERE site = ? AND session_id = ? AND visitor_id = ?',
          site,
          session_id,
          visitor_id,
        )[0],
      ),
    async putSession(session) {
      sessions.put(keyOf(session.site, session.session_id, session.visitor_id), session);
    },
    async putTouchpoint(touchpoint: Touchpoint) {
      touchpoints.put(keyOf(touchpoint.site, touchpoint.visitor_id, touchpoint.touchpoint_id), touchpoint);
    },
    async putSessionKey(row: SessionKeyRow) {
      const key = keyOf(row.site, row.key, row.value, row.session_id, row.visitor_id);
      if (isEarlier(row, sessionKeys.get(key))) sessionKeys.put(key, row);
    },
    async putAwaitedKeys(site, session_id, visitor_id, keys) {
      for (const { key, value } of keys)
        db.run('INSERT OR IGNORE INTO awaited_keys VALUES (?, ?, ?, ?, ?)', site, visitor_id, session_id, key, value);
    },
    awaitedKeys: async (site, session_id, visitor_id) =>
      db.own<StitchKey>(
        'SELECT key, value FROM awaited_keys WHERE site = ? AND visitor_id = ? AND session_id = ?',
        site,
        visitor_id,
        session_id,
      ),
    async sessionKeys(site, key, value, limit) {
      await sessionKeys.flush();
      return db.own<SessionKeyRow>(
        'SELECT * FROM session_keys WHERE site = ? AND key = ? AND value = ? ORDER BY occurred_at DESC, session_id LIMIT ?',
        site,
        key,
        value,
        limit,
      );
    },
    async visitorConsent(site, visitor_id) {
      const row = db.own<Body & { occurred_at: number; event_id: string }>(
        'SELECT * FROM visitor_consents WHERE site = ? AND visitor_id = ?',
        site,
        visitor_id,
      )[0];
      return row ? { consent: JSON.parse(row.body), occurred_at: row.occurred_at, event_id: row.event_id } : null;
    },
    async putVisitorConsent(site, visitor_id, row: VisitorConsent) {
      db.run(
        'INSERT OR REPLACE INTO visitor_consents VALUES (?, ?, ?, ?, ?)',
        site,
        visitor_id,
        row.event_id,
        row.occurred_at,
        JSON.stringify(row.consent),
      );
    },
    async putOrderEvent(order_key, event) {
      db.run(
        'INSERT OR REPLACE INTO order_events VALUES (?, ?, ?, ?)',
        event.site,
        order_key,
        event.position,
        JSON.stringify(event),
      );
    },
    orderEvents: async (site, order_key) => parseAll<LoggedEvent>(db.own<Body>(ORDER_EVENTS, site, order_key)),
    async putOrder(site, { order_key, role, received_at, projection }) {
      const { order } = projection;
      db.run(
        `INSERT INTO orders (site, order_key, order_id, order_number, created_at, received_at, role, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET order_number = excluded.order_number, created_at = excluded.created_at, role = excluded.role, body = excluded.body`,
        site,
        order_key,
        order.order_id,
        order.order_number,
        order.created_at,
        received_at,
        role,
        JSON.stringify(projection),
      );
    },
    async order(site, order_key): Promise<OrderRow | null> {
      const [row] = db.own<OrderBodyRow>(
        'SELECT order_key, role, received_at, body FROM orders WHERE site = ? AND order_key = ?',
        site,
        order_key,
      );
      return row ? toOrderRow(row) : null;
    },
    async putOrderKey(site, key, value, order_key, event_id) {
      db.run('INSERT OR REPLACE INTO order_keys VALUES (?, ?, ?, ?, ?, 0)', site, key, value, order_key, event_id);
    },
    orderKeys: async (site, order_key) =>
      db
        .own<OrderKeyRow>(`SELECT key, value, event_id, by_person FROM ${KEYS_OF_ORDER} ORDER BY key, value`, site, order_key)
        .map(toOrderKey),
    async putPersonKeys(site, order_key, keys) {
      db.run(`DELETE FROM ${KEYS_OF_ORDER} AND by_person`, site, order_key);
      for (const { key, value, event_id } of keys)
        db.run('INSERT OR IGNORE INTO order_keys VALUES (?, ?, ?, ?, ?, 1)', site, key, value, order_key, event_id);
    },
    ordersWithKey: async (site, key, value, limit) =>
      db
        .own<{ order_key: string }>(
          'SELECT order_key FROM order_keys WHERE site = ? AND key = ? AND value = ? ORDER BY order_key LIMIT ?',
          site,
          key,
          value,
          limit,
        )
        .map((row) => row.order_key),
    ordersOfVisitor: async (site, visitor_id, limit) =>
      db
        .own<{ order_key: string }>(
          'SELECT order_key FROM orders WHERE site = ? AND visitor_id = ? ORDER BY order_key LIMIT ?',
          site,
          visitor_id,
          limit,
        )
        .map((row) => row.order_key),
    async putLinks(site, order_key, visitor_id, { link, candidates, unlinked_reason }) {
      db.run(
        'UPDATE orders SET visitor_id = ?, link_key = ?, unlinked_reason = ? WHERE site = ? AND order_key = ?',
        visitor_id,
        link?.key ?? null,
        unlinked_reason ?? null,
        site,
        order_key,
      );
      db.run('DELETE FROM links WHERE site = ? AND order_key = ?', site, order_key);
      candidates.forEach((candidate, place) => {
        db.run('INSERT INTO links VALUES (?, ?, ?, ?)', site, order_key, place, JSON.stringify(candidate));
      });
    },
    conversions: async (site, order_key) =>
      parseAll<ConversionState>(
        db.own<Body>('SELECT body FROM conversions WHERE site = ? AND order_key = ? ORDER BY seq', site, order_key),
      ),
    async putConversion(conversion) {
      db.run(
        `INSERT INTO conversions VALUES (?1, ?2, ?3, (SELECT count(*) FROM conversions WHERE site = ?1 AND order_key = ?3), ?4)
         ON CONFLICT DO UPDATE SET body = excluded.body`,
        conversion.site,
        conversion.conversion_id,
        conversion.order_key,
        JSON.stringify(conversion),
      );
    },
    async enqueue(site, conversion_id, destination, now) {
      db.run(
        `INSERT OR IGNORE INTO outbox (site, conversion_id, destination, state, created_at, queued_at, next_attempt_at)
         VALUES (?1, ?2, ?3, 'waiting', ?4, ?4, ?4)`,
        site,
        conversion_id,
        destination,
        now,
      );
    },
    putLate: async (site, event_id) => db.run('INSERT OR IGNORE INTO late_events VALUES (?, ?)', site, event_id) === 1,
    position: async (partition) =>
      db.own<{ position: number }>('SELECT position FROM projector WHERE log_partition = ?', partition)[0]?.position ?? 0,
    async setPosition(partition, position) {
      db.run('INSERT OR REPLACE INTO projector VALUES (?, ?)', partition, position);
    },
  };
}

/** With the channel of the last visit that was not direct: the model that most shops read first. */
async function listOrders(db: Database, where: string, ...wanted: (string | number | null)[]): Promise<OrderSummary[]> {
  const rows = await db.all<OrderListRow & { deliveries: string }>(
    `SELECT o.order_key, o.body, o.link_key, o.unlinked_reason,
       (SELECT s.body FROM sessions s WHERE s.site = o.site AND s.visitor_id = o.visitor_id AND s.started_at <= unixepoch(o.created_at) * 1000 + 60000
         ORDER BY s.body ->> 'channel' = 'direct', s.started_at DESC LIMIT 1) AS session,
       (SELECT json_group_array(json_object('destination', x.destination, 'state', x.state)) FROM conversions c JOIN outbox x ON x.site = c.site AND x.conversion_id = c.conversion_id
         WHERE c.site = o.site AND c.order_key = o.order_key) AS deliveries,
       (SELECT c.body ->> 'hold' FROM conversions c WHERE c.site = o.site AND c.order_key = o.order_key ORDER BY c.seq LIMIT 1) AS hold
     FROM orders o WHERE ${where} ORDER BY o.created_at DESC, o.order_key DESC LIMIT ?2`,
    ...wanted,
  );
  return rows.map((row) => toOrderSummary(row, JSON.parse(row.deliveries)));
}
