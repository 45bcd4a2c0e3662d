import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

const PRIVATE = new BlockList();
for (const [address, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  PRIVATE.addSubnet(address, bits, 'ipv4');
}

const GLOBAL_V6 = new BlockList();
GLOBAL_V6.addSubnet('2000::', 3, 'ipv6');
const SPECIAL_V6 = new BlockList();
// Documentation, Teredo and 6to4: inside 2000::/3, and not a host's own global address.
for (const [address, bits] of [
  ['2001:db8::', 32],
  ['2001::', 32],
  ['2002::', 16],
] as const) {
  SPECIAL_V6.addSubnet(address, bits, 'ipv6');
}

/** True for a global unicast address, judged by its bits: text prefixes are no check (A11). */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !PRIVATE.check(address, 'ipv4');
  return version === 6 && GLOBAL_V6.check(address, 'ipv6') && !SPECIAL_V6.check(address, 'ipv6');
}

/** Why the relay may not call a URL, or null. Names are checked again when they are resolved. */
export function refuseTarget(url: string, allowedOrigins: readonly string[]): string | null {
  if (!URL.canParse(url)) return 'The address is not a URL.';
  const { protocol, origin, hostname, username, port } = new URL(url);
  if (allowedOrigins.includes(origin)) return null;
  if (protocol !== 'https:') return 'Only https addresses are called; list the origin in allow_private_targets for a test.';
  if (username) return 'The address holds a user name.';
  if (port !== '') return 'Only port 443 is called.';
  const literal = hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal) && !isPublicAddress(literal)) return 'The address is private.';
  return null;
}

/** Resolves a name once and hands on the addresses that were checked: a second lookup could answer something else. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { all: true }, (error, addresses) => {
    if (error) return callback(error, '', 4);
    const refused = addresses.find(({ address }) => !isPublicAddress(address));
    if (refused || addresses.length === 0) return callback(new Error('The name leads to a private address.'), '', 4);
    if ((options as { all?: boolean }).all) return callback(null, addresses as never, 4);
    return callback(null, addresses[0]!.address, addresses[0]!.family);
  });
};
