import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, readConfig } from '../config.ts';
import type { StorageSpec } from '../storage/open.ts';
import { parseOr, say, UnusableInput } from './io.ts';

export const OPTIONS = {
  port: { type: 'string', default: '4100' },
  host: { type: 'string', default: '127.0.0.1' },
  data: { type: 'string', default: '.data' },
  config: { type: 'string' },
  'database-url': { type: 'string' },
} as const;

/** Where `npm run build` puts the browser bundles. */
export const ASSETS_FOLDER = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'dist');

/**
 * The configuration of a file; without one, that of the data folder, which is made at first: one site with keys of its
 * own, so that a first page can send within a minute.
 */
export function loadConfig(file: string | undefined, dataFolder: string): Config {
  const path = configPath(file, dataFolder);
  if (file === undefined && !existsSync(path)) {
    mkdirSync(dataFolder, { recursive: true });
    writeFileSync(path, `${JSON.stringify(firstConfig(), null, 2)}\n`, { mode: 0o600 });
    say(`Made ${path} with a first site, "shop": put your shop's address into its origins. It holds secrets: keep it private.`);
  }
  if (!existsSync(path)) throw new UnusableInput(`There is no configuration at ${path}.`);
  return readConfig(writtenConfig(file, dataFolder), process.env);
}

/** The configuration as it is written, before anything is put in. */
export function writtenConfig(file: string | undefined, dataFolder: string): unknown {
  const path = configPath(file, dataFolder);
  return parseOr(readFileSync(path, 'utf8'), `The configuration at ${path} is not JSON.`);
}

const configPath = (file: string | undefined, dataFolder: string): string => file ?? join(dataFolder, 'orderloop.json');

export function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UnusableInput('--port must be a number from 0 to 65535.');
  return port;
}

/** The site that the command line names; the only one where it names none. Throws UnusableInput. */
export function siteOf({ sites }: Pick<Config, 'sites'>, asked: string | undefined): string {
  const names = Object.keys(sites);
  const site = asked ?? (names.length === 1 ? names[0] : undefined);
  if (site === undefined || !names.includes(site)) throw new UnusableInput(`--site is one of ${names.join(', ')}.`);
  return site;
}

/** The store that the command line names. */
export function storageSpec(values: { data: string; 'database-url'?: string | undefined }): StorageSpec {
  const given = values['database-url'] ?? process.env['ORDERLOOP_DATABASE_URL'];
  if (given === undefined || given === '') return { engine: 'sqlite', folder: values.data };
  return { engine: 'postgres', url: databaseUrl(given) };
}

/** From the environment by `env:NAME`, so that a password need not be on the command line, which every user can read. */
export function databaseUrl(given: string): string {
  const url = given.startsWith('env:') ? process.env[given.slice(4)] : given;
  if (!url || !/^postgres(ql)?:\/\//.test(url))
    throw new UnusableInput('The database must be postgres://user@host/database, or env:NAME for a variable that holds it.');
  return url;
}

const random = (bytes: number): string => randomBytes(bytes).toString('base64url').replace(/[-_]/g, 'x');

function firstConfig(): Config {
  return {
    data_key: randomBytes(32).toString('base64'),
    dashboard_token: random(24),
    sites: {
      shop: {
        name: 'My shop',
        publishable_keys: [`pk_shop_${random(12)}`],
        secret_keys: [`sk_shop_${random(32)}`],
        signing_secrets: [`whsec_${randomBytes(24).toString('base64')}`],
        origins: ['http://localhost:3000'],
        custom_events: 'any',
        destinations: [],
      },
    },
  };
}
