// Servers under measurement: a process each, pinned to the first core, with what it used of the processor by thread.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Config, SiteConfig } from '../collector-server/src/config.ts';
import type { LoadResult } from './load.ts';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
export const KEY = 'pk_bench_0123456789';
export const ORIGIN = 'https://shop.example';
/** As `examples/deploy` runs it: what was built, and few arenas for the allocator. */
const DEPLOYED = { ...process.env, NODE_ENV: 'production', MALLOC_ARENA_MAX: '2' };
const BIN = join(import.meta.dirname, '..', 'collector-server', 'bin', 'orderloop.mjs');
/** The rate limits are for single senders; here one address plays all of them. */
const UNLIMITED = Object.fromEntries(
  ['network', 'key', 'site'].flatMap((what) => [
    [`${what}_per_second`, 1e6],
    [`${what}_burst`, 1e6],
  ]),
);
const hasTaskset = existsSync('/usr/bin/taskset');

export interface Server {
  url: string;
  pid: number;
  /** Seconds of processor time so far, by thread name. */
  cpu(): Record<string, number>;
  /** Bytes in memory. */
  rss(): number;
  stop(): Promise<void>;
  /** Ends it as it stands. */
  kill(): Promise<void>;
}

/** `core` may be empty: anywhere. */
export function pinned(core: string, args: string[]): [string, string[]] {
  return hasTaskset && core !== '' ? ['taskset', ['-c', core, process.execPath, ...args]] : [process.execPath, args];
}

/** Starts a script that says its address; `pattern` finds it in a line of its output. */
export async function startServer(args: string[], pattern: RegExp, core = '0'): Promise<Server> {
  const child: ChildProcess = spawn(...pinned(core, args), { stdio: ['ignore', 'pipe', 'pipe'], env: DEPLOYED });
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    for (const stream of [child.stdout!, child.stderr!])
      createInterface({ input: stream }).on('line', (line) => {
        said += `${line}\n`;
        const found = pattern.exec(line)?.[1];
        if (found) resolve(found);
      });
    child.on('exit', () => reject(new Error(`The server ended before it listened:\n${said}`)));
  });
  const pid = child.pid!;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return {
    url,
    pid,
    cpu: () => cpuByThread(pid),
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

/**
 * A collector for one site; `store` is where it keeps things, as `serve` is told, `more` what its site has beyond keys, and
 * `whole` what the configuration has beyond sites. It is written into `folder`.
 */
export function startCollector(
  folder: string,
  store: readonly string[],
  core?: string,
  more: Partial<SiteConfig> = {},
  whole: Partial<Config> = {},
): Promise<Server> {
  const config = join(folder, 'config.json');
  const site = { name: 'Bench', publishable_keys: [KEY], secret_keys: [], signing_secrets: [], origins: [ORIGIN], ...more };
  const limits = { drain_ms: 0, ...UNLIMITED };
  writeFileSync(
    config,
    JSON.stringify({ data_key: 'bench', dashboard_token: 'bench-dashboard-token', ...whole, limits, sites: { bench: site } }),
  );
  return startServer([BIN, 'serve', '--port', '0', ...store, '--config', config], /^Collector\s+(\S+)/, core);
}

export function cpuByThread(pid: number): Record<string, number> {
  const used: Record<string, number> = {};
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    used[name] = (used[name] ?? 0) + (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }
  return used;
}

export async function runLoad(url: string, seconds: number, perRequest: number, rate = 0, core = '1'): Promise<LoadResult> {
  const args = [join(import.meta.dirname, 'load.ts'), url, String(seconds), String(perRequest), KEY, ORIGIN, String(rate)];
  const child = spawn(...pinned(core, args), { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  await once(child, 'close');
  return JSON.parse(out) as LoadResult;
}
