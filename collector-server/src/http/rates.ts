import { hash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { Limits } from '../limits.ts';
import { type ClientAddress, isLoopback, networkOf } from './client-address.ts';

/** How many parties are remembered at most (U2); the one that was silent longest is forgotten first, and is let in anew. */
const MAX_BUCKETS = 100_000;
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** How many seconds to wait; 0 for what may come in. */
export type Wait = number;

export interface Rates {
  /** Before anything is read: by the network that the request comes from. Costs less than a microsecond. */
  network(request: IncomingMessage): Wait;
  /** Once the caller is known. */
  caller(site: string, key_id: string): Wait;
  /** An attempt to sign in to the dashboard (A5). */
  login(request: IncomingMessage): Wait;
}

/**
 * Token buckets per network, key and site (U2). Requests of this machine itself are not counted by network: its address is
 * that of a proxy in front of everybody, or of the operator; signing in is counted for everybody.
 */
export function createRates(limits: Limits, addressOf: ClientAddress, now: () => number): Rates {
  const networks = createBuckets(limits.network_per_second / SECOND_MS, limits.network_burst);
  const logins = createBuckets(limits.logins_per_minute / MINUTE_MS, limits.logins_per_minute);
  const keys = createBuckets(limits.key_per_second / SECOND_MS, limits.key_burst);
  const sites = createBuckets(limits.site_per_second / SECOND_MS, limits.site_burst);
  const pseudonym = createPseudonyms(now);
  return {
    network(request) {
      const address = addressOf(request);
      return isLoopback(address) ? 0 : networks.take(pseudonym(request.socket, address), now());
    },
    caller: (site, key_id) => keys.take(key_id, now()) || sites.take(site, now()),
    login: (request) => logins.take(pseudonym(request.socket, addressOf(request)), now()),
  };
}

interface Bucket {
  tokens: number;
  /** UTC ms at which the tokens were counted. */
  at: number;
}

/** Buckets that hold `burst` tokens and are filled at `per_ms`; each request takes one. */
function createBuckets(per_ms: number, burst: number) {
  const buckets = new LRUCache<string, Bucket>({ max: MAX_BUCKETS });
  return {
    take(name: string, at: number): Wait {
      const bucket = buckets.get(name);
      if (bucket === undefined) {
        buckets.set(name, { tokens: burst - 1, at });
        return 0;
      }
      // A clock that was set back gives nothing, and takes nothing.
      bucket.tokens = Math.min(burst, bucket.tokens + Math.max(0, at - bucket.at) * per_ms);
      bucket.at = at;
      if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / per_ms / SECOND_MS);
      bucket.tokens -= 1;
      return 0;
    },
  };
}

/**
 * What stands for a network in a table: an HMAC under a salt that lives for a day (P1). It is remembered with the
 * connection, so that a browser's second request costs nothing.
 */
function createPseudonyms(now: () => number) {
  const known = new WeakMap<Socket, { address: string; day: number; name: string }>();
  let salted = Number.NaN;
  let hmac = createHmac();
  return (socket: Socket, address = ''): string => {
    const day = Math.floor(now() / DAY_MS);
    if (day !== salted) {
      salted = day;
      hmac = createHmac();
    }
    const last = known.get(socket);
    if (last?.address === address && last.day === day) return last.name;
    const name = hmac(networkOf(address) ?? '');
    known.set(socket, { address, day, name });
    return name;
  };
}

const BLOCK = 64;
const DIGEST = 32;
const [INNER, OUTER] = [0x36, 0x5c];

/**
 * HMAC-SHA256 of short texts under a fresh key, in base64. Written out (RFC 2104), because making Node's `Hmac` costs ten
 * microseconds a call, and this is on every request's way; two plain hashes cost 0.7.
 */
export function createHmac(key: Buffer = randomBytes(BLOCK)): (text: string) => string {
  const outer = Buffer.alloc(BLOCK + DIGEST);
  const inner = Buffer.alloc(BLOCK + MAX_TEXT);
  for (let index = 0; index < BLOCK; index++) {
    inner[index] = key[index]! ^ INNER;
    outer[index] = key[index]! ^ OUTER;
  }
  return (text) => {
    const length = inner.write(text, BLOCK, MAX_TEXT, 'latin1');
    outer.write(hash('sha256', inner.subarray(0, BLOCK + length), 'binary'), BLOCK, 'latin1');
    return hash('sha256', outer, 'base64');
  };
}

/** A network's prefix is shorter. */
const MAX_TEXT = 64;
