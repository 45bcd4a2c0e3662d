import { statSync } from 'node:fs';
import { type Config, secretFiles } from '../config.ts';
import type { Finding } from './doctor.ts';

const DAY_MS = 86_400_000;
const MAX_AGE_DAYS = 180;
const MIN_LENGTH = 16;
/** What examples and tutorials are full of. */
const PLACEHOLDER =
  /change.?me|placeholder|^(?:[a-z]+_)*(?:secret|password|token|key|test|demo|default|example|admin|0+|x+|123\d*)$|^your|example/i;

/** Secrets that anybody could guess, and those in files that nobody has changed for long (A13). `written` is the configuration as it stands in its file. */
export function checkSecrets(config: Config, written: unknown, now: number): Finding[] {
  return [...secretsOf(config).flatMap(([check, secret]) => checkSecret(check, secret)), ...checkAges(written, now)];
}

function secretsOf({ data_key, dashboard_token, sites }: Config): [string, string][] {
  const all: [string, string][] = [
    ['data_key', data_key],
    ['dashboard_token', dashboard_token],
  ];
  for (const [site, { secret_keys, signing_secrets, sources = {} }] of Object.entries(sites)) {
    for (const key of secret_keys) all.push([`sites.${site}.secret_keys`, key]);
    for (const secret of signing_secrets) all.push([`sites.${site}.signing_secrets`, secret]);
    for (const [source, { secrets = [] }] of Object.entries(sources))
      for (const secret of secrets) all.push([`sites.${site}.sources.${source}.secrets`, secret]);
  }
  return all;
}

function checkSecret(check: string, secret: string): Finding[] {
  if (PLACEHOLDER.test(secret))
    return [
      { check, level: 'warning', detail: 'Looks like a value from an example: make one of your own (openssl rand -base64 32).' },
    ];
  if (secret.length < MIN_LENGTH)
    return [{ check, level: 'warning', detail: `Shorter than ${MIN_LENGTH} characters: it can be guessed. Make a longer one.` }];
  return [];
}

/** A file's age is that of the secret in it; how old one of the environment is, nobody knows. */
function checkAges(written: unknown, now: number): Finding[] {
  return secretFiles(written).flatMap(({ path, file }): Finding[] => {
    const days = Math.floor((now - statSync(file).mtimeMs) / DAY_MS);
    const check = path.slice(1).replaceAll('/', '.');
    return days > MAX_AGE_DAYS
      ? [{ check, level: 'warning', detail: `Has not been changed for ${days} days: replace it at least every ${MAX_AGE_DAYS}.` }]
      : [];
  });
}
