import { CLICK_IDS, type EventInput } from '@orderloop/protocol/browser';

export type Page = NonNullable<EventInput['page']>;

/** Where the visitor is, in the limits of the event's schema. */
export function readPage({ document, location }: Window): Page {
  return { url: location.href, referrer: document.referrer, title: document.title.slice(0, 1024) };
}

/** The page without fragments and user parts; without `ad_storage` also without the click ids in its addresses. */
export function cleanPage(page: Page, mayKeepClicks: boolean): Page {
  return { ...page, url: cleanUrl(page.url, mayKeepClicks), referrer: cleanUrl(page.referrer, mayKeepClicks) };
}

function cleanUrl(address: string | undefined, mayKeepClicks: boolean): string | undefined {
  try {
    const url = new URL(address!);
    url.hash = url.username = url.password = '';
    // Only where there is one: a deletion spells the rest of the query anew.
    if (!mayKeepClicks) for (const { param } of CLICK_IDS) if (url.searchParams.has(param)) url.searchParams.delete(param);
    return url.href.slice(0, 4096);
  } catch {
    return undefined;
  }
}
