import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Config, type SiteConfig, siteOfKey } from '../config.ts';
import { verifyStandardWebhook } from '../sources/shared/verify.ts';
import { HttpProblem } from './problem.ts';

export interface Caller {
  site: string;
  config: SiteConfig;
  /** What names the key in logs and dead letters: its first characters. */
  key_id: string;
}

export interface Auth {
  /** The caller of a browser route: a publishable key, from an origin on its site's list (A1). Throws the problem. */
  browser(request: IncomingMessage, key: string | undefined): Caller;
  /** The caller of a server route: a secret key, and a signature over the body as it was sent (A3). Throws the problem. */
  server(request: IncomingMessage, wire: Uint8Array, now: number): Caller;
  /** Somebody who may read a site's data: a secret key, or a dashboard session. Answers the site, or undefined for all. */
  reader(request: IncomingMessage): { site: string | undefined };
  /** A dashboard session for the token; undefined when it is wrong. */
  login(token: string, now: number): { cookie: string } | undefined;
  logout(request: IncomingMessage): void;
  /** Every origin that any site lists: what a preflight can be answered by, since it carries no key. */
  knowsOrigin(origin: string): boolean;
}

const IDLE_MS = 30 * 60_000;
const ABSOLUTE_MS = 12 * 3_600_000;
const MAX_SESSIONS = 1000;

export function createAuth(config: Config, now: () => number): Auth {
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

  const bySecret = (request: IncomingMessage): Caller => {
    const key = bearer(request);
    if (!key) throw new HttpProblem('key_missing', 'Send Authorization: Bearer with a secret key (sk_…).');
    const given = sha256(key);
    let found: (typeof secrets)[number] | undefined;
    for (const entry of secrets) if (timingSafeEqual(entry.hash, given)) found = entry;
    if (!found) throw new HttpProblem('key_unknown', 'This secret key is not one of the configuration’s.');
    if (request.headers.origin !== undefined)
      throw new HttpProblem(
        'secret_key_in_browser',
        'A secret key must stay on your servers: replace it, it has been seen by a browser.',
      );
    return { site: found.site, config: config.sites[found.site]!, key_id: found.key_id };
  };

  const session = (request: IncomingMessage): boolean => {
    const id = cookieOf(request, cookieName);
    const entry = id && sessions.get(digest(id));
    if (!entry || now() - entry.seen_at > IDLE_MS || now() - entry.began_at > ABSOLUTE_MS) return false;
    entry.seen_at = now();
    return true;
  };

  return {
    browser(request, key) {
      if (!key) throw new HttpProblem('key_missing', 'Send the publishable write key (pk_…) as key in the body.');
      const site = publishable.get(key);
      if (site === undefined || siteOfKey(key) !== site)
        throw new HttpProblem('key_unknown', 'This write key is not one of the configuration’s.');
      const siteConfig = config.sites[site]!;
      const { origin } = request.headers;
      if (origin === undefined || !siteConfig.origins.includes(origin)) {
        throw new HttpProblem('origin_not_allowed', 'Add the page’s exact origin (scheme, host and port) to the site’s origins.');
      }
      return { site, config: siteConfig, key_id: key.slice(0, 12) };
    },
    server(request, wire, at) {
      const caller = bySecret(request);
      const signature = verifyStandardWebhook(flatHeaders(request), wire, caller.config.signing_secrets, at);
      if (!signature.ok) throw new HttpProblem(signature.code, signature.detail);
      return caller;
    },
    reader(request) {
      if (config.open_dashboard && isLoopback(request) && isLocalName(request) && isSameOrigin(request))
        return { site: undefined };
      if (bearer(request)) return { site: bySecret(request).site };
      if (!session(request)) throw new HttpProblem('session_over', 'Sign in with the configuration’s dashboard_token.');
      if (!isSameOrigin(request)) throw new HttpProblem('cross_site_request');
      return { site: undefined };
    },
    login(token, at) {
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

function cookieOf(request: IncomingMessage, name: string): string | undefined {
  const pair = (request.headers.cookie ?? '').split(';').find((part) => part.trim().startsWith(`${name}=`));
  return pair?.trim().slice(name.length + 1);
}

function isLoopback(request: IncomingMessage): boolean {
  const address = request.socket.remoteAddress ?? '';
  return address === '127.0.0.1' || address === '::1' || address === '::ffff:127.0.0.1';
}

/** A name that another site made to point here is not ours, though the request comes from this machine. */
function isLocalName(request: IncomingMessage): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(request.headers.host ?? '');
}

/** Browsers say where a request comes from; other clients say nothing, and carry no cookies of ours. */
function isSameOrigin(request: IncomingMessage): boolean {
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
