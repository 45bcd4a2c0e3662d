import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.ts';

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];
/** What load balancers ask by address, and what shows nothing to anybody. */
const OPEN_PATHS = new Set(['/healthz', '/readyz']);

/** Whether a request names a host that is ours (A10). */
export type HostCheck = (request: IncomingMessage, path: string) => boolean;

/**
 * Ours are `public_url`, the `hosts` of the configuration, the shops' own hosts, where a first-party door stands, and this
 * machine's own names. A name that somebody else points here is none of them, and gets nothing to work with.
 */
export function createHostCheck({ public_url, hosts = [], sites }: Pick<Config, 'public_url' | 'hosts' | 'sites'>): HostCheck {
  const addresses = [...(public_url ? [public_url] : []), ...Object.values(sites).flatMap(({ origins }) => origins)];
  const known = new Set([...LOOPBACK_NAMES, ...hosts.map((host) => host.toLowerCase())]);
  for (const address of addresses) known.add(new URL(address).hostname);
  return ({ headers: { host = '' } }, path) => {
    const name = nameOf(host);
    return known.has(name) || known.has(name.toLowerCase()) || OPEN_PATHS.has(path);
  };
}

/** Without its port: which one is a matter of the proxies in between. */
function nameOf(host: string): string {
  const colon = host.lastIndexOf(':');
  return colon > host.lastIndexOf(']') ? host.slice(0, colon) : host;
}

/** True for a request that names this very machine. */
export function isLocalName({ headers: { host = '' } }: IncomingMessage): boolean {
  return LOOPBACK_NAMES.includes(nameOf(host));
}
