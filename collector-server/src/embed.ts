import type { IncomingMessage, ServerResponse } from 'node:http';
import { ASSETS_FOLDER, storageSpec } from './cli/setup.ts';
import { type Config, readConfig } from './config.ts';
import { createFront } from './http/server.ts';
import { type CollectorOptions, closeServer, listenOn, openCollector } from './main.ts';

export interface EmbedOptions extends Pick<CollectorOptions, 'onError' | 'onFatal' | 'onRequest' | 'assetsFolder'> {
  /** The configuration, as it would stand in `orderloop.json`; `env:` and `file:` are put in. */
  config: unknown;
  /** Folder of the SQLite store. */
  data?: string;
  /** `postgres://…`, in place of `data`. */
  databaseUrl?: string;
  /** Where the dashboard and the metrics are to be had: they are not answered in the shop's own application. */
  listen?: { port: number; host?: string };
}

/** What an express application, or any other that hands on Node's requests, mounts: `app.use('/o', await orderloop(…))`. */
export interface Embedded {
  (request: IncomingMessage, response: ServerResponse): void;
  readonly config: Config;
  /** Port of `listen`. */
  readonly port: number | undefined;
  /** Finishes what was begun, and closes the store. Call it when the application stops, before the process ends. */
  stop(): Promise<void>;
}

/**
 * A collector inside a Node application, on the shop's own host: `app.use('/o', await orderloop({ config, data: './data' }))`.
 * Mount it above body parsers. Throws ConfigError for a configuration that can't be used, and rejects when the store can't.
 */
export async function orderloop(options: EmbedOptions): Promise<Embedded> {
  const { data = '.data', databaseUrl, listen, onError = () => undefined } = options;
  const config = readConfig(options.config, process.env);
  const collector = await openCollector({
    ...options,
    config,
    storage: storageSpec({ data, 'database-url': databaseUrl }),
    assetsFolder: options.assetsFolder ?? ASSETS_FOLDER,
  });
  const { app, limits } = collector;
  const server = listen && createFront(app.handle, limits);
  const port = server && (await listenOn(server, { port: listen.port, host: listen.host ?? '127.0.0.1' }));

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (wasRead(request)) {
      onError(new Error('[orderloop] The body was read before it came here: mount orderloop above express.json().'), 'mount');
      response.statusCode = 500;
      response.end();
      return;
    }
    app.handleAtDoor(request, response);
  };
  const stop = async (): Promise<void> => {
    collector.announceStop();
    collector.stopTaking();
    await untilIdle(collector.inFlight, limits.finish_ms);
    if (server) await closeServer(server, limits.finish_ms);
    await collector.close();
  };
  let stopped: Promise<void> | undefined;
  return Object.assign(handle, {
    config,
    port,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  });
}

/** Whether somebody took the body already: waiting for it would be in vain. */
function wasRead(request: IncomingMessage & { body?: unknown }): boolean {
  return request.body !== undefined && request.readableEnded;
}

const LOOK_MS = 5;

/** Resolves when every answer was given, or the time is over. */
async function untilIdle(inFlight: () => number, limit_ms: number): Promise<void> {
  const until = performance.now() + limit_ms;
  while (inFlight() > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
