import { createHash } from 'node:crypto';
import { firstFault } from '@orderloop/protocol';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

const Name = Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$' });
const Secret = Type.String({ minLength: 1, description: 'The secret itself, or `env:NAME` to take it from the environment.' });

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
  type: Type.String({ description: 'meta or webhook.' }),
  settings: Type.Record(Type.String(), Type.Unknown()),
});

const SiteConfigSchema = Type.Object({
  name: Type.String({ description: 'What people call the shop.' }),
  publishable_keys: Type.Array(Type.String({ pattern: '^pk_[a-z0-9-]+_[A-Za-z0-9]{6,}$' }), {
    description: 'Write keys for browsers: `pk_<site>_<random>`.',
  }),
  secret_keys: Type.Array(Secret, { description: 'Keys for the shop’s own servers: `sk_…`. Several are valid at once.' }),
  signing_secrets: Type.Array(Secret, { description: 'What server calls are signed with: `whsec_` and base64.' }),
  origins: Type.Array(Type.String(), { description: 'Exact origins whose pages may send: `https://shop.example`.' }),
  consent_mode: Type.Optional(
    Type.Union([Type.Literal('opt_in'), Type.Literal('opt_out')], {
      description: '`opt_in` (the default) tells platforms nothing of a buyer who was not asked.',
    }),
  ),
  custom_events: Type.Optional(
    Type.Union([Type.Literal('any'), Type.Array(Type.String())], {
      description: 'Event names of the shop’s own, beyond the catalogue.',
    }),
  ),
  sources: Type.Optional(Type.Record(Name, Type.Object({ account: Type.String(), secrets: Type.Array(Secret) }))),
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

const setting = (minimum: number, maximum: number, fallback: number, description: string) =>
  Type.Optional(Type.Integer({ minimum, maximum, default: fallback, description: `${description} ${fallback} by default.` }));
const MIB = 1024 * 1024;

/** What one collector takes on at most, and how it gives way; each within a range that makes sense. */
export const LimitsSchema = Type.Object({
  in_flight: setting(1, 100_000, 512, 'Requests that are answered at once; beyond, they are refused with 503.'),
  queue_events: setting(1, 1_000_000, 10_000, 'Events that wait to be committed.'),
  queue_bytes: setting(MIB, 4096 * MIB, 64 * MIB, 'Bytes that wait to be committed.'),
  loop_delay_ms: setting(10, 10_000, 200, 'How late the event loop may run, p99 over a second, in ms.'),
  disk_reserve_bytes: setting(
    0,
    1024 * 1024 * MIB,
    200 * MIB,
    'Bytes that stay free on the store’s disk: below, writes are refused.',
  ),
  drain_ms: setting(0, 60_000, 5_000, 'How long requests are still taken after a stop was announced, in ms.'),
  finish_ms: setting(0, 60_000, 10_000, 'How long those that were begun may take then, in ms.'),
});

export type Limits = Required<Static<typeof LimitsSchema>>;

/** The limits in force: what the configuration says, else the defaults. */
export function limitsOf({ limits = {} }: { limits?: Static<typeof LimitsSchema> | undefined }): Limits {
  const properties = LimitsSchema.properties as Record<string, { default?: unknown }>;
  const defaults = Object.entries(properties).map(([name, { default: fallback }]) => [name, fallback]);
  return { ...(Object.fromEntries(defaults) as Limits), ...limits };
}

export const ConfigSchema = Type.Object({
  public_url: Type.Optional(Type.String({ description: 'The address that browsers reach the collector at.' })),
  data_key: Secret,
  dashboard_token: Secret,
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
        Type.Integer({ minimum: 10, description: 'The first retry comes within this time; each next within twice it.' }),
      ),
      throttled_floor_ms: Type.Optional(
        Type.Integer({ minimum: 10, description: 'How long a platform that throttles or times out is left alone, at least.' }),
      ),
    }),
  ),
  limits: Type.Optional(LimitsSchema),
  sites: Type.Record(Name, SiteConfigSchema),
});

export type Config = Static<typeof ConfigSchema>;
export type SiteConfig = Static<typeof SiteConfigSchema>;
export type DestinationConfig = Static<typeof DestinationConfigSchema>;
export type Creative = Static<typeof CreativeSchema>;

/** What is wrong with a configuration, for the person who wrote it. */
export class ConfigError extends Error {}

const validator = Compile(ConfigSchema);

/**
 * Checks a configuration and puts in what it takes from the environment.
 * Throws ConfigError, which names the field, what is wrong with it and what to do.
 */
export function readConfig(value: unknown, env: Readonly<Record<string, string | undefined>>): Config {
  if (!validator.Check(value)) {
    const { pointer, kind, detail } = firstFault(validator.Errors(value));
    throw new ConfigError(
      `The configuration can’t be used: ${pointer} ${kind === 'missing' ? 'is missing.' : `is wrong. ${detail}`}`,
    );
  }
  const config = resolveSecrets(value, env, '') as Config;
  for (const [site, { publishable_keys, origins }] of Object.entries(config.sites)) {
    const stray = publishable_keys.find((key) => siteOfKey(key) !== site);
    if (stray) throw new ConfigError(`The key ${stray.slice(0, 12)}… of site ${site} must begin with pk_${site}_.`);
    const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
    if (wrong)
      throw new ConfigError(
        `The origin ${wrong} of site ${site} must be scheme, host and port alone, such as https://shop.example.`,
      );
  }
  return config;
}

function resolveSecrets(value: unknown, env: Readonly<Record<string, string | undefined>>, path: string): unknown {
  if (typeof value === 'string' && value.startsWith('env:')) {
    const found = env[value.slice(4)];
    if (!found) throw new ConfigError(`The environment has no ${value.slice(4)}, which ${path} takes its value from.`);
    return found;
  }
  if (Array.isArray(value)) return value.map((entry, index) => resolveSecrets(entry, env, `${path}/${index}`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, resolveSecrets(entry, env, `${path}/${name}`)]));
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
