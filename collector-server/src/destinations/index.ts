import type { ConsentPurpose } from '@orderloop/protocol';
import type { Destination } from './contract.ts';
import { meta } from './meta.ts';
import { webhook } from './webhook.ts';

/** Every conversion destination by its id: one more is one more line. */
export const DESTINATIONS: Readonly<Record<string, Destination>> = {
  meta: meta as unknown as Destination,
  webhook: webhook as unknown as Destination,
};

const AD_PURPOSES: readonly ConsentPurpose[] = ['ad_storage', 'ad_user_data'];

/** What a buyer must have agreed to before a destination of this type is told of the order. */
export const purposesOf = (type: string): readonly ConsentPurpose[] => DESTINATIONS[type]?.capabilities.purposes ?? AD_PURPOSES;

const TEST_SETTINGS = ['test_event_code', 'test_id', 'test', 'validate_only', 'debug'] as const;

/** Whether a destination's settings make everything that it is told a test (R12). */
export const isTesting = (settings: Record<string, unknown>): boolean => TEST_SETTINGS.some((name) => Boolean(settings[name]));
