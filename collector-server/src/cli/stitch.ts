import { parseArgs } from 'node:util';
import { type Order, orderKey, type Session } from '@orderloop/protocol';
import { createProjector } from '../ingest/project.ts';
import { readInstant } from '../ingest/time.ts';
import { judgeEvent } from '../ingest/validate.ts';
import { listPersons } from '../persons/read.ts';
import { createVault } from '../privacy/vault.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import { parseOr, printJson, readInput, UnusableInput } from './io.ts';

const SITE = 'stitch';
const ALL_GRANTED = {
  ad_storage: 'granted',
  ad_user_data: 'granted',
  ad_personalization: 'granted',
  analytics_storage: 'granted',
};

/** `orderloop stitch FILE.ndjson`: canonical events, one a line, on a store in memory: what becomes of them. */
export async function stitch(args: string[]): Promise<void> {
  const { positionals } = parseArgs({ args, allowPositionals: true });
  const lines = readInput(positionals[0]).split('\n');
  const vault = createVault(new Uint8Array(32));
  const events = lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const value = parseOr(line, `Line ${index + 1} is not JSON.`, `/${index}`) as Record<string, unknown>;
    const occurred_at = readInstant(value?.['occurred_at']);
    const judgement = judgeEvent(
      // An event that says nothing of consent is looked at as if everything was allowed: nothing leaves this process.
      { consent: ALL_GRANTED, ...value },
      index,
      { site: SITE, from: 'server', received_at: occurred_at ?? 0, clock_offset_ms: 0, custom_events: 'any', vault },
    );
    if ('error' in judgement) {
      throw new UnusableInput(
        `Line ${index + 1}: ${judgement.error.detail}`,
        judgement.error.pointer.replace(/^\/events/, ''),
        judgement.error.code,
      );
    }
    return [judgement.event];
  });
  const storage = openSqlite();
  try {
    await storage.log.append({ events });
    await createProjector(storage, () => ({ consentMode: 'opt_out', hosts: [], destinations: [] }), { now: () => 0 }).catchUp();
    const { sessions, touchpoints, orders, links, conversions } = await storage.projections.dump();
    const persons = await listPersons(storage.projections);
    const ownerOf = new Map<string, string>();
    for (const { person_id, sessions: theirs, orders: bought } of persons) {
      for (const { visitor_id, session_id } of theirs) ownerOf.set(`${visitor_id} ${session_id}`, person_id);
      for (const { order_key } of bought) ownerOf.set(order_key, person_id);
    }
    printJson({
      persons: persons.map(({ site: _, sessions, touchpoints, orders, ...person }) => ({
        ...person,
        sessions: sessions.map(({ session_id }) => session_id),
        touchpoints: touchpoints.map(({ touchpoint_id }) => touchpoint_id),
        orders: orders.map(({ order_key }) => order_key),
      })),
      sessions: (sessions as Session[]).map((session) => ({
        ...without(session, ['first', 'stamps', 'last_page_url']),
        person_id: ownerOf.get(`${session.visitor_id} ${session.session_id}`) ?? null,
      })),
      touchpoints,
      orders: (orders as { order: Order; conflicts: unknown[] }[]).map(({ order, conflicts }) => ({
        ...order,
        conflicts,
        person_id: ownerOf.get(orderKey(order)) ?? null,
      })),
      links,
      conversions: conversions.map((conversion) => without(conversion, ['user', 'user_event_id', 'conversion'])),
    });
  } finally {
    await storage.close();
  }
}

function without(row: unknown, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row as object).filter(([name]) => !fields.includes(name)));
}
