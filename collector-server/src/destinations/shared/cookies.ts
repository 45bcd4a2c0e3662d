import { type Conversion, clickIdValue } from '@orderloop/protocol';

/**
 * A click: the one that is stated, else the one in the page's address, else the one that the platform's tag keeps in a cookie
 * (relays §3). Opaque: never changed.
 */
export function clickOf(
  { click_ids, cookies, page }: Pick<Conversion, 'click_ids' | 'cookies' | 'page'>,
  param: string,
  ...names: readonly string[]
): string | undefined {
  const value = clickIdValue(click_ids?.[param]) ?? clickInUrl(page?.url, param);
  if (value) return value;
  for (const name of names) if (cookies?.[name]) return cookies[name];
  return undefined;
}

/** A click in an address. */
function clickInUrl(url: string | undefined, param: string): string | undefined {
  if (!url?.includes(`${param}=`) || !URL.canParse(url)) return undefined;
  return new URL(url).searchParams.get(param) ?? undefined;
}

/** `client_id` of a `_ga` cookie: its last two parts. */
export const gaClientId = (cookie: string | undefined): string | undefined => /^GA\d\.\d\.(\d+\.\d+)$/.exec(cookie ?? '')?.[1];

/** `session_id` of a `_ga_ID` cookie, in its shape before and since May 2025. */
export const gaSessionId = (cookie: string | undefined): string | undefined => /^GS\d\.\d\.s?(\d+)/.exec(cookie ?? '')?.[1];

/** A click in a `_gcl_aw`, `_gcl_gb` or `_gcl_ag` cookie. */
export const gclClick = (cookie: string | undefined): string | undefined =>
  /^GCL\.\d+\.(.+)$/.exec(cookie ?? '')?.[1] ?? /^\d\.\d\.k([^$]+)/.exec(cookie ?? '')?.[1];
