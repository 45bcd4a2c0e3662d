import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express, { type Express } from 'express';
import { onTestFinished } from 'vitest';
import { type Embedded, orderloop } from '../src/index.ts';
import { KEY, SECRET_KEY, SIGNING_SECRET } from './harness.ts';

export interface EmbeddedShop {
  url: string;
  app: Express;
  collector: Embedded;
  /** Where the collector is to be had besides the shop. */
  ownUrl: string;
  errors: string[];
}

/** A shop of express with the collector mounted at /o, on a store of its own; stopped when the test ends. */
export async function startEmbeddedShop(
  before: (app: Express) => void = () => undefined,
  more: object = {},
): Promise<EmbeddedShop> {
  const app = express();
  before(app);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const folder = mkdtempSync(join(tmpdir(), 'orderloop-embedded-'));
  const errors: string[] = [];
  const config = {
    data_key: 'a-data-key',
    dashboard_token: 'a-dashboard-token',
    door: { script: 'o.js' },
    // The browser has the machine's other core, and all of its load.
    limits: { loop_delay_ms: 60_000 },
    ...more,
    sites: {
      demo: {
        name: 'Demo',
        publishable_keys: [KEY],
        secret_keys: [SECRET_KEY],
        signing_secrets: [SIGNING_SECRET],
        origins: [url],
        destinations: [],
      },
    },
  };
  const onError = (error: unknown) => errors.push(String(error));
  const collector = await orderloop({ config, data: folder, listen: { port: 0 }, onError });
  app.use('/o', collector);
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await collector.stop();
    rmSync(folder, { recursive: true });
  });
  return { url, app, collector, ownUrl: `http://localhost:${collector.port}`, errors };
}
