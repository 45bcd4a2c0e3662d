import { parseArgs } from 'node:util';
import { type ConversionRow, type Order, orderKey } from '@orderloop/protocol';
import { eventOfFact } from '../ingest/delivery.ts';
import { createProjector } from '../ingest/project.ts';
import { userPlace } from '../ingest/validate.ts';
import { createVault, type Vault } from '../privacy/vault.ts';
import type { Source, SourceSettings } from '../sources/contract.ts';
import { SOURCES } from '../sources/index.ts';
import { customerOf } from '../sources/shared/fields.ts';
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
  const storage = openSqlite();
  try {
    printJson(await run(storage, source, readSettings(input['config']), deliveries));
  } finally {
    await storage.close();
  }
}

interface Delivery {
  now: number;
  headers: Record<string, string>;
  body: Buffer;
}

async function run(storage: Storage, source: Source, settings: SourceSettings, deliveries: readonly Delivery[]) {
  const vault = createVault(new Uint8Array(32));
  let now = 0;
  // Nobody's consent is known here, and what is asked is what the orders say.
  const projector = createProjector(storage, () => ({ consentMode: 'opt_out', hosts: [], destinations: [] }), { now: () => now });
  const responses: Response[] = [];
  const relayed: ConversionRow[] = [];
  for (const delivery of deliveries) {
    now = delivery.now;
    responses.push(await answer(storage, source, settings, delivery, vault));
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

async function answer(
  storage: Storage,
  source: Source,
  settings: SourceSettings,
  { now, headers, body }: Delivery,
  vault: Vault,
): Promise<Response> {
  if (body.length > MAX_BODY_BYTES) return { http: 413, verdict: 'rejected', reason: 'body_too_large' };
  const reading = source.read({ headers, signed: body, body }, settings, { now });
  if (reading.kind === 'refused') return { http: 401, verdict: 'rejected', reason: reading.code };
  if (reading.kind === 'unusable') return { http: 422, verdict: 'rejected', reason: reading.code };
  if (reading.kind === 'ignored') return { http: 200, verdict: 'ignored', reason: reading.reason };
  const events = reading.facts.map((fact) => eventOfFact(fact, { site: SITE, source: source.id, received_at: now, vault }));
  const before = await Promise.all(events.map(({ order }) => storage.projections.findOrder(SITE, orderKey(order!))));
  const results = await storage.log.append({ events });
  if (results.every((result) => result === 'duplicate')) return { http: 200, verdict: 'duplicate', reason: null };
  const known = before[0]?.row.projection.order;
  const version = events[0]!.order!.updated_at;
  if (version === undefined && !known) return { http: 200, verdict: 'parked', reason: 'order_unknown' };
  if (version !== undefined && known && version < known.updated_at)
    return { http: 200, verdict: 'ignored', reason: 'stale_update' };
  return { http: 200, verdict: 'accepted', reason: null };
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

function readSettings(value: unknown): SourceSettings {
  const config = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const listed = Array.isArray(config['secrets']) ? config['secrets'] : [config['secret']];
  const secrets = listed.filter((secret): secret is string => typeof secret === 'string' && secret !== '');
  if (secrets.length === 0)
    throw new UnusableInput('config.secret (or secrets) is missing: what the deliveries were signed with.', '/config/secret');
  const account = config['account'] ?? config['shop'] ?? 'replay';
  return { secrets, account: String(account) };
}

function readDelivery(value: unknown, index: number): Delivery {
  const fail = (field: string, detail: string) => new UnusableInput(detail, `/deliveries/${index}${field}`);
  if (typeof value !== 'object' || value === null) throw fail('', 'A delivery is {now, method, headers, body}.');
  const { now, headers, body } = value as Record<string, unknown>;
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
    headers: Object.fromEntries(entries),
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  };
}
