/** The cookies of a request, by name; the first of two with one name counts. */
export function readCookies(header: string | undefined): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of header?.split(';') ?? []) {
    const cut = pair.indexOf('=');
    const name = pair.slice(0, cut).trim();
    if (cut > 0 && !cookies.has(name)) cookies.set(name, pair.slice(cut + 1).trim());
  }
  return cookies;
}

/** A cookie of this shop alone; `maxAge` is in seconds, and 0 takes it away. */
export function writeCookie(
  name: string,
  value: string,
  { maxAge, httpOnly = false, secure }: { maxAge: number; httpOnly?: boolean; secure: boolean },
) {
  return `${name}=${value}; Path=/; Max-Age=${maxAge}; SameSite=Lax${httpOnly ? '; HttpOnly' : ''}${secure ? '; Secure' : ''}`;
}
