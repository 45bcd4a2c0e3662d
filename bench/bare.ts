// The reference: a bare node:http server that parses the JSON, inserts into one SQLite table with the indexes of our log under
// synchronous=FULL with group commit (2 ms or 256 events), and answers after it. No check, no thread.
//   bare.ts <file> [<synchronous>]
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';

const db = new DatabaseSync(process.argv[2]!);
db.exec(
  `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${process.argv[3] ?? 'FULL'};
   CREATE TABLE IF NOT EXISTS events (position INTEGER PRIMARY KEY, site TEXT NOT NULL, event_id TEXT NOT NULL, visitor_id TEXT,
     received_at INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
   CREATE UNIQUE INDEX IF NOT EXISTS events_by_id ON events (site, event_id);
   CREATE INDEX IF NOT EXISTS events_by_visitor ON events (site, visitor_id) WHERE visitor_id IS NOT NULL;`,
);
const insert = db.prepare('INSERT OR IGNORE INTO events (site, event_id, visitor_id, received_at, body) VALUES (?, ?, ?, ?, ?)');
let waiting: { events: { event_id: string; visitor_id?: string }[]; done(): void }[] = [];
let count = 0;
let timer: NodeJS.Timeout | undefined;

function commit(): void {
  clearTimeout(timer);
  timer = undefined;
  const group = waiting;
  waiting = [];
  count = 0;
  const now = Date.now();
  db.exec('BEGIN');
  for (const { events } of group)
    for (const event of events) insert.run('bench', event.event_id, event.visitor_id ?? null, now, JSON.stringify(event));
  db.exec('COMMIT');
  for (const { done } of group) done();
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { events } = JSON.parse(Buffer.concat(chunks).toString());
    const answer = JSON.stringify({ accepted: events.length });
    waiting.push({
      events,
      done: () => response.writeHead(202, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer),
    });
    count += events.length;
    if (count >= 256) commit();
    else timer ??= setTimeout(commit, 2);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
