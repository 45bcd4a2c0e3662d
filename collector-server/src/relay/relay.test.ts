import { expect, onTestFinished, test } from 'vitest';
import { DESTINATIONS } from '../destinations/index.ts';
import { RETRY_DEFAULTS } from '../outgoing/backoff.ts';
import { createVault } from '../privacy/vault.ts';
import type { Storage } from '../storage/contract.ts';
import { createRelay, type Relay } from './relay.ts';

test('a wake that comes while the relay looks up its next time is not lost', async () => {
  let relay: Relay;
  let looks = 0;
  const lane = { site: 'demo', config: { id: 'erp', type: 'webhook', settings: {} } };
  const outbox = {
    pauses: async () => [],
    nextDue: async () => {
      looks += 1;
      // Something became due just after it was asked for, and nothing else is for a long time.
      if (looks === 1) relay.wake();
      return [null];
    },
  } as unknown as Storage['outbox'];
  relay = createRelay({
    storage: { outbox, projections: {} as Storage['projections'] },
    registry: DESTINATIONS,
    destinations: [lane],
    consentModeOf: () => 'opt_in',
    caller: { call: () => Promise.reject(new Error('not called')), close: async () => undefined },
    vault: createVault(new Uint8Array(32)),
    retry: RETRY_DEFAULTS,
    now: () => 0,
    random: () => 0,
    userPlace: () => '',
  });
  onTestFinished(() => relay.stop());
  relay.wake();
  await expect.poll(() => looks).toBe(2);
});
