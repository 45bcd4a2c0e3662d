import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { readAssets } from './assets.ts';
import { type Config, dataKey } from './config.ts';
import { DESTINATIONS } from './destinations/index.ts';
import { createApp } from './http/app.ts';
import { createAuth } from './http/auth.ts';
import { createCommitQueue } from './ingest/commit-queue.ts';
import { createProjector } from './ingest/project.ts';
import { siteFactsOf } from './ingest/site-facts.ts';
import { userPlace } from './ingest/validate.ts';
import { createMetrics } from './metrics.ts';
import { createVault } from './privacy/vault.ts';
import { RETRY_DEFAULTS } from './relay/backoff.ts';
import { createRelay } from './relay/relay.ts';
import { createSender } from './relay/send.ts';
import { SOURCES } from './sources/index.ts';
import type { Storage } from './storage/contract.ts';

export interface CollectorOptions {
  config: Config;
  storage: Storage;
  /** Where the built bundles are; without it the collector serves none. */
  assetsFolder?: string;
  now?: () => number;
  /** Where errors go; contact data and secrets are never in them. */
  onError?: (error: unknown, context: string) => void;
}

export interface Collector {
  url: string;
  port: number;
  /** Stops taking requests, finishes what was begun, and closes the store. */
  stop(): Promise<void>;
}

/** Starts a collector on `host:port`; port 0 picks a free one. */
export async function startCollector(options: CollectorOptions, listen: { port: number; host: string }): Promise<Collector> {
  const { config, storage, now = Date.now, onError = () => undefined } = options;
  const vault = createVault(dataKey(config.data_key));
  const metrics = createMetrics();
  let shuttingDown = false;

  const sender = createSender(config.allow_private_targets ?? []);
  const relay = createRelay({
    storage,
    registry: DESTINATIONS,
    destinationOf: (site, id) => config.sites[site]?.destinations?.find((entry) => entry.id === id),
    sender,
    vault,
    retry: { ...RETRY_DEFAULTS, ...config.relay },
    now,
    random: Math.random,
    userPlace,
    onAttempt: (row, verdict, duration_ms) => {
      metrics.attempts.inc({ destination: row.destination, verdict });
      metrics.attemptDuration.observe({ destination: row.destination }, duration_ms / 1000);
    },
    onError: (error) => onError(error, 'relay'),
  });
  const projector = createProjector(storage, siteFactsOf(config), { now });
  const project = async (): Promise<void> => {
    await projector.catchUp();
    relay.wake();
  };
  const commits = createCommitQueue(storage.log, {
    onCommit: () => {
      project().catch((error: unknown) => onError(error, 'projector'));
    },
  });

  const server = createApp({
    config,
    storage,
    commits,
    relay,
    sources: SOURCES,
    vault,
    auth: createAuth(config, now),
    metrics,
    now,
    randomBytes,
    assets: options.assetsFolder ? readAssets(options.assetsFolder) : new Map(),
    isShuttingDown: () => shuttingDown,
    onError: (error, request_id) => onError(error, request_id),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  // What an earlier process left: events that were not projected, conversions that were not sent. What it had paused is
  // tried once more: a restart is how settings are mended.
  await storage.outbox.release({ states: ['paused'] }, now());
  await project();

  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${listen.host === '127.0.0.1' ? 'localhost' : listen.host}:${port}`,
    port,
    async stop() {
      shuttingDown = true;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await commits.drain();
      await projector.catchUp().catch((error: unknown) => onError(error, 'projector'));
      await relay.stop();
      await sender.close();
      server.closeAllConnections();
      await closed;
      await storage.close();
    },
  };
}
