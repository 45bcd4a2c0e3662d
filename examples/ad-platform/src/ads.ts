import { randomBytes } from 'node:crypto';
import type { AdName } from './words/en.ts';

/** The kinds of network that shops advertise on, and the click id that each puts on its links. */
const NETWORKS = {
  social: { parameter: 'fbclid', source: 'parlour', medium: 'paid_social', prefix: 'IwY2xjaw', bytes: 72 },
  search: { parameter: 'gclid', source: 'wayfind', medium: 'cpc', prefix: 'Cj0KCQiA', bytes: 60 },
  video: { parameter: 'ttclid', source: 'flick', medium: 'paid_video', prefix: 'E.C.P.', bytes: 120 },
} as const;

export type Network = keyof typeof NETWORKS;

export interface Ad {
  name: AdName;
  network: Network;
  /** Where it leads in the shop. */
  path: string;
  campaign: string;
  /** The picture in static/, without its ending. */
  picture?: string;
}

export const ADS: readonly Ad[] = [
  { name: 'lamp', network: 'social', path: '/products/bollard', campaign: 'autumn-lights', picture: 'lamp' },
  { name: 'blanket', network: 'social', path: '/products/dune', campaign: 'slow-evenings', picture: 'blanket' },
  { name: 'reading', network: 'search', path: '/products/tern', campaign: 'search-lamps' },
  { name: 'pendant', network: 'search', path: '/products/harbour', campaign: 'search-lamps' },
  { name: 'brand', network: 'search', path: '/', campaign: 'search-brand' },
  { name: 'floor', network: 'video', path: '/products/skerry', campaign: 'lights-on', picture: 'floor' },
  { name: 'night', network: 'video', path: '/products/buoy', campaign: 'lights-on', picture: 'night' },
];

/** The link behind an ad: the shop's page, its UTM tags, and a click id that no other link has. */
export function linkOf(ad: Ad, shopUrl: string): string {
  const { source, medium, parameter } = NETWORKS[ad.network];
  const url = new URL(ad.path, shopUrl);
  url.search = new URLSearchParams({
    utm_source: source,
    utm_medium: medium,
    utm_campaign: ad.campaign,
    utm_content: ad.name,
    [parameter]: newClickId(ad.network),
  }).toString();
  return url.href;
}

/** Opaque and case-sensitive, with `-` and `_` in it: what a relay that "cleans" click ids would break. */
export function newClickId(network: Network): string {
  const { prefix, bytes } = NETWORKS[network];
  return `${prefix}${randomBytes(bytes).toString('base64url')}-_${randomBytes(3).toString('base64url')}`;
}
