import type { IncomingMessage } from 'node:http';
import type { ProblemCode } from '@orderloop/protocol';

export const MAX_HEADERS = 100;
// Also where the dots are written out, and with the other slash, which some parsers take for this one.
const STEPS = /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:[/\\]|%2f|%5c|$)/i;

/**
 * What Node lets through and no client of ours sends (L4): null when the request is in order. It is a request's first look,
 * so it asks for what is cheap.
 */
export function refuseFraming({ httpVersionMajor, method, rawHeaders, url = '' }: IncomingMessage): ProblemCode | null {
  if (rawHeaders.length > 2 * MAX_HEADERS) return 'too_many_headers';
  if (method === 'TRACE' || method === 'CONNECT') return 'method_not_allowed';
  if (httpVersionMajor < 1 || url.charCodeAt(0) !== SLASH || !hasOneHost(rawHeaders)) return 'malformed_request';
  return mayStep(url) && STEPS.test(url.split('?', 1)[0]!) ? 'malformed_request' : null;
}

const SLASH = 0x2f;
const HOST_LENGTH = 4;

const mayStep = (url: string): boolean => url.includes('.') || url.includes('%2');

function hasOneHost(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length === HOST_LENGTH && name.toLowerCase() === 'host') hosts++;
  }
  return hosts === 1;
}
