import type { Config } from '../config.ts';
import type { SiteFacts } from './project.ts';

/** What the projectors need to know of each configured site; of one that is gone, that nobody is told of its orders. */
export function siteFactsOf(config: Pick<Config, 'sites'>): (site: string) => SiteFacts {
  const facts = new Map(
    Object.entries(config.sites).map(([site, { consent_mode = 'opt_in', origins, destinations = [] }]): [string, SiteFacts] => [
      site,
      {
        consentMode: consent_mode,
        hosts: origins.map((origin) => new URL(origin).hostname),
        destinations: destinations.map(({ id }) => id),
      },
    ]),
  );
  return (site) => facts.get(site) ?? { consentMode: 'opt_in', hosts: [], destinations: [] };
}
