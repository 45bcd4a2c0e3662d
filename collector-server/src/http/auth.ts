import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Config, type SiteConfig, siteOfKey } from '../config.ts';
import { verifyStandardWebhook } from '../sources/shared/verify.ts';
import { type ClientAddress, isLoopback } from './client-address.ts';
import { isLocalName } from './hosts.ts';
import { HttpProblem, rateLimited } from './problem.ts';
import type { Rates } from './rates.ts';

export interface Caller {
  site: string;
  config: SiteConfig;
  /** What names the key in logs and dead letters: its first characters. */
  key_id: string;
  /** Nothing says where the request comes from: it may be counted, and be worth nothing (A1). */
  low_trust?: boolean | undefined;
}

export interface Auth {
  /** The caller of a browser route: a publishable key, from an origin on its site's list (A1). Throws the problem. */
  browser(request: IncomingMessage, key: string | undefined): Caller;
  /** The caller of a server route: a secret key, and a signature over the body as it was sent (A3). Throws the problem. */
  server(request: IncomingMessage, wire: Uint8Array, now: number): Caller;
  /** The site whose secret key was sent, whatever else is wrong with the request: to tell the site of it. */
  siteOfSecret(request: IncomingMessage): string | undefined;
  /** Somebody who may read a site's data: a secret key, or a dashboard session. Answers the site, or undefined for all. */
  reader(request: IncomingMessage): { site: string | undefined };
  /** A dashboard session for the token; undefined when it is wrong. Throws the problem of who tries too often (A5). */
  login(request: IncomingMessage, token: string, now: number): { cookie: string } | undefined;
  logout(request: IncomingMessage): void;
  /** Every origin that any site lists: what a preflight can be answered by, since it carries no key. */
  knowsOrigin(origin: string): boolean;
}

const IDLE_MS = 30 * 60_000;
const ABSOLUTE_MS = 12 * 3_600_000;
const MAX_SESSIONS = 1000;

export interface AuthOptions {
  config: Config;
  rates: Pick<Rates, 'caller' | 'login'>;
  addressOf: ClientAddress;
  /** UTC ms. */
  now(): number;
}

export function createAuth({ config, rates, addressOf, now }: AuthOptions): Auth {
  const publishable = new Map<string, string>();
  const origins = new Set<string>();
  const secrets: { site: string; hash: Buffer; key_id: string }[] = [];
  for (const [site, { publishable_keys, secret_keys, origins: listed }] of Object.entries(config.sites)) {
    for (const key of publishable_keys) publishable.set(key, site);
    for (const origin of listed) origins.add(origin);
    for (const key of secret_keys) secrets.push({ site, hash: sha256(key), key_id: key.slice(0, 8) });
  }
  const tokenHash = sha256(config.dashboard_token);
  const sessions = new Map<string, { began_at: number; seen_at: number }>();
  // Browsers keep a __Host- cookie to this host, this path and https alone; on plain http they would refuse it (A5).
  const isSecure = config.public_url?.startsWith('https:') === true;
  const cookieName = isSecure ? '__Host-orderloop' : 'orderloop_dashboard';

  const findSecret = (key: string): (typeof secrets)[number] | undefined => {
    const given = sha256(key);
    let found: (typeof secrets)[number] | undefined;
    for (const entry of secrets) if (timingSafeEqual(entry.hash, given)) found = entry;
    return found;
  };

  const bySecret = (request: IncomingMessage): Caller => {
    const key = bearer(request);
    if (!key) throw new HttpProblem('key_missing', 'Send Authorization: Bearer with a secret key (sk_…).');
    const found = findSecret(key);
    if (!found) throw new HttpProblem('key_unknown', 'This secret key is not one of the configuration’s.');
    if (request.headers.origin !== undefined)
      throw new HttpProblem(
        'secret_key_in_browser',
        'A secret key must stay on your servers: replace it, it has been seen by a browser.',
      );
    return { site: found.site, config: config.sites[found.site]!, key_id: found.key_id };
  };

  /** From this machine, asked by its own name, and passed on by nobody: a name that another site made to point here is not ours. */
  const isFromHere = (request: IncomingMessage): boolean =>
    isLoopback(addressOf(request)) && isLocalName(request) && request.headers['x-forwarded-for'] === undefined;

  const session = (request: IncomingMessage): boolean => {
    const id = cookieOf(request, cookieName);
    const entry = id && sessions.get(digest(id));
    if (!entry || now() - entry.seen_at > IDLE_MS || now() - entry.began_at > ABSOLUTE_MS) return false;
    entry.seen_at = now();
    return true;
  };

  const admit = (caller: Caller): Caller => {
    const wait = rates.caller(caller.site, caller.key_id);
    if (wait > 0) throw rateLimited(wait);
    return caller;
  };

  return {
    browser(request, key) {
      if (!key) throw new HttpProblem('key_missing', 'Send the publishable write key (pk_…) as key in the body.');
      const site = publishable.get(key);
      if (site === undefined || siteOfKey(key) !== site)
        throw new HttpProblem('key_unknown', 'This write key is not one of the configuration’s.');
      const siteConfig = config.sites[site]!;
      const low_trust = !isOwnPage(request, siteConfig.origins);
      if (low_trust && (request.headers.origin !== undefined || !siteConfig.accept_without_origin)) {
        throw new HttpProblem('origin_not_allowed', 'Add the page’s exact origin (scheme, host and port) to the site’s origins.');
      }
      return admit({ site, config: siteConfig, key_id: key.slice(0, 12), low_trust });
    },
    server(request, wire, at) {
      const caller = bySecret(request);
      const signature = verifyStandardWebhook(flatHeaders(request), wire, caller.config.signing_secrets, at);
      if (!signature.ok) throw new HttpProblem(signature.code, signature.detail);
      return admit(caller);
    },
    siteOfSecret(request) {
      const key = bearer(request);
      return key === undefined ? undefined : findSecret(key)?.site;
    },
    reader(request) {
      if (config.open_dashboard && isFromHere(request) && isSameOrigin(request)) return { site: undefined };
      if (bearer(request)) return { site: bySecret(request).site };
      if (!session(request)) throw new HttpProblem('session_over', 'Sign in with the configuration’s dashboard_token.');
      if (!isSameOrigin(request)) throw new HttpProblem('cross_site_request');
      return { site: undefined };
    },
    login(request, token, at) {
      const wait = rates.login(request);
      if (wait > 0) throw rateLimited(wait);
      if (!timingSafeEqual(sha256(token), tokenHash)) return undefined;
      if (sessions.size >= MAX_SESSIONS) sessions.delete(sessions.keys().next().value!);
      const id = randomBytes(16).toString('base64url');
      sessions.set(digest(id), { began_at: at, seen_at: at });
      return {
        cookie: `${cookieName}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${ABSOLUTE_MS / 1000}${isSecure ? '; Secure' : ''}`,
      };
    },
    logout(request) {
      const id = cookieOf(request, cookieName);
      if (id) sessions.delete(digest(id));
    },
    knowsOrigin: (origin) => origins.has(origin),
  };
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
const digest = (text: string): string => sha256(text).toString('base64url');

function bearer(request: IncomingMessage): string | undefined {
  return /^Bearer (\S{1,256})$/.exec(request.headers.authorization ?? '')?.[1];
}

export function cookieOf(request: IncomingMessage, name: string): string | undefined {
  const pair = (request.headers.cookie ?? '').split(';').find((part) => part.trim().startsWith(`${name}=`));
  return pair?.trim().slice(name.length + 1);
}

/**
 * Whether a page of the site sent this. It names its origin; where it asks its own host by GET, browsers leave that out and
 * say `same-origin` instead, which no page can make up.
 */
function isOwnPage({ headers }: IncomingMessage, origins: readonly string[]): boolean {
  const { origin, host } = headers;
  if (origin !== undefined) return origins.includes(origin);
  return (
    headers['sec-fetch-site'] === 'same-origin' && (origins.includes(`https://${host}`) || origins.includes(`http://${host}`))
  );
}

/** Browsers say where a request comes from; other clients say nothing, and carry no cookies of ours. */
export function isSameOrigin(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}

/** One value a header, names in lower case; Node has joined or dropped the repeats. */
export function flatHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}
