import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { PROBLEMS, type ProblemCode } from '@orderloop/protocol';
import express, { type NextFunction, type Request, type Response } from 'express';
import type { Priority } from '../health/admission.ts';
import { networkOf } from './client-address.ts';
import { allowOrigin, answerPreflight } from './cors.ts';
import type { HttpDeps, RequestRecord } from './deps.ts';
import { cameThrough, isAnsweredAtDoor, throughDoor, withDoorScript } from './door.ts';
import { createHostCheck } from './hosts.ts';
import { watchLateBodies } from './late-bodies.ts';
import { HttpProblem, rateLimited, sendProblem, toProblem } from './problem.ts';
import { assetRoutes } from './routes/assets.ts';
import { destinationRoutes } from './routes/destinations.ts';
import { type Exchange, handleEvents } from './routes/events.ts';
import { opsRoutes } from './routes/ops.ts';
import { orderRoutes } from './routes/orders.ts';
import { personRoutes } from './routes/persons.ts';
import { readingRoutes } from './routes/reading.ts';
import { sourceRoutes } from './routes/sources.ts';
import { visitorRoutes } from './routes/visitor.ts';
import { widgetRoutes } from './routes/widgets.ts';
import { refuseFraming } from './strict.ts';

const EVENTS_PATH = '/v1/events';
const MAX_RETRY_AFTER_S = 10;
/** A refused body up to this size is read and thrown away rather than the connection. */
const DRAINED_BYTES = 64 * 1024;

/** The collector's answer to requests, apart from any server: it can be a server's listener or part of another application. */
export interface App {
  /** Answers at the collector's own address, and under the door's path. */
  handle: RequestListener;
  /** Answers what came through a shop's own host, with the path in front taken off. */
  handleAtDoor: RequestListener;
  stop(): void;
}

/** `POST /v1/events` is answered before express: it is the one route whose cost is the product's cost. */
export function createApp(deps: HttpDeps): App {
  const app = createExpress(deps);
  const isOurHost = createHostCheck(deps.config);
  const doorPath = deps.config.door?.path;
  const late = watchLateBodies<Exchange>(deps.limits.browser_request_ms, ({ request, response, request_id }) => {
    response.once('finish', () => request.destroy());
    answerProblem(new HttpProblem('request_timeout'), request, response, deps, request_id);
  });

  const answer = (request: IncomingMessage, response: ServerResponse, door?: string) => {
    const { method = '', url = '' } = request;
    const path = pathOf(url);
    const exchange: Exchange = { request, response, request_id: newRequestId() };
    const leave = deps.admission.enter();
    const began_at = deps.onRequest ? performance.now() : 0;
    response.once('close', () => {
      leave();
      late.forget(exchange);
      count(deps, response, path);
      if (deps.onRequest) deps.onRequest(recordOf(deps, exchange, path, performance.now() - began_at));
    });
    const refused = refuseFront(deps, request, path, isOurHost, door !== undefined) ?? refuse(deps, method, path);
    if (refused) return answerRefused(refused, request, response, deps, exchange.request_id);
    if (method === 'POST' && !isServerCall(request, path)) late.watch(exchange);
    if (path === EVENTS_PATH && method !== 'GET' && method !== 'HEAD') return answerEvents(exchange, deps);
    if (door !== undefined) cameThrough(request, door);
    response.setHeader('x-request-id', exchange.request_id);
    if (deps.health.isStopping()) response.setHeader('connection', 'close');
    app(request, response);
  };

  return {
    handle(request, response) {
      const rest = doorPath === undefined ? undefined : throughDoor(request.url ?? '', doorPath);
      if (rest !== undefined) request.url = rest;
      answer(request, response, rest === undefined ? undefined : doorPath);
    },
    handleAtDoor: (request, response) => answer(request, response, (request as Partial<Request>).baseUrl ?? ''),
    stop: () => late.stop(),
  };
}

function pathOf(url: string): string {
  const mark = url.indexOf('?');
  return mark === -1 ? url : url.slice(0, mark);
}

/** A shop's server and a store platform are given more time and larger bodies than a browser. */
function isServerCall({ headers }: IncomingMessage, path: string): boolean {
  return headers.authorization !== undefined || path.startsWith('/v1/sources/');
}

/** What a request is refused by before anybody asks what it wants. */
function refuseFront(
  { rates, metrics }: HttpDeps,
  request: IncomingMessage,
  path: string,
  isOurHost: (request: IncomingMessage, path: string) => boolean,
  isAtDoor: boolean,
): HttpProblem | null {
  const wrong = refuseFraming(request);
  if (wrong) return new HttpProblem(wrong, FRAMING[wrong]);
  if (!isOurHost(request, path))
    return new HttpProblem('unknown_host', 'Add the host that browsers reach the collector at to public_url or hosts.');
  if (isAtDoor && !isAnsweredAtDoor(path))
    return new HttpProblem('not_found', 'The dashboard and the metrics are at the collector’s own address.');
  // Load balancers and monitors ask often, and from one place.
  const wait = path.startsWith('/v1/') ? rates.network(request) : 0;
  if (wait === 0) return null;
  metrics.shed.inc({ reason: 'rate' });
  return rateLimited(wait);
}

const FRAMING: Readonly<Partial<Record<ProblemCode, string>>> = {
  malformed_request: 'Send one Host header and the path alone, without . and .. in it.',
};

function answerEvents(exchange: Exchange, deps: HttpDeps): void {
  const { request, response, request_id } = exchange;
  const fail = (error: unknown): void => {
    answerProblem(error, request, response, deps, request_id);
  };
  if (request.method === 'OPTIONS') answerPreflight(request, response, deps.auth);
  else if (request.method === 'POST') handleEvents(exchange, deps, fail);
  else fail(new HttpProblem('method_not_allowed', 'Send events by POST.'));
}

function createExpress(deps: HttpDeps) {
  const app = express();
  app.disable('x-powered-by');
  const assets = withDoorScript(deps.assets, deps.config.door);
  app.use(
    opsRoutes(deps),
    assetRoutes({ ...deps, assets }),
    widgetRoutes(deps),
    visitorRoutes(deps),
    orderRoutes(deps),
    sourceRoutes(deps),
    destinationRoutes(deps),
    personRoutes(deps),
    readingRoutes(deps),
  );
  app.use((request: Request) => {
    const known = KNOWN_PATHS.some((path) => path.test(request.path));
    throw known ? new HttpProblem('method_not_allowed') : new HttpProblem('not_found');
  });
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    // Express's own refusals (a path that can't be decoded) are the caller's mistakes.
    const status = (error as { status?: number }).status;
    const known =
      error instanceof HttpProblem || status === undefined || status >= 500
        ? error
        : new HttpProblem(status === 404 ? 'not_found' : 'malformed_request');
    answerProblem(known, request, response, deps, String(response.getHeader('x-request-id')));
  });
  return app;
}

const KNOWN_PATHS = [
  /^\/v1\/orders$/,
  /^\/v1\/sources(\/[^/]+\/[^/]+(\/deliveries)?)?$/,
  /^\/v1\/ads\/(decide|click)$/,
  /^\/v1\/rewards\/(offer|start|claim)$/,
  /^\/v1\/(status|events|dead-letters|visitor)$/,
  /^\/v1\/persons\/[^/]+$/,
];

function answerProblem(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  deps: HttpDeps,
  request_id: string,
): void {
  const known = toProblem(error);
  if (PROBLEMS[known.code].status >= 500) deps.onError(error, request_id);
  if (response.headersSent || response.destroyed) return void response.destroy();
  response.setHeader('x-request-id', request_id);
  // What is left of a refused body is not read: the connection ends with the answer.
  if (!request.complete) response.setHeader('connection', 'close');
  allowOrigin(request, response, deps.auth);
  sendProblem(response, known, request_id);
}

/** What the path is for; null for what must be answered however much there is to do. */
function priorityOf(method: string, path: string): Priority | null {
  if (!path.startsWith('/v1/')) return null;
  if (path.startsWith('/v1/orders') || path.startsWith('/v1/sources/')) return method === 'POST' ? 'order' : 'report';
  if (path.startsWith('/v1/rewards/')) return 'reward';
  return method === 'POST' || path.startsWith('/v1/ads/') ? 'event' : 'report';
}

/** Decides before anything of the body is read (U1, U3). */
function refuse({ admission, health, metrics }: HttpDeps, method: string, path: string): HttpProblem | null {
  const priority = priorityOf(method, path);
  if (priority === null) return null;
  const trouble = priority === 'report' ? null : health.refuseWrites();
  const reason = trouble ?? admission.refuse(priority);
  if (reason === null) return null;
  metrics.shed.inc({ reason });
  const detail = 'Nothing of the request was kept; send it again with the same ids.';
  return new HttpProblem(trouble ?? 'overloaded', detail, { retry_after: 1 + Math.floor(Math.random() * MAX_RETRY_AFTER_S) });
}

/** A small body is read away, so that the connection can go on; a large one ends it. */
function answerRefused(
  problem: HttpProblem,
  request: IncomingMessage,
  response: ServerResponse,
  { auth }: HttpDeps,
  request_id: string,
): void {
  // A page may only read what it is told, and so how long to wait, when its origin is let in.
  allowOrigin(request, response, auth);
  response.setHeader('x-request-id', request_id);
  if (Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY) <= DRAINED_BYTES) request.resume();
  else response.setHeader('connection', 'close');
  sendProblem(response, problem, request_id);
}

function count({ metrics }: HttpDeps, { statusCode }: ServerResponse, path: string): void {
  metrics.requests.count(isKnown(path) ? routeOf(path) : 'other', statusCode);
}

/** What a log may say of a request: nothing that the caller wrote (P9). */
function recordOf(
  { addressOf }: HttpDeps,
  { request, response, request_id }: Exchange,
  path: string,
  duration_ms: number,
): RequestRecord {
  return {
    request_id,
    method: METHODS.has(request.method ?? '') ? request.method! : 'other',
    route: isKnown(path) ? routeOf(path) : 'other',
    status: response.statusCode,
    duration_ms: Math.round(duration_ms * 10) / 10,
    network: networkOf(addressOf(request)) ?? 'unknown',
  };
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

const isKnown = (path: string): boolean => path === EVENTS_PATH || KNOWN_PATHS.some((pattern) => pattern.test(path));

const routeOf = (path: string): string => (path === EVENTS_PATH ? path : path.split('/').slice(0, 3).join('/'));

const PROCESS_ID = randomBytes(6).toString('hex');
let requests = 0;

/** Joins an answer to the log: unique, and nobody's secret. */
const newRequestId = (): string => `req_${PROCESS_ID}${(requests++).toString(36)}`;
