import type { IncomingMessage } from 'node:http';
import { botFlag } from './bots.ts';

const NAMES = ['gpc', 'low_trust', 'bot'] as const;
/** Every combination, made once: the flags of a request are on each of its events. */
const COMBINATIONS = Array.from({ length: 2 ** NAMES.length }, (_, bits) => NAMES.filter((_name, bit) => bits & (1 << bit)));

/** What is to be known of everything that a browser's request brings. */
export function flagsOf({ headers }: IncomingMessage, { low_trust }: { low_trust?: boolean | undefined }): readonly string[] {
  const gpc = headers['sec-gpc'] === '1' ? 1 : 0;
  return COMBINATIONS[gpc | (low_trust ? 2 : 0) | (botFlag(headers['user-agent']) ? 4 : 0)]!;
}
