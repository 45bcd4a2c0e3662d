import { isAscii, isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { scanJson } from '../ingest/scan.ts';
import { HttpProblem } from './problem.ts';

export interface BodyLimits {
  /** Bytes on the wire, and after gunzip. */
  wire: number;
  inflated: number;
  tokens: number;
  types: readonly string[];
}

const KIB = 1024;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;

/** §2: what a browser, a shop's server and a store platform may send. */
export const BODY_LIMITS = {
  browser: { wire: 256 * KIB, inflated: 1024 * KIB, tokens: 50_000, types: ['application/json', 'text/plain'] },
  server: { wire: 1024 * KIB, inflated: 4096 * KIB, tokens: 200_000, types: ['application/json'] },
  source: {
    wire: 5120 * KIB,
    inflated: 5120 * KIB,
    tokens: 1_000_000,
    // WooCommerce's ping is a form.
    types: ['application/json', 'application/x-www-form-urlencoded'],
  },
} as const satisfies Record<string, BodyLimits>;

export interface Body {
  /** As it came over the wire: what was signed. */
  wire: Buffer;
  /** After gunzip. */
  bytes: Buffer;
}

/** Reads a body within its limits; rejects with the problem of the first one broken. Content-Length is never trusted. */
export function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Body> {
  return new Promise((resolve, reject) => {
    receiveBody(request, limits, (error, body) => (body ? resolve(body) : reject(error)));
  });
}

/** The same for the route that is asked most: `done` is called once, with a problem or the body. */
export function receiveBody(
  request: IncomingMessage,
  limits: BodyLimits,
  done: (error: HttpProblem | null, body: Body | null) => void,
): void {
  const { headers } = request;
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  const refused = refuseBody(headers, encoding, limits);
  if (refused) {
    done(refused, null);
    return;
  }
  collect(request, limits.wire, 'malformed_request', (error, wire) => {
    if (!wire || encoding === 'identity') {
      done(error, wire && { wire, bytes: wire });
      return;
    }
    const gunzip = createGunzip();
    collect(gunzip, limits.inflated, 'malformed_gzip', (fault, bytes) => done(fault, bytes && { wire, bytes }));
    gunzip.end(wire);
  });
}

/** What the headers alone say against it. */
function refuseBody(headers: IncomingHttpHeaders, encoding: string, limits: BodyLimits): HttpProblem | null {
  if (Number(headers['content-length']) > limits.wire) return tooLarge(limits.wire);
  if (encoding !== 'identity' && encoding !== 'gzip')
    return new HttpProblem('unsupported_encoding', 'Send the body plain, or with gzip alone.');
  const [type = '', charset] = (headers['content-type'] ?? '').toLowerCase().split(';', 2);
  if (!limits.types.includes(type.trim()) || (charset && !/charset="?utf-?8"?/.test(charset)))
    return new HttpProblem('unsupported_media_type', `Send ${limits.types.join(' or ')} in UTF-8.`);
  return null;
}

/** Counts as it comes, and stops at the limit. Listeners rather than an iterator: this is every request's path. */
function collect(
  stream: Readable,
  limit: number,
  code: 'malformed_gzip' | 'malformed_request',
  done: (error: HttpProblem | null, bytes: Buffer | null) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let isOver = false;
  const end = (error: HttpProblem | null): void => {
    if (isOver) return;
    isOver = true;
    if (error) {
      stream.pause();
      stream.removeAllListeners('data');
      done(error, null);
    } else done(null, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
  };
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) end(tooLarge(limit));
    else chunks.push(chunk);
  });
  stream.once('end', () => end(null));
  // Every request closes, and a problem is dear to make: only one that ended too soon needs it.
  const onBroken = (): void => {
    if (!isOver) end(new HttpProblem(code));
  };
  stream.once('error', onBroken);
  stream.once('close', onBroken);
}

const tooLarge = (limit: number): HttpProblem => new HttpProblem('body_too_large', `The body may have ${limit / KIB} KiB.`);

/** Strict UTF-8, counted before it is parsed, parsed once (D7). */
export function parseBody(bytes: Buffer, limits: BodyLimits): unknown {
  if (!isUtf8(bytes)) throw new HttpProblem('malformed_utf8');
  const wrong = scanJson(bytes, limits.tokens);
  if (wrong) throw new HttpProblem(wrong);
  try {
    return JSON.parse(bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8'));
  } catch {
    throw new HttpProblem('malformed_json', 'The body must be one JSON object.');
  }
}

/** True when no text in a JSON body can hold a control character or a lone surrogate: they come as escapes, or as DEL to U+009F. */
export function isPlain(bytes: Buffer): boolean {
  return isAscii(bytes) && !bytes.includes(BACKSLASH) && !bytes.includes(DELETE);
}
