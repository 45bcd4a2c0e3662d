import { isbot } from 'isbot';
import { LRUCache } from 'lru-cache';

const MAX_LENGTH = 512;
const MAX_KNOWN = 10_000;

const known = new LRUCache<string, boolean>({ max: MAX_KNOWN });

/**
 * Whether a browser's name is that of a known crawler, library or headless browser (R3): a reason to flag, never to drop.
 * The list is isbot's, dated by its version in the lock file. It is one expression over at most 512 characters (L6), and
 * asked once for each name.
 */
export function botFlag(userAgent: string | undefined): boolean {
  // A browser always says its name; what says nothing is a program.
  if (!userAgent) return true;
  const name = userAgent.length > MAX_LENGTH ? userAgent.slice(0, MAX_LENGTH) : userAgent;
  let isBot = known.get(name);
  if (isBot === undefined) {
    isBot = isbot(name);
    known.set(name, isBot);
  }
  return isBot;
}
