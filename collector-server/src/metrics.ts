import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What operators watch (U9): no ids, addresses or URLs as labels. */
export interface Metrics {
  registry: Registry;
  requests: Counter<'route' | 'status'>;
  events: Counter<'result'>;
  rejections: Counter<'code'>;
  commit: Histogram;
  attempts: Counter<'destination' | 'verdict'>;
  attemptDuration: Histogram<'destination'>;
  outbox: Gauge<'state'>;
  projectorLag: Gauge;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'orderloop_' });
  return {
    registry,
    requests: new Counter({
      name: 'orderloop_http_requests_total',
      help: 'HTTP requests by route and status.',
      labelNames: ['route', 'status'],
      registers,
    }),
    events: new Counter({
      name: 'orderloop_events_total',
      help: 'Events by result: accepted, duplicate, rejected.',
      labelNames: ['result'],
      registers,
    }),
    rejections: new Counter({
      name: 'orderloop_rejections_total',
      help: 'Rejected events and deliveries by code.',
      labelNames: ['code'],
      registers,
    }),
    commit: new Histogram({
      name: 'orderloop_commit_seconds',
      help: 'From a request’s events to stable storage.',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      registers,
    }),
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
      help: 'Conversions at destinations by state.',
      labelNames: ['state'],
      registers,
    }),
    projectorLag: new Gauge({
      name: 'orderloop_projector_lag_events',
      help: 'Events in the log that are not projected yet.',
      registers,
    }),
  };
}
