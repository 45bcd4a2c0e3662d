import { randomBytes } from 'node:crypto';
import { type Identifier, isSnapshot, type LoggedEvent, orderKey } from '@orderloop/protocol';
import { type Config, connectionOf } from '../config.ts';
import { deadLetterOf } from '../ingest/dead-letter.ts';
import { eventOfFact } from '../ingest/delivery.ts';
import type { Caller } from '../outgoing/call.ts';
import type { Vault } from '../privacy/vault.ts';
import type { ApiReply, Connection, Cursor, OrderFact, Source, UnusableReading } from '../sources/contract.ts';
import { UnusableDelivery, unusable } from '../sources/shared/fields.ts';
import { identifiersOf } from '../stitch/identifiers.ts';
import type { ConnectionState, SourceTask, Storage } from '../storage/contract.ts';
import { type Asker, AskLater, CannotAsk, createAsker } from './ask.ts';

/** How often the store is looked at for something to do. */
const LOOK_MS = 1_000;
/** Longer than one request may take. */
const LEASE_MS = 60_000;
const POLL_S = 900;
/** How far each poll goes back behind the last: what changed then may have come into sight late (order-sources §4). */
const OVERLAP_MS = 600_000;
/** What a new connection begins with, unless it says since when. */
const FIRST_MS = 2 * 86_400_000;
const BACKOFF_MS = 5_000;
const MAX_BACKOFF_MS = 15 * 60_000;
const MAX_TASKS = 20;
const MAX_TASK_ATTEMPTS = 12;
/** What of a store's history is read on, before what has just been asked for gets its turn. */
const MAX_PAGES = 50;
const MAX_APPEND = 500;
/** Orders that could not be read, by their hash: a page is read again and again, and each is put aside once. */
const MAX_SEEN = 10_000;

const INITIAL: ConnectionState = {
  watermark: null,
  cursor: null,
  began_at: null,
  next_at: 0,
  polled_at: null,
  failures: 0,
  error: null,
  tokens: null,
};

export interface ConnectionsDeps {
  config: Config;
  sources: Readonly<Record<string, Source>>;
  storage: Pick<Storage, 'log' | 'events' | 'projections' | 'connections'>;
  caller: Pick<Caller, 'call'>;
  vault: Vault;
  /** Tells this process from others that share the store. */
  owner: string;
  now: () => number;
  random: () => number;
  erase(request: { site: string; id: Identifier; by: string; reason: string }): Promise<unknown>;
  /** There is something new in the log. */
  onAppend(): void;
  onError(error: unknown): void;
}

export interface ConnectionsRuntime {
  /** Does at once what is due; resolves when it is done. */
  look(): Promise<void>;
  /** Looks again and again. */
  start(): void;
  /** Ends after the request that is on its way: what it brought is kept. */
  stop(): Promise<void>;
}

/** A connection that something can be done for. */
interface Connected {
  site: string;
  source: Source;
  connection: Connection;
  /** ms. */
  every_ms: number;
  /** UTC ms; null where the configuration does not say. */
  since: number | null;
}

/**
 * Asks platforms for what changed and for orders that were only named, and does what they ask of us. Of several processes one
 * at a time has a connection. Each page is in the log before it counts as read, so that a crash skips nothing.
 */
export function createConnections(deps: ConnectionsDeps): ConnectionsRuntime {
  const { storage, vault, owner, now } = deps;
  const connected = connectionsOf(deps);
  const seen = new Set<string>();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | null = null;

  const append = async ({ site, source }: Connected, facts: readonly OrderFact[]): Promise<void> => {
    const fresh: OrderFact[] = [];
    for (const fact of facts) if (!(await isKnown(storage, site, fact))) fresh.push(fact);
    for (let index = 0; index < fresh.length; index += MAX_APPEND) {
      const events = fresh
        .slice(index, index + MAX_APPEND)
        .map((fact) => eventOfFact(fact, { site, source: source.id, received_at: now(), vault }));
      await storage.log.append({ events });
    }
    if (fresh.length > 0) deps.onAppend();
  };

  const putAside = async (
    { site, source }: Connected,
    { code, pointer, detail }: UnusableReading,
    raw: string,
    route: string,
  ): Promise<void> => {
    const facts = { site, received_at: now(), stage: 'source' as const, code, pointer, detail, route, key_id: source.id };
    const letter = deadLetterOf(facts, { raw, vault });
    if (seen.has(letter.sha256)) return;
    if (seen.size >= MAX_SEEN) seen.delete(seen.values().next().value!);
    seen.add(letter.sha256);
    await storage.log.append({ events: [], deadLetters: [letter] });
  };

  const doErase = async (connection: Connected, task: SourceTask): Promise<void> => {
    const event: LoggedEvent | null = await storage.events.find(task.site, task.subject);
    const [id] = event ? identifiersOf(event) : [];
    if (id) await deps.erase({ site: task.site, id, by: connection.source.id, reason: 'customers/redact' });
    await storage.connections.finishTask(task, now(), id ? undefined : 'The request names nobody.');
  };

  const doFetch = async (one: Connected, asker: Asker | null, task: SourceTask): Promise<void> => {
    const { source, connection } = one;
    const { account } = connection;
    const finish = (reason?: string) => storage.connections.finishTask(task, now(), reason);
    const key = orderKey({ source: source.id, account, order_id: task.subject });
    if (task.kind === 'fetch_parked' && (await storage.projections.findOrder(task.site, key)))
      return finish('The order came by itself.');
    const fetch = source.api?.fetch;
    if (!fetch || !asker) return finish('The API of this source is not connected.');
    const count = fetch.requests(connection, task.subject, { now: now(), nonce: '' }).length;
    const replies: ApiReply[] = [];
    for (let index = 0; index < count; index++)
      replies.push(await asker.ask((context) => fetch.requests(connection, task.subject, context)[index]!, [404]));
    try {
      const facts = fetch.read(replies, connection, task.subject, { now: now() });
      if (!facts) return finish('The platform does not know the order.');
      await append(one, facts);
      await finish();
    } catch (error) {
      if (!(error instanceof UnusableDelivery)) throw error;
      await putAside(one, unusable(error), replies.map(({ body }) => Buffer.from(body).toString('utf8')).join('\n'), 'fetch');
      await finish(error.message);
    }
  };

  const doTasks = async (one: Connected, asker: Asker | null): Promise<void> => {
    for (const task of await storage.connections.tasks(one.site, one.source.id, now(), MAX_TASKS)) {
      if (stopped) return;
      try {
        await (task.kind === 'erase' ? doErase(one, task) : doFetch(one, asker, task));
      } catch (error) {
        const isLast = task.attempts + 1 >= MAX_TASK_ATTEMPTS;
        const { message } = error as Error;
        if (isLast && !(error instanceof AskLater)) await storage.connections.finishTask(task, now(), message);
        else await storage.connections.deferTask(task, now() + backoff(task.attempts, deps.random()), message);
        throw error;
      }
    }
  };

  /** Reads on from where the last page ended; answers false when another has taken the connection over. */
  const poll = async (one: Connected, state: ConnectionState, asker: Asker, keep: () => Promise<boolean>): Promise<boolean> => {
    const { source, connection, every_ms } = one;
    const { poll: platform } = source.api!;
    if (!platform) {
      state.next_at = now() + every_ms;
      return keep();
    }
    if (!state.cursor) {
      state.began_at = now();
      state.cursor = { from: (state.watermark ?? one.since ?? now() - FIRST_MS) - OVERLAP_MS, page: null };
    }
    for (let pages = 0; state.cursor && pages < MAX_PAGES && !stopped; pages++) {
      const cursor: Cursor = state.cursor;
      const reply = await asker.ask((context) => platform.list(connection, cursor, context));
      const page = platform.read(reply, connection, cursor, { now: now() });
      await append(one, page.facts);
      for (const { raw, ...reading } of page.unusable) await putAside(one, reading, JSON.stringify(raw), 'poll');
      if (page.next && page.next.from === cursor.from && page.next.page === cursor.page)
        throw new CannotAsk('The platform’s pages lead back to where they began.');
      state.cursor = page.next;
      if (!page.next) {
        state.watermark = state.began_at;
        state.began_at = null;
        state.polled_at = now();
        state.next_at = now() + every_ms;
      } else if (asker.wait() > 0) state.next_at = now() + asker.wait();
      state.failures = 0;
      state.error = null;
      if (!(await keep())) return false;
      if (state.next_at > now()) break;
    }
    return true;
  };

  const work = async (one: Connected): Promise<void> => {
    const { site, source, connection } = one;
    const place = { site, source: source.id };
    const known = await storage.connections.state(site, source.id);
    const canAsk = source.api?.isConfigured(connection) ?? false;
    const isDue = canAsk && (known?.next_at ?? 0) <= now();
    if (!isDue && (await storage.connections.tasks(site, source.id, now(), 1)).length === 0) return;
    const state = await storage.connections.claim(place, owner, now(), LEASE_MS, INITIAL);
    if (!state) return;
    const keep = () => storage.connections.put(place, owner, now(), LEASE_MS, state);
    const keepTokens = async (sealed: string): Promise<void> => {
      state.tokens = sealed;
      if (!(await keep())) throw new AskLater('Another collector has taken the connection over.');
    };
    try {
      const asker = canAsk ? createAsker(one, state.tokens, keepTokens, { caller: deps.caller, vault, now, nonce }) : null;
      await doTasks(one, asker);
      if (asker && isDue && !stopped) await poll(one, state, asker, keep);
    } catch (error) {
      if (!(error instanceof AskLater || error instanceof CannotAsk || error instanceof UnusableDelivery)) deps.onError(error);
      state.error = (error as Error).message;
      const wait = error instanceof AskLater ? error.wait_ms : null;
      state.next_at = now() + Math.max(wait ?? 0, backoff(state.failures, deps.random()));
      state.failures += 1;
      await keep();
    } finally {
      await storage.connections.release(place, owner);
    }
  };

  const look = (): Promise<void> => {
    looking ??= Promise.all(connected.map((one) => work(one).catch(deps.onError)))
      .then(() => undefined)
      .finally(() => {
        looking = null;
      });
    return looking;
  };

  return {
    look,
    start() {
      const again = (): void => {
        void look().finally(() => {
          if (!stopped) timer = setTimeout(again, LOOK_MS);
        });
      };
      if (connected.length > 0) again();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}

const nonce = (): string => randomBytes(16).toString('hex');

/** Up to a quarter of an hour, with jitter, so that what failed together does not come back together. */
const backoff = (failures: number, random: number): number =>
  Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** Math.min(failures, 12)) * (0.5 + random / 2);

function connectionsOf({ config, sources }: Pick<ConnectionsDeps, 'config' | 'sources'>): Connected[] {
  return Object.entries(config.sites).flatMap(([site, { sources: configured = {} }]) =>
    Object.entries(configured).flatMap(([name, { poll }]): Connected[] => {
      const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
      if (!source) return [];
      const since = Date.parse(poll?.since ?? '');
      return [
        {
          site,
          source,
          connection: connectionOf(config, site, name)!,
          every_ms: (poll?.every_s ?? POLL_S) * 1000,
          since: Number.isNaN(since) ? null : since,
        },
      ];
    }),
  );
}

/** A version that a webhook brought before, or the last poll did. */
async function isKnown({ projections }: Pick<Storage, 'projections'>, site: string, { order }: OrderFact): Promise<boolean> {
  if (!isSnapshot(order)) return false;
  const known = (await projections.findOrder(site, orderKey(order)))?.row.projection.order;
  if (!known || known.updated_at < order.updated_at) return false;
  return known.updated_at > order.updated_at || known.refunds.length >= (order.refunds?.length ?? 0);
}
