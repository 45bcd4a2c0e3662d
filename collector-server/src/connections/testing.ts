import { type Order, parseJson } from '@orderloop/protocol';
import type { Answer, Caller, CallResult, Outgoing } from '../outgoing/call.ts';
import type { OrderFact, Source } from '../sources/contract.ts';
import { type Json, listAt, nextByTime, readEach, textAt, UnusableDelivery } from '../sources/shared/fields.ts';
import { canonicalOrder } from '../stitch/testing.ts';

const PAGE_SIZE = 3;

/** An order of the played platform. */
export interface PlayedOrder {
  id: string;
  /** UTC s. */
  updated: number;
  total: number;
  broken?: boolean;
}

/** What the platform does with the next request instead of answering it. */
export type Mishap = 'drop' | 'fail' | 'throttle' | 'revoke' | 'forbid' | 'gibberish';

/** A platform that lists orders by when they changed, paged by number, and hands out tokens of which each can be renewed once. */
export interface PlayedPlatform {
  orders: Map<string, PlayedOrder>;
  /** One for each of the next requests; null answers. */
  mishaps: (Mishap | null)[];
  /** Before a request is answered. */
  onRequest?: (request: Outgoing) => void;
  requests: Outgoing[];
  caller: Pick<Caller, 'call'>;
}

export function playPlatform(): PlayedPlatform {
  let token = 0;
  /** The token before counts until the new one is used: who asked may not have heard of it. */
  let isUsed = true;
  const reply = (status: number, value: unknown, headers: Answer['headers'] = {}): CallResult => ({
    kind: 'reply',
    reply: { status, headers, body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), truncated: false },
  });
  const platform: PlayedPlatform = {
    orders: new Map(),
    mishaps: [],
    requests: [],
    caller: {
      async call(request) {
        platform.requests.push(request);
        platform.onRequest?.(request);
        const { pathname, searchParams } = new URL(request.url);
        const mishap = platform.mishaps.shift();
        if (mishap === 'drop') return { kind: 'failed', error: 'ECONNRESET', timedOut: false, mayHaveArrived: true };
        if (mishap === 'fail') return reply(502, 'bad gateway');
        if (mishap === 'throttle') return reply(429, '', { 'retry-after': '7' });
        if (mishap === 'forbid') return reply(403, '');
        if (pathname === '/token') {
          const refresh = Number(searchParams.get('refresh'));
          if (refresh !== token && (isUsed || refresh !== token - 1)) return reply(401, '');
          token += isUsed ? 1 : 0;
          isUsed = false;
          return reply(200, { token });
        }
        if (request.headers['authorization'] !== `Bearer ${token}` || mishap === 'revoke') return reply(401, '');
        isUsed = true;
        if (mishap === 'gibberish') return reply(200, '<html>');
        const id = /^\/orders\/(.+)$/.exec(pathname)?.[1];
        if (id) return platform.orders.has(id) ? reply(200, platform.orders.get(id)) : reply(404, '');
        const from = Number(searchParams.get('from'));
        const first = (Number(searchParams.get('page')) - 1) * PAGE_SIZE;
        const listed = [...platform.orders.values()]
          .filter(({ updated }) => updated >= from)
          .sort((left, right) => left.updated - right.updated || (left.id < right.id ? -1 : 1));
        return reply(200, { orders: listed.slice(first, first + PAGE_SIZE) });
      },
    },
  };
  return platform;
}

const ORIGIN = 'https://platform.example';
const isoOf = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;

function factOf(body: Json): OrderFact {
  const { id, updated, total, broken } = body as unknown as PlayedOrder;
  if (broken) throw new UnusableDelivery('invalid_amount', '/total', 'Expected a decimal amount.');
  const at = isoOf(updated);
  const amounts = { total, paid: total, net: total } as Order['amounts'];
  return {
    delivery_id: `poll:${id}:${at}`,
    occurred_at: updated * 1000,
    order: canonicalOrder({ source: 'played', account: 'a', order_id: id, created_at: at, paid_at: at, updated_at: at, amounts }),
  };
}

/** The source of the played platform. */
export const playedSource: Source = {
  id: 'played',
  role: 'orders',
  check: () => [],
  read: () => ({ kind: 'ignored', reason: 'played' }),
  api: {
    isConfigured: ({ settings }) => settings['key'] !== undefined,
    token: {
      request: (_connection, last) => ({
        method: 'POST',
        url: `${ORIGIN}/token?refresh=${last?.refresh_token ?? ''}`,
        headers: {},
      }),
      read(reply, _last, { now }) {
        if (reply.status !== 200) return null;
        const { token } = parseJson(Buffer.from(reply.body).toString()) as { token: number };
        return { access_token: String(token), refresh_token: String(token), expires_at: now + 3_600_000 };
      },
    },
    poll: {
      list: (_connection, { from, page }, { access_token }) => ({
        method: 'GET',
        url: `${ORIGIN}/orders?from=${Math.floor(from / 1000)}&page=${page ?? 1}`,
        headers: { authorization: `Bearer ${access_token}` },
      }),
      read(reply, _connection, cursor) {
        let value: unknown;
        try {
          value = parseJson(Buffer.from(reply.body).toString());
        } catch {
          throw new UnusableDelivery('malformed_json', '', 'The page is not JSON.');
        }
        const listed = listAt((value as Json)['orders']);
        const last = listed.at(-1)?.['updated'];
        const page = readEach(listed, (order) => textAt(order['id']), factOf);
        return { ...page, next: nextByTime(cursor, typeof last === 'number' ? last * 1000 : null, listed.length === PAGE_SIZE) };
      },
    },
    fetch: {
      requests: (_connection, order_id, { access_token }) => [
        { method: 'GET', url: `${ORIGIN}/orders/${order_id}`, headers: { authorization: `Bearer ${access_token}` } },
      ],
      read: ([reply]) => (reply!.status === 404 ? null : [factOf(parseJson(Buffer.from(reply!.body).toString()) as Json)]),
    },
  },
};
