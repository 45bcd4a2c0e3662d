import type { Choice } from './consent.ts';
import type { Environment } from './environment.ts';
import { toJson } from './json.ts';

/** A page waits no longer for an id than this: a new one does as well. */
const WAIT_MS = 2000;

/** What the collector is asked: with consent, for its visitor or the one that is offered; without, to forget. */
interface Question {
  key: string;
  consent: Choice;
  visitor_id?: string | undefined;
}

/**
 * Asks the collector, where it stands at the page's own origin, for the visitor whom the server's cookie remembers: that
 * cookie outlives what scripts may store (browser-standards §2). Never rejects.
 */
export async function askDoor({ fetch }: Environment, endpoint: string, question: Question): Promise<string | undefined> {
  try {
    const reply = await fetch(`${endpoint}/v1/visitor`, {
      method: 'POST',
      body: toJson(question),
      keepalive: true,
      credentials: 'same-origin',
      signal: AbortSignal.timeout?.(WAIT_MS),
    });
    return ((await reply.json()) as Partial<Question>).visitor_id;
  } catch {
    return undefined;
  }
}
