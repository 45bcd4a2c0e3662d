import Type from 'typebox';

const whole = (minimum: number, maximum: number, description: string) =>
  Type.Optional(Type.Integer({ minimum, maximum, description: `${description} ${minimum} to ${maximum}.` }));

/** Limits of the collector that an operator may set, each with its range; what is left out has its default. */
export const LimitsSchema = Type.Object(
  {
    connections: whole(1, 1_000_000, 'Open connections; more are closed at once. Default 2000.'),
    headers_ms: whole(100, 120_000, 'How long the headers of a request may take. Default 10000.'),
    browser_request_ms: whole(100, 300_000, 'How long a whole request of a browser may take to arrive. Default 30000.'),
    server_request_ms: whole(100, 300_000, 'The same for a call of a server. Default 60000.'),
    idle_ms: whole(100, 600_000, 'How long a connection on which nothing moves is kept while it is answered. Default 60000.'),
    keep_alive_ms: whole(
      100,
      600_000,
      'How long a connection is kept for the next request; behind a load balancer longer than it keeps it. Default 5000.',
    ),
    network_per_second: whole(1, 1_000_000, 'Requests a second of one network (/24, /64), over time. Default 100.'),
    network_burst: whole(1, 1_000_000, 'Requests of one network at once. Default 1000.'),
    key_per_second: whole(1, 1_000_000, 'Requests a second with one key, over time. Default 20000.'),
    key_burst: whole(1, 1_000_000, 'Requests with one key at once. Default 60000.'),
    site_per_second: whole(1, 1_000_000, 'Requests a second of one site, over time. Default 20000.'),
    site_burst: whole(1, 1_000_000, 'Requests of one site at once. Default 60000.'),
    logins_per_minute: whole(1, 1000, 'Attempts to sign in to the dashboard from one network. Default 5.'),
    in_flight: whole(1, 100_000, 'Requests that are answered at the same time. Default 512.'),
    queue_events: whole(1, 10_000_000, 'Events that may wait to be committed. Default 10000.'),
    queue_bytes: whole(1024, 4_294_967_296, 'Bytes that may wait to be committed. Default 67108864.'),
    loop_delay_ms: whole(1, 60_000, 'How late the process may run before it refuses work. Default 200.'),
    disk_reserve_bytes: whole(0, 1_099_511_627_776, 'Bytes of the disk that stay free. Default 209715200.'),
    drain_ms: whole(0, 300_000, 'How long requests are taken after a stop was announced. Default 5000.'),
    finish_ms: whole(0, 300_000, 'How long those that were begun may take then. Default 10000.'),
  },
  { additionalProperties: false, description: 'How much is taken, and how fast; `orderloop doctor` prints what is in force.' },
);

/** The limits of the front: connections, times and rates. */
export interface FrontLimits {
  connections: number;
  headers_ms: number;
  browser_request_ms: number;
  server_request_ms: number;
  idle_ms: number;
  keep_alive_ms: number;
  network_per_second: number;
  network_burst: number;
  key_per_second: number;
  key_burst: number;
  site_per_second: number;
  site_burst: number;
  logins_per_minute: number;
}

export const FRONT_DEFAULTS: FrontLimits = {
  connections: 2000,
  headers_ms: 10_000,
  browser_request_ms: 30_000,
  server_request_ms: 60_000,
  idle_ms: 60_000,
  keep_alive_ms: 5_000,
  network_per_second: 100,
  network_burst: 1000,
  key_per_second: 20_000,
  key_burst: 60_000,
  site_per_second: 20_000,
  site_burst: 60_000,
  logins_per_minute: 5,
};
