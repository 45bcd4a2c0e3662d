import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { PROBLEMS } from '@orderloop/protocol';
import express, { type NextFunction, type Request, type Response } from 'express';
import type { Priority } from '../health/admission.ts';
import { allowOrigin, answerPreflight } from './cors.ts';
import type { HttpDeps } from './deps.ts';
import { HttpProblem, sendProblem, toProblem } from './problem.ts';
import { assetRoutes } from './routes/assets.ts';
import { type Exchange, handleEvents } from './routes/events.ts';
import { opsRoutes } from './routes/ops.ts';
import { orderRoutes } from './routes/orders.ts';
import { readingRoutes } from './routes/reading.ts';
import { widgetRoutes } from './routes/widgets.ts';

const HEADERS_MS = 10_000;
const REQUEST_MS = 60_000;
const MAX_HEADER_BYTES = 16 * 1024;
const EVENTS_PATH = '/v1/events';
const MAX_RETRY_AFTER_S = 10;
/** A refused body up to this size is read and thrown away rather than the connection. */
const DRAINED_BYTES = 64 * 1024;

/**
 * The collector's HTTP server, not yet listening. `POST /v1/events` is answered before express: it is the one route whose
 * cost is the product's cost.
 */
export function createApp(deps: HttpDeps): Server {
  const app = createExpress(deps);
  const server = createServer(
    { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, maxHeaderSize: MAX_HEADER_BYTES, requireHostHeader: true },
    (request, response) => {
      const request_id = newRequestId();
      const path = request.url?.split('?')[0] ?? '';
      const leave = deps.admission.enter();
      response.once('close', () => {
        leave();
        count(deps, response, path);
      });
      const refused = refuse(deps, request.method ?? '', path);
      if (refused) return answerRefused(refused, request, response, deps, request_id);
      if (path === EVENTS_PATH && request.method !== 'GET' && request.method !== 'HEAD') {
        return answerEvents({ request, response, request_id }, deps);
      }
      response.setHeader('x-request-id', request_id);
      if (deps.health.isStopping()) response.setHeader('connection', 'close');
      app(request, response);
    },
  );
  server.on('clientError', (_error, socket) => {
    // Ending it politely leaves slow sockets open for ever (L4).
    socket.destroy();
  });
  return server;
}

function answerEvents(exchange: Exchange, deps: HttpDeps): void {
  const { request, response, request_id } = exchange;
  const fail = (error: unknown): void => {
    response.setHeader('x-request-id', request_id);
    answerProblem(error, request, response, deps, request_id);
  };
  if (request.method === 'OPTIONS') answerPreflight(request, response, deps.auth);
  else if (request.method === 'POST') handleEvents(exchange, deps, fail);
  else fail(new HttpProblem('method_not_allowed', 'Send events by POST.'));
}

function createExpress(deps: HttpDeps) {
  const app = express();
  app.disable('x-powered-by');
  app.use(opsRoutes(deps), assetRoutes(deps), widgetRoutes(deps), orderRoutes(deps), readingRoutes(deps));
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
  /^\/v1\/sources\/[^/]+\/[^/]+$/,
  /^\/v1\/ads\/(decide|click)$/,
  /^\/v1\/rewards\/(offer|start|claim)$/,
  /^\/v1\/(status|events|dead-letters)$/,
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
  const known = path === EVENTS_PATH || KNOWN_PATHS.some((pattern) => pattern.test(path));
  metrics.requests.count(known ? routeOf(path) : 'other', statusCode);
}

const routeOf = (path: string): string => (path === EVENTS_PATH ? path : path.split('/').slice(0, 3).join('/'));

const PROCESS_ID = randomBytes(6).toString('hex');
let requests = 0;

/** Joins an answer to the log: unique, and nobody's secret. */
const newRequestId = (): string => `req_${PROCESS_ID}${(requests++).toString(36)}`;
