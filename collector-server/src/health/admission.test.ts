import { expect, onTestFinished, test } from 'vitest';
import { createAdmission } from './admission.ts';

const LIMITS = { in_flight: 10, queue_events: 100, queue_bytes: 1000, loop_delay_ms: 60_000 };

function admissionWith(queue: { events: number; bytes: number }) {
  const admission = createAdmission(LIMITS, () => queue);
  onTestFinished(() => admission.stop());
  return admission;
}

test('U1: with too many in flight reports give way first, then events, then rewards, and orders last', () => {
  const admission = admissionWith({ events: 0, bytes: 0 });
  const refusedAt = new Map<string, number>();
  for (let count = 0; count < 20; count++) {
    for (const priority of ['report', 'event', 'reward', 'order'] as const)
      if (admission.refuse(priority) === 'in_flight' && !refusedAt.has(priority)) refusedAt.set(priority, count);
    admission.enter();
  }
  expect(Object.fromEntries(refusedAt)).toEqual({ report: 5, event: 10, reward: 13, order: 15 });
});

test('U1: a queue that is full in events or in bytes refuses what would wait in it, and names which', () => {
  const queue = { events: 0, bytes: 0 };
  const admission = admissionWith(queue);
  expect(admission.refuse('event')).toBeNull();
  queue.events = 100;
  expect(admission.refuse('event')).toBe('queue_events');
  expect(admission.refuse('order')).toBeNull();
  queue.events = 0;
  queue.bytes = 1000;
  expect(admission.refuse('event')).toBe('queue_bytes');
});

test('U1: what has ended makes room, once', () => {
  const admission = admissionWith({ events: 0, bytes: 0 });
  const leave = Array.from({ length: 10 }, () => admission.enter());
  expect(admission.refuse('event')).toBe('in_flight');
  leave[0]!();
  leave[0]!();
  expect(admission.inFlight()).toBe(9);
  expect(admission.refuse('event')).toBeNull();
});
