import { retryAfterMs } from './backoff.ts';
import type { Environment } from './environment.ts';
import type { Warn } from './warn.ts';

/** After this the collector has hung up anyway (reliability-security §2), and a hanging request would hold the queue. */
const TIMEOUT_MS = 30_000;

/** What became of a batch: done with, or to be sent again after at least so many ms. */
export type Outcome = { retry: false } | { retry: true; after_ms: number };

/** One request. `text/plain` needs no preflight; `keepalive` lets it outlive the page. Never rejects. */
export async function post(environment: Environment, url: string, body: string, warn: Warn): Promise<Outcome> {
  try {
    const signal = AbortSignal.timeout?.(TIMEOUT_MS);
    const reply = await environment.fetch(url, { method: 'POST', body, keepalive: true, credentials: 'omit', signal });
    const { status } = reply;
    if (status === 408 || status === 429 || status >= 500) {
      return { retry: true, after_ms: retryAfterMs(reply.headers.get('retry-after'), environment.now()) };
    }
    await report(reply, warn);
    return { retry: false };
  } catch {
    return { retry: true, after_ms: 0 };
  }
}

async function report(reply: Response, warn: Warn): Promise<void> {
  if (!reply.ok) return warn('batch_refused', `the collector answered ${reply.status}; the batch is dropped`);
  const receipt = (await reply.json().catch(() => undefined)) as { rejected?: { code: string; pointer: string }[] } | undefined;
  const rejected = receipt?.rejected?.[0];
  if (rejected) warn('event_rejected', `${rejected.code} at ${rejected.pointer}`);
}
