// The reference on PostgreSQL: a bare node:http server that parses the JSON, inserts into our log's own table with its indexes
// in one multi-row statement a commit (2 ms or 256 events), and answers after it. No check, no repeat looked for, no position
// shared with anybody.
//   bare-postgres.ts <database url>
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

const COLUMNS = 6;
const GROUP = 256;
const client = new pg.Client({ connectionString: process.argv[2]! });
await client.connect();
const [{ today }] = (await client.query<{ today: string }>('SELECT current_date::text AS today')).rows as [{ today: string }];
let position = 0;
const waiting: { events: { event_id: string; visitor_id: string }[]; done(): void }[] = [];
let count = 0;
let timer: NodeJS.Timeout | undefined;
let committing = false;

async function commit(): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  if (committing || waiting.length === 0) return;
  committing = true;
  let group: typeof waiting = [];
  const values: unknown[] = [];
  while (waiting.length > 0 && values.length < GROUP * COLUMNS) {
    const next = waiting.shift()!;
    group.push(next);
    for (const event of next.events)
      values.push(++position, 'bench', event.event_id, event.visitor_id, Date.now(), JSON.stringify(event));
  }
  count -= values.length / COLUMNS;
  await client.query({ name: `insert${values.length}`, text: statement(values.length / COLUMNS), values });
  for (const { done } of group) done();
  group = [];
  committing = false;
  if (waiting.length > 0) await commit();
}

const statements = new Map<number, string>();
function statement(rows: number): string {
  let text = statements.get(rows);
  if (text === undefined) {
    const row = (at: number): string =>
      `('${today}', 0, ${Array.from({ length: COLUMNS }, (_, column) => `$${at * COLUMNS + column + 1}`).join(', ')})`;
    text = `INSERT INTO events (day, log_partition, position, site, event_id, visitor_id, received_at, body) VALUES ${Array.from({ length: rows }, (_, at) => row(at)).join(', ')}`;
    statements.set(rows, text);
  }
  return text;
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
    if (count >= GROUP) void commit();
    else timer ??= setTimeout(commit, 2);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
