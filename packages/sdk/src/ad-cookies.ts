import { AD_COOKIES } from '@orderloop/protocol/browser';

/** The ad platforms' first-party cookies, as they stand. */
export function readAdCookies(document: Document): Record<string, string> {
  const found: Record<string, string> = {};
  let cookies = '';
  try {
    cookies = document.cookie;
  } catch {
    // A sandboxed frame.
  }
  for (const cookie of cookies.split('; ')) {
    const end = cookie.indexOf('=');
    const name = cookie.slice(0, end);
    const value = cookie.slice(end + 1);
    // GA4 keeps its session in a cookie that the stream's id is part of.
    if (((AD_COOKIES as readonly string[]).includes(name) || /^_ga_/.test(name)) && value.length <= 1024) found[name] = value;
  }
  return found;
}
