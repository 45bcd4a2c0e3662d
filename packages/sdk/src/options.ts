import type { User } from '@orderloop/protocol/browser';
import type { Choice } from './consent.ts';
import type { TrackedName, TrackParams } from './ecommerce.ts';
import type { Environment } from './environment.ts';
import type { PixelOrder } from './pixels.ts';

export interface OrderloopOptions {
  /** The publishable write key, `pk_<site>_<random>`. */
  key: string;
  /** The collector's address: an origin, or the path of a first-party door. */
  endpoint: string;
  /** `granted` where the site needs no opt-in. Otherwise nothing is stored or sent before a choice. */
  consent?: 'granted' | undefined;
  /** Whether page views are counted without being asked for; true by default. */
  pageView?: boolean;
  /** Whether to warn on the console; by default on development hosts. */
  debug?: boolean;
  /** What to use in place of the browser's own. */
  environment?: Partial<Environment>;
}

/** The ids that an order can be stitched by. */
export interface SessionIds {
  visitor_id: string;
  session_id: string;
  /** What a store carries through its checkout. */
  session_ref: string;
}

export type SessionCallback = (ids: SessionIds | null) => void;

export interface Orderloop {
  readonly site: string;
  track<Name extends TrackedName>(name: Name, ...params: TrackParams<Name>): void;
  /** Says who the visitor is. Without `ad_user_data` the id alone is sent. */
  identify(user: User): void;
  /** Hears a choice; purposes that it doesn't name stay as they are. */
  consent(choice: Choice): void;
  /** Calls back once it is known: at once, or after the first choice. Null when consent does not allow ids. */
  session(callback: SessionCallback): void;
  /** The id that a shop's own pixel should send for an order, so that platforms count it once. */
  conversionId(order_id: string, stage?: string): string;
  /** Tells the shop's own pixels of an order under that id: `fbq`, `ttq` and `gtag`, those that are on the page. */
  firePixels(order: PixelOrder): void;
  /** Sends what waits now. */
  flush(): Promise<void>;
  /** Hands over what waits, and removes every listener. */
  stop(): void;
}

/** The site that a publishable key names: all between its first and its last underscore. */
export function siteOfKey(key: string): string | undefined {
  return /^pk_(.+)_[^_]+$/.exec(key)?.[1];
}
