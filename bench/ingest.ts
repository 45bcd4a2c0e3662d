// Events made durable per processor second: the collector with all its checks beside a bare server (bare.ts), 1 and 20 events
// a request; each server alone on one core, the load on the other. What the background thread uses is told apart: it
// projects what is durable already, and can be put elsewhere.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLoad, type Server, startCollector, startServer } from './server.ts';

const WARM_SECONDS = 6;
const SECONDS = 5;
const ROUNDS = Number(process.env['ROUNDS'] ?? 3);

interface Figure {
  per_second: number;
  /** Events per processor second, the background thread left out. */
  per_cpu: number;
  background_share: number;
  p50_ms: number;
  p99_ms: number;
  rss_mb: number;
  threads: string;
}

const folder = mkdtempSync(join(tmpdir(), 'orderloop-bench-'));
try {
  for (const perRequest of [1, 20]) {
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const bare = await measure(await startBare(`bare-${perRequest}-${round}`), perRequest);
      const ours = await measure(
        await startCollector(folder, ['--data', join(folder, `ours-${perRequest}-${round}`)]),
        perRequest,
      );
      ratios.push(ours.per_cpu / bare.per_cpu);
      console.log(`${perRequest} a request, round ${round + 1}: ratio ${ratios.at(-1)!.toFixed(2)}`);
      console.log(`  bare      ${show(bare)}`);
      console.log(`  collector ${show(ours)}`);
    }
    console.log(`${perRequest} a request: median ratio per processor second ${median(ratios).toFixed(2)}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function startBare(name: string): Promise<Server> {
  return startServer([join(import.meta.dirname, 'bare.ts'), join(folder, `${name}.db`)], /(http:\S+)/);
}

async function measure(server: Server, perRequest: number): Promise<Figure> {
  await runLoad(server.url, WARM_SECONDS, perRequest);
  const before = server.cpu();
  const { acknowledged, per_second, p50_ms, p99_ms } = await runLoad(server.url, SECONDS, perRequest);
  const after = server.cpu();
  const rss_mb = Math.round(server.rss() / 1e6);
  await server.stop();
  const used = Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));
  const total = Object.values(used).reduce((sum, value) => sum + value, 0);
  const background = used['background'] ?? 0;
  return {
    per_second,
    per_cpu: Math.round(acknowledged / (total - background)),
    background_share: background / total,
    p50_ms,
    p99_ms,
    rss_mb,
    threads: Object.entries(used)
      .filter(([, value]) => value > 0.05)
      .map(([name, value]) => `${name} ${value.toFixed(2)} s`)
      .join(', '),
  };
}

function show({ per_second, per_cpu, background_share, p50_ms, p99_ms, rss_mb, threads }: Figure): string {
  const share = background_share > 0 ? `, background ${Math.round(100 * background_share)} % of all` : '';
  return `${per_cpu}/CPU s, ${per_second}/s, p50 ${p50_ms} p99 ${p99_ms} ms, ${rss_mb} MB (${threads}${share})`;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
