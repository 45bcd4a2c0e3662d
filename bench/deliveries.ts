// Deliveries made durable per second, for Shopify's largest sample, beside a bare express handler that only verifies the
// signature; server on one core, load on the other. Then latency at half of the collector's maximum: stores drop who answers
// late.
//   npm run bench -- deliveries [seconds]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinned, type Server, startCollector, startServer } from './server.ts';

const SECRET = 'bench-client-secret';
const SECONDS = Number(process.argv[2] ?? 6);

interface Figure {
  statuses: Record<string, number>;
  per_second: number;
  p50_ms: number;
  p99_ms: number;
  bytes: number;
}

async function deliver({ url }: Server, seconds: number, rate = 0): Promise<Figure> {
  const args = [join(import.meta.dirname, 'deliver.ts'), url, String(seconds), SECRET, String(rate)];
  const child = spawn(...pinned('1', args), { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  await once(child, 'close');
  return JSON.parse(out) as Figure;
}

const show = ({ per_second, p50_ms, p99_ms, statuses }: Figure): string =>
  `${per_second}/s, p50 ${p50_ms} ms, p99 ${p99_ms} ms, answers ${JSON.stringify(statuses)}`;

const folder = mkdtempSync(join(tmpdir(), 'orderloop-bench-'));
try {
  const bareServer = await startServer([join(import.meta.dirname, 'bare-express.ts'), SECRET], /(http:\S+)/);
  await deliver(bareServer, 3);
  const bare = await deliver(bareServer, SECONDS);
  await bareServer.stop();
  const sources = { shopify: { account: 'bench.myshopify.com', secrets: [SECRET] } };
  const server = await startCollector(folder, ['--data', join(folder, 'store')], undefined, { sources });
  await deliver(server, 3);
  const before = server.cpu();
  const ours = await deliver(server, SECONDS);
  const after = server.cpu();
  const half = await deliver(server, SECONDS, Math.max(1, Math.floor(ours.per_second / 2)));
  await server.stop();
  console.log(`sample of ${bare.bytes} bytes`);
  console.log(`bare express, verifies alone   ${show(bare)}`);
  console.log(`collector, durable             ${show(ours)}`);
  const micros = Object.entries(after).map(([name, used]): [string, number] => [
    name,
    Math.round(((used - (before[name] ?? 0)) * 1e6) / (ours.per_second * SECONDS)),
  ]);
  const busy = micros.filter(([, used]) => used >= 5).map(([name, used]) => `${name} ${used}`);
  console.log(`  processor time a delivery, in µs: ${busy.join(', ')}`);
  console.log(`collector at half of that      ${show(half)}`);
  console.log(`ratio ${(ours.per_second / bare.per_second).toFixed(2)}; wanted: p99 under 100 ms under load`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
