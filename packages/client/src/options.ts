import { broken } from './broken.ts';
import { readSecret } from './sign.ts';

export interface ClientOptions {
  /** Where the collector is: `https://collector.example.com`. */
  url: string;
  /** The site's secret key, `sk_…`. It stays on the server. */
  key: string;
  /** The site's signing secret: `whsec_` and base64 of 24 to 64 bytes. */
  signingSecret: string;
  /** Replaces the global `fetch`, for a proxy or a test. */
  fetch?: typeof globalThis.fetch;
  /** The clock, in UTC ms. */
  now?: () => number;
  /** A number from 0 up to 1, for the jitter of the waits. */
  random?: () => number;
  /** Waits between attempts; ends early, rejecting, when the signal is aborted. */
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** How often one delivery is tried, the first time included. 5 unless told. */
  maxAttempts?: number;
  /** How long one attempt may take, its answer included. 10,000 ms unless told. */
  timeoutMs?: number;
}

export interface Settings extends Required<Omit<ClientOptions, 'signingSecret'>> {
  secret: Buffer;
}

/** Checks every option before the first call, so that a wrong key fails at start and not at the first order. */
export function readOptions(options: ClientOptions, sleep: Settings['sleep']): Settings {
  return {
    url: readUrl(options.url),
    key: readKey(options.key),
    secret: readSecret(options.signingSecret),
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
    sleep: options.sleep ?? sleep,
    maxAttempts: readCount('maxAttempts', options.maxAttempts ?? 5, 1, 20),
    timeoutMs: readCount('timeoutMs', options.timeoutMs ?? 10_000, 1, 300_000),
  };
}

function readUrl(value: unknown): string {
  const advice = 'pass where the collector is, such as https://collector.example.com';
  if (typeof value !== 'string' || value === '') throw broken('url is missing', `found ${kindOf(value)}`, advice);
  if (!URL.canParse(value)) throw broken('url is not an absolute URL', `found ${JSON.stringify(value.slice(0, 100))}`, advice);
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw broken('url is neither https nor http', `found ${url.protocol}`, advice);
  }
  // Never quoted: what stands there may be a password.
  if (url.username || url.password) throw broken('url holds a user name or a password', 'found one before the host', advice);
  if (url.search || url.hash) throw broken('url has a query or a fragment', `found ${url.search ? '?' : '#'}`, advice);
  return url.href.replace(/\/+$/, '');
}

function readKey(value: unknown): string {
  const advice = 'pass the secret key of the site, which starts with sk_';
  if (typeof value !== 'string' || value === '') throw broken('key is missing', `found ${kindOf(value)}`, advice);
  if (value.startsWith('pk_')) throw broken('key is a publishable key, which may not send orders', 'found pk_…', advice);
  if (!value.startsWith('sk_')) throw broken('key is not a secret key', `found a text of ${value.length} characters`, advice);
  if (!/^sk_[\x21-\x7e]+$/.test(value)) {
    throw broken('key can’t be sent in a header', 'found a space or a character outside ASCII, or nothing after sk_', advice);
  }
  return value;
}

function readCount(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  const found = typeof value === 'number' ? String(value) : kindOf(value);
  throw broken(`${name} is not a whole number from ${least} to ${most}`, `found ${found}`, 'leave it out for the default');
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return value === '' ? 'an empty text' : `a ${typeof value}`;
}
