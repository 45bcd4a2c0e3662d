import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { Config } from '../../src/config.ts';
import { KEY, newVisit, ORIGIN, testConfig } from '../harness.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'orderloop.mjs');

export interface CollectorProcess {
  child: ChildProcess;
  url: string;
  /** What it said on stderr so far. */
  said(): string;
  /** Sends a signal and waits for the end; answers the exit code, or null after a signal that was not handled. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** A folder with a configuration, gone with the test. */
export function newFolder(config: Config = testConfig(), parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'orderloop-fault-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'orderloop.json'), JSON.stringify(config));
  return folder;
}

/** A collector in a process of its own; resolves when it listens, and is gone with the test. */
export async function serve(
  folder: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<CollectorProcess> {
  const child = spawn(process.execPath, [BIN, 'serve', '--port', '0', '--data', folder, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let said = '';
  const lines = createInterface({ input: child.stderr! });
  const url = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      said += `${line}\n`;
      const found = /^Collector\s+(\S+)/.exec(line)?.[1];
      if (found) resolve(found);
    });
    child.once('exit', () => reject(new Error(`The collector ended before it listened:\n${said}`)));
  });
  return {
    child,
    url,
    said: () => said,
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill(signal);
      return (await exited)[0] as number | null;
    },
  };
}

export const post = (url: string, events: readonly unknown[]): Promise<Response> =>
  fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { origin: ORIGIN, 'content-type': 'text/plain' },
    body: JSON.stringify({ key: KEY, sent_at: Date.now(), events }),
  });

export interface Load {
  /** Ids that were answered 202. */
  acknowledged: string[];
  /** How often each status was answered; `broken` are connections that ended without one. */
  statuses: Map<number | 'broken', number>;
  /** Resolves when so many more are acknowledged. */
  until(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Senders that post one event after another to an address that may change, until they are stopped. */
export function startLoad(url: () => string, senders = 8): Load {
  const acknowledged: string[] = [];
  const statuses: Load['statuses'] = new Map();
  const waiting: { count: number; resolve(): void }[] = [];
  let stopped = false;
  const send = async (): Promise<void> => {
    const visit = newVisit();
    while (!stopped) {
      const event = visit.event('page_view', { occurred_at: Date.now() });
      const status = await post(url(), [event]).then(
        async (answer) => {
          await answer.arrayBuffer();
          return answer.status;
        },
        () => 'broken' as const,
      );
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 202) acknowledged.push(String(event['event_id']));
      else await new Promise((resolve) => setTimeout(resolve, 5));
      for (const entry of waiting.splice(0))
        if (acknowledged.length >= entry.count) entry.resolve();
        else waiting.push(entry);
    }
  };
  const running = Array.from({ length: senders }, send);
  return {
    acknowledged,
    statuses,
    until: (count) =>
      new Promise((resolve) => {
        waiting.push({ count: acknowledged.length + count, resolve });
      }),
    async stop() {
      stopped = true;
      await Promise.all(running);
    },
  };
}

/** Whether this user may watch the calls that processes make of the system. */
export const mayTrace = spawnSync('strace', ['-e', 'trace=none', 'true']).status === 0;

/** Watches the thread of a collector that commits, with `strace` and these arguments, until the test ends. */
export function traceCommits({ child }: CollectorProcess, args: readonly string[]): ChildProcess {
  const thread = readdirSync(`/proc/${child.pid}/task`).find(
    (task) => readFileSync(`/proc/${child.pid}/task/${task}/comm`, 'utf8').trim() === 'commit',
  );
  const tracer = spawn('strace', ['-q', '-p', thread!, ...args], { stdio: 'ignore' });
  onTestFinished(() => {
    tracer.kill('SIGKILL');
  });
  return tracer;
}
