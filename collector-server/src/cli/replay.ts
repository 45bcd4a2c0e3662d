import { parseArgs } from 'node:util';
import { type ConversionRow, isSnapshot, type Order, orderKey } from '@orderloop/protocol';
import { eventsOfReading } from '../ingest/delivery.ts';
import { createProjector } from '../ingest/project.ts';
import { userPlace } from '../ingest/validate.ts';
import { createVault, type Vault } from '../privacy/vault.ts';
import type { Connection, Source, SourceReading } from '../sources/contract.ts';
import { SOURCES } from '../sources/index.ts';
import { customerOf, objectAt, reading, textAt } from '../sources/shared/fields.ts';
import type { Storage } from '../storage/contract.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import { printJson, readClock, readJsonInput, UnusableInput } from './io.ts';

const SITE = 'replay';
const MAX_BODY_BYTES = 5 * 1024 * 1024;

interface Response {
  http: number;
  verdict: 'accepted' | 'duplicate' | 'ignored' | 'parked' | 'rejected';
  reason: string | null;
}

/** `orderloop replay FILE`: recorded deliveries of one source, each at its own clock, on a store in memory. */
export async function replay(args: string[]): Promise<void> {
  const { positionals } = parseArgs({ args, allowPositionals: true });
  const input = readJsonInput(positionals[0]);
  const name = String(input['source']);
  const source = Object.hasOwn(SOURCES, name) ? SOURCES[name] : undefined;
  if (!source) throw new UnusableInput(`source must be one of ${Object.keys(SOURCES).join(', ')}.`, '/source');
  if (!Array.isArray(input['deliveries']))
    throw new UnusableInput('deliveries must be a list of {now, method, headers, body}.', '/deliveries');
  const deliveries = input['deliveries'].map(readDelivery);
  const connection = readConnection(input['config']);
  // What a poll was answered was asked for, so it needs no secret to be believed.
  const isAsked = deliveries.length > 0 && deliveries.every(({ method }) => method === 'GET');
  const [fault] = isAsked ? [] : source.check(connection);
  if (fault) throw new UnusableInput(`config: ${fault}`, '/config');
  const storage = openSqlite();
  try {
    printJson(await run(storage, source, connection, deliveries));
  } finally {
    await storage.close();
  }
}

interface Delivery {
  now: number;
  method: string;
  headers: Record<string, string>;
  body: Buffer;
}

async function run(storage: Storage, source: Source, connection: ReplayConnection, deliveries: readonly Delivery[]) {
  const vault = createVault(new Uint8Array(32));
  let now = 0;
  // Nobody's consent is known here, and what is asked is what the orders say.
  const projector = createProjector(storage, () => ({ consentMode: 'opt_out', hosts: [], destinations: [] }), { now: () => now });
  const responses: Response[] = [];
  const relayed: ConversionRow[] = [];
  const aliases: Aliases = new Map();
  for (const delivery of deliveries) {
    now = delivery.now;
    responses.push(await answer(storage, source, connection, delivery, vault, aliases));
    await projector.catchUp();
    for (const row of (await storage.projections.dump()).conversions as ConversionRow[]) {
      if (!relayed.some(({ conversion_id }) => conversion_id === row.conversion_id)) relayed.push(row);
    }
  }
  const { orders } = await storage.projections.dump();
  return {
    responses,
    orders: await Promise.all((orders as { order: Order }[]).map(({ order }) => withContact(storage, vault, order))),
    relay: relayed.map(({ event, value, currency, exponent, key }) => ({ type: event, value, currency, exponent, key })),
  };
}

/** Other keys that an order has come under, as by its captures. */
type Aliases = Map<string, string>;

async function answer(
  storage: Storage,
  source: Source,
  { certificates, ...connection }: ReplayConnection,
  { now, method, headers, body }: Delivery,
  vault: Vault,
  aliases: Aliases,
): Promise<Response> {
  if (body.length > MAX_BODY_BYTES) return { http: 413, verdict: 'rejected', reason: 'body_too_large' };
  const request = { headers, signed: body, body };
  const url = source.certificateUrl?.(request, connection);
  const certificate = url && Object.hasOwn(certificates, url) ? certificates[url] : undefined;
  const read: SourceReading =
    method === 'GET'
      ? readReply(source, connection, { now, body })
      : source.read(request, connection, { now, ...(certificate !== undefined && { certificate }) });
  if (read.kind === 'refused') return { http: 401, verdict: 'rejected', reason: read.code };
  if (read.kind === 'unusable') return { http: 422, verdict: 'rejected', reason: read.code };
  if (read.kind === 'ignored') return { http: 200, verdict: 'ignored', reason: read.reason };
  const events = eventsOfReading(read, { site: SITE, source: source.id, connection, received_at: now, vault });
  const before = await Promise.all(
    events.map(({ order }) =>
      order ? storage.projections.findOrder(SITE, aliases.get(orderKey(order)) ?? orderKey(order)) : null,
    ),
  );
  const results = await storage.log.append({ events });
  if (results.length > 0 && results.every((result) => result === 'duplicate'))
    return { http: 200, verdict: 'duplicate', reason: null };
  const changed = events.findIndex(({ order }) => order !== undefined);
  const order = events[changed]?.order;
  if (!order) return { http: 200, verdict: 'accepted', reason: null };
  for (const alias of order.aliases ?? []) aliases.set(orderKey({ ...order, order_id: alias }), orderKey(order));
  const known = before[changed]?.row.projection.order;
  const saysWhatItIs = isSnapshot(order) || (order.payments !== undefined && order.currency !== undefined);
  if (!known && !saysWhatItIs) return { http: 200, verdict: 'parked', reason: 'order_unknown' };
  if (order.updated_at !== undefined && known && order.updated_at < known.updated_at)
    return { http: 200, verdict: 'ignored', reason: 'stale_update' };
  return { http: 200, verdict: 'accepted', reason: null };
}

/** What a poll was answered: recorded as a delivery whose method is GET. */
function readReply(source: Source, connection: Connection, { now, body }: Pick<Delivery, 'now' | 'body'>): SourceReading {
  const poll = source.api?.poll;
  if (!poll) return { kind: 'ignored', reason: 'no_poll' };
  return reading(() => {
    const reply = { status: 200, headers: {}, body };
    const { facts, unusable } = poll.read(reply, connection, { from: 0, page: null }, { now });
    return facts.length === 0 && unusable[0] ? unusable[0] : { kind: 'facts', facts };
  });
}

/** The canonical order with its customer, whom the store keeps sealed. */
async function withContact(storage: Storage, vault: Vault, order: Order): Promise<Order> {
  const events = await storage.projections.orderEventsOf(SITE, orderKey(order));
  const newest = events
    .filter(({ user }) => user?.sealed)
    .sort((left, right) => left.occurred_at - right.occurred_at)
    .at(-1);
  if (!newest) return order;
  const user = vault.openUser(userPlace(SITE, newest.event_id), newest.user);
  const { email_sha256, phone_e164 } = customerOf({ email: user?.email, phone: user?.phone, country: user?.country });
  return {
    ...order,
    customer: { id: order.customer.id, email_sha256: email_sha256 ?? user?.email_sha256?.toLowerCase() ?? null, phone_e164 },
  };
}

/** A connection, and the certificates that its deliveries name, by their address. */
type ReplayConnection = Connection & { certificates: Readonly<Record<string, string>> };

/** Signature vectors name a secret as their platform does. */
const SECRETS = ['secret', 'client_secret', 'app_secret', 'public_key_pem'] as const;

function readConnection(value: unknown): ReplayConnection {
  const { secrets, account, shop, settings, certificates, ...rest } = objectAt(value);
  const listed = Array.isArray(secrets) ? secrets : SECRETS.map((name) => rest[name]);
  return {
    account: textAt(account) ?? textAt(shop) ?? 'replay',
    secrets: listed.filter((secret): secret is string => typeof secret === 'string' && secret !== ''),
    settings: { ...rest, ...objectAt(settings) },
    certificates: objectAt(certificates) as Record<string, string>,
  };
}

function readDelivery(value: unknown, index: number): Delivery {
  const fail = (field: string, detail: string) => new UnusableInput(detail, `/deliveries/${index}${field}`);
  if (typeof value !== 'object' || value === null) throw fail('', 'A delivery is {now, method, headers, body}.');
  const { now, method, headers, body } = value as Record<string, unknown>;
  const clock = readClock(now);
  if (clock === null) throw fail('/now', 'now must be RFC 3339, UTC ms or Unix seconds.');
  if (typeof body !== 'string' && (typeof body !== 'object' || body === null))
    throw fail('/body', 'body must be the text that was sent.');
  const entries = Object.entries((headers ?? {}) as Record<string, unknown>).map(([name, text]) => [
    name.toLowerCase(),
    String(text),
  ]);
  return {
    now: clock,
    method: String(method ?? 'POST').toUpperCase(),
    headers: Object.fromEntries(entries),
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  };
}
