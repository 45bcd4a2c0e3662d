/** What the collector answered, or the code of why not; `unavailable` when there was no answer to be read. */
export type Answer<T> = { value: T } | { code: string; retry_after?: number };

/** `GET` for a decision that nobody waits longer for. */
export function get<T>(address: string, timeout_ms: number): Promise<Answer<T>> {
  return ask<T>(address, { signal: AbortSignal.timeout(timeout_ms) });
}

/** `POST` as plain text, which needs no preflight. */
export function post<T>(address: string, body: Record<string, unknown>): Promise<Answer<T>> {
  return ask<T>(address, { method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(10_000) });
}

async function ask<T>(address: string, init: RequestInit): Promise<Answer<T>> {
  try {
    const reply = await fetch(address, { ...init, credentials: 'omit' });
    const body = await reply.json();
    return reply.ok ? { value: body as T } : { code: body.code ?? 'unavailable', retry_after: body.retry_after };
  } catch {
    return { code: 'unavailable' };
  }
}

/** The address if a browser may open it: never `javascript:`, `data:` and the like. */
export function safeAddress(address: string | undefined, base: string): URL | undefined {
  if (!address) return undefined;
  try {
    const url = new URL(address, base);
    return /^https?:$/.test(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}
