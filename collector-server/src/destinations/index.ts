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

/** What people and the platforms' own pages call them. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  facebook: 'meta',
  meta_capi: 'meta',
  google: 'google_ads',
  google_dm: 'google_ads',
  google_data_manager: 'google_ads',
  data_manager: 'google_ads',
  google_ads_dm: 'google_ads',
  google_ads_data_manager: 'google_ads',
  google_ads_old: 'google_ads_api',
  google_ads_upload: 'google_ads_api',
  ga: 'ga4',
  ga4_mp: 'ga4',
  google_analytics: 'ga4',
  snap: 'snapchat',
  microsoft_uet: 'microsoft',
  microsoft_ads: 'microsoft',
  bing: 'microsoft',
  uet: 'microsoft',
  twitter: 'x',
  x_ads: 'x',
  standard_webhook: 'webhook',
};

/** By its id, or by another name that it goes by; upper case, spaces and hyphens don't matter. */
export function findDestination(name: string): Destination | undefined {
  const id = name
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
  const known = Object.hasOwn(OTHER_NAMES, id) ? OTHER_NAMES[id]! : id;
  return Object.hasOwn(DESTINATIONS, known) ? DESTINATIONS[known] : undefined;
}

const AD_PURPOSES: readonly ConsentPurpose[] = ['ad_storage', 'ad_user_data'];

/** What a buyer must have agreed to before a destination of this type is told of the order. */
export const purposesOf = (type: string): readonly ConsentPurpose[] => DESTINATIONS[type]?.capabilities.purposes ?? AD_PURPOSES;

const TEST_SETTINGS = ['test_event_code', 'test_id', 'test', 'validate_only', 'debug'] as const;

/** Whether a destination's settings make everything that it is told a test (R12). */
export const isTesting = (settings: Record<string, unknown>): boolean => TEST_SETTINGS.some((name) => Boolean(settings[name]));

const DAY_MS = 86_400_000;
const WARNED_DAYS = 90;

/** What to say of a platform's version that ends soon, or has; undefined while there is time, or nobody knows (R14). */
export function sunsetOf(
  { name, apiVersion, sunset }: Destination,
  settings: Record<string, unknown>,
  now: number,
): string | undefined {
  if (!sunset || (settings['api_version'] ?? apiVersion) !== apiVersion) return undefined;
  const days = Math.ceil((Date.parse(sunset) - now) / DAY_MS);
  if (days > WARNED_DAYS) return undefined;
  const when = days > 0 ? `ends on ${sunset}, in ${days} days` : `ended on ${sunset}`;
  return `${name} ${apiVersion} ${when}: set settings.api_version to a newer one.`;
}
