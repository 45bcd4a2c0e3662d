import { setTimeout as sleep } from 'node:timers/promises';
import { type EventInput, sessionRef } from '@orderloop/protocol';
import type { NewOrder, Order } from '../orders.ts';
import { type PlannedSession, type PlannedVisitor, planDay } from './plan.ts';
import { type PostOptions, postEvents } from './post-events.ts';
import { createRandom, type Random } from './random.ts';
import { createSessionEvents } from './session-events.ts';

export interface VisitorsOptions {
  shopUrl: string;
  collectorUrl: string;
  publishableKey: string;
  /** The shop itself: orders go through its own database and outbox. */
  storeApi: { placeOrder(order: NewOrder): Order };
  /** The clock, in UTC ms; the day that is played ends now. */
  now?: () => number;
  /** The same seed plays the same day. */
  seed?: number;
  /** How many come in a day. 300 unless told. */
  visitors?: number;
  /** How long a day takes to play. 60,000 ms unless told. */
  durationMs?: number;
  /** Waits; rejects when the signal is aborted. */
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** At once; more than that and a slow collector would see a crowd instead of a day. */
const CROWD = 8;

export type Visitors = ReturnType<typeof createVisitors>;

/**
 * Plays days of visitors: each a browser that the collector hears from as from the SDK, and some of them buyers whose
 * orders the shop takes like any other. `stop` pauses within a visitor's time, `start` goes on, or begins the next day.
 */
export function createVisitors(options: VisitorsOptions) {
  const { shopUrl, storeApi, now = Date.now, visitors = 300, durationMs = 60_000 } = options;
  const wait = options.wait ?? ((ms, signal) => sleep(ms, undefined, { signal }).then(() => undefined));
  const post: PostOptions = { ...options, now, wait };
  let seed = options.seed ?? 1;
  let day: PlannedVisitor[] = [];
  let next = 0;
  let done = 0;
  let stopping: AbortController | undefined;
  let running: Promise<void> | undefined;

  /** One visitor, from the first page to the last; never cut short, so that no order stays without its visit. */
  async function play(visitor: PlannedVisitor, signal: AbortSignal): Promise<void> {
    const random = createRandom(Number.parseInt(visitor.visitor_id.slice(-8), 16));
    for (const session of visitor.sessions) await playSession(visitor, session, random, signal);
    done++;
  }

  async function playSession(
    visitor: PlannedVisitor,
    session: PlannedSession,
    random: Random,
    signal: AbortSignal,
  ): Promise<void> {
    const write = createSessionEvents(visitor, session, shopUrl, random);
    let batch: EventInput[] = [];
    for (const step of session.steps) {
      if (step.kind !== 'order') {
        batch.push(write.of(step));
        continue;
      }
      // The browser sends what it has before the form leaves the page; so the collector knows the session by then.
      if (visitor.consented) await postEvents(post, batch, visitor.person, signal);
      const order = storeApi.placeOrder(orderOf(visitor, session, step));
      // Who comes without a trace has closed the page before it could tell.
      batch = step.trace === 'session' ? write.thanks(order, step.at + random.between(300, 1500)) : [];
    }
    if (visitor.consented && batch.length > 0) await postEvents(post, batch, visitor.person, signal);
  }

  async function run(signal: AbortSignal): Promise<void> {
    const crowd = new Set<Promise<void>>();
    try {
      while (next < day.length && !signal.aborted) {
        const visitor = day[next++]!;
        const playing: Promise<void> = play(visitor, lifetime.signal).finally(() => crowd.delete(playing));
        crowd.add(playing);
        if (crowd.size >= CROWD) await Promise.race(crowd);
        await wait(durationMs / day.length, signal).catch(() => undefined);
      }
    } finally {
      await Promise.allSettled(crowd);
    }
  }

  let lifetime = new AbortController();

  function start(): void {
    if (stopping) return;
    if (next >= day.length) {
      day = planDay({ seed: seed++, now: now(), visitors });
      next = done = 0;
    }
    if (lifetime.signal.aborted) lifetime = new AbortController();
    const controller = new AbortController();
    stopping = controller;
    const before = running;
    running = (async () => {
      await before;
      await run(controller.signal);
      if (stopping === controller) stopping = undefined;
    })();
  }

  return {
    isPlaying: () => stopping !== undefined,
    start,
    /** No new visitor comes; those who are in the shop finish. */
    stop(): void {
      stopping?.abort();
      stopping = undefined;
    },
    /** Stops at once, whoever is in the shop; resolves when nothing runs any more. */
    async close(): Promise<void> {
      stopping?.abort();
      stopping = undefined;
      lifetime.abort();
      await running;
    },
    progress: () => ({ done, total: day.length || visitors }),
    /** Resolves when nobody is in the shop. */
    settled: async () => running,
  };
}

function orderOf(
  { person, visitor_id, consented }: PlannedVisitor,
  { session_id }: PlannedSession,
  step: { at: number; basket: NewOrder['lines']; trace: 'session' | 'email' | 'none' },
): NewOrder {
  const { email, phone, first_name, last_name, address } = person;
  return {
    lines: step.basket,
    customer: { email, first_name, last_name, ...(phone && { phone }) },
    address,
    delivery: 'standard',
    payment: 'card',
    created_at: step.at,
    consent: consented ? 'all' : 'necessary',
    ...(step.trace === 'session' && { session_ref: sessionRef(session_id, visitor_id) }),
  };
}
