import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import express, { type NextFunction, type Request, type Response } from 'express';
import { createConversionRoute } from './conversion-route.ts';
import { createFailureModes, readModeChange } from './failure-modes.ts';
import { fault, toAnswer } from './faults.ts';
import { createInbox } from './inbox.ts';
import { isLanguage, LANGUAGES, type Language } from './language.ts';
import { page } from './page.ts';
import { PIXEL, readHit } from './pixel-hit.ts';
import type { Mode, Visitors } from './types.ts';
import { faultOfDelivery } from './webhook.ts';

export type { Mode, ReceivedEvent, ReceivedRequest, ReceivedWebhook, Visitors } from './types.ts';

export interface AdPlatformOptions {
  /** The shop that the ads lead to. */
  shopUrl: string;
  /** The clock, in UTC ms. */
  now?: () => number;
  /** The `whsec_…` secret of `POST /webhook`; without it, every delivery is refused. */
  webhookSecret?: string;
  /** The token that the conversion endpoint wants; without it, any token will do. */
  accessToken?: string;
  /** The dataset of the conversion endpoint and of the pixel; without it, any number will do. */
  datasetId?: string;
  /** How long the mode `slow` waits. 20,000 ms unless told. */
  slowMs?: number;
  /** What plays shoppers, for the switch on the page; without it, there is no switch. */
  visitors?: Visitors;
}

const STATIC = fileURLToPath(new URL('../static/', import.meta.url));

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * An ad platform, played: ads with click ids, a pixel, a conversion endpoint that answers like Meta's Conversions API,
 * and switches to make it fail.
 *
 * ```ts
 * const platform = createAdPlatform({ shopUrl: 'http://127.0.0.1:4100' });
 * const { url, close } = await platform.listen(0);
 * ```
 */
export function createAdPlatform(options: AdPlatformOptions) {
  const { shopUrl, now = Date.now, webhookSecret, accessToken, datasetId, slowMs = 20_000, visitors } = options;
  const inbox = createInbox(now);
  const modes = createFailureModes();
  const conversions = createConversionRoute({ inbox, modes, now, accessToken, datasetId, slowMs });
  const seenWebhooks = new Set<string>();

  function setMode(mode: Mode, times?: number): void {
    modes.set(mode, times ?? null);
    inbox.touch();
  }

  function reset(): void {
    inbox.reset();
    modes.set('ok');
    seenWebhooks.clear();
  }

  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');

  app.get('/', (request, response) => {
    const { lang, dir } = request.query;
    const language = isLanguage(lang) ? lang : preferred(request);
    response.set({ 'content-security-policy': CSP, 'cache-control': 'no-store', vary: 'accept-language' });
    response.send(page({ language, direction: dir === 'rtl' ? 'rtl' : 'ltr', shopUrl, hasVisitors: visitors !== undefined }));
  });

  app.get('/pixel.js', (_request, response) => {
    response.set({ 'cross-origin-resource-policy': 'cross-origin', 'cache-control': 'no-cache' });
    response.sendFile('pixel.js', { root: STATIC });
  });
  app.use('/static', express.static(STATIC, { index: false }));

  app.get('/tr', (request, response) => {
    const hit = readHit(new URL(request.originalUrl, 'http://localhost').searchParams);
    if (hit && (datasetId === undefined || hit.dataset === datasetId)) inbox.receive(hit);
    response.set({ 'cross-origin-resource-policy': 'cross-origin', 'cache-control': 'no-store' });
    response.type('gif').send(PIXEL);
  });

  app.post('/v:version/:dataset/events', express.json({ limit: '4mb' }), conversions.respond);
  app.use('/v:version/:dataset/events', (_error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const { status, body } = toAnswer(fault('parameter', 'The body is not valid JSON, or too large'), 'A0');
    response.status(status).json(body);
  });

  app.post('/webhook', express.raw({ type: () => true, limit: '1mb' }), (request, response) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const id = request.get('webhook-id');
    const error =
      webhookSecret === undefined
        ? 'no secret is set'
        : faultOfDelivery(
            { id, timestamp: request.get('webhook-timestamp'), signature: request.get('webhook-signature'), body },
            webhookSecret,
            now(),
          );
    const raw = readJson(body);
    const type = typeof raw?.['type'] === 'string' ? raw['type'] : null;
    const status = error !== null ? 'refused' : seenWebhooks.has(id!) ? 'duplicate' : 'accepted';
    inbox.addWebhook({ webhook_id: id ?? null, type, status, error, raw: status === 'refused' ? null : raw });
    if (status === 'accepted') seenWebhooks.add(id!);
    response.status(status === 'refused' ? 401 : 200).json({ status, ...(error !== null && { error }) });
  });

  app.get('/received', (request, response) => {
    response.set('cache-control', 'no-store');
    const progress = visitors && { playing: visitors.isPlaying(), ...visitors.progress() };
    const state = { version: inbox.version(), ...modes.current(), ...(progress && { visitors: progress }) };
    // A page that asks each second is told only what is new.
    if (request.query['version'] === String(state.version)) response.json(state);
    else response.json({ ...state, ...inbox.received(Number(request.query['last']) || undefined) });
  });

  app.use(['/control', '/visitors', '/reset'], refuseOtherSites, express.json(), express.urlencoded());
  app.post('/control', (request, response) => {
    const change = readModeChange(request.body);
    if (!change) {
      response
        .status(400)
        .json({ error: 'mode is not one of ok, 429, 500, slow, garbage, or times is not a whole number from 1' });
      return;
    }
    setMode(change.mode, change.times ?? undefined);
    done(request, response, modes.current());
  });
  app.post('/visitors', (request, response) => {
    const play = ['yes', 'true'].includes(String(request.body?.play));
    if (play) visitors?.start();
    else visitors?.stop();
    inbox.touch();
    done(request, response, { playing: visitors?.isPlaying() ?? false });
  });
  app.post('/reset', (request, response) => {
    reset();
    done(request, response, { reset: true });
  });

  function listen(port: number, host = '127.0.0.1'): Promise<{ url: string; close(): Promise<void> }> {
    return new Promise((resolve, reject) => {
      const server: Server = app.listen(port, host, (error) => {
        if (error) return reject(error);
        const { port: taken } = server.address() as AddressInfo;
        resolve({ url: `http://${host}:${taken}`, close: () => close(server) });
      });
    });
  }

  function close(server: Server): Promise<void> {
    conversions.stop();
    return new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  return { app, listen, received: () => inbox.received(), setMode, reset };
}

export type AdPlatform = ReturnType<typeof createAdPlatform>;

function preferred(request: Request): Language {
  const found = request.acceptsLanguages(Object.keys(LANGUAGES));
  return isLanguage(found) ? found : 'en';
}

/** A form of the page goes back to the page; a script or a test gets JSON. */
function done(request: Request, response: Response, body: object): void {
  if (request.is('urlencoded')) response.redirect(303, '/');
  else response.json(body);
}

function refuseOtherSites(request: Request, response: Response, next: NextFunction): void {
  if (request.get('sec-fetch-site') === 'cross-site') response.status(403).json({ error: 'only this page may do that' });
  else next();
}

function readJson(body: Buffer): Record<string, unknown> | null {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}
