import { expect, test } from 'vitest';
import { createHealth, type HealthOptions } from './health.ts';

function healthWith(more: Partial<HealthOptions> = {}) {
  const clock = { now: 1_000_000 };
  let probes = 0;
  const health = createHealth({
    disk: { isFull: () => false },
    trouble: () => null,
    probe: async () => {
      probes++;
    },
    lag: async () => 0,
    now: () => clock.now,
    ...more,
  });
  return { health, clock, probes: () => probes };
}

test('U6: the store is asked only when nothing was written in the last five seconds', async () => {
  const { health, clock, probes } = healthWith();
  health.committed();
  expect(await health.readiness()).toBeNull();
  expect(probes()).toBe(0);
  clock.now += 5_001;
  expect(await health.readiness()).toBeNull();
  expect(probes()).toBe(1);
});

test.each([
  ['disk_full', { disk: { isFull: () => true } }],
  ['commit_thread_down', { trouble: () => 'commit_thread_down' }],
  ['storage_unavailable', { probe: () => Promise.reject(new Error('gone')) }],
  ['projections_lag', { lag: async () => 1_000_001 }],
] as const)('U6: not ready for one reason, which it names: %s', async (reason, more) => {
  expect(await healthWith(more).health.readiness()).toBe(reason);
});

test('U5: once a stop is announced it is not ready, and takes what comes until it takes nothing more', async () => {
  const { health } = healthWith();
  health.announceStop();
  expect(await health.readiness()).toBe('shutting_down');
  expect(health.refuseWrites()).toBeNull();
  health.stopTaking();
  expect(health.refuseWrites()).toBe('shutting_down');
});
