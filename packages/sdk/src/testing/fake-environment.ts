import type { EventInput } from '@orderloop/protocol/browser';
import type { Environment } from '../environment.ts';

type SentEvent = EventInput & { properties?: Record<string, unknown> };

interface SentBatch {
  url: string;
  via: 'fetch' | 'beacon';
  init?: RequestInit;
  key: string;
  sent_at: number;
  events: SentEvent[];
}

/** A collector, a clock and a storage that a test holds in its hand. */
export interface FakeEnvironment {
  environment: Environment;
  batches: SentBatch[];
  storage: Map<string, string>;
  /** All events that arrived, in order of arrival. */
  events(): SentEvent[];
  names(): string[];
  /** What the collector answers next; without any it accepts. */
  replies: (Response | Error)[];
  beacon: { isTaken: boolean };
  /** What the door was asked, and what it answers; by default it knows nobody, and takes the offer. */
  questions: { url: string; init: RequestInit; visitor_id?: string; consent?: object }[];
  door: { answer(offer: string | undefined): Promise<{ visitor_id?: string }> };
  now(): number;
  /** Lets time pass, with its timers. */
  advance(ms: number): Promise<void>;
}

export const NOON = Date.UTC(2026, 10, 23, 12);

export function createFakeEnvironment(
  page: { window?: Window; now?: number; storage?: Map<string, string> } = {},
): FakeEnvironment {
  let time = page.now ?? NOON;
  let timers: { id: number; at: number; run: () => void }[] = [];
  let timerCount = 0;
  let randomCount = 0;
  const storage = page.storage ?? new Map<string, string>();
  const batches: SentBatch[] = [];
  const replies: (Response | Error)[] = [];
  const beacon = { isTaken: true };
  const questions: FakeEnvironment['questions'] = [];
  const door: FakeEnvironment['door'] = { answer: async (visitor_id) => ({ visitor_id }) };
  const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

  const environment: Environment = {
    window: page.window ?? createFakeWindow(),
    now: () => time,
    random(bytes) {
      randomCount++;
      return bytes.map((_, index) => (randomCount >> (8 * index)) & 0xff || 128);
    },
    async fetch(url, init) {
      if (url.endsWith('/v1/visitor')) {
        const question = JSON.parse(init.body as string) as { visitor_id?: string };
        questions.push({ url, init, ...question });
        await settle();
        const found = await door.answer(question.visitor_id);
        return Object.assign(new Response(), { json: async () => found });
      }
      batches.push({ url, via: 'fetch', init, ...JSON.parse(init.body as string) });
      const reply = replies.shift() ?? createReceipt();
      if (reply instanceof Error) throw reply;
      return reply;
    },
    sendBeacon(url, body) {
      if (beacon.isTaken) batches.push({ url, via: 'beacon', ...JSON.parse(body) });
      return beacon.isTaken;
    },
    storage: () => ({
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => storage.set(key, value),
      removeItem: (key) => storage.delete(key),
    }),
    setTimeout(run, delay_ms) {
      timers.push({ id: ++timerCount, at: time + delay_ms, run });
      return timerCount;
    },
    clearTimeout(timer) {
      timers = timers.filter(({ id }) => id !== timer);
    },
  };

  return {
    environment,
    batches,
    storage,
    replies,
    beacon,
    questions,
    door,
    events: () => batches.flatMap(({ events }) => events),
    names: () => batches.flatMap(({ events }) => events.map(({ event }) => event)),
    now: () => time,
    async advance(ms) {
      const end = time + ms;
      for (;;) {
        await settle();
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers = timers.filter((timer) => timer !== next);
        time = Math.max(time, next.at);
        next.run();
      }
      time = end;
    },
  };
}

/** Its body needs no task of the browser's to be read, so that `advance` sees everything that follows from it. */
function createReceipt(): Response {
  const receipt = { accepted: 1, duplicate: 0, rejected: [] };
  return Object.assign(Response.json(receipt, { status: 202 }), { json: async () => receipt });
}

/** The test's own document at an address of its choice. */
export function createFakeWindow(address = 'https://shop.example/', globalPrivacyControl = false): Window {
  return Object.assign(new EventTarget(), {
    document: globalThis.document,
    location: new URL(address),
    navigator: { globalPrivacyControl },
  }) as unknown as Window;
}
