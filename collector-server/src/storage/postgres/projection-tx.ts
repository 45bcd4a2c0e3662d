import type { LinkKey, LoggedEvent, Touchpoint } from '@orderloop/protocol';
import type { ConversionState } from '../../stitch/conversion.ts';
import type { StitchKey } from '../../stitch/keys.ts';
import type { SessionState } from '../../stitch/session.ts';
import type { OrderRow, ProjectionTx, SessionKeyRow, VisitorConsent, WantedRows } from '../contract.ts';
import { type OrderBodyRow, type OrderKeyRow, toOrderKey, toOrderRow } from '../rows.ts';
import { isEarlier, Known, keyOf, Pending } from '../write-buffer.ts';
import type { Queryable } from './database.ts';
import { createIdentityReader, createIdentityWriter } from './identity.ts';
import { createEvidenceReader, createSaleWriter } from './sales.ts';

interface Body {
  body: string;
}

const parseAll = <T>(rows: readonly Body[]): T[] => rows.map((row) => JSON.parse(row.body) as T);
/**
 * One projector transaction on PostgreSQL. Each question is a way to the server and back, so answers are remembered, and the
 * rows that most events write wait until something asks for their table, or for `flush` at the end.
 */
export function createTx(client: Queryable): ProjectionTx & { flush(): Promise<void> } {
  const sessions = new Known<SessionState | null>();
  const consents = new Known<VisitorConsent | null>();
  const ordersWithKey = new Known<string[]>();
  const ordersOfVisitor = new Known<string[]>();
  let sawOrderWrites = false;

  const sessionRows = new Pending<SessionState>((rows) =>
    client.run(
      `INSERT INTO sessions SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])
       ON CONFLICT (site, session_id, visitor_id) DO UPDATE SET started_at = excluded.started_at, body = excluded.body`,
      [
        rows.map(({ site }) => site),
        rows.map(({ session_id }) => session_id),
        rows.map(({ visitor_id }) => visitor_id),
        rows.map(({ started_at }) => started_at),
        rows.map((row) => JSON.stringify(row)),
      ],
    ),
  );
  const touchpointRows = new Pending<Touchpoint>((rows) =>
    client.run(
      `INSERT INTO touchpoints SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])
       ON CONFLICT (site, visitor_id, touchpoint_id) DO UPDATE SET occurred_at = excluded.occurred_at, body = excluded.body`,
      [
        rows.map(({ site }) => site),
        rows.map(({ touchpoint_id }) => touchpoint_id),
        rows.map(({ visitor_id }) => visitor_id),
        rows.map(({ occurred_at }) => occurred_at),
        rows.map((row) => JSON.stringify(row)),
      ],
    ),
  );
  const sessionKeyRows = new Pending<SessionKeyRow>((rows) =>
    client.run(
      `INSERT INTO session_keys AS known SELECT * FROM
         unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])
       ON CONFLICT (site, key, value, session_id, visitor_id) DO UPDATE SET event_id = excluded.event_id, occurred_at = excluded.occurred_at
       WHERE (excluded.occurred_at, excluded.event_id) < (known.occurred_at, known.event_id)`,
      [
        rows.map(({ site }) => site),
        rows.map(({ key }) => key),
        rows.map(({ value }) => value),
        rows.map(({ session_id }) => session_id),
        rows.map(({ visitor_id }) => visitor_id),
        rows.map(({ event_id }) => event_id),
        rows.map(({ occurred_at }) => occurred_at),
      ],
    ),
  );
  const consentRows = new Pending<VisitorConsent & { site: string; visitor_id: string }>((rows) =>
    client.run(
      `INSERT INTO visitor_consents SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])
       ON CONFLICT (site, visitor_id) DO UPDATE SET event_id = excluded.event_id, occurred_at = excluded.occurred_at, body = excluded.body`,
      [
        rows.map(({ site }) => site),
        rows.map(({ visitor_id }) => visitor_id),
        rows.map(({ event_id }) => event_id),
        rows.map(({ occurred_at }) => occurred_at),
        rows.map(({ consent }) => JSON.stringify(consent)),
      ],
    ),
  );

  const positions = new Pending<{ partition: number; position: number }>((rows) =>
    client.run(
      `INSERT INTO projector SELECT * FROM unnest($1::integer[], $2::bigint[])
       ON CONFLICT (log_partition) DO UPDATE SET position = excluded.position`,
      [rows.map(({ partition }) => partition), rows.map(({ position }) => position)],
    ),
  );

  const identity = createIdentityReader(client);
  const writer = createIdentityWriter(client);
  const sales = createSaleWriter(client);
  return {
    ...identity,
    ...writer,
    ...createEvidenceReader(client),
    ...sales,
    async joinOrders(site, from, into) {
      sawOrderWrites = true;
      ordersWithKey.clear();
      await sales.joinOrders(site, from, into);
    },
    async dropVisit(site, visitor_id, session_id, ...rest) {
      await this.flush();
      sessions.set(keyOf(site, session_id, visitor_id), null);
      await writer.dropVisit(site, visitor_id, session_id, ...rest);
    },
    async forget(site, gone) {
      sessions.clear();
      consents.clear();
      await writer.forget(site, gone);
    },
    async sessionsBefore(...wanted) {
      await sessionRows.flush();
      return identity.sessionsBefore(...wanted);
    },
    async prefetch({ sessions: wantedSessions, visitors, keys }) {
      await prefetchSessions(client, wantedSessions, sessions);
      await prefetchConsents(client, visitors, consents);
      await prefetchOrdersOfVisitors(client, visitors, ordersOfVisitor);
      await prefetchOrdersWithKeys(client, keys, ordersWithKey);
    },
    async flush() {
      await sessionRows.flush();
      await touchpointRows.flush();
      await sessionKeyRows.flush();
      await consentRows.flush();
      await positions.flush();
    },
    session: (site, session_id, visitor_id) =>
      sessions.get(keyOf(site, session_id, visitor_id), async () => {
        const rows = await client.query<Body>(
          'SELECT body FROM sessions WHERE site = $1 AND session_id = $2 AND visitor_id = $3',
          [site, session_id, visitor_id],
        );
        return parseAll<SessionState>(rows)[0] ?? null;
      }),
    async putSession(session) {
      const key = keyOf(session.site, session.session_id, session.visitor_id);
      sessions.set(key, session);
      sessionRows.put(key, session);
    },
    async putTouchpoint(touchpoint) {
      touchpointRows.put(keyOf(touchpoint.site, touchpoint.visitor_id, touchpoint.touchpoint_id), touchpoint);
    },
    async putSessionKey(row) {
      const key = keyOf(row.site, row.key, row.value, row.session_id, row.visitor_id);
      if (isEarlier(row, sessionKeyRows.get(key))) sessionKeyRows.put(key, row);
    },
    async putAwaitedKeys(site, session_id, visitor_id, keys) {
      await client.run(
        `INSERT INTO awaited_keys SELECT $1, $2, $3, key, value FROM unnest($4::text[], $5::text[]) AS named (key, value)
         ON CONFLICT DO NOTHING`,
        [site, visitor_id, session_id, keys.map(({ key }) => key), keys.map(({ value }) => value)],
      );
    },
    awaitedKeys: (site, session_id, visitor_id) =>
      client.query<StitchKey>('SELECT key, value FROM awaited_keys WHERE site = $1 AND visitor_id = $2 AND session_id = $3', [
        site,
        visitor_id,
        session_id,
      ]),
    async sessionKeys(site, key, value, limit) {
      await sessionKeyRows.flush();
      return client.query<SessionKeyRow>(
        `SELECT * FROM session_keys WHERE site = $1 AND key = $2 AND value = $3 ORDER BY occurred_at DESC, session_id LIMIT $4`,
        [site, key, value, limit],
      );
    },
    visitorConsent: (site, visitor_id) =>
      consents.get(keyOf(site, visitor_id), async () => {
        const [row] = await client.query<Body & { occurred_at: number; event_id: string }>(
          'SELECT body, occurred_at, event_id FROM visitor_consents WHERE site = $1 AND visitor_id = $2',
          [site, visitor_id],
        );
        return row ? { consent: JSON.parse(row.body), occurred_at: row.occurred_at, event_id: row.event_id } : null;
      }),
    async putVisitorConsent(site, visitor_id, row) {
      const key = keyOf(site, visitor_id);
      consents.set(key, row);
      consentRows.put(key, { ...row, site, visitor_id });
    },
    async putOrderEvent(order_key, event) {
      await client.run(
        'INSERT INTO order_events VALUES ($1, $2, $3, $4) ON CONFLICT (site, order_key, position) DO UPDATE SET body = excluded.body',
        [event.site, order_key, event.position, JSON.stringify(event)],
      );
    },
    orderEvents: async (site, order_key) =>
      parseAll<LoggedEvent>(
        await client.query<Body>('SELECT body FROM order_events WHERE site = $1 AND order_key = $2 ORDER BY position', [
          site,
          order_key,
        ]),
      ),
    async putOrder(site, { order_key, role, received_at, projection }) {
      const { order } = projection;
      await client.run(
        `INSERT INTO orders (site, order_key, order_id, order_number, created_at, received_at, role, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (site, order_key) DO UPDATE SET order_number = excluded.order_number, created_at = excluded.created_at, role = excluded.role, body = excluded.body`,
        [site, order_key, order.order_id, order.order_number, order.created_at, received_at, role, JSON.stringify(projection)],
      );
    },
    async order(site, order_key): Promise<OrderRow | null> {
      const [row] = await client.query<OrderBodyRow>(
        'SELECT order_key, role, received_at, body FROM orders WHERE site = $1 AND order_key = $2',
        [site, order_key],
      );
      return row ? toOrderRow(row) : null;
    },
    async putOrderKey(site, key, value, order_key, event_id) {
      ordersWithKey.delete(keyOf(site, key, value));
      await client.run(
        `INSERT INTO order_keys VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (site, key, value, order_key) DO UPDATE SET event_id = excluded.event_id, by_person = false`,
        [site, key, value, order_key, event_id],
      );
    },
    orderKeys: async (site, order_key) =>
      (
        await client.query<OrderKeyRow>(
          'SELECT key, value, event_id, by_person FROM order_keys WHERE site = $1 AND order_key = $2 ORDER BY key, value',
          [site, order_key],
        )
      ).map(toOrderKey),
    async putPersonKeys(site, order_key, keys) {
      const gone = await client.query<Pick<OrderKeyRow, 'key' | 'value'>>(
        'DELETE FROM order_keys WHERE site = $1 AND order_key = $2 AND by_person RETURNING key, value',
        [site, order_key],
      );
      for (const { key, value } of gone) ordersWithKey.delete(keyOf(site, key, value));
      if (keys.length === 0) return;
      await client.run(
        `INSERT INTO order_keys SELECT $1, key, value, $2, event_id, true FROM unnest($3::text[], $4::text[], $5::text[]) AS row (key, value, event_id)
         ON CONFLICT DO NOTHING`,
        [site, order_key, keys.map(({ key }) => key), keys.map(({ value }) => value), keys.map(({ event_id }) => event_id)],
      );
      for (const { key, value } of keys) ordersWithKey.delete(keyOf(site, key, value));
    },
    async ordersWithKey(site, key, value, limit) {
      const ask = async () =>
        orderKeysOf(
          await client.query(
            'SELECT order_key FROM order_keys WHERE site = $1 AND key = $2 AND value = $3 ORDER BY order_key LIMIT $4',
            [...[site, key, value], limit],
          ),
        );
      return (await ordersWithKey.get(keyOf(site, key, value), ask)).slice(0, limit);
    },
    async ordersOfVisitor(site, visitor_id, limit) {
      const ask = async () =>
        orderKeysOf(
          await client.query('SELECT order_key FROM orders WHERE site = $1 AND visitor_id = $2 ORDER BY order_key LIMIT $3', [
            ...[site, visitor_id],
            limit,
          ]),
        );
      return sawOrderWrites ? ask() : (await ordersOfVisitor.get(keyOf(site, visitor_id), ask)).slice(0, limit);
    },
    async putLinks(site, order_key, visitor_id, { link, candidates, unlinked_reason }) {
      sawOrderWrites = true;
      await client.run(
        'UPDATE orders SET visitor_id = $1, link_key = $2, unlinked_reason = $3 WHERE site = $4 AND order_key = $5',
        [visitor_id, link?.key ?? null, unlinked_reason ?? null, site, order_key],
      );
      await client.run('DELETE FROM links WHERE site = $1 AND order_key = $2', [site, order_key]);
      await client.run(
        'INSERT INTO links SELECT $1, $2, n - 1, body FROM unnest($3::text[]) WITH ORDINALITY AS candidate (body, n)',
        [site, order_key, candidates.map((candidate) => JSON.stringify(candidate))],
      );
    },
    conversions: async (site, order_key) =>
      parseAll<ConversionState>(
        await client.query<Body>('SELECT body FROM conversions WHERE site = $1 AND order_key = $2 ORDER BY seq', [
          site,
          order_key,
        ]),
      ),
    async putConversion(conversion) {
      await client.run(
        `INSERT INTO conversions VALUES ($1, $2, $3, (SELECT count(*) FROM conversions WHERE site = $1 AND order_key = $3), $4)
         ON CONFLICT (site, conversion_id) DO UPDATE SET body = excluded.body`,
        [conversion.site, conversion.conversion_id, conversion.order_key, JSON.stringify(conversion)],
      );
    },
    async enqueue(site, conversion_id, destination, now) {
      await client.run(
        `INSERT INTO outbox (site, conversion_id, destination, state, created_at, queued_at, next_attempt_at)
         VALUES ($1, $2, $3, 'waiting', $4, $4, $4)
         ON CONFLICT (site, conversion_id, destination) DO NOTHING`,
        [site, conversion_id, destination, now],
      );
    },
    putLate: async (site, event_id) =>
      (await client.run('INSERT INTO late_events VALUES ($1, $2) ON CONFLICT DO NOTHING', [site, event_id])) === 1,
    position: async (partition) =>
      positions.get(String(partition))?.position ??
      (await client.query<{ position: number }>('SELECT position FROM projector WHERE log_partition = $1', [partition]))[0]
        ?.position ??
      0,
    async setPosition(partition, position) {
      positions.put(String(partition), { partition, position });
    },
  };
}

async function prefetchSessions(
  client: Queryable,
  wanted: WantedRows['sessions'],
  known: Known<SessionState | null>,
): Promise<void> {
  for (const { site, session_id, visitor_id } of wanted) known.set(keyOf(site, session_id, visitor_id), null);
  const rows = await client.query<Body>(
    `SELECT body FROM sessions JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[]) AS w (site, session_id, visitor_id)) AS wanted
     USING (site, session_id, visitor_id)`,
    [wanted.map(({ site }) => site), wanted.map(({ session_id }) => session_id), wanted.map(({ visitor_id }) => visitor_id)],
  );
  for (const session of parseAll<SessionState>(rows))
    known.set(keyOf(session.site, session.session_id, session.visitor_id), session);
}

async function prefetchConsents(
  client: Queryable,
  wanted: WantedRows['visitors'],
  known: Known<VisitorConsent | null>,
): Promise<void> {
  for (const { site, visitor_id } of wanted) known.set(keyOf(site, visitor_id), null);
  const rows = await client.query<Body & { site: string; visitor_id: string; occurred_at: number; event_id: string }>(
    `SELECT site, visitor_id, event_id, occurred_at, body FROM visitor_consents
     JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS w (site, visitor_id)) AS wanted USING (site, visitor_id)`,
    [wanted.map(({ site }) => site), wanted.map(({ visitor_id }) => visitor_id)],
  );
  for (const { site, visitor_id, body, occurred_at, event_id } of rows)
    known.set(keyOf(site, visitor_id), { consent: JSON.parse(body), occurred_at, event_id });
}

async function prefetchOrdersOfVisitors(
  client: Queryable,
  wanted: WantedRows['visitors'],
  known: Known<string[]>,
): Promise<void> {
  const rows = await client.query<{ site: string; visitor_id: string; order_keys: string[] }>(
    `SELECT site, visitor_id, array_agg(order_key ORDER BY order_key) AS order_keys FROM orders
     JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS w (site, visitor_id)) AS wanted USING (site, visitor_id)
     GROUP BY site, visitor_id`,
    [wanted.map(({ site }) => site), wanted.map(({ visitor_id }) => visitor_id)],
  );
  for (const { site, visitor_id } of wanted) known.set(keyOf(site, visitor_id), []);
  for (const { site, visitor_id, order_keys } of rows) known.set(keyOf(site, visitor_id), order_keys);
}

async function prefetchOrdersWithKeys(client: Queryable, wanted: WantedRows['keys'], known: Known<string[]>): Promise<void> {
  const rows = await client.query<{ site: string; key: LinkKey; value: string; order_keys: string[] }>(
    `SELECT site, key, value, array_agg(order_key ORDER BY order_key) AS order_keys FROM order_keys
     JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[]) AS w (site, key, value)) AS wanted USING (site, key, value)
     GROUP BY site, key, value`,
    [wanted.map(({ site }) => site), wanted.map(({ key }) => key), wanted.map(({ value }) => value)],
  );
  for (const { site, key, value } of wanted) known.set(keyOf(site, key, value), []);
  for (const { site, key, value, order_keys } of rows) known.set(keyOf(site, key, value), order_keys);
}

const orderKeysOf = (rows: object[]): string[] => (rows as { order_key: string }[]).map(({ order_key }) => order_key);
