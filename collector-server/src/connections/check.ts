import { type Config, ConfigError, connectionOf } from '../config.ts';
import { SOURCES } from '../sources/index.ts';

/** What is wrong with the connections of all sites, in sentences that name the field; empty when they can be used. */
export function connectionFaults(config: Config): { path: string; detail: string }[] {
  return Object.entries(config.sites).flatMap(([site, { sources = {} }]) =>
    Object.entries(sources).flatMap(([name, { role }]) => {
      const path = `sites.${site}.sources.${name}`;
      const source = Object.hasOwn(SOURCES, name) ? SOURCES[name] : undefined;
      if (!source) return [{ path, detail: `There is no such source; known are ${Object.keys(SOURCES).join(', ')}.` }];
      const faults = source.check(connectionOf(config, site, name)!);
      if (!role && source.role === null)
        faults.unshift(
          'role is missing: `payments` when your shop or your server sends the orders, `orders` when these payments are the orders.',
        );
      return faults.map((detail) => ({ path, detail }));
    }),
  );
}

/** Throws ConfigError for the first connection that can't be used. */
export function assertConnections(config: Config): void {
  const [fault] = connectionFaults(config);
  if (fault) throw new ConfigError(`The configuration can’t be used: ${fault.path}: ${fault.detail}`);
}
