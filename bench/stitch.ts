// How long one order takes to stitch as the store grows, its person included, and how fast projectors derive everything.
//   npm run bench -- stitch [events ...]    10⁵, 10⁶ and 10⁷ take some 40 minutes
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StoredEvent, sessionRef, uuidv7 } from '@orderloop/protocol';
import { createProjector } from '../collector-server/src/ingest/project.ts';
import { AD_PURPOSES } from '../collector-server/src/stitch/conversion.ts';
import { canonicalOrder } from '../collector-server/src/stitch/testing.ts';
import type { Storage } from '../collector-server/src/storage/contract.ts';
import { openSqlite } from '../collector-server/src/storage/sqlite/index.ts';

const SIZES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [5_000, 50_000];
const WARM_ORDERS = 50;
const ORDERS = 200;
const facts = () => ({ consentMode: 'opt_in' as const, hosts: [], destinations: [{ id: 'meta', purposes: AD_PURPOSES }] });
const folder = mkdtempSync(join(tmpdir(), 'orderloop-bench-'));

try {
  const medians: number[] = [];
  for (const size of SIZES) {
    const storage = openSqlite(join(folder, String(size)));
    const visits = await fill(storage, size);
    const projector = createProjector(storage, facts, { now: Date.now });
    const began = performance.now();
    await projector.catchUp();
    const seconds = (performance.now() - began) / 1000;
    const times: number[] = [];
    for (let index = 0; index < WARM_ORDERS + ORDERS; index++) {
      const visit = visits[Math.floor((index * 7919) % visits.length)]!;
      await storage.log.append({ events: [orderEvent(`o${index}`, visit)] });
      const start = performance.now();
      await projector.catchUp();
      if (index >= WARM_ORDERS) times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    medians.push(times[ORDERS / 2]!);
    console.log(
      `${size} events: projected at ${Math.round(size / seconds)}/s; one order stitched in ${times[ORDERS / 2]!.toFixed(2)} ms (median), ${times[Math.floor(ORDERS * 0.99)]!.toFixed(2)} ms (p99)`,
    );
    await storage.close();
  }
  for (const [index, size] of SIZES.entries())
    if (index > 0)
      console.log(`median at ${size} against ${SIZES[0]}: ${(medians[index]! / medians[0]!).toFixed(2)} (wanted: under 1.5)`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

interface Visit {
  ref: string;
  email_index: string;
}

/** Of five events a visit, each third with somebody who says who it is. */
async function fill(storage: Storage, size: number): Promise<Visit[]> {
  const visits: Visit[] = [];
  const kept = Math.max(1, Math.floor(size / 5 / 2000));
  let events: StoredEvent[] = [];
  const now = Date.now() - 86_400_000;
  for (let count = 0; count < size; count += 5) {
    const at = now + count;
    const visitor_id = uuidv7(at, randomBytes(10));
    const session_id = uuidv7(at, randomBytes(10));
    const email_index = randomBytes(32).toString('base64url');
    const isKnown = (count / 5) % 3 === 0;
    if (isKnown && (count / 5) % kept === 0) visits.push({ ref: sessionRef(session_id, visitor_id), email_index });
    for (let seq = 0; seq < 5; seq++) {
      events.push({
        event: seq === 0 ? 'page_view' : isKnown && seq === 4 ? 'identify' : 'view_item',
        ...(isKnown && seq === 4 && { user: { email_index } }),
        event_id: uuidv7(at, randomBytes(10)),
        site: 'bench',
        occurred_at: at + seq,
        received_at: at + seq,
        visitor_id,
        session_id,
        seq,
        action_source: 'web',
        page: { url: 'https://shop.example/' },
        click_ids: { gclid: { value: randomBytes(30).toString('base64url'), first_seen_at: at } },
        consent: { ad_storage: 'granted', ad_user_data: 'granted', analytics_storage: 'granted' },
      });
    }
    if (events.length >= 1000) {
      await storage.log.append({ events });
      events = [];
    }
  }
  await storage.log.append({ events });
  return visits;
}

function orderEvent(order_id: string, { ref: session_ref, email_index }: Visit): StoredEvent {
  const at = `${new Date().toISOString().slice(0, 19)}Z`;
  const order = canonicalOrder({ order_id, created_at: at, paid_at: at, updated_at: at, session_ref });
  return {
    event: 'order',
    event_id: uuidv7(Date.now(), randomBytes(10)),
    site: 'bench',
    occurred_at: Date.now(),
    received_at: Date.now(),
    action_source: 'server',
    user: { email_index },
    order,
  };
}
