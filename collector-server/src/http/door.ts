import type { IncomingMessage } from 'node:http';
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

const doors = new WeakMap<IncomingMessage, string>();

/** Keeps by which path of the shop's host a request came, for links in its answer. */
export function cameThrough(request: IncomingMessage, path: string): void {
  doors.set(request, path);
}

/** The path in front of links for whoever asked: of the door that the request came through, or undefined. */
export const doorOf = (request: IncomingMessage): string | undefined => doors.get(request);

/** Whether a path is answered through the door too. */
export function isAnsweredAtDoor(path: string): boolean {
  return !INDOORS.test(path);
}

/** The bundles, and the SDK also under the name that the shop chose for it. */
export function withDoorScript(assets: ReadonlyMap<string, Asset>, { script }: DoorConfig = {}): ReadonlyMap<string, Asset> {
  const sdk = assets.get('/orderloop.js');
  return script && sdk ? new Map([...assets, [`/${script}`, sdk]]) : assets;
}
