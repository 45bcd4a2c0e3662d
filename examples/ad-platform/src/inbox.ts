import type { ReceivedEvent, ReceivedRequest, ReceivedWebhook, Source } from './types.ts';

const DEDUP_WINDOW_MS = 48 * 3600_000;
const BROWSER_WINS_MS = 5 * 60_000;
/** Kept of each kind; a demonstration that runs over night must not fill the memory. */
const KEPT = 5000;

export interface Arrival {
  event_name: string;
  event_id: string | null;
  source: Source;
  value: number | null;
  currency: string | null;
  raw: unknown;
}

export type Inbox = ReturnType<typeof createInbox>;

/** All that arrived, in its order, and which copy of each event counts. */
export function createInbox(now: () => number) {
  const events: ReceivedEvent[] = [];
  const requests: ReceivedRequest[] = [];
  const webhooks: ReceivedWebhook[] = [];
  /** The copy that counts, by event name and id. */
  const counted = new Map<string, ReceivedEvent>();
  let number = 0;
  let version = 0;

  function keep<T>(list: T[], entry: T): T {
    version++;
    list.push(entry);
    if (list.length > KEPT) list.shift();
    return entry;
  }

  /**
   * Counts an event once (relays §2.2): one name and id within 48 hours is one event. Of a browser's and a server's copy
   * less than five minutes apart the browser's counts, although it may come second; otherwise the first.
   */
  function receive(arrival: Arrival): ReceivedEvent {
    const entry: ReceivedEvent = { number: ++number, received_at: now(), status: 'counted', kept: null, ...arrival };
    keep(events, entry);
    if (entry.event_id === null) return entry;
    const key = JSON.stringify([entry.event_name, entry.event_id]);
    const first = counted.get(key);
    const apart = first ? entry.received_at - first.received_at : Number.POSITIVE_INFINITY;
    if (!first || apart > DEDUP_WINDOW_MS) {
      counted.set(key, entry);
      if (counted.size > KEPT) counted.delete(counted.keys().next().value!);
    } else if (first.source === 'api' && entry.source === 'pixel' && apart <= BROWSER_WINS_MS) {
      drop(first, entry);
      counted.set(key, entry);
    } else {
      drop(entry, first);
    }
    return entry;
  }

  return {
    receive,
    addRequest: (entry: Omit<ReceivedRequest, 'received_at'>) => keep(requests, { received_at: now(), ...entry }),
    addWebhook: (entry: Omit<ReceivedWebhook, 'received_at'>) => keep(webhooks, { received_at: now(), ...entry }),
    /** The newest `last` of each kind, oldest first. */
    received: (last = KEPT) => ({
      events: events.slice(-last).map((entry) => ({ ...entry })),
      requests: requests.slice(-last),
      webhooks: webhooks.slice(-last),
    }),
    /** Grows with every change, so that a page can ask whether there is anything new. */
    version: () => version,
    touch: () => {
      version++;
    },
    reset() {
      events.length = requests.length = webhooks.length = 0;
      counted.clear();
      version++;
    },
  };
}

function drop(copy: ReceivedEvent, winner: ReceivedEvent): void {
  copy.status = 'duplicate';
  copy.kept = winner.source;
}
