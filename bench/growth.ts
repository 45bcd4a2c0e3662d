// What a store costs as it grows: appends and look-ups at 10⁵ and at 10⁷ events, and bytes on disk for each event of about
// 1 KB, indexes included. Commits of 256, synchronous=FULL. A look-up is timed the second time that it is asked, and the
// first time, when it may have to go to the disk, beside it.
//   npm run bench -- growth [events]
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type StoredEvent, uuidv7 } from '@orderloop/protocol';
import { openSqlite } from '../collector-server/src/storage/sqlite/index.ts';

const MOST = Number(process.argv[2] ?? 10_000_000);
const SIZES = [100_000, MOST];
const GROUP = 256;
const VISIT = 5;
const LOOKUPS = 2000;
const MEASURED = 50_000;
const SITE = 'bench';

const folder = mkdtempSync(join(tmpdir(), 'orderloop-bench-'));
const storage = openSqlite(folder);
const keys = new DatabaseSync(join(folder, 'state.db'));
keys.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -262144');
const putKey = keys.prepare('INSERT OR IGNORE INTO session_keys VALUES (?, ?, ?, ?, ?, ?, ?)');
/** Keys of the visits since the last time that they were put away: click ids are random, and no part of an append. */
let visits: [click: string, session_id: string, visitor_id: string, event_id: string, at: number][] = [];
const known: { event_id: string; visitor_id: string; click: string }[] = [];
let now = Date.now() - MOST;
let visit = newVisit();
let count = 0;

try {
  const figures: { per_second: number; id: Times; visitor: Times; click: Times; bytes: number }[] = [];
  for (const size of SIZES) {
    while (count < size - MEASURED) {
      await fill(GROUP);
      if (count % 1_000_000 < GROUP) process.stderr.write(`${count} of ${MOST} events\n`);
    }
    putKeys();
    const began = performance.now();
    const from = count;
    while (count < size) await fill(GROUP);
    const per_second = Math.round(((count - from) / (performance.now() - began)) * 1000);
    putKeys();
    const { bytes } = await storage.size();
    figures.push({
      per_second,
      id: await median((entry) => storage.events.find(SITE, entry.event_id)),
      visitor: await median((entry) => storage.events.ofVisitor(SITE, entry.visitor_id, 50)),
      click: await storage.projections.transaction([SITE], (tx) =>
        median((entry) => tx.sessionKeys(SITE, 'click_id', entry.click, 1)),
      ),
      bytes: Math.round(bytes / count),
    });
    const figure = figures.at(-1)!;
    console.log(
      `${count} events: ${figure.per_second} appended/s; by id ${show(figure.id)} µs, a visitor's last 50 ${show(figure.visitor)} µs, by click id ${show(figure.click)} µs (medians); ${figure.bytes} bytes an event with the keys of the clicks`,
    );
  }
  const [small, large] = figures as [(typeof figures)[0], (typeof figures)[0]];
  const ratio = (one: number, other: number): string => (one / other).toFixed(2);
  console.log(
    `${SIZES[1]} against ${SIZES[0]}: appends ${ratio(large.per_second, small.per_second)} (wanted: 0.85), by id ${ratio(large.id.again, small.id.again)}, by visitor ${ratio(large.visitor.again, small.visitor.again)}, by click id ${ratio(large.click.again, small.click.again)} (wanted: at most 2.2)`,
  );
} finally {
  keys.close();
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
}

function newVisit() {
  return {
    visitor_id: uuidv7(now, randomBytes(10)),
    session_id: uuidv7(now, randomBytes(10)),
    click: `IwY2xjawM${randomBytes(60).toString('base64url')}`,
    left: VISIT,
  };
}

async function fill(events: number): Promise<void> {
  const batch: StoredEvent[] = [];
  for (let index = 0; index < events; index++) {
    now += 1;
    if (visit.left-- === 0) visit = newVisit();
    const event = newEvent();
    batch.push(event);
    if (visit.left === VISIT - 2) visits.push([visit.click, visit.session_id, visit.visitor_id, event.event_id, now]);
    if ((count + index) % Math.ceil(MOST / 200_000) === 0)
      known.push({ event_id: event.event_id, visitor_id: visit.visitor_id, click: visit.click });
  }
  if (visits.length > 50_000) putKeys();
  await storage.log.append({ events: batch });
  count += events;
}

function putKeys(): void {
  keys.exec('BEGIN');
  for (const [click, session_id, visitor_id, event_id, at] of visits)
    putKey.run(SITE, 'click_id', click, session_id, visitor_id, event_id, at);
  keys.exec('COMMIT');
  visits = [];
}

/** Medians, in µs. */
interface Times {
  first: number;
  again: number;
}

async function median(ask: (entry: (typeof known)[number]) => Promise<unknown>): Promise<Times> {
  return { first: await once(ask), again: await once(ask) };
}

async function once(ask: (entry: (typeof known)[number]) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < LOOKUPS; index++) {
    // The last of them is a visit that goes on.
    const entry = known[Math.floor((index * 7919) % (known.length - 1))]!;
    const began = performance.now();
    await ask(entry);
    times.push((performance.now() - began) * 1000);
  }
  return times.sort((a, b) => a - b)[LOOKUPS / 2]!;
}

function show({ first, again }: Times): string {
  return `${again.toFixed(1)} (first ${first.toFixed(1)})`;
}

/** As the browser's door keeps it: about 1 KB as JSON. */
function newEvent(): StoredEvent {
  return {
    site: SITE,
    event_id: uuidv7(now, randomBytes(10)),
    received_at: now,
    event: 'view_item',
    occurred_at: now,
    visitor_id: visit.visitor_id,
    session_id: visit.session_id,
    seq: VISIT - visit.left,
    action_source: 'web',
    page: {
      url: 'https://shop.example/products/bollard?utm_source=parlour&utm_campaign=autumn',
      referrer: 'https://www.example.com/',
      title: 'Bollard, a table lamp',
    },
    campaign: { source: 'parlour', medium: 'paid_social', campaign: 'autumn-lights', content: 'lamp' },
    click_ids: { fbclid: { value: visit.click, first_seen_at: now } },
    cookies: { _fbp: `fb.1.${now}.1122334455` },
    consent: { ad_storage: 'granted', ad_user_data: 'granted', ad_personalization: 'granted', analytics_storage: 'granted' },
    items: [{ item_id: 'bollard', item_name: 'Bollard', price: 129, quantity: 1 }],
    context: {
      ip: '192.0.2.0',
      user_agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0',
      language: 'en-GB',
    },
    properties: { currency: 'EUR', value: 129 },
  };
}
