import type { ConsentPurpose } from '@orderloop/protocol';
import { type Config, dataKey, type SiteConfig } from '../config.ts';
import { createVault } from '../privacy/vault.ts';
import type { ConsentMode } from '../stitch/conversion.ts';

/** Sessions and orders that one key may tie together; a key that many share ties nothing that can be trusted. */
export const MAX_MATCHES = 100;

/**
 * Whoever has more orders than this is no new customer with any of them, and one more changes nothing for the others: a counter
 * may write the same address on everybody's.
 */
export const MANY_ORDERS = 200;

/** What the projectors need to know of a site. */
export interface SiteFacts {
  consentMode: ConsentMode;
  /** The shop's own hosts, whose referrals are no referral. */
  hosts: readonly string[];
  /** The destinations that are told of its conversions, and what each needs the buyer's yes to. */
  destinations: readonly { id: string; purposes: readonly ConsentPurpose[] }[];
  /** Values that many of its visitors share, in lower case: no identifiers. */
  blocked?: ReadonlySet<string>;
  /** Sources whose payments are evidence of orders that another source sends. */
  payments?: ReadonlySet<string>;
}

/** What the projectors need to know of each configured site; of one that is gone, that nobody is told of its orders. */
export function siteFactsOf(
  config: Pick<Config, 'sites' | 'data_key'>,
  purposesOf: (type: string) => readonly ConsentPurpose[],
): (site: string) => SiteFacts {
  const facts = new Map(
    Object.entries(config.sites).map(([site, siteConfig]): [string, SiteFacts] => {
      const { consent_mode = 'opt_in', origins, destinations = [], blocked_identifiers = [] } = siteConfig;
      return [
        site,
        {
          consentMode: consent_mode,
          hosts: origins.map((origin) => new URL(origin).hostname),
          destinations: destinations.map(({ id, type }) => ({ id, purposes: purposesOf(type) })),
          blocked: blockedOf(blocked_identifiers, config),
          payments: paymentSources(siteConfig),
        },
      ];
    }),
  );
  return (site) => facts.get(site) ?? { consentMode: 'opt_in', hosts: [], destinations: [] };
}

/** None, where nothing but payments comes: then they are the orders (order-sources §14.4). */
function paymentSources({ sources = {}, signing_secrets }: SiteConfig): ReadonlySet<string> {
  const connections = Object.entries(sources);
  const hasOrders = signing_secrets.length > 0 || connections.some(([, { role }]) => role !== 'payments');
  return new Set(hasOrders ? connections.flatMap(([name, { role }]) => (role === 'payments' ? [name] : [])) : []);
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
