import type { Connection, SessionIds } from '@orderloop/sdk';

type Command = NonNullable<Window['orderloop']>;

/** Calls the SDK, or the stub that stands in for it until it comes; a page without either hears nothing. */
export const command = ((...call: unknown[]) =>
  (window.orderloop as ((...call: unknown[]) => void) | undefined)?.(...call)) as Pick<Command, never> & Command;

/** Where to ask, as soon as the SDK runs; undefined when it has not come in time. An element's own endpoint wins. */
export function connect(endpoint: string | undefined, timeout_ms: number): Promise<Connection | undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, timeout_ms);
    command('ready', (connection) => resolve(endpoint ? { ...connection, endpoint } : connection));
  });
}

/** Calls back with the ids once consent is known, and says whether that was at once. */
export function askSession(callback: (ids: SessionIds | null) => void): boolean {
  let isKnown = false;
  command('session', (ids) => {
    isKnown = true;
    callback(ids);
  });
  return isKnown;
}
