import { type Config, dataKey } from '../config.ts';
import { DESTINATIONS } from '../destinations/index.ts';
import { userPlace } from '../ingest/validate.ts';
import { RETRY_DEFAULTS } from '../outgoing/backoff.ts';
import type { Caller } from '../outgoing/call.ts';
import { createVault } from '../privacy/vault.ts';
import type { RelayDeps } from '../relay/context.ts';
import type { Storage } from '../storage/contract.ts';

/** What a relay needs of a configuration. */
export function relayDepsOf(
  config: Config,
  storage: Pick<Storage, 'outbox' | 'projections'>,
  caller: Caller,
  now: () => number,
): RelayDeps {
  const { relay } = config;
  return {
    storage,
    registry: DESTINATIONS,
    destinations: Object.entries(config.sites).flatMap(([site, { destinations = [] }]) =>
      destinations.map((entry) => ({ site, config: entry })),
    ),
    consentModeOf: (site) => config.sites[site]?.consent_mode ?? 'opt_in',
    caller,
    vault: createVault(dataKey(config.data_key)),
    retry: { ...RETRY_DEFAULTS, ...relay },
    ...(relay?.lease_ms !== undefined && { lease_ms: relay.lease_ms }),
    ...(relay?.breaker_ms !== undefined && { breaker_ms: relay.breaker_ms }),
    now,
    random: Math.random,
    userPlace,
  };
}
