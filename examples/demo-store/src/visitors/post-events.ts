import type { EventInput } from '@orderloop/protocol';
import type { Person } from './people.ts';

export interface PostOptions {
  collectorUrl: string;
  publishableKey: string;
  shopUrl: string;
  now: () => number;
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

const TRIES = 6;

/**
 * Sends a batch as a visitor's browser would: `text/plain`, the key in the body, the shop as its origin. A collector that
 * is busy or away is asked again a few times; then the batch is lost, as a closed browser's would be.
 */
export async function postEvents(
  options: PostOptions,
  events: EventInput[],
  person: Person,
  signal: AbortSignal,
): Promise<boolean> {
  const { collectorUrl, publishableKey, shopUrl, now, wait } = options;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await wait(250 * 2 ** attempt, signal);
    try {
      const response = await fetch(`${collectorUrl}/v1/events`, {
        method: 'POST',
        headers: {
          'content-type': 'text/plain;charset=UTF-8',
          origin: shopUrl,
          referer: `${shopUrl}/`,
          'user-agent': person.user_agent,
          'accept-language': person.language,
        },
        body: JSON.stringify({ key: publishableKey, sent_at: now(), events }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
      });
      await response.arrayBuffer();
      if (response.status < 500 && response.status !== 429 && response.status !== 408) return response.ok;
    } catch {
      signal.throwIfAborted();
    }
  }
  return false;
}
