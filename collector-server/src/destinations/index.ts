import type { ConsentPurpose } from '@orderloop/protocol';
import type { Destination } from './contract.ts';
import { ga4 } from './ga4.ts';
import { googleAds } from './google-ads.ts';
import { googleAdsApi } from './google-ads-api.ts';
import { linkedin } from './linkedin.ts';
import { meta } from './meta.ts';
import { microsoft } from './microsoft.ts';
import { pinterest } from './pinterest.ts';
import { reddit } from './reddit.ts';
import { snapchat } from './snapchat.ts';
import { tiktok } from './tiktok.ts';
import { webhook } from './webhook.ts';
import { x } from './x.ts';

/** Every conversion destination: one more is one more line. */
const ALL = [
  meta,
  googleAds,
  googleAdsApi,
  ga4,
  tiktok,
  pinterest,
  snapchat,
  microsoft,
  reddit,
  linkedin,
  x,
  webhook,
] as unknown as readonly Destination[];

/** By their ids. */
export const DESTINATIONS: Readonly<Record<string, Destination>> = Object.fromEntries(ALL.map((one) => [one.id, one]));

const AD_PURPOSES: readonly ConsentPurpose[] = ['ad_storage', 'ad_user_data'];

/** What a buyer must have agreed to before a destination of this type is told of the order. */
export const purposesOf = (type: string): readonly ConsentPurpose[] => DESTINATIONS[type]?.capabilities.purposes ?? AD_PURPOSES;

const TEST_SETTINGS = ['test_event_code', 'test_id', 'test', 'validate_only', 'debug'] as const;

/** Whether a destination's settings make everything that it is told a test (R12). */
export const isTesting = (settings: Record<string, unknown>): boolean => TEST_SETTINGS.some((name) => Boolean(settings[name]));
