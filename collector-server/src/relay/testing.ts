import type { Conversion } from '@orderloop/protocol';
import type { DestinationConfig } from '../config.ts';
import { DESTINATIONS } from '../destinations/index.ts';
import { RETRY_DEFAULTS } from '../outgoing/backoff.ts';
import type { CallResult, Outgoing } from '../outgoing/call.ts';
import { createVault } from '../privacy/vault.ts';
import type { ConversionState } from '../stitch/conversion.ts';
import type { Lane, Storage } from '../storage/contract.ts';
import type { RelayDeps } from './context.ts';
import { createRelay, type Relay } from './relay.ts';

export const SITE = 'demo';
export const META: Lane = { site: SITE, destination: 'meta' };
const GRANTED = { ad_storage: 'granted', ad_user_data: 'granted', analytics_storage: 'granted' } as const;
const START = Date.UTC(2026, 10, 20, 10);

export const META_CONFIG: DestinationConfig = {
  id: 'meta',
  type: 'meta',
  settings: { dataset_id: '1', access_token: 'a-token' },
};

/** A purchase of one person with an address, on file and ready to go. */
export function conversionState(id: string, more: Partial<Conversion> = {}, at = START): ConversionState {
  return {
    site: SITE,
    conversion_id: id,
    order_key: `shop:main:${id}`,
    event: 'purchase',
    key: `purchase:${id}`,
    occurred_at: at,
    value: 10_490,
    currency: 'EUR',
    exponent: 2,
    consent: GRANTED,
    conversion: {
      event: 'purchase',
      event_id: id,
      occurred_at: at,
      action_source: 'physical_store',
      consent: GRANTED,
      click_ids: { fbclid: 'Iw1', gclid: 'Cj1' },
      cookies: { _fbp: 'fb.1.1794000000000.1122334455' },
      order: { id, value: '104.90', currency: 'EUR' },
      ...more,
    },
  };
}

export interface Played {
  relay: Relay;
  storage: Storage;
  errors: unknown[];
  /** What was asked, with the clock at which it was. */
  calls: (Outgoing & { at: number })[];
  now(): number;
  /** Queues conversions for destinations, all in one transaction. */
  enqueue(states: readonly ConversionState[], destinations?: readonly string[]): Promise<void>;
  /** Moves the clock, and lets the relay do everything that falls due on the way. */
  advance(ms: number, step_ms?: number): Promise<void>;
  stop(): Promise<void>;
}

/** A relay whose clock is moved by hand and whose far side answers as told. */
export function playRelay(
  storage: Storage,
  answer: (request: Outgoing, at: number) => CallResult | Promise<CallResult>,
  destinations: readonly DestinationConfig[] = [META_CONFIG],
  more: Partial<RelayDeps> = {},
): Played {
  const calls: Played['calls'] = [];
  const errors: unknown[] = [];
  let clock = START;
  const relay = createRelay({
    storage,
    registry: DESTINATIONS,
    destinations: destinations.map((config) => ({ site: SITE, config })),
    consentModeOf: () => 'opt_in',
    caller: {
      async call(request) {
        calls.push({ ...request, at: clock });
        return answer(request, clock);
      },
      close: async () => undefined,
    },
    vault: createVault(new Uint8Array(32)),
    retry: RETRY_DEFAULTS,
    now: () => clock,
    random: () => 0.5,
    userPlace: (site, event_id) => `${site}|${event_id}`,
    onError: (error) => errors.push(error),
    ...more,
  });
  return {
    relay,
    storage,
    errors,
    calls,
    now: () => clock,
    enqueue: (states, names = destinations.map(({ id }) => id)) =>
      storage.projections.transaction([SITE], async (tx) => {
        for (const state of states) {
          await tx.putConversion(state);
          for (const name of names) await tx.enqueue(SITE, state.conversion_id, name, clock);
        }
      }),
    async advance(ms, step_ms = ms) {
      const end = clock + ms;
      do {
        clock = Math.min(end, clock + step_ms);
        await relay.idle();
      } while (clock < end);
    },
    async stop() {
      await relay.stop();
      await storage.close();
    },
  };
}

export const reply = (status: number, body: unknown = '', headers: Record<string, string> = {}): CallResult => ({
  kind: 'reply',
  reply: {
    status,
    headers,
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    truncated: false,
  },
});

/** What Meta says when it took them all. */
export const metaTook = ({ body = '' }: Outgoing): CallResult =>
  reply(200, { events_received: JSON.parse(body).data.length, fbtrace_id: 'T' });
