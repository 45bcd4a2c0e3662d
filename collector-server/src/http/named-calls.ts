import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Entry } from '../ingest/commit-queue.ts';
import type { EventLog, KnownCall } from '../storage/contract.ts';
import { HttpProblem } from './problem.ts';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** What the log keeps of a call, but for the answer. */
type CallFacts = Omit<NonNullable<Entry['call']>, 'answer'>;

export interface NamedCall {
  /** Kept with the call's effect, in one transaction; undefined when it needs no keeping. */
  facts?: CallFacts;
  /** What it was answered before: answer that again. */
  known?: KnownCall;
  /** The call is over. */
  end(): void;
}

export interface NamedCalls {
  /**
   * Begins a signed call. One with an `Idempotency-Key` that was used before is answered as it was then (I2); one whose
   * `webhook-id` was used for another body is refused (A3). Throws 400, 409 or 422.
   */
  begin(
    request: IncomingMessage,
    call: { route: string; site: string; owner: string; wire: Uint8Array; received_at: number },
  ): Promise<NamedCall>;
}

export function createNamedCalls(log: Pick<EventLog, 'call'>): NamedCalls {
  const running = new Set<string>();
  return {
    async begin(request, { route, site, owner, wire, received_at }) {
      const name = nameOf(request);
      if (!name) return { end: () => undefined };
      const { key, isIdempotencyKey } = name;
      const place = JSON.stringify([site, route, owner, key]);
      if (running.has(place))
        throw new HttpProblem('call_running', 'Wait for its answer, or send it again a little later.', { retry_after: 1 });
      running.add(place);
      const end = (): void => {
        running.delete(place);
      };
      try {
        const body_hash = createHash('sha256').update(`${request.method} ${route}\n`).update(wire).digest('hex');
        const facts = { site, route, owner, key, body_hash, received_at };
        const known = await log.call(site, route, owner, key);
        if (!known) return { facts, end };
        if (known.body_hash !== body_hash) throw reused(isIdempotencyKey);
        // A repeated delivery is judged anew, and its events are the duplicates that they are.
        return isIdempotencyKey ? { known, end } : { end };
      } catch (error) {
        end();
        throw error;
      }
    },
  };
}

function nameOf({ headers }: IncomingMessage): { key: string; isIdempotencyKey: boolean } | null {
  const idempotencyKey = headers['idempotency-key'];
  if (idempotencyKey !== undefined) {
    if (typeof idempotencyKey !== 'string' || !IDEMPOTENCY_KEY.test(idempotencyKey))
      throw new HttpProblem('bad_idempotency_key', 'Idempotency-Key has 1 to 255 printable ASCII characters without blanks.');
    return { key: `key:${idempotencyKey}`, isIdempotencyKey: true };
  }
  const id = headers['webhook-id'];
  return typeof id === 'string' ? { key: `webhook:${id}`, isIdempotencyKey: false } : null;
}

function reused(isIdempotencyKey: boolean): HttpProblem {
  return isIdempotencyKey
    ? new HttpProblem('idempotency_key_reused', 'Give each new call a key of its own, and repeat a call as it was.')
    : new HttpProblem('delivery_id_reused', 'Give each new call a webhook-id of its own; a repeat has the same body.');
}
