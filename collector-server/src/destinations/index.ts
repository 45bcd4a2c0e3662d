import type { Destination } from './contract.ts';
import { meta } from './meta.ts';
import { webhook } from './webhook.ts';

/** Every conversion destination by its id: one more is one more line. */
export const DESTINATIONS: Readonly<Record<string, Destination>> = {
  meta: meta as unknown as Destination,
  webhook: webhook as unknown as Destination,
};
