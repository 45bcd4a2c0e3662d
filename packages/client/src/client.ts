import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventInput, OrderInput, OrderUpdate } from '@orderloop/protocol';
import { cut, type Part } from './batches.ts';
import { broken } from './broken.ts';
import { type Delivery, deliver } from './deliver.ts';
import { type ClientOptions, readOptions } from './options.ts';
import { joinReceipts, type Receipt } from './receipt.ts';

const MOST_ORDERS = 100;
const MOST_EVENTS = 500;

/** The collector corrects event times when `sent_at` is more than a minute off, so a body that old is stamped again. */
const STAMP_MS = 45_000;

const ID = /^[\x21-\x7e]{1,64}$/;

export interface SendOptions {
  /** The `webhook-id`, at most 64 characters: give the id of your outbox row, and a repeat after a crash is recognised. */
  id?: string;
  /** Gives up, rejecting with the signal's reason. */
  signal?: AbortSignal;
}

export interface Client {
  /** Sends one order, or a newer version of it: the whole, or with `partial: true` what changed. Repeating it is harmless. */
  sendOrder(order: OrderInput | OrderUpdate, options?: SendOptions): Promise<Receipt>;
  /**
   * Sends any number of orders, a hundred a request, one request after the other. If one request fails, those before it
   * have been taken; send them all again, as a repeat changes nothing.
   */
  sendOrders(orders: readonly (OrderInput | OrderUpdate)[], options?: Pick<SendOptions, 'signal'>): Promise<Receipt>;
  /** Sends any number of events, 500 a request. Each one's `event_id` makes its repeat harmless. */
  sendEvents(events: readonly EventInput[], options?: Pick<SendOptions, 'signal'>): Promise<Receipt>;
}

/**
 * A client for a server that calls the collector: it signs, cuts to size, and tries again when that may help.
 *
 * ```ts
 * const orderloop = createClient({ url: 'https://collector.example.com', key: 'sk_…', signingSecret: 'whsec_…' });
 * await orderloop.sendOrder({
 *   source: 'shop', order_id: '1042', status: 'paid', currency: 'EUR', amounts: { total: '129.90' },
 *   created_at: '2026-11-20T10:15:30Z', updated_at: '2026-11-20T10:15:30Z', session_ref: form.session_ref,
 * });
 * ```
 */
export function createClient(options: ClientOptions): Client {
  const settings = readOptions(options, (ms, signal) => sleep(ms, undefined, signal && { signal }));

  async function sendParts(path: string, parts: Part[], make: (part: Part) => Delivery, signal?: AbortSignal): Promise<Receipt> {
    const done = [];
    for (const part of parts) {
      done.push({ offset: part.offset, receipt: await deliver(settings, path, make(part), signal) });
    }
    return joinReceipts(done);
  }

  function stampEvents(part: Part): Delivery {
    const sent_at = settings.now();
    return {
      id: newId(),
      body: `{"sent_at":${sent_at},"events":[${part.entries.join(',')}]}`,
      goodUntil: sent_at + STAMP_MS,
      renew: () => stampEvents(part),
    };
  }

  return {
    async sendOrder(order, { id = newId(), signal } = {}) {
      if (!ID.test(id))
        throw broken('id can’t be a webhook-id', `found ${id.length} characters`, 'use 1 to 64 visible ASCII characters');
      return sendParts('/v1/orders', cut([order], 1, '/v1/orders'), ({ entries }) => ({ id, body: entries.join() }), signal);
    },
    async sendOrders(orders, { signal } = {}) {
      const make = ({ entries }: Part) => ({ id: newId(), body: `{"orders":[${entries.join(',')}]}` });
      return sendParts('/v1/orders', cut(orders, MOST_ORDERS, '/v1/orders'), make, signal);
    },
    async sendEvents(events, { signal } = {}) {
      return sendParts('/v1/events', cut(events, MOST_EVENTS, '/v1/events'), stampEvents, signal);
    },
  };
}

function newId(): string {
  return `msg_${randomUUID()}`;
}
