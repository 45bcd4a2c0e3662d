// A power cut, simulated: the store lies on a file system in an image, which is shut down under load so that everything that
// was not synced is dropped (FS_IOC_SHUTDOWN without a flush), mounted again, and compared with what was acknowledged. Beside
// the collector runs a server with synchronous=NORMAL, which must lose something, else the cut proves nothing.
// Needs root, loop devices and perl.   npm run bench -- power-cut [rounds]
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { uuidv7 } from '@orderloop/protocol';
import { KEY, ORIGIN, type Server, startCollector, startServer } from './server.ts';

const ROUNDS = Number(process.argv[2] ?? 20);
const SENDERS = 16;
const LOAD_MS = 1200;
const SHUTDOWN = 'open(my $f, "<", $ARGV[0]) or die $!; my $flag = pack("L", 2); ioctl($f, 0x8004587D, $flag) or die $!;';
const root = mkdtempSync(join(tmpdir(), 'orderloop-power-'));
const disk = join(root, 'disk');
const image = join(root, 'image');

try {
  for (const [name, rounds, start, file] of [
    ['collector, synchronous=FULL', ROUNDS, startCareful, 'store/log.db'],
    ['bare server, synchronous=NORMAL', Math.min(ROUNDS, 10), startCareless, 'careless.db'],
  ] as const) {
    let acknowledged = 0;
    let lost = 0;
    let lostRounds = 0;
    for (let round = 0; round < rounds; round++) {
      const result = await cut(start, file);
      acknowledged += result.acknowledged;
      lost += result.lost;
      if (result.lost > 0) lostRounds++;
    }
    console.log(`${name}: ${rounds} power cuts, ${acknowledged} acknowledged, ${lost} lost, in ${lostRounds} of the cuts`);
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}

async function cut(start: () => Promise<Server>, file: string): Promise<{ acknowledged: number; lost: number }> {
  mkdirSync(disk, { recursive: true });
  execFileSync('truncate', ['-s', '256M', image]);
  execFileSync('mkfs.ext4', ['-q', '-F', image]);
  execFileSync('mount', ['-o', 'loop', image, disk]);
  try {
    const server = await start();
    const acknowledged: string[] = [];
    let stopped = false;
    const senders = Array.from({ length: SENDERS }, async () => {
      while (!stopped) {
        const id = uuidv7(Date.now(), randomBytes(10));
        const answered = await post(server.url, id).catch(() => false);
        if (answered) acknowledged.push(id);
        else if (!stopped) await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
    await new Promise((resolve) => setTimeout(resolve, LOAD_MS + Math.random() * 500));
    execFileSync('perl', ['-e', SHUTDOWN, disk]);
    const before = [...acknowledged];
    stopped = true;
    process.kill(server.pid, 'SIGKILL');
    await Promise.all(senders);
    await unmount();
    execFileSync('mount', ['-o', 'loop', image, disk]);
    const db = new DatabaseSync(join(disk, file));
    const find = db.prepare('SELECT 1 FROM events WHERE event_id = ?');
    const lost = before.filter((id) => !find.get(id)).length;
    db.close();
    return { acknowledged: before.length, lost };
  } finally {
    await unmount();
    rmSync(image, { force: true });
  }
}

async function unmount(): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt++) {
    try {
      execFileSync('umount', [disk], { stdio: 'ignore' });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  spawn('umount', ['-l', disk]);
}

function startCareful(): Promise<Server> {
  return startCollector(root, ['--data', join(disk, 'store')], '');
}

function startCareless(): Promise<Server> {
  return startServer([join(import.meta.dirname, 'bare.ts'), join(disk, 'careless.db'), 'NORMAL'], /(http:\S+)/, '');
}

async function post(url: string, event_id: string): Promise<boolean> {
  const event = { event: 'page_view', event_id, occurred_at: Date.now(), action_source: 'web' };
  const answer = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { origin: ORIGIN, 'content-type': 'text/plain' },
    body: JSON.stringify({ key: KEY, sent_at: Date.now(), events: [event] }),
    signal: AbortSignal.timeout(2000),
  });
  await answer.arrayBuffer();
  return answer.status === 202;
}
