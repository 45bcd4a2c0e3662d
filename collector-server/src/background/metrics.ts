import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What operators watch of the background (U9): no ids, addresses or URLs as labels. */
export interface BackgroundMetrics {
  registry: Registry;
  attempts: Counter<'destination' | 'verdict'>;
  attemptDuration: Histogram<'destination'>;
  outbox: Gauge<'destination' | 'state'>;
  oldest: Gauge<'destination'>;
  failing: Gauge<'destination'>;
  projectorLag: Gauge;
}

export function createBackgroundMetrics(): BackgroundMetrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    attempts: new Counter({
      name: 'orderloop_relay_attempts_total',
      help: 'Sends by destination and verdict.',
      labelNames: ['destination', 'verdict'],
      registers,
    }),
    attemptDuration: new Histogram({
      name: 'orderloop_relay_attempt_seconds',
      help: 'How long a destination took to answer.',
      labelNames: ['destination'],
      registers,
    }),
    outbox: new Gauge({
      name: 'orderloop_outbox_rows',
      help: 'Conversions by destination and state.',
      labelNames: ['destination', 'state'],
      registers,
    }),
    oldest: new Gauge({
      name: 'orderloop_outbox_oldest_seconds',
      help: 'How long the conversion waits that waits longest, by destination.',
      labelNames: ['destination'],
      registers,
    }),
    failing: new Gauge({
      name: 'orderloop_relay_failing',
      help: '1 while a destination is paused or left alone because its calls fail.',
      labelNames: ['destination'],
      registers,
    }),
    projectorLag: new Gauge({
      name: 'orderloop_projector_lag_events',
      help: 'Events in the log that are not projected yet.',
      registers,
    }),
  };
}
