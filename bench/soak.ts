// Conversions through a platform that fails a third of its requests at random, while the collector is killed every few
// seconds. Each ends accepted, once by its dedup id, or dead with the platform's own reason; the counts say so.
//   npm run bench -- soak [conversions] [seed]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSqlite } from '../collector-server/src/storage/sqlite/index.ts';
import type { Status } from '../packages/protocol/src/index.ts';
import { queueConversions } from './backlog.ts';
import { type Fault, metaAt, playPlatform } from './platform.ts';
import { type Server, startCollector } from './server.ts';

const COUNT = Number(process.argv[2] ?? 100_000);
const SEED = Number(process.argv[3] ?? Date.now() % 1e6);
const FAULTS: Fault[] = ['reset', '500', '429', 'html', 'lost answer'];
/** One in so many is refused, and would take its whole batch with it. */
const POISON_EVERY = 1_000;
const LIMIT_MS = 900_000;
const CUT_SHORT_MS = 1_000;
const SECRET_KEY = 'sk_bench_0123456789';

let state = SEED;
const random = (): number => {
  state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
  return state / 2_147_483_648;
};

const folder = mkdtempSync(join(tmpdir(), 'orderloop-soak-'));
const data = join(folder, 'store');
const platform = await playPlatform(
  () => (random() < 1 / 3 ? FAULTS[Math.floor(random() * FAULTS.length)]! : null),
  (id) => Number(id.slice(1)) % POISON_EVERY === 7,
);
let running: Server | undefined;
try {
  const seeded = openSqlite(data);
  await queueConversions(seeded, COUNT);
  await seeded.close();
  const site = { destinations: [metaAt(platform.url)], secret_keys: [SECRET_KEY] };
  const relay = { base_ms: 100, cap_ms: 3_000, throttled_floor_ms: 100, lease_ms: 3_000, breaker_ms: 100 };
  const start = (): Promise<Server> =>
    startCollector(folder, ['--data', data], '', site, { relay, allow_private_targets: [platform.url] });

  const began = performance.now();
  let kills = 0;
  let open = COUNT;
  while (open > 0 && performance.now() - began < LIMIT_MS) {
    const server = await start();
    running = server;
    const until = performance.now() + 2_000 + random() * 3_000;
    while (performance.now() < until && open > 0) {
      await sleep(250);
      const response = await fetch(`${server.url}/v1/status`, { headers: { authorization: `Bearer ${SECRET_KEY}` } });
      const { outbox } = (await response.json()) as Status;
      open = outbox.waiting + outbox.sending + outbox.pending + outbox.paused;
    }
    if (open > 0) kills += 1;
    await server.kill();
    running = undefined;
    // What it had read of answers and not yet written is gone with it.
    const since = performance.now() - CUT_SHORT_MS;
    for (const [id, at] of platform.takenAt) if (at > since) platform.unanswered.add(id);
    process.stderr.write(`\r${COUNT - open} of ${COUNT} settled, ${kills} kills `);
  }
  process.stderr.write('\n');

  const store = openSqlite(data);
  const tally = await store.outbox.tally('bench');
  await store.close();
  const ofState = (wanted: string) => tally.filter((row) => row.state === wanted).reduce((sum, { count }) => sum + count, 0);
  const poisoned = Array.from({ length: COUNT }, (_, index) => index).filter((index) => index % POISON_EVERY === 7).length;
  const repeats = [...platform.taken].filter(([, times]) => times > 1);
  const unexplained = repeats.filter(([id]) => !platform.unanswered.has(id));
  const dead = tally.filter((row) => row.state === 'dead');
  console.log(`seed ${SEED}; ${COUNT} conversions, ${((performance.now() - began) / 1000).toFixed(0)} s, ${kills} times killed`);
  console.log(`requests ${platform.requests}, of which failed ${JSON.stringify(platform.faults)}`);
  console.log(`on our file: delivered ${ofState('delivered')}, dead ${JSON.stringify(dead)}, still open ${open}`);
  console.log(`on the platform's: ${platform.taken.size} conversions by dedup id, of ${COUNT - poisoned} that it takes`);
  console.log(
    `sent again after an answer that was lost, by the network or in a kill, and known by their id: ${repeats.length}; for no reason: ${unexplained.length}`,
  );
  const right =
    open === 0 &&
    platform.taken.size === COUNT - poisoned &&
    ofState('delivered') === COUNT - poisoned &&
    dead.every(({ reason }) => reason === '100/2804003') &&
    ofState('dead') === poisoned &&
    unexplained.length === 0;
  console.log(
    right
      ? 'every one accepted once, or dead with the platform’s reason'
      : 'NOT every one accepted once, or dead with its reason',
  );
  if (!right) process.exitCode = 1;
} finally {
  await running?.kill();
  platform.close();
  rmSync(folder, { recursive: true, force: true });
}
