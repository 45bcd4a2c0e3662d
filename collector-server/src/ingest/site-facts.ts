import { type Config, dataKey } from '../config.ts';
import { createVault } from '../privacy/vault.ts';
import type { SiteFacts } from './project.ts';

/** What the projectors need to know of each configured site; of one that is gone, that nobody is told of its orders. */
export function siteFactsOf(config: Pick<Config, 'sites' | 'data_key'>): (site: string) => SiteFacts {
  const facts = new Map(
    Object.entries(config.sites).map(
      ([site, { consent_mode = 'opt_in', origins, destinations = [], blocked_identifiers = [] }]): [string, SiteFacts] => [
        site,
        {
          consentMode: consent_mode,
          hosts: origins.map((origin) => new URL(origin).hostname),
          destinations: destinations.map(({ id }) => id),
          blocked: blockedOf(blocked_identifiers, config),
        },
      ],
    ),
  );
  return (site) => facts.get(site) ?? { consentMode: 'opt_in', hosts: [], destinations: [] };
}

/** As they are, and as the keyed hashes that addresses and numbers are kept as. */
function blockedOf(values: readonly string[], { data_key }: Pick<Config, 'data_key'>): ReadonlySet<string> {
  if (values.length === 0) return new Set();
  const vault = createVault(dataKey(data_key));
  return new Set(
    values.flatMap((value) => {
      const sealed = (['email', 'phone'] as const).map((type) => vault.sealIdentifier({ type, value })?.value);
      return [value, ...sealed].flatMap((text) => text?.trim().toLowerCase() ?? []);
    }),
  );
}
