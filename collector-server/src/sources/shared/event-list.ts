import type { Cursor, OrderFact, Page, SourceReading } from '../contract.ts';
import { type Json, reading } from './fields.ts';

/** What one request may cover: a backlog is read day by day, so that what is old comes first. */
const WINDOW_MS = 86_400_000;
/** What happened shortly before now may not be listed yet: a window that ends later is left open. */
const SETTLED_MS = 600_000;
/** Longer than this no gateway lists its events. */
const KEPT_MS = 30 * 86_400_000;

/*
 * Gateways list their events newest first, so the first page does not lead on in time. A day that is over is a closed window,
 * which nothing is added to while it is paged through. The last window is open: what is added to it meanwhile comes before the
 * first page, so the newest event that was seen is carried along, and reading goes on from there, until one page is all.
 */

/** Where the window that begins at a cursor ends, in UTC ms; null while it is open. Pages after the first need no end. */
export function windowEnd({ from, page }: Cursor, now: number): number | null {
  return page === null && from + WINDOW_MS <= now - SETTLED_MS ? from + WINDOW_MS : null;
}

/** What a cursor's page is to the platform; null on the first. */
export const platformPage = ({ page }: Cursor): string | null => (page === null ? null : page.slice(page.indexOf(' ') + 1));

/**
 * Where to read on. `newest` is the newest event of the page that was read (UTC ms, null where it was empty), `next_page` what the
 * platform calls the page after it, null where that was the last.
 */
export function nextInWindows(
  cursor: Cursor,
  { newest, next_page }: { newest: number | null; next_page: string | null },
  now: number,
): Cursor | null {
  const { from, page } = cursor;
  const seen = Math.max(newest ?? from, page === null ? from : Number.parseInt(page, 10));
  if (next_page !== null) return { from, page: `${seen} ${next_page}` };
  if (page !== null) return { from: Math.max(seen, from + 1000), page: null };
  const end = windowEnd(cursor, now);
  if (end === null) return null;
  // Days that no platform still knows are not asked for one by one.
  return { from: Math.max(end, Math.floor((now - KEPT_MS) / 1000) * 1000), page: null };
}

/** Reads each event of a list as if it had been delivered; one that can't be read keeps no other waiting. */
export function readEvents(events: readonly Json[], read: (event: Json) => SourceReading): Pick<Page, 'facts' | 'unusable'> {
  const facts: OrderFact[] = [];
  const unusable: Page['unusable'] = [];
  for (const event of events) {
    const found = reading(() => read(event));
    if (found.kind === 'facts') facts.push(...found.facts);
    if (found.kind === 'unusable') unusable.push({ ...found, order_id: null, raw: event });
  }
  return { facts, unusable };
}
