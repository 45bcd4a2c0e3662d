import type { Context, FieldError } from '@orderloop/protocol';
import { type Config, connectionOf } from '../config.ts';
import { type Certificates, CertificateUnavailable } from '../connections/certificates.ts';
import type { Vault } from '../privacy/vault.ts';
import type { Source } from '../sources/contract.ts';
import type { DeadLetterRow, Storage } from '../storage/contract.ts';
import { openDeadLetter, type Refused } from './dead-letter.ts';
import { eventsOfReading } from './delivery.ts';
import type { Projector } from './project.ts';
import { judgeEvent } from './validate.ts';

export interface ReplayOutcome {
  id: number;
  /** `replayed`: it is in, as it would have been then. `refused`: it still can't be taken. `impossible`: not enough was kept. */
  result: 'replayed' | 'refused' | 'impossible';
  /** Why, where it is not in. */
  code?: string;
  detail?: string;
}

export interface ReplayDeps {
  storage: Pick<Storage, 'log' | 'events' | 'deadLetters'>;
  config: Pick<Config, 'sites'>;
  sources: Readonly<Record<string, Source>>;
  certificates: Pick<Certificates, 'of'>;
  projector: Pick<Projector, 'projectLate'>;
  vault: Vault;
}

/**
 * Takes a dead letter up again where it failed, with its own id and the time at which it came (B3): for what a later
 * configuration or version can take. Twice is harmless: the log knows the event by its id.
 */
export async function replayDeadLetter(letter: DeadLetterRow, deps: ReplayDeps): Promise<ReplayOutcome> {
  const outcome = await takeUp(letter, deps);
  await deps.storage.deadLetters.settle(letter.id, outcome.result === 'replayed' ? 'replayed' : undefined);
  return outcome;
}

async function takeUp(letter: DeadLetterRow, deps: ReplayDeps): Promise<ReplayOutcome> {
  const { id, stage } = letter;
  if (stage === 'project') return projectAgain(letter, deps);
  const refused = openDeadLetter(letter, deps.vault);
  if (!refused || letter.raw_truncated)
    return { id, result: 'impossible', detail: 'It was too large to be kept whole; have its sender send it again.' };
  if (stage === 'validate') return judgeAgain(letter, refused, deps);
  if (stage === 'source') return readAgain(letter, refused, deps);
  return { id, result: 'impossible', detail: `Nothing of stage ${stage} can be replayed.` };
}

async function judgeAgain(
  { id, site, received_at }: DeadLetterRow,
  { raw, context = {} }: Refused,
  { storage, config, vault }: ReplayDeps,
): Promise<ReplayOutcome> {
  const judgement = judgeEvent(JSON.parse(raw), 0, {
    site,
    from: context['from'] === 'server' ? 'server' : 'browser',
    received_at,
    clock_offset_ms: Number(context['clock_offset_ms'] ?? 0),
    custom_events: config.sites[site]?.custom_events ?? [],
    connection: context['connection'] as Context | undefined,
    flags: context['flags'] as string[] | undefined,
    vault,
  });
  if ('error' in judgement) return stillRefused(id, judgement.error);
  await storage.log.append({ events: [judgement.event] });
  return { id, result: 'replayed' };
}

async function readAgain(
  { id, site, received_at, key_id }: DeadLetterRow,
  { raw, headers = {}, signed }: Refused,
  { storage, config, sources, certificates, vault }: ReplayDeps,
): Promise<ReplayOutcome> {
  const source = sources[key_id];
  const connection = connectionOf(config, site, key_id);
  if (!source || !connection)
    return { id, result: 'impossible', detail: `The source ${key_id} is not connected for site ${site} any more.` };
  const body = Buffer.from(raw);
  const request = { headers, signed: signed ? Buffer.from(signed, 'base64') : body, body };
  let certificate: string | null;
  try {
    certificate = await certificates.of(source, request, connection);
  } catch (error) {
    if (error instanceof CertificateUnavailable) return { id, result: 'impossible', detail: error.message };
    throw error;
  }
  const reading = source.read(request, connection, { now: received_at, ...(certificate !== null && { certificate }) });
  if (reading.kind === 'refused' || reading.kind === 'unusable') return stillRefused(id, reading);
  await storage.log.append({ events: eventsOfReading(reading, { site, connection, source: source.id, received_at, vault }) });
  return { id, result: 'replayed' };
}

async function projectAgain({ id, site, key_id }: DeadLetterRow, { storage, projector }: ReplayDeps): Promise<ReplayOutcome> {
  const event = await storage.events.find(site, key_id);
  if (!event) return { id, result: 'impossible', detail: 'Its event is not in the log.' };
  try {
    await projector.projectLate(event);
    return { id, result: 'replayed' };
  } catch (error) {
    return { id, result: 'refused', code: 'internal_error', detail: (error as Error).message };
  }
}

function stillRefused(id: number, { code, detail }: Pick<FieldError, 'code' | 'detail'>): ReplayOutcome {
  return { id, result: 'refused', code, detail };
}
