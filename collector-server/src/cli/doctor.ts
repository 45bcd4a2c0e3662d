import { parseArgs } from 'node:util';
import type { Config } from '../config.ts';
import { connectionFaults } from '../connections/check.ts';
import { DESTINATIONS, isTesting, sunsetOf } from '../destinations/index.ts';
import { projectionLag } from '../ingest/project.ts';
import { LIMIT_DEFAULTS } from '../limits.ts';
import { refuseTarget } from '../outgoing/target.ts';
import type { Storage } from '../storage/contract.ts';
import { openStorage } from '../storage/open.ts';
import { checkSecrets } from './doctor-secrets.ts';
import { printJson, RunFailure } from './io.ts';
import { loadConfig, OPTIONS, storageSpec, writtenConfig } from './setup.ts';

export type Finding = { check: string; level: 'ok' | 'warning' | 'error'; detail: string };

const EARLIEST_SANE_MS = Date.UTC(2026, 0, 1);

/** `orderloop doctor`: what is wrong, and what to do about it. Fails when anything must be mended. */
export async function doctor(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const config = loadConfig(values.config, values.data);
  const storage = await openStorage(storageSpec(values));
  try {
    const findings = [
      ...checkConfig(config),
      ...checkSecrets(config, writtenConfig(values.config, values.data), Date.now()),
      checkLimits(config),
      ...checkDestinations(config, Date.now()),
      ...(await checkStorage(storage)),
      ...(await checkQueues(storage, config)),
      checkClock(Date.now()),
    ];
    const errors = findings.filter(({ level }) => level === 'error').length;
    printJson({ ok: errors === 0, findings });
    if (errors > 0) throw new RunFailure(`${errors} ${errors === 1 ? 'thing' : 'things'} to mend; see the findings.`);
  } finally {
    await storage.close();
  }
}

function checkConfig(config: Config): Finding[] {
  const findings: Finding[] = [{ check: 'configuration', level: 'ok', detail: `${Object.keys(config.sites).length} site(s).` }];
  const warn = (check: string, detail: string) => findings.push({ check, level: 'warning', detail });
  if (!config.public_url)
    warn(
      'public_url',
      'Not set: the API’s description names no server, and the dashboard’s cookie is not bound to https. Set it to the address that browsers reach the collector at.',
    );
  if (config.open_dashboard)
    warn(
      'open_dashboard',
      'The dashboard is open to everybody on this machine. Take it out of the configuration outside a demo.',
    );
  if (config.public_url?.startsWith('https:') && !config.trusted_proxies?.length)
    warn(
      'trusted_proxies',
      'Empty, though public_url is https: what ends TLS in front is taken for every visitor. List its address, so that limits and events see who asks.',
    );
  if (config.data_key.length < 40) warn('data_key', 'Short: make a new one before real data comes in (openssl rand -base64 32).');
  for (const [site, { origins, secret_keys, signing_secrets }] of Object.entries(config.sites)) {
    if (origins.length === 0) warn(`sites.${site}.origins`, 'Empty: no page can send events.');
    for (const origin of origins)
      if (origin.startsWith('http:') && !/^http:\/\/(localhost|127\.)/.test(origin))
        warn(`sites.${site}.origins`, `${origin} is not https.`);
    if (secret_keys.length === 0 || signing_secrets.length === 0)
      warn(`sites.${site}.secret_keys`, 'No secret key or no signing secret: the shop’s server can’t send orders.');
  }
  for (const { path, detail } of connectionFaults(config)) findings.push({ check: path, level: 'error', detail });
  return findings;
}

/** Every limit that is in force, and how it is written in the configuration. */
function checkLimits({ limits = {} }: Config): Finding {
  const inForce = Object.entries({ ...LIMIT_DEFAULTS, ...limits });
  return { check: 'limits', level: 'ok', detail: inForce.map(([name, value]) => `${name} ${value}`).join(', ') };
}

function checkDestinations(config: Config, now: number): Finding[] {
  return Object.entries(config.sites).flatMap(([site, { destinations = [] }]) =>
    destinations.map(({ id, type, settings }): Finding => {
      const check = `sites.${site}.destinations.${id}`;
      const destination = Object.hasOwn(DESTINATIONS, type) ? DESTINATIONS[type] : undefined;
      if (!destination)
        return {
          check,
          level: 'error',
          detail: `There is no destination ${type}; known are ${Object.keys(DESTINATIONS).join(', ')}.`,
        };
      const [wrong] = destination.checkSettings(settings);
      if (wrong) return { check, level: 'error', detail: wrong };
      const target = settings['url'] ?? settings['endpoint'];
      const refused = typeof target === 'string' ? refuseTarget(target, config.allow_private_targets ?? []) : null;
      if (refused) return { check, level: 'error', detail: refused };
      if (isTesting(settings))
        return { check, level: 'warning', detail: 'Test mode is on: take it out of the settings before going live.' };
      const ends = sunsetOf(destination, settings, now);
      if (ends) return { check, level: 'warning', detail: ends };
      return { check, level: 'ok', detail: `${type} ${destination.apiVersion}` };
    }),
  );
}

/** What is queued for a destination that the configuration no longer has waits for ever: it may be a mistake. */
async function checkQueues({ outbox }: Pick<Storage, 'outbox'>, { sites }: Config): Promise<Finding[]> {
  const isConfigured = (site: string, id: string) => sites[site]?.destinations?.some((entry) => entry.id === id) ?? false;
  const left = (await outbox.tally(undefined)).filter(
    ({ site, destination, state }) =>
      (state === 'waiting' || state === 'paused' || state === 'pending') && !isConfigured(site, destination),
  );
  return left.map(({ site, destination, count }) => ({
    check: `sites.${site}.destinations`,
    level: 'warning',
    detail: `${count} conversion(s) wait for ${destination}, which is not configured any more: put it back, or leave them.`,
  }));
}

async function checkStorage(storage: Storage): Promise<Finding[]> {
  const [head, lag, outbox, dead_letters] = await Promise.all([
    storage.log.head(),
    projectionLag(storage),
    storage.outbox.counts(),
    storage.deadLetters.count(),
  ]);
  const findings: Finding[] = [
    await storage.check().then(
      (): Finding => ({ check: 'store', level: 'ok', detail: `Writable and durable; ${head} events.` }),
      (error: Error): Finding => ({ check: 'store', level: 'error', detail: `Can’t be written to: ${error.message}` }),
    ),
  ];
  if (lag > 0)
    findings.push({
      check: 'projections',
      level: 'warning',
      detail: `${lag} events behind; they catch up when the collector runs.`,
    });
  if (outbox.dead > 0)
    findings.push({
      check: 'outbox',
      level: 'warning',
      detail: `${outbox.dead} conversion(s) were given up; the journeys of their orders say why.`,
    });
  if (dead_letters > 0)
    findings.push({
      check: 'dead_letters',
      level: 'warning',
      detail: `${dead_letters} event(s) or deliveries were refused; GET /v1/dead-letters says why.`,
    });
  return findings;
}

function checkClock(now: number): Finding {
  return now < EARLIEST_SANE_MS
    ? {
        check: 'clock',
        level: 'error',
        detail: 'The clock stands before 2026: signatures will be refused, and platforms will refuse conversions. Set it.',
      }
    : { check: 'clock', level: 'ok', detail: new Date(now).toISOString() };
}
