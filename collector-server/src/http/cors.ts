import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Auth } from './auth.ts';

const KNOWN_HEADERS = new Map<string, readonly string[]>();
const NO_ORIGIN: readonly string[] = ['vary', 'Origin'];
/** The SDK waits as long as it is told; without this the page would not see the header. */
const EXPOSED = ['access-control-expose-headers', 'Retry-After'];
const MAX_KNOWN = 1000;

/** What a listed origin is echoed by, never `*` and never credentials (A2): names and values in turn, made once for each. */
export function originHeaders(origin: string | undefined, auth: Auth): readonly string[] {
  if (origin === undefined || !auth.knowsOrigin(origin)) return NO_ORIGIN;
  let headers = KNOWN_HEADERS.get(origin);
  if (!headers) {
    headers = [...NO_ORIGIN, 'access-control-allow-origin', origin, ...EXPOSED];
    if (KNOWN_HEADERS.size < MAX_KNOWN) KNOWN_HEADERS.set(origin, headers);
  }
  return headers;
}

/** Sets them on an answer that is yet to be written. */
export function allowOrigin(request: IncomingMessage, response: ServerResponse, auth: Auth): void {
  const headers = originHeaders(request.headers.origin, auth);
  for (let index = 0; index < headers.length; index += 2) response.setHeader(headers[index]!, headers[index + 1]!);
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
