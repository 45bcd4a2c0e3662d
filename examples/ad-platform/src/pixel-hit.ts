import type { Arrival } from './inbox.ts';

/** A transparent GIF of one pixel. */
export const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/** Reads `GET /tr?id=&ev=&eid=&cd[value]=&cd[currency]=&dl=&ts=`; undefined when it is no hit. */
export function readHit(search: URLSearchParams): (Arrival & { dataset: string }) | undefined {
  const dataset = search.get('id');
  const event_name = search.get('ev');
  if (!dataset || !event_name || event_name.length > 100) return undefined;
  const value = search.get('cd[value]');
  const number = value === null || value === '' ? Number.NaN : Number(value);
  return {
    dataset,
    event_name,
    event_id: search.get('eid') || null,
    source: 'pixel',
    value: Number.isFinite(number) ? number : null,
    currency: search.get('cd[currency]'),
    raw: Object.fromEntries([...search].map(([name, text]) => [name, text.slice(0, 2000)])),
  };
}
