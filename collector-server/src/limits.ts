import Type, { type Static } from 'typebox';

const MIB = 1024 * 1024;

const limit = (minimum: number, maximum: number, fallback: number, description: string) =>
  Type.Optional(
    Type.Integer({
      minimum,
      maximum,
      default: fallback,
      description: `${description} ${minimum} to ${maximum}, ${fallback} by default.`,
    }),
  );

/** Limits of the collector that an operator may set, each with its range; what is left out has its default. */
export const LimitsSchema = Type.Object(
  {
    connections: limit(1, 1_000_000, 2000, 'Open connections; more are closed at once.'),
    headers_ms: limit(100, 120_000, 10_000, 'How long the headers of a request may take.'),
    browser_request_ms: limit(100, 300_000, 30_000, 'How long a whole request of a browser may take to arrive.'),
    server_request_ms: limit(100, 300_000, 60_000, 'The same for a call of a server.'),
    idle_ms: limit(100, 600_000, 60_000, 'How long a connection on which nothing moves is kept while it is answered.'),
    keep_alive_ms: limit(
      100,
      600_000,
      5000,
      'How long a connection is kept for the next request; behind a load balancer longer than it keeps it.',
    ),
    network_per_second: limit(1, 1_000_000, 100, 'Requests a second of one network (/24, /64), over time.'),
    network_burst: limit(1, 1_000_000, 1000, 'Requests of one network at once.'),
    key_per_second: limit(1, 1_000_000, 20_000, 'Requests a second with one key, over time.'),
    key_burst: limit(1, 1_000_000, 60_000, 'Requests with one key at once.'),
    site_per_second: limit(1, 1_000_000, 20_000, 'Requests a second of one site, over time.'),
    site_burst: limit(1, 1_000_000, 60_000, 'Requests of one site at once.'),
    logins_per_minute: limit(1, 1000, 5, 'Attempts to sign in to the dashboard from one network.'),
    in_flight: limit(1, 100_000, 512, 'Requests that are answered at the same time; beyond, they are refused with 503.'),
    queue_events: limit(1, 10_000_000, 10_000, 'Events that may wait to be committed.'),
    queue_bytes: limit(1024, 4096 * MIB, 64 * MIB, 'Bytes that may wait to be committed.'),
    loop_delay_ms: limit(1, 60_000, 200, 'How late the process may run, p99 over a second in ms, before it refuses work.'),
    disk_reserve_bytes: limit(
      0,
      1_048_576 * MIB,
      200 * MIB,
      'Bytes that stay free on the store’s disk: below, writes are refused.',
    ),
    drain_ms: limit(0, 300_000, 5000, 'How long requests are taken after a stop was announced.'),
    finish_ms: limit(0, 300_000, 10_000, 'How long those that were begun may take then.'),
  },
  { additionalProperties: false, description: 'How much is taken, and how fast; `orderloop doctor` prints what is in force.' },
);

export type Limits = Required<Static<typeof LimitsSchema>>;

const properties = LimitsSchema.properties as Record<string, { default?: unknown }>;

export const LIMIT_DEFAULTS = Object.fromEntries(
  Object.entries(properties).map(([name, { default: fallback }]) => [name, fallback]),
) as Limits;
