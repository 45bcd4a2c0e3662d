import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { PROBLEMS, type ProblemCode, problem } from '@orderloop/protocol';
import type { Limits } from '../limits.ts';
import { MAX_HEADERS } from './strict.ts';

const MAX_HEADER_BYTES = 16 * 1024;
/** Node looks after late requests this often; its own half minute would let them be four times too late. */
const MAX_CHECK_MS = 2_000;

/** A server for the collector's requests, not yet listening, that slow, broken and too many connections can't hold up (L4, F20). */
export function createFront(handle: RequestListener, limits: Limits): Server {
  const { headers_ms, browser_request_ms, server_request_ms, idle_ms, keep_alive_ms, connections } = limits;
  const server = createServer(
    {
      headersTimeout: Math.min(headers_ms, server_request_ms),
      requestTimeout: Math.max(server_request_ms, browser_request_ms),
      connectionsCheckingInterval: Math.min(MAX_CHECK_MS, headers_ms),
      keepAliveTimeout: keep_alive_ms,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Looked after with the rest of what is wrong with a request, and answered as that is.
      requireHostHeader: false,
    },
    handle,
  );
  server.maxConnections = connections;
  // Enough to see that there are too many, and no more.
  server.maxHeadersCount = MAX_HEADERS + 1;
  server.timeout = idle_ms;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => hangUp(socket, codeOf(error)));
  server.on('connect', (_request, socket) => hangUp(socket, 'method_not_allowed'));
  return server;
}

function codeOf({ code }: NodeJS.ErrnoException): ProblemCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'too_many_headers';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'malformed_request';
}

/**
 * Says what is wrong on a connection that has no request to answer, and is rid of it: ending it politely leaves slow
 * sockets open for ever (L4). Nothing is said in the middle of an answer that was begun.
 */
function hangUp(socket: Duplex & { _httpMessage?: { headersSent: boolean } | null }, code: ProblemCode): void {
  if (socket.writable && socket._httpMessage?.headersSent !== true) socket.write(rawAnswer(code));
  socket.destroy();
}

function rawAnswer(code: ProblemCode): string {
  const { status } = PROBLEMS[code];
  const body = JSON.stringify(problem(code));
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    'cache-control: no-store',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
