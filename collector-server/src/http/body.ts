import type { IncomingMessage } from 'node:http';
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

/** §2: what a browser, a shop's server and a store platform may send. */
export const BODY_LIMITS = {
  browser: { wire: 256 * KIB, inflated: 1024 * KIB, tokens: 50_000, types: ['application/json', 'text/plain'] },
  server: { wire: 1024 * KIB, inflated: 4096 * KIB, tokens: 200_000, types: ['application/json'] },
  source: { wire: 5120 * KIB, inflated: 5120 * KIB, tokens: 1_000_000, types: ['application/json'] },
} as const satisfies Record<string, BodyLimits>;

export interface Body {
  /** As it came over the wire: what was signed. */
  wire: Buffer;
  /** After gunzip. */
  bytes: Buffer;
}

/** Reads a body within its limits; throws the problem of the first one broken. Content-Length is never trusted. */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Body> {
  const declared = Number(request.headers['content-length']);
  if (declared > limits.wire) throw tooLarge(limits.wire);
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding !== 'identity' && encoding !== 'gzip')
    throw new HttpProblem('unsupported_encoding', 'Send the body plain, or with gzip alone.');
  const [type = '', charset] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  if (!limits.types.includes(type.trim()) || (charset && !/charset="?utf-?8"?/.test(charset))) {
    throw new HttpProblem('unsupported_media_type', `Send ${limits.types.join(' or ')} in UTF-8.`);
  }
  const wire = await collect(request, limits.wire, 'malformed_request');
  if (encoding === 'identity') return { wire, bytes: wire };
  const gunzip = createGunzip();
  gunzip.end(wire);
  return { wire, bytes: await collect(gunzip, limits.inflated, 'malformed_gzip') };
}

async function collect(
  stream: AsyncIterable<Buffer>,
  limit: number,
  code: 'malformed_gzip' | 'malformed_request',
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof HttpProblem ? error : new HttpProblem(code);
  }
  return Buffer.concat(chunks);
}

const tooLarge = (limit: number): HttpProblem => new HttpProblem('body_too_large', `The body may have ${limit / KIB} KiB.`);

/** Strict UTF-8, counted before it is parsed, parsed once (D7). */
export function parseBody(bytes: Buffer, limits: BodyLimits): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new HttpProblem('malformed_utf8');
  }
  const wrong = scanJson(bytes, limits.tokens);
  if (wrong) throw new HttpProblem(wrong);
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpProblem('malformed_json', 'The body must be one JSON object.');
  }
}
