import type { LoggedEvent, Person, StoredEvent } from '@orderloop/protocol';
import { createProjector } from '../ingest/project.ts';
import type { SiteFacts } from '../ingest/site-facts.ts';
import type { ConversionState } from '../stitch/conversion.ts';
import type { Storage } from '../storage/contract.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import { listPersons } from './read.ts';

export const DAY = Date.UTC(2026, 10, 20);
const MINUTE_MS = 60_000;

/** An event of a device, so many minutes into the day. */
export function seen(event_id: string, minute: number, more: Partial<StoredEvent>): StoredEvent {
  return {
    site: 'demo',
    event: more.user ? 'identify' : 'page_view',
    event_id,
    occurred_at: DAY + minute * MINUTE_MS,
    received_at: DAY,
    action_source: 'web',
    ...(more.visitor_id && !('session_id' in more) && { session_id: `${more.visitor_id}-1` }),
    ...more,
  };
}

/** What everything is in the end: persons, and what hangs on them. */
export interface Outcome {
  persons: Person[];
  rows: Record<string, unknown[]>;
}

export const FACTS: SiteFacts = { consentMode: 'opt_out', hosts: [], destinations: [] };

/** Projects events in batches of these sizes, in turn. */
export async function outcomeOf(
  batches: readonly (readonly StoredEvent[])[],
  { storage = openSqlite(), facts = FACTS }: { storage?: Storage; facts?: SiteFacts } = {},
): Promise<Outcome> {
  try {
    const projector = createProjector(storage, () => facts, { now: () => 0 });
    for (const events of batches) {
      await storage.log.append({ events });
      await projector.catchUp();
    }
    const persons = await listPersons(storage.projections);
    return { persons, rows: await rowsOf(storage) };
  } finally {
    await storage.close();
  }
}

/** All rows; of conversions, which by their nature tell what was known when, only whether they were a new customer's. */
export async function rowsOf({ projections }: Pick<Storage, 'projections'>): Promise<Outcome['rows']> {
  const { conversions, ...rows } = await projections.dump();
  const newCustomers = (conversions as ConversionState[]).map(
    ({ conversion_id, conversion }) => `${conversion_id} ${conversion.order?.new_customer ?? 'nobody knows'}`,
  );
  return { ...rows, newCustomers: newCustomers.sort() };
}

/** The person who has an identifier, by its value. */
export function personWith(persons: readonly Person[], value: string): Person | undefined {
  return persons.find(({ identifiers }) => identifiers.some((id) => id.value === value));
}

/** Events as a log gives them, for what is asked of a single one. */
export const logged = (event: StoredEvent): LoggedEvent => ({ ...event, position: 1 });
