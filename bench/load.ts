// Load for a collector, in a process of its own and as cheap as can be, so that the server is what is measured: raw sockets,
// and request bytes that are built once, in which each send patches fresh ids.
//   load.ts <url> <seconds> <events a request> <key> <origin> [<requests a second>]
// Without a rate each of the connections sends as soon as it is answered (closed loop); with one, requests are sent when
// they are due, whatever became of those before (open loop), and latency counts from when they were due.
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const [url = '', seconds = '4', perRequest = '1', key = '', origin = '', rate = '0'] = process.argv.slice(2);
const CONNECTIONS = Number(rate) > 0 ? 1500 : 50;
const ID_LENGTH = 36;
const PLACE = '00000000-0000-0000-0000-000000000000';
const { hostname, port } = new URL(url);

export interface LoadResult {
  acknowledged: number;
  statuses: Record<string, number>;
  per_second: number;
  p50_ms: number;
  p99_ms: number;
}

let id = 0;
const run = randomBytes(4).toString('hex');
const template = newTemplate(Number(perRequest));
const places = findPlaces(template);
const latencies: number[] = [];
const statuses: Record<string, number> = {};
const began = performance.now();
const until = began + Number(seconds) * 1000;
let due = began;
let open = 0;
/** Requests that are due and have no free connection. */
const waiting: number[] = [];
const free: Connection[] = [];

class Connection {
  readonly #socket: Socket;
  readonly #request = Buffer.from(template);
  #due = 0;
  #answer = '';

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open--;
      if (performance.now() < until) start();
      else finish();
    });
    this.next();
  }

  /** Sends what is due, or waits to be given something. */
  next(): void {
    const now = performance.now();
    const at = Number(rate) === 0 ? now : waiting.shift();
    if (now >= until) this.#socket.end();
    else if (at === undefined) free.push(this);
    else this.send(at);
  }

  send(at: number): void {
    this.#due = at;
    for (const place of places) this.#request.write(newId(), place, 'latin1');
    this.#socket.write(this.#request);
  }

  #read(text: string): void {
    this.#answer += text;
    const end = this.#answer.indexOf('\r\n\r\n');
    if (end === -1) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#answer)?.[1] ?? 0);
    if (this.#answer.length < end + 4 + length) return;
    const status = this.#answer.slice(9, 12);
    const closes = /connection: close/i.test(this.#answer.slice(0, end));
    this.#answer = '';
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (status === '202') latencies.push(performance.now() - this.#due);
    if (!closes) this.next();
  }
}

// With a rate, as many connections as it takes: one more whenever a request is due and none is free.
if (Number(rate) === 0) for (let count = 0; count < CONNECTIONS; count++) start();
if (Number(rate) > 0) setInterval(tick, 1);
setTimeout(finish, Number(seconds) * 1000 + 10_000).unref();

function start(): void {
  open++;
  const socket = connect(Number(port), hostname, () => new Connection(socket));
  socket.once('error', () => socket.destroy());
}

function tick(): void {
  const now = performance.now();
  for (; due <= now && due < until; due += 1000 / Number(rate)) {
    const connection = free.pop();
    if (connection) connection.send(due);
    else {
      waiting.push(due);
      if (open < CONNECTIONS) start();
    }
  }
  if (now >= until) for (const connection of free.splice(0)) connection.next();
  if (now >= until && open === 0) finish();
}

function finish(): void {
  if (open > 0 && performance.now() < until + 9_000) return;
  latencies.sort((left, right) => left - right);
  const at = (share: number): number => Number((latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2));
  const acknowledged = (statuses['202'] ?? 0) * Number(perRequest);
  const result: LoadResult = {
    acknowledged,
    statuses,
    per_second: Math.round(acknowledged / Number(seconds)),
    p50_ms: at(0.5),
    p99_ms: at(0.99),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(0);
}

/** In the order of time, as UUIDv7 are. */
function newId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  const count = (id++).toString(16).padStart(8, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count.slice(0, 3)}-8${count.slice(3, 6)}-${run}00${count.slice(6)}`;
}

/** About 1 KB an event, as the SDK sends it. */
function newTemplate(events: number): Buffer {
  const now = Date.now();
  const granted = { ad_storage: 'granted', ad_user_data: 'granted', ad_personalization: 'granted', analytics_storage: 'granted' };
  const event = {
    event: 'view_item',
    event_id: PLACE,
    occurred_at: now,
    visitor_id: PLACE,
    session_id: PLACE,
    seq: 3,
    action_source: 'web',
    page: {
      url: 'https://shop.example/products/bollard?utm_source=parlour&utm_campaign=autumn',
      referrer: 'https://www.example.com/',
      title: 'Bollard, a table lamp',
    },
    campaign: { source: 'parlour', medium: 'paid_social', campaign: 'autumn-lights', content: 'lamp' },
    click_ids: { fbclid: { value: `IwY2xjawM${PLACE}${randomBytes(30).toString('base64url')}`, first_seen_at: now } },
    cookies: { _fbp: `fb.1.${now}.1122334455` },
    consent: granted,
    items: [{ item_id: 'bollard', item_name: 'Bollard', price: 129, quantity: 1 }],
    properties: { currency: 'EUR', value: 129 },
  };
  const body = Buffer.from(JSON.stringify({ key, sent_at: now, events: Array(events).fill(event) }));
  const head = [
    'POST /v1/events HTTP/1.1',
    `host: ${hostname}:${port}`,
    `origin: ${origin}`,
    'content-type: text/plain;charset=UTF-8',
    'user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    'accept: */*',
    'accept-language: en-GB,en;q=0.9',
    'sec-fetch-mode: cors',
    'sec-fetch-site: cross-site',
    `referer: ${origin}/`,
    `content-length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

function findPlaces(buffer: Buffer): number[] {
  const found: number[] = [];
  for (let at = buffer.indexOf(PLACE); at !== -1; at = buffer.indexOf(PLACE, at + ID_LENGTH)) found.push(at);
  return found;
}
