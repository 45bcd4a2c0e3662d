import type { Person, ProbablePerson } from '@orderloop/protocol';
import { type DeviceFeatures, type KnownDevice, probablePerson } from '../stitch/probable.ts';
import type { EventReader, ProjectionReader } from '../storage/contract.ts';
import { createPersonLookup } from './lookup.ts';

const MAX_DEVICES = 50;
const MAX_SESSIONS = 20;
const MAX_EVENTS = 20;
const FOREVER = Number.MAX_SAFE_INTEGER;

/**
 * Who a device that nobody signed in on probably belongs to (identity §2.9); undefined when nobody does. Compared are devices
 * that came by a click id which it came by too: by the default weights nothing else is enough together.
 */
export async function probableOf(
  person: Person,
  { projections, events }: { projections: ProjectionReader; events: Pick<EventReader, 'ofVisitor'> },
): Promise<ProbablePerson | undefined> {
  const [device, ...more] = person.devices;
  if (!person.anonymous || !device || device.shared || more.length > 0) return undefined;
  const { site } = person;
  const featuresOf = async (visitor_id: string): Promise<DeviceFeatures> => {
    const sessions = await projections.sessionsBefore(site, visitor_id, FOREVER, MAX_SESSIONS);
    const latest = (await events.ofVisitor(site, visitor_id, MAX_EVENTS)).findLast(({ context }) => context?.ip);
    const { user_agent, language } = sessions[0] ?? {};
    return {
      visitor_id,
      at: latest?.occurred_at ?? 0,
      ...(latest?.context?.ip && { ip: latest.context.ip }),
      ...(user_agent && { user_agent }),
      ...(language && { language }),
      click_ids: sessions.flatMap(({ click_ids = {} }) => Object.values(click_ids).map(({ value }) => value)),
    };
  };
  const own = await featuresOf(device.visitor_id);
  const lookup = createPersonLookup(projections);
  const known: KnownDevice[] = [];
  for (const visitor_id of await projections.visitorsWithClicks(site, own.click_ids ?? [], MAX_DEVICES)) {
    const [only, ...others] = await lookup.claimants(site, visitor_id);
    if (!only || others.length > 0) continue;
    known.push({ ...(await featuresOf(visitor_id)), person_id: (await lookup.personOf(site, only)).person_id });
  }
  return probablePerson(own, known) ?? undefined;
}
