import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from 'proxy-addr';

/** The address of whoever sent a request, as text; undefined when the connection is gone already. */
export type ClientAddress = (request: IncomingMessage) => string | undefined;

const MAPPED = '::ffff:';

/**
 * Who is at the other end (A10): the address of the connection, or, when that is one of the trusted proxies,
 * `X-Forwarded-For` read from right to left up to the first address that is none. What is no address there is not
 * believed: the proxy that passed it on stands for it. Limits, events and logs all ask this one function.
 * `trusted` are addresses and CIDR ranges; throws a TypeError for what is neither.
 */
export function createClientAddress(trusted: readonly string[]): ClientAddress {
  if (trusted.length === 0) return (request) => plain(request.socket.remoteAddress);
  const trusts = proxyAddr.compile([...trusted]);
  return (request) => {
    const direct = request.socket.remoteAddress;
    // A socket that was closed has no address, and the chain can't be read without one.
    if (direct === undefined || request.headers['x-forwarded-for'] === undefined) return plain(direct);
    return plain(proxyAddr.all(request, trusts).findLast((address) => isIP(address) !== 0));
  };
}

/** IPv4 as IPv4, also where the system writes it as IPv6. */
function plain(address: string | undefined): string | undefined {
  return address?.startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
}

/** True for this machine's own addresses. */
export function isLoopback(address: string | undefined): boolean {
  return address === '::1' || address?.startsWith('127.') === true;
}

/** The network that an address belongs to, which one party holds as a rule: /24, or /64. Undefined for what is none. */
export function networkOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const dot = address.lastIndexOf('.');
  if (dot !== -1 && !address.includes(':')) return address.slice(0, dot);
  return isIP(address) === 6 ? prefixOf(address) : undefined;
}

const GROUPS = 8;
const PREFIX_GROUPS = 4;

function prefixOf(address: string): string {
  const [head = '', tail] = address.split('%', 1)[0]!.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, GROUPS - left.length - right.length)).fill('0');
  return [...left, ...zeros, ...right].slice(0, PREFIX_GROUPS).join(':').toLowerCase();
}
