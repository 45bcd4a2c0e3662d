import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What operators watch of the front (U9): no ids, addresses or URLs as labels. */
export interface Metrics {
  registry: Registry;
  requests: RequestCounts;
  events: Counter<'result'>;
  rejections: Counter<'code'>;
  commit: Histogram;
  commitEvents: Histogram;
  shed: Counter<'reason'>;
  queueEvents: Gauge;
  queueBytes: Gauge;
  storeBytes: Gauge;
  walBytes: Gauge;
  diskFreeBytes: Gauge;
  ready: Gauge;
}

/** Counts requests by route and status where it costs nothing; the counter reads it when it is asked. */
export interface RequestCounts {
  count(route: string, status: number): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'orderloop_' });
  const gauge = (name: string, help: string): Gauge => new Gauge({ name: `orderloop_${name}`, help, registers });
  return {
    registry,
    requests: createRequestCounts(registry),
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
      help: 'How long a group of events took to be on stable storage.',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      registers,
    }),
    commitEvents: new Histogram({
      name: 'orderloop_commit_events',
      help: 'Events in one commit.',
      buckets: [1, 4, 16, 64, 256, 1024],
      registers,
    }),
    shed: new Counter({
      name: 'orderloop_shed_total',
      help: 'Requests that were refused to protect the others, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    queueEvents: gauge('commit_queue_events', 'Events that wait to be committed.'),
    queueBytes: gauge('commit_queue_bytes', 'Bytes that wait to be committed.'),
    storeBytes: gauge('store_bytes', 'Bytes of the store on disk.'),
    walBytes: gauge('wal_bytes', 'Bytes of the write-ahead logs.'),
    diskFreeBytes: gauge('disk_free_bytes', 'Bytes that are free where the store lies.'),
    ready: gauge('ready', '1 when requests may be sent here, else 0.'),
  };
}

function createRequestCounts(registry: Registry): RequestCounts {
  const counts = new Map<string, Map<number, number>>();
  new Counter({
    name: 'orderloop_http_requests_total',
    help: 'HTTP requests by route and status.',
    labelNames: ['route', 'status'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [route, statuses] of counts) for (const [status, times] of statuses) this.inc({ route, status }, times);
    },
  });
  return {
    count(route, status) {
      const statuses = counts.get(route) ?? new Map<number, number>();
      counts.set(route, statuses);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    },
  };
}
