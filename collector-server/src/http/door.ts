import type { Asset } from './deps.ts';

/** What is answered at the collector's own address alone: through a shop's door it would share the origin of every script of the shop. */
const INDOORS = /^\/(?:$|dashboard(?:$|[/.])|metrics$|v1\/dashboard(?:$|\/))/;

/** The first-party door of the configuration: the path under which a shop's own host passes requests on. */
export interface DoorConfig {
  path?: string | undefined;
  script?: string | undefined;
}

/** Takes the door's path off an address; undefined when it does not begin with it. */
export function throughDoor(url: string, path: string): string | undefined {
  if (!url.startsWith(path)) return undefined;
  const rest = url.slice(path.length);
  if (rest === '' || rest[0] === '?') return `/${rest}`;
  return rest[0] === '/' ? rest : undefined;
}

/** Whether a path is answered through the door too. */
export function isAnsweredAtDoor(path: string): boolean {
  return !INDOORS.test(path);
}

/** The bundles, and the SDK also under the name that the shop chose for it. */
export function withDoorScript(assets: ReadonlyMap<string, Asset>, { script }: DoorConfig = {}): ReadonlyMap<string, Asset> {
  const sdk = assets.get('/orderloop.js');
  return script && sdk ? new Map([...assets, [`/${script}`, sdk]]) : assets;
}
