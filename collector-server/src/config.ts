import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { firstFault } from '@orderloop/protocol';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { createClientAddress } from './http/client-address.ts';
import { LimitsSchema } from './limits.ts';
import type { Connection } from './sources/contract.ts';

const Name = Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$' });
const Secret = Type.String({
  minLength: 1,
  description: 'The secret itself, `env:NAME` to take it from the environment, or `file:/path` to read it from a file.',
});

const CreativeSchema = Type.Object({
  creative_id: Type.String(),
  headline: Type.String(),
  text: Type.Optional(Type.String()),
  call_to_action: Type.String(),
  advertiser: Type.String(),
  image: Type.Optional(Type.Object({ url: Type.String(), alt: Type.String(), width: Type.Integer(), height: Type.Integer() })),
  target_url: Type.String({ description: 'Where a click leads: http or https.' }),
});

const DestinationConfigSchema = Type.Object({
  id: Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$', description: 'A name of your own for this destination.' }),
  type: Type.String({ description: 'meta, google_ads, ga4, tiktok …: each has a guide of its own, docs/guides/destination-….' }),
  settings: Type.Record(Type.String(), Type.Unknown()),
});

const ConnectionConfigSchema = Type.Object({
  account: Type.String({ minLength: 1, maxLength: 255, description: 'Shop domain or merchant id.' }),
  secrets: Type.Optional(
    Type.Array(Secret, { description: 'What the platform signs its deliveries with. Several are valid at once.' }),
  ),
  role: Type.Optional(
    Type.Union([Type.Literal('orders'), Type.Literal('payments')], {
      description:
        '`orders` when what comes are the shop’s orders, `payments` when it is how orders were paid that another source sends. Stripe and PayPal have to say.',
    }),
  ),
  settings: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: 'The source’s own settings; each source’s guide lists them.' }),
  ),
  poll: Type.Optional(
    Type.Object(
      {
        every_s: Type.Optional(
          Type.Integer({
            minimum: 10,
            maximum: 86_400,
            description: 'How often the platform is asked, in seconds. Default 900.',
          }),
        ),
        since: Type.Optional(
          Type.String({
            pattern: '^\\d{4}-\\d{2}-\\d{2}',
            description: 'From when on orders are read at first: `2026-01-01`. Default two days ago.',
          }),
        ),
      },
      { additionalProperties: false, description: 'How the platform’s API is asked for what its deliveries lost.' },
    ),
  ),
});

const SiteConfigSchema = Type.Object({
  name: Type.String({ description: 'What people call the shop.' }),
  publishable_keys: Type.Array(Type.String({ pattern: '^pk_[a-z0-9-]+_[A-Za-z0-9]{6,}$' }), {
    description: 'Write keys for browsers: `pk_<site>_<random>`.',
  }),
  secret_keys: Type.Array(Secret, { description: 'Keys for the shop’s own servers: `sk_…`. Several are valid at once.' }),
  signing_secrets: Type.Array(Secret, { description: 'What server calls are signed with: `whsec_` and base64.' }),
  origins: Type.Array(Type.String(), { description: 'Exact origins whose pages may send: `https://shop.example`.' }),
  accept_without_origin: Type.Optional(
    Type.Boolean({
      description:
        'Take events that name no origin, as native apps and old browsers send them. They are flagged `low_trust`, and only counted: no session, no reward, no conversion. Default false.',
    }),
  ),
  consent_mode: Type.Optional(
    Type.Union([Type.Literal('opt_in'), Type.Literal('opt_out')], {
      description: '`opt_in` (the default) tells platforms nothing of a buyer who was not asked.',
    }),
  ),
  blocked_identifiers: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
      maxItems: 1000,
      description:
        'Customer ids, e-mail addresses, phone numbers and tokens that many of the shop’s visitors share, like that of the counter: they say nothing of who it is.',
    }),
  ),
  probable_persons: Type.Optional(
    Type.Boolean({
      description:
        'Offer a probable person for devices that nobody signed in on (off by default). It needs consent as fingerprinting does, and feeds nothing but its own field.',
    }),
  ),
  custom_events: Type.Optional(
    Type.Union([Type.Literal('any'), Type.Array(Type.String())], {
      description: 'Event names of the shop’s own, beyond the catalogue.',
    }),
  ),
  sources: Type.Optional(Type.Record(Name, ConnectionConfigSchema)),
  destinations: Type.Optional(Type.Array(DestinationConfigSchema)),
  ads: Type.Optional(
    Type.Array(Type.Object({ placement: Type.String(), creatives: Type.Array(CreativeSchema, { minItems: 1 }) })),
  ),
  rewards: Type.Optional(
    Type.Array(
      Type.Object({
        placement: Type.String(),
        points: Type.Integer({ minimum: 1, maximum: 100_000 }),
        duration_ms: Type.Integer({ minimum: 1000, maximum: 120_000 }),
        creative: Type.Object({ headline: Type.String(), text: Type.String(), advertiser: Type.String() }),
      }),
    ),
  ),
});

export const ConfigSchema = Type.Object({
  public_url: Type.Optional(Type.String({ description: 'The address that browsers reach the collector at.' })),
  data_key: Secret,
  dashboard_token: Secret,
  hosts: Type.Optional(
    Type.Array(Type.String({ pattern: '^[A-Za-z0-9.-]{1,253}$|^\\[[0-9A-Fa-f:.]{2,45}\\]$' }), {
      description:
        'More names that requests may come under, without port. The host of `public_url`, those of the sites’ origins and this machine’s own are known.',
    }),
  ),
  trusted_proxies: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Addresses and CIDR ranges of the proxies in front: `10.0.0.0/8`. Only they are believed about whom a request comes from (`X-Forwarded-For`).',
    }),
  ),
  door: Type.Optional(
    Type.Object(
      {
        path: Type.Optional(
          Type.String({
            pattern: '^(?:/[A-Za-z0-9_-]{1,64}){1,4}$',
            description:
              'A path under which a shop’s own host passes requests on: `/o`. Everything but the dashboard and the metrics is answered there too.',
          }),
        ),
        script: Type.Optional(
          Type.String({
            pattern: '^[A-Za-z0-9_-]{1,64}\\.js$',
            description: 'A name of your own for `orderloop.js`, which is served under both: `o.js`.',
          }),
        ),
      },
      { additionalProperties: false, description: 'The first-party door: how the shop’s own domain leads to the collector.' },
    ),
  ),
  limits: Type.Optional(LimitsSchema),
  log_level: Type.Optional(
    Type.Union([Type.Literal('error'), Type.Literal('info')], {
      description: '`error` (the default) logs failures alone, `info` also one line a request.',
    }),
  ),
  open_dashboard: Type.Optional(
    Type.Boolean({ description: 'Let anybody on this machine into the dashboard: for the demo, on loopback only.' }),
  ),
  allow_private_targets: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Origins on private addresses that the relay may call nevertheless: for tests and gateways of your own.',
    }),
  ),
  relay: Type.Optional(
    Type.Object({
      base_ms: Type.Optional(
        Type.Integer({ minimum: 10, description: 'The first retry comes within this time; each next within three times it.' }),
      ),
      cap_ms: Type.Optional(Type.Integer({ minimum: 10, description: 'The longest that a retry waits; six hours otherwise.' })),
      throttled_floor_ms: Type.Optional(
        Type.Integer({ minimum: 10, description: 'How long a platform that throttles or times out is left alone, at least.' }),
      ),
      lease_ms: Type.Optional(
        Type.Integer({
          minimum: 2_000,
          description: 'How long a collector may take over what it is sending before another takes it up; 60,000 otherwise.',
        }),
      ),
      breaker_ms: Type.Optional(
        Type.Integer({
          minimum: 10,
          description: 'How long a destination that fails is left alone at first; 30,000 otherwise, doubling to 16 times that.',
        }),
      ),
    }),
  ),
  sites: Type.Record(Name, SiteConfigSchema),
});

export type Config = Static<typeof ConfigSchema>;
export type SiteConfig = Static<typeof SiteConfigSchema>;
export type DestinationConfig = Static<typeof DestinationConfigSchema>;
export type Creative = Static<typeof CreativeSchema>;

/** What is wrong with a configuration, for the person who wrote it. */
export class ConfigError extends Error {}

const validator = Compile(ConfigSchema);

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Checks a configuration and puts in what it takes from the environment and from files (A13).
 * Throws ConfigError, which names the field, what is wrong with it and what to do.
 */
export function readConfig(value: unknown, env: Environment): Config {
  if (!validator.Check(value)) {
    const { pointer, kind, detail } = firstFault(validator.Errors(value));
    throw new ConfigError(
      `The configuration can’t be used: ${pointer} ${kind === 'missing' ? 'is missing.' : `is wrong. ${detail}`}`,
    );
  }
  const config = mapTexts(value, '', (text, path) => resolveSecret(text, path, env)) as Config;
  checkAddresses(config);
  return config;
}

function checkAddresses({ public_url, trusted_proxies = [], sites }: Config): void {
  if (public_url !== undefined && !URL.canParse(public_url))
    throw new ConfigError(`public_url ${public_url} must be an address, such as https://collector.example.`);
  try {
    createClientAddress(trusted_proxies);
  } catch {
    throw new ConfigError('trusted_proxies must hold addresses and CIDR ranges, such as 10.0.0.0/8.');
  }
  for (const [site, { publishable_keys, origins }] of Object.entries(sites)) {
    const stray = publishable_keys.find((key) => siteOfKey(key) !== site);
    if (stray) throw new ConfigError(`The key ${stray.slice(0, 12)}… of site ${site} must begin with pk_${site}_.`);
    const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
    if (wrong)
      throw new ConfigError(
        `The origin ${wrong} of site ${site} must be scheme, host and port alone, such as https://shop.example.`,
      );
  }
}

function resolveSecret(text: string, path: string, env: Environment): string {
  if (text.startsWith('env:')) {
    const found = env[text.slice(4)];
    if (!found) throw new ConfigError(`The environment has no ${text.slice(4)}, which ${path} takes its value from.`);
    return found;
  }
  const file = secretFile(text);
  if (file === undefined) return text;
  let found: string;
  try {
    found = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new ConfigError(`The file that ${path} takes its value from can’t be read.`, { cause });
  }
  if (found === '') throw new ConfigError(`The file that ${path} takes its value from is empty.`);
  return found;
}

const secretFile = (text: string): string | undefined => (text.startsWith('file:/') ? text.slice('file:'.length) : undefined);

/** The files that a configuration, as it was written, takes secrets from, each with the field that does. */
export function secretFiles(value: unknown): { path: string; file: string }[] {
  const found: { path: string; file: string }[] = [];
  mapTexts(value, '', (text, path) => {
    const file = secretFile(text);
    if (file !== undefined) found.push({ path, file });
    return text;
  });
  return found;
}

function mapTexts(value: unknown, path: string, change: (text: string, path: string) => string): unknown {
  if (typeof value === 'string') return change(value, path);
  if (Array.isArray(value)) return value.map((entry, index) => mapTexts(entry, `${path}/${index}`, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, mapTexts(entry, `${path}/${name}`, change)]));
}

/** How a site is connected to a source; null when it isn't. Every site that signs has `generic`: its own servers. */
export function connectionOf({ sites }: Pick<Config, 'sites'>, site: string, source: string): Connection | null {
  const config = Object.hasOwn(sites, site) ? sites[site] : undefined;
  const configured = config?.sources && Object.hasOwn(config.sources, source) ? config.sources[source] : undefined;
  if (configured) return { account: configured.account, secrets: configured.secrets ?? [], settings: configured.settings ?? {} };
  return config && source === 'generic' ? { account: site, secrets: config.signing_secrets, settings: {} } : null;
}

/** The site that a publishable key names: what stands between its first and its last underscore. */
export function siteOfKey(key: string): string | undefined {
  return /^pk_(.+)_[^_]+$/.exec(key)?.[1];
}

/** 32 bytes from base64 or hex; any other text is hashed to that length. */
export function dataKey(text: string): Uint8Array {
  const decoded = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  return decoded.length === 32 ? decoded : createHash('sha256').update(text).digest();
}
