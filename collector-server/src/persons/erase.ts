import { randomBytes } from 'node:crypto';
import { type Identifier, type LoggedEvent, uuidv7 } from '@orderloop/protocol';
import type { Projector } from '../ingest/project.ts';
import { identifiersOf, keyOf } from '../stitch/identifiers.ts';
import type { Erasure, Storage } from '../storage/contract.ts';
import { createPersonLookup } from './lookup.ts';
import { isRedacted, redact, tombstone } from './redact.ts';

const PAGE = 500;
const MAX_DEVICES = 1000;
const KEY_BYTES = 32;

export interface ErasureReport {
  event_id: string;
  /** Events of the log that hold nothing of the person any more; of these, orders that stay for the books. */
  events: number;
  orders: number;
}

export interface EraseDeps {
  storage: Pick<Storage, 'log' | 'projections' | 'erasures'>;
  projector: Pick<Projector, 'catchUp' | 'reproject'>;
  now: number;
  onProgress?: ((events: number) => void) | undefined;
}

/**
 * Erases who has an identifier: everything that the log and the projections hold of the person, on all of its devices, up to
 * now (identity §2.7). Orders stay, without it. What is to be done is written down first, so that an erasure that was
 * interrupted goes on (`resumeErasures`). Null when nobody has the identifier.
 */
export async function erasePerson(
  { site, id, by, reason }: { site: string; id: Identifier; by: string; reason?: string },
  deps: EraseDeps,
): Promise<ErasureReport | null> {
  const { storage, projector, now } = deps;
  await projector.catchUp();
  const lookup = createPersonLookup(storage.projections);
  const person = await lookup.component(site, id);
  if (!person) return null;
  const { visitor_ids } = await lookup.personOf(site, person);
  const all = await storage.projections.visitorsWith(site, person.ids, MAX_DEVICES);
  const key = randomBytes(KEY_BYTES).toString('base64url');
  const erasure: Erasure = {
    site,
    event_id: uuidv7(now, randomBytes(10)),
    at: now,
    key,
    hashes: [...person.ids.map((one) => tombstone(key, one)), ...visitor_ids.map((visitor_id) => tombstone(key, { visitor_id }))],
    by,
    ...(reason && { reason }),
    subject: {
      ids: person.ids,
      visitor_ids: [...visitor_ids],
      shared_visitor_ids: all.filter((visitor_id) => !visitor_ids.includes(visitor_id)),
      clusters: await storage.projections.identityClusters(site, person.ids),
    },
  };
  await storage.erasures.begin(erasure);
  return carryOut(erasure, deps);
}

/** Goes on with what an earlier process began. */
export async function resumeErasures(deps: EraseDeps): Promise<void> {
  for (const erasure of await deps.storage.erasures.open()) await carryOut(erasure, deps);
}

async function carryOut(erasure: Erasure, { storage, projector, onProgress }: EraseDeps): Promise<ErasureReport> {
  const { site, event_id, at, by, reason, subject } = erasure;
  const { visitor_ids, shared_visitor_ids, clusters } = subject!;
  const own = new Set(visitor_ids);
  const affected = new Set([...visitor_ids, ...shared_visitor_ids]);
  const named = new Set<string>();
  for (const cluster of clusters)
    for (const { ids } of await storage.projections.identityFacts(site, cluster)) for (const one of ids) named.add(keyOf(one));
  const isMine = await createOwnership(storage, site, subject!);

  const gone: LoggedEvent[] = [];
  const again: LoggedEvent[] = [];
  let read = 0;
  for (let partition = 0; partition < storage.log.partitions; partition++) {
    for (let after = 0; ; ) {
      const page = await storage.log.read(partition, after, PAGE);
      if (page.length === 0) break;
      after = page.at(-1)!.position;
      for (const event of page) {
        if (event.site !== site) continue;
        const hangsOn = affected.has(event.visitor_id ?? '') || identifiersOf(event).some((one) => named.has(keyOf(one)));
        if (!hangsOn) continue;
        const isErased =
          !isRedacted(event) && event.occurred_at <= at && (own.has(event.visitor_id ?? '') || (await isMine(event)));
        (isErased ? gone : again).push(event);
      }
      read += page.length;
      onProgress?.(read);
    }
  }
  const redacted = gone.map(redact);
  for (let start = 0; start < redacted.length; start += PAGE)
    await storage.erasures.overwrite(redacted.slice(start, start + PAGE));
  const events = [...again, ...redacted].sort((one, other) => one.position - other.position);
  await projector.reproject(site, { visitor_ids: [...affected], clusters, events: [...again, ...gone] }, events);
  const properties = { by, ...(reason && { reason }), events: gone.length };
  await storage.log.append({
    events: [{ site, event_id, event: 'erase', occurred_at: at, received_at: at, action_source: 'server', properties }],
  });
  await storage.erasures.done(site, event_id);
  return { event_id, events: gone.length, orders: redacted.filter(({ order }) => order).length };
}

/** Whether an event that isn't on a device of the person alone is nevertheless its own (identity §2.5). */
async function createOwnership(
  { projections }: Pick<Storage, 'projections'>,
  site: string,
  { ids, shared_visitor_ids }: NonNullable<Erasure['subject']>,
): Promise<(event: LoggedEvent) => Promise<boolean>> {
  const lookup = createPersonLookup(projections);
  const own = new Set(ids.map(keyOf));
  const shared = new Set(shared_visitor_ids);
  return async (event) => {
    const [strongest] = identifiersOf(event);
    if (strongest) return own.has(keyOf(strongest));
    const { visitor_id, session_id = '', occurred_at: at, event_id } = event;
    if (!visitor_id || !shared.has(visitor_id)) return false;
    const person = await lookup.ownerOfVisit(site, visitor_id, session_id, { at, event_id });
    return person?.ids.some((one) => own.has(keyOf(one))) ?? false;
  };
}
