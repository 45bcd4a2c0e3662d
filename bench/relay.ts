// From an order to the first attempt at its platform, while ingest runs at half of its maximum; and what a backlog of waiting
// conversions does to ingest, to memory and to the next claim.
//   npm run bench -- relay [seconds] [backlog]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { openSqlite } from '../collector-server/src/storage/sqlite/index.ts';
import { queueConversions } from './backlog.ts';
import { metaAt, playPlatform } from './platform.ts';
import { runLoad, type Server, startCollector } from './server.ts';

const SECONDS = Number(process.argv[2] ?? 8);
const BACKLOG = Number(process.argv[3] ?? 1_000_000);
const SECRET_KEY = 'sk_bench_0123456789';
const SIGNING_SECRET = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const EVERY_MS = 40;
const CLAIMS = 200;

const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'orderloop-bench-'));
  folders.push(folder);
  return folder;
};
const now = (): number => performance.timeOrigin + performance.now();
const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
const show = (values: readonly number[]): string => {
  const sorted = values.toSorted((one, other) => one - other);
  return `p50 ${quantile(sorted, 0.5).toFixed(1)} ms, p99 ${quantile(sorted, 0.99).toFixed(1)} ms (${sorted.length})`;
};

async function postOrder({ url }: Server, order_id: string): Promise<void> {
  const at = new Date();
  const body = JSON.stringify({
    ...{ source: 'shop', order_id, status: 'paid', currency: 'EUR', created_at: at, paid_at: at, updated_at: at },
    amounts: { subtotal: '100.00', shipping: '4.90', tax: '16.75', total: '104.90' },
    customer: { email: `${order_id}@example.com` },
  });
  const response = await fetch(`${url}/v1/orders`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${SECRET_KEY}`,
      'webhook-id': order_id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(SIGNING_SECRET).sign(order_id, at, body),
    },
    body,
  });
  answeredAt.set(order_id, now());
  if (response.status !== 202) throw new Error(`An order was answered with ${response.status}: ${await response.text()}`);
}

async function lagOf({ url }: Server): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^orderloop_projector_lag_events (\d+)/m.exec(text)?.[1] ?? 0);
}

let posted = 0;
/** When each order's 202 was here; the first attempt may be sooner. */
const answeredAt = new Map<string, number>();

/** Orders at an even pace for so long, each by when it was sent. */
async function postOrders(server: Server, seconds: number, sentAt: Map<string, number>): Promise<void> {
  const until = performance.now() + seconds * 1000;
  const calls: Promise<void>[] = [];
  while (performance.now() < until) {
    const id = `o${posted++}`;
    sentAt.set(id, now());
    calls.push(postOrder(server, id));
    await sleep(EVERY_MS);
  }
  await Promise.all(calls);
}

const site = (url: string) =>
  ({
    consent_mode: 'opt_out',
    secret_keys: [SECRET_KEY],
    signing_secrets: [SIGNING_SECRET],
    destinations: [metaAt(url)],
  }) as const;
const start = (folder: string, url: string, core = '0'): Promise<Server> =>
  startCollector(folder, ['--data', join(folder, 'store')], core, site(url) as never, { allow_private_targets: [url] });

try {
  const sentAt = new Map<string, number>();
  const attempts: { id: string; sent: number; at: number }[] = [];
  const platform = await playPlatform(
    () => null,
    () => false,
    (ids, at) => {
      for (const id of ids) {
        const sent = sentAt.get(id.split(':')[1]!);
        if (sent !== undefined) attempts.push({ id: id.split(':')[1]!, sent, at });
        sentAt.delete(id.split(':')[1]!);
      }
    },
  );
  const folder = newFolder();
  // On all cores: what projects and sends is a thread of its own.
  const server = await start(folder, platform.url, '');
  await runLoad(server.url, 2, 1);
  const most = await runLoad(server.url, SECONDS, 1);
  const began = performance.now();
  const behind = await lagOf(server);
  while ((await lagOf(server)) > 0) await sleep(100);
  const projected = Math.round((behind * 1000) / (performance.now() - began));
  console.log(
    `ingest at most ${most.per_second}/s; what it left behind was projected at ${projected}/s, with nothing else to do`,
  );
  for (const part of [1 / 2, 1 / 4, 1 / 10]) {
    const rate = Math.floor(most.per_second * part);
    attempts.length = 0;
    sentAt.clear();
    await Promise.all([runLoad(server.url, SECONDS + 2, 1, rate), postOrders(server, SECONDS, sentAt)]);
    const lag = await lagOf(server);
    for (let waited = 0; sentAt.size > 0 && waited < 5_000; waited += 50) await sleep(50);
    const fromSent = attempts.map(({ sent, at }) => at - sent);
    const fromAnswer = attempts.map(({ id, at }) => Math.max(0, at - (answeredAt.get(id) ?? at)));
    console.log(`at ${rate}/s (× ${part}): order to first attempt ${show(fromSent)}; from its 202 ${show(fromAnswer)}`);
    console.log(`  ${sentAt.size} not sent in time, ${lag} events behind`);
    while ((await lagOf(server)) > 0) await sleep(100);
  }
  console.log('wanted: p50 under 20, p99 under 200 ms');
  await server.stop();
  platform.close();

  // A platform that is down: what is queued for it only grows.
  const down = 'http://127.0.0.1:9';
  const measure = async (backlog: number) => {
    const place = newFolder();
    if (backlog > 0) {
      const store = openSqlite(join(place, 'store'));
      await queueConversions(store, backlog);
      await store.close();
    }
    const running = await start(place, down);
    await runLoad(running.url, 2, 1);
    const load = await runLoad(running.url, SECONDS, 1);
    const rss = running.rss();
    await running.stop();
    return { place, load, rss };
  };
  const without = await measure(0);
  const queued = await measure(BACKLOG);
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  console.log(`without a backlog    ingest ${without.load.per_second}/s, p99 ${without.load.p99_ms} ms, ${mib(without.rss)} MiB`);
  console.log(`with ${BACKLOG} waiting ingest ${queued.load.per_second}/s, p99 ${queued.load.p99_ms} ms, ${mib(queued.rss)} MiB`);
  console.log(
    `ratio ${(queued.load.per_second / without.load.per_second).toFixed(2)}, memory ${(queued.rss / without.rss).toFixed(2)}; wanted: about 1 for both`,
  );
  const store = openSqlite(join(queued.place, 'store'));
  const claims: number[] = [];
  for (let index = 0; index < CLAIMS; index++) {
    const began = performance.now();
    await store.outbox.claim({ site: 'bench', destination: 'meta' }, Date.now() + 86_400_000, 60_000, 500);
    claims.push(performance.now() - began);
  }
  await store.close();
  console.log(`a claim of 500 from it: ${show(claims)}; wanted: p99 under 20 ms (F22)`);
} finally {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
