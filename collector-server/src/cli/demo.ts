import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdPlatform } from '@orderloop/example-ad-platform';
import { createDemoStore, createVisitors } from '@orderloop/example-demo-store';
import { type Config, readConfig } from '../config.ts';
import { startCollector } from '../main.ts';
import { say } from './io.ts';
import { ASSETS_FOLDER } from './setup.ts';
import { untilStopped } from './signals.ts';

const HOST = '127.0.0.1';
const WANTED_PORTS = { collector: 4100, shop: 4101, platform: 4102 };
const DATASET_ID = '1234567890123456';

export interface Demo {
  collectorUrl: string;
  shopUrl: string;
  platformUrl: string;
  /** What deliveries of the demo's Shopify connection are signed with. */
  shopifySecret: string;
  stop(): Promise<void>;
}

/** `orderloop demo`: a collector on a throw-away store, a shop that uses it, and an ad platform, played. */
export async function demo(): Promise<void> {
  const stopped = untilStopped();
  const running = await startDemo(WANTED_PORTS);
  say('');
  say(`  Ads        ${running.platformUrl}/    click one, and buy; switch on a day of visitors; make the platform fail`);
  say(`  Shop       ${running.shopUrl}/`);
  say(`  Dashboard  ${running.collectorUrl}/dashboard`);
  say('');
  say('  Everything is thrown away at the end. Press Ctrl+C to stop.');
  await stopped;
  say('Stopping …');
  await running.stop();
}

/** Starts the three on the wanted ports, or on free ones where those are taken; port 0 asks for a free one. */
export async function startDemo(wanted: typeof WANTED_PORTS): Promise<Demo> {
  const ports = {
    collector: await freePort(wanted.collector),
    shop: await freePort(wanted.shop),
    platform: await freePort(wanted.platform),
  };
  const collectorUrl = `http://localhost:${ports.collector}`;
  const shopUrl = `http://localhost:${ports.shop}`;
  // Another host name, and so another site for browsers, as an ad platform is.
  const platformUrl = `http://${HOST}:${ports.platform}`;
  const secrets = {
    publishableKey: `pk_demo_${randomBytes(9).toString('hex')}`,
    secretKey: `sk_demo_${randomBytes(24).toString('hex')}`,
    signingSecret: newSigningSecret(),
    webhookSecret: newSigningSecret(),
    accessToken: randomBytes(24).toString('hex'),
    shopifySecret: randomBytes(24).toString('hex'),
  };
  const folder = mkdtempSync(join(tmpdir(), 'orderloop-demo-'));
  const collector = await startCollector(
    {
      config: demoConfig({ collectorUrl, shopUrl, platformUrl, ...secrets }),
      storage: { engine: 'sqlite', folder },
      assetsFolder: ASSETS_FOLDER,
      onError: (error, context) => say(`${context}: ${error instanceof Error ? error.message : String(error)}`),
    },
    { port: ports.collector, host: HOST },
  );
  const store = createDemoStore({ collectorUrl, platformUrl, pixelId: DATASET_ID, ...secrets });
  const shop = await store.listen(ports.shop, HOST);
  const visitors = createVisitors({ shopUrl, collectorUrl, publishableKey: secrets.publishableKey, storeApi: store });
  const { webhookSecret, accessToken } = secrets;
  const platform = await createAdPlatform({ shopUrl, webhookSecret, accessToken, datasetId: DATASET_ID, visitors }).listen(
    ports.platform,
    HOST,
  );

  return {
    collectorUrl,
    shopUrl,
    platformUrl,
    shopifySecret: secrets.shopifySecret,
    async stop() {
      await visitors.close();
      await shop.close();
      await collector.stop();
      await platform.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface DemoFacts {
  collectorUrl: string;
  shopUrl: string;
  platformUrl: string;
  publishableKey: string;
  secretKey: string;
  signingSecret: string;
  webhookSecret: string;
  accessToken: string;
  shopifySecret: string;
}

function demoConfig({
  collectorUrl,
  shopUrl,
  platformUrl,
  publishableKey,
  secretKey,
  signingSecret,
  webhookSecret,
  accessToken,
  shopifySecret,
}: DemoFacts): Config {
  return readConfig(
    {
      public_url: collectorUrl,
      data_key: randomBytes(32).toString('base64'),
      dashboard_token: randomBytes(24).toString('hex'),
      open_dashboard: true,
      // Everything shares one machine here, a browser among it: late is no reason to refuse.
      limits: { drain_ms: 0, loop_delay_ms: 60_000 },
      allow_private_targets: [platformUrl],
      // A demo that is told to fail should be seen to recover.
      relay: { base_ms: 1000, throttled_floor_ms: 3000 },
      sites: {
        demo: {
          name: 'Demo shop',
          publishable_keys: [publishableKey],
          secret_keys: [secretKey],
          signing_secrets: [signingSecret],
          origins: [shopUrl],
          sources: { shopify: { account: 'demo.myshopify.com', secrets: [shopifySecret] } },
          destinations: [
            { id: 'meta', type: 'meta', settings: { dataset_id: DATASET_ID, access_token: accessToken, endpoint: platformUrl } },
            { id: 'webhook', type: 'webhook', settings: { url: `${platformUrl}/webhook`, secret: webhookSecret } },
          ],
          ads: [{ placement: 'home-hero', creatives: [demoCreative(shopUrl)] }],
          rewards: [
            {
              placement: 'cart',
              points: 50,
              duration_ms: 8000,
              creative: {
                headline: 'A light for every evening',
                text: 'Have a look at the winter collection: it comes back to you as points.',
                advertiser: 'Mooring',
              },
            },
          ],
        },
      },
    },
    {},
  );
}

function demoCreative(shopUrl: string) {
  return {
    creative_id: 'winter-lights',
    headline: 'Winter lights: 15 % off until Sunday',
    text: 'Warm lamps for long evenings.',
    call_to_action: 'See the lamps',
    advertiser: 'Mooring',
    image: { url: `${shopUrl}/static/products/harbour.svg`, alt: 'A pendant lamp over a table', width: 480, height: 480 },
    target_url: `${shopUrl}/?utm_source=orderloop&utm_medium=display&utm_campaign=winter_lights`,
  };
}

const newSigningSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`;

/** The wanted port, or a free one when it is taken. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' && wanted !== 0 ? resolve(freePort(0)) : reject(error),
    );
    probe.listen(wanted, HOST, () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
