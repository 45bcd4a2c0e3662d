import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { createCarts } from './carts.ts';
import { openDatabase } from './database.ts';
import { createSender, orderloopTags, toOrderInput } from './orderloop.ts';
import { createOrders, type NewOrder, type Order } from './orders.ts';
import { createOutbox } from './outbox.ts';
import { pixelTags } from './pixel.ts';
import { createRoutes } from './routes.ts';
import { contentSecurityPolicy } from './security.ts';

export type { NewOrder, Order } from './orders.ts';
export type { OutboxEntry } from './outbox.ts';
export { createVisitors, type VisitorsOptions } from './visitors/visitors.ts';

export interface DemoStoreOptions {
  /** Where the collector is; the page loads `/orderloop.js` from there, and the server sends orders there. */
  collectorUrl: string;
  /** The site's `pk_…` key, for the page. */
  publishableKey: string;
  /** The site's `sk_…` key, for the server. */
  secretKey: string;
  /** The site's `whsec_…` secret, for the server. */
  signingSecret: string;
  /** Where the ad platform's pixel comes from. */
  platformUrl: string;
  /** The shop's number there. */
  pixelId: string;
  /** The shop's own database. In memory unless told. */
  database?: string;
  /** How often orders that are still to be sent are looked for. 3,000 ms unless told. */
  retryMs?: number;
  /** The clock, in UTC ms. */
  now?: () => number;
  /** Is told of each new order. */
  onOrder?: (order: Order) => void;
}

const STATIC = fileURLToPath(new URL('../static/', import.meta.url));

/**
 * A small shop with Orderloop in it: `src/orderloop.ts` is all that it needed.
 *
 * ```ts
 * const store = createDemoStore({ collectorUrl, publishableKey, secretKey, signingSecret, platformUrl, pixelId });
 * const { url, close } = await store.listen(4100);
 * ```
 */
export function createDemoStore(options: DemoStoreOptions) {
  const { now = Date.now, retryMs = 3000, onOrder } = options;
  const collectorUrl = options.collectorUrl.replace(/\/+$/, '');
  const platformUrl = options.platformUrl.replace(/\/+$/, '');
  const settings = { ...options, collectorUrl, platformUrl };
  const database = openDatabase(options.database ?? ':memory:');
  const outbox = createOutbox({ database, send: createSender(settings), now, retryMs });
  const orders = createOrders(database, now, (order) => outbox.add(toOrderInput(order)));
  const carts = createCarts(database, now);
  let isListening = false;

  function placeOrder(input: NewOrder): Order {
    const { order, isNew } = orders.place(input);
    if (isNew) onOrder?.(order);
    // In the background: the buyer does not wait for a collector.
    if (isListening) outbox.wake();
    return order;
  }

  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use('/static', express.static(STATIC, { index: false }));
  app.use(
    createRoutes({
      carts,
      placeOrder,
      orders,
      tags: ({ nonce, choice }) => [orderloopTags(settings, nonce, choice), pixelTags(settings, nonce, choice)],
      policy: (nonce) => contentSecurityPolicy(collectorUrl, platformUrl, nonce),
    }),
  );

  function listen(port: number, host = '127.0.0.1'): Promise<{ url: string; close(): Promise<void> }> {
    return new Promise((resolve, reject) => {
      const server: Server = app.listen(port, host, (error) => {
        if (error) return reject(error);
        isListening = true;
        outbox.start();
        const { port: taken } = server.address() as AddressInfo;
        resolve({ url: `http://${host}:${taken}`, close: () => close(server) });
      });
    });
  }

  async function close(server: Server): Promise<void> {
    isListening = false;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    await outbox.stop();
    database.close();
  }

  return { app, listen, placeOrder, orders: orders.list, outbox: outbox.list };
}

export type DemoStore = ReturnType<typeof createDemoStore>;
