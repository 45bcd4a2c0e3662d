import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { readAssets } from './assets.ts';
import type { Background } from './background/background.ts';
import { startBackgroundThread } from './background/threaded.ts';
import { type Config, dataKey } from './config.ts';
import { createCertificates } from './connections/certificates.ts';
import { assertConnections } from './connections/check.ts';
import { createDeliveryRecorder } from './deliveries/recorder.ts';
import { createAdmission } from './health/admission.ts';
import { watchDisk } from './health/disk.ts';
import { createHealth } from './health/health.ts';
import { type App, createApp } from './http/app.ts';
import { createAuth } from './http/auth.ts';
import { createClientAddress } from './http/client-address.ts';
import type { RequestRecord } from './http/deps.ts';
import { createNamedCalls } from './http/named-calls.ts';
import { createRates } from './http/rates.ts';
import { createFront } from './http/server.ts';
import { createCommitQueue } from './ingest/commit-queue.ts';
import { createLetterBudget } from './ingest/letter-budget.ts';
import { LIMIT_DEFAULTS, type Limits } from './limits.ts';
import { createMetrics } from './metrics.ts';
import { createVault } from './privacy/vault.ts';
import { SOURCES } from './sources/index.ts';
import type { Storage } from './storage/contract.ts';
import { type OpenLog, openLog, type StorageSpec } from './storage/open.ts';

export interface CollectorOptions {
  config: Config;
  /**
   * Which store to open: its log's writer and the background get threads of their own. Or a store that is open, which is
   * then worked on in this thread and closed with the collector: for tests, and for stores in memory.
   */
  storage: StorageSpec | Storage;
  /** Where the built bundles are; without it the collector serves none. */
  assetsFolder?: string;
  /** UTC ms. */
  now?: () => number;
  /** Where errors go; contact data and secrets are never in them. */
  onError?: (error: unknown, context: string) => void;
  /** What was written may not be durable: nothing more may be acknowledged, the process must end (U3). */
  onFatal?: (error: Error) => void;
  /** Told of each request that was answered: for a log of requests. */
  onRequest?: ((record: RequestRecord) => void) | undefined;
  /** In place of the configuration's. */
  limits?: Partial<Limits>;
}

export interface Collector {
  url: string;
  port: number;
  /** Open connections, as the server counts them. */
  connections(): Promise<number>;
  /** Says that it is not ready, goes on for `drain_ms`, finishes what was begun, and closes the store (U5). */
  stop(): Promise<void>;
}

/** How soon after a commit the background hears of it, in ms: many commits are told of at once. */
const WAKE_MS = 1;
const WEIGH_MS = 60_000;

/** A collector that listens to nothing yet. */
export interface OpenCollector {
  app: App;
  limits: Limits;
  /** Not ready from now on, though requests are still answered. */
  announceStop(): void;
  /** Nothing new may begin from now on. */
  stopTaking(): void;
  /** Requests that are being answered. */
  inFlight(): number;
  /** Finishes what was begun, and closes the store. */
  close(): Promise<void>;
}

/** Starts a collector on `host:port`; port 0 picks a free one. Rejects when the store can't be used. */
export async function startCollector(options: CollectorOptions, listen: { port: number; host: string }): Promise<Collector> {
  const collector = await openCollector(options);
  const { app, limits } = collector;
  const server = createFront(app.handle, limits);
  const port = await listenOn(server, listen).catch(async (error: unknown) => {
    await collector.close();
    throw error;
  });
  return {
    url: `http://${listen.host === '127.0.0.1' ? 'localhost' : listen.host}:${port}`,
    port,
    connections: () => promisify(server.getConnections.bind(server))(),
    async stop() {
      collector.announceStop();
      await new Promise((resolve) => setTimeout(resolve, limits.drain_ms));
      collector.stopTaking();
      await closeServer(server, limits.finish_ms);
      await collector.close();
    },
  };
}

/** Opens the store and everything that answers, without a server. Rejects when the store can't be used. */
export async function openCollector(options: CollectorOptions): Promise<OpenCollector> {
  const { config, now = Date.now, onError = () => undefined, onFatal = () => undefined } = options;
  assertConnections(config);
  const limits = { ...LIMIT_DEFAULTS, ...config.limits, ...options.limits };
  const addressOf = createClientAddress(config.trusted_proxies ?? []);
  const rates = createRates(limits, addressOf, now);
  const metrics = createMetrics();
  const { store, background, folder } = await openParts(options, now, onError);
  const disk = await watchDisk(folder, limits.disk_reserve_bytes);

  let woken: NodeJS.Timeout | undefined;
  const wake = (): void => {
    woken ??= setTimeout(() => {
      woken = undefined;
      background.control.wake().catch((error: unknown) => onError(error, 'background'));
    }, WAKE_MS);
  };
  const commits = createCommitQueue(store.log, {
    onCommit(events, duration_ms) {
      metrics.commit.observe(duration_ms / 1000);
      metrics.commitEvents.observe(events);
      health.committed();
      wake();
    },
    onFault(error) {
      onError(error, 'commit');
      if (error.kind === 'fatal') onFatal(error);
    },
  });
  const health = createHealth({
    disk,
    trouble: () => store.trouble(),
    probe: () => commits.append({ events: [] }),
    lag: () => background.control.lag(),
    now,
  });
  // Most sites have no source that needs one, and its caller takes memory.
  const makeCaller = async () => (await import('./outgoing/call.ts')).createCaller(config.allow_private_targets ?? []);
  const certificates = createCertificates(makeCaller, now);
  const admission = createAdmission(limits, commits.load);
  const letters = createLetterBudget(now);
  const deliveries = createDeliveryRecorder(
    (rows) => background.deliveries.put(rows),
    (error) => onError(error, 'deliveries'),
  );
  const weigh = setInterval(() => {
    background.deadLetters.bytes().then(letters.setBytes, (error: unknown) => onError(error, 'background'));
  }, WEIGH_MS);
  weigh.unref();

  const app = createApp({
    config,
    background,
    commits,
    calls: createNamedCalls(store.log),
    letters,
    deliveries,
    health,
    admission,
    disk,
    sources: SOURCES,
    certificates,
    vault: createVault(dataKey(config.data_key)),
    auth: createAuth({ config, rates, addressOf, now }),
    addressOf,
    rates,
    limits,
    metrics,
    now,
    randomBytes,
    assets: options.assetsFolder ? readAssets(options.assetsFolder) : new Map(),
    onError: (error, request_id) => onError(error, request_id),
    onRequest: options.onRequest,
  });
  return {
    app,
    limits,
    announceStop: health.announceStop,
    stopTaking: health.stopTaking,
    inFlight: admission.inFlight,
    async close() {
      app.stop();
      await commits.drain();
      clearTimeout(woken);
      clearInterval(weigh);
      admission.stop();
      disk.stop();
      await certificates.close();
      await deliveries.stop();
      await background.control.stop();
      await store.close();
    },
  };
}

/** The log for this thread, and the background in its own; or both here, on a store that is open. */
async function openParts(
  { config, storage }: CollectorOptions,
  now: () => number,
  onError: (error: unknown, context: string) => void,
): Promise<{ store: OpenLog; background: Background; folder: string | undefined }> {
  const owner = `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`;
  if (!('engine' in storage)) {
    // A collector whose background has its own thread keeps it out of this one's memory.
    const { startBackground } = await import('./background/background.ts');
    const background = await startBackground({ config, storage, owner, now, onError });
    return {
      store: { log: storage.log, trouble: () => null, close: async () => undefined },
      background,
      folder: undefined,
    };
  }
  const store = await openLog(storage, (error) => onError(error, 'commit thread'));
  try {
    const background = await startBackgroundThread({ config, spec: storage, owner }, onError);
    return { store, background, folder: storage.engine === 'sqlite' ? storage.folder : undefined };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Answers the port. */
export async function listenOn(server: Server, { port, host }: { port: number; host: string }): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Takes no new connections, and lets what was begun come to its end; what takes longer is cut off. */
export async function closeServer(server: Server, finish_ms: number): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), finish_ms);
  await closed;
  clearTimeout(timer);
}
