import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Auth } from './auth.ts';

/** Echoes a listed origin, never `*` and never credentials (A2). */
export function allowOrigin(request: IncomingMessage, response: ServerResponse, auth: Auth): void {
  const { origin } = request.headers;
  response.setHeader('vary', 'Origin');
  if (origin !== undefined && auth.knowsOrigin(origin)) {
    response.setHeader('access-control-allow-origin', origin);
    // The SDK waits as long as it is told; without this the page would not see the header.
    response.setHeader('access-control-expose-headers', 'Retry-After');
  }
}

/** Answers a preflight. */
export function answerPreflight(request: IncomingMessage, response: ServerResponse, auth: Auth): void {
  allowOrigin(request, response, auth);
  response.setHeader('access-control-allow-methods', 'GET, POST');
  response.setHeader('access-control-allow-headers', 'content-type, content-encoding');
  response.setHeader('access-control-max-age', '7200');
  response.statusCode = 204;
  response.end();
}
