import { parseArgs } from 'node:util';
import type { Identifier } from '@orderloop/protocol';
import { type Config, dataKey } from '../config.ts';
import { purposesOf } from '../destinations/index.ts';
import { createProjector } from '../ingest/project.ts';
import { siteFactsOf } from '../ingest/site-facts.ts';
import { type ErasureReport, erasePerson } from '../persons/erase.ts';
import { identifiersOfOperation, type Operation, operationEvent, parseIdentifier } from '../persons/operate.ts';
import { createPersons } from '../persons/read.ts';
import { createVault } from '../privacy/vault.ts';
import type { Storage } from '../storage/contract.ts';
import { openStorage } from '../storage/open.ts';
import { printJson, UnusableInput } from './io.ts';
import { showProgress } from './progress.ts';
import { loadConfig, OPTIONS, siteOf, storageSpec } from './setup.ts';

const WHO = { site: { type: 'string' }, by: { type: 'string', default: 'command line' }, reason: { type: 'string' } } as const;
const USAGE =
  'Say persons show ID, persons alias TYPE:VALUE TYPE:VALUE, persons split TYPE:VALUE TYPE:VALUE, persons undo EVENT_ID, or persons erase TYPE:VALUE.';

/**
 * `orderloop persons`: shows a person by any of its ids; says that two identifiers are one person (`alias`) or never are
 * (`split`), and takes that back (`undo`); erases who has an identifier (`erase`). What is said is an event in the log, which a running collector takes up by itself.
 */
export async function persons(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args, options: { ...OPTIONS, ...WHO }, allowPositionals: true });
  const [kind, ...rest] = positionals;
  const config = loadConfig(values.config, values.data);
  const storage = await openStorage(storageSpec(values));
  try {
    if (kind === 'show') {
      const person = await createPersons(storage.projections).read(values.site, rest[0] ?? '');
      if (!person) throw new UnusableInput(`No person has, or ever had, the id ${JSON.stringify(rest[0] ?? '')}.`);
      return printJson(person);
    }
    if (kind === 'erase') return printJson(await erase(storage, config, siteOf(config, values.site), rest, values));
    if (kind !== 'alias' && kind !== 'split' && kind !== 'undo') throw new UnusableInput(USAGE);
    const site = siteOf(config, values.site);
    const { by, reason } = values;
    const said: Operation = {
      kind,
      site,
      by,
      ...(reason && { reason }),
      ...(kind === 'undo' ? await undone(storage, site, rest[0]) : { identifiers: rest.map(readIdentifier) }),
    };
    const judged = operationEvent(said, { now: Date.now(), vault: createVault(dataKey(config.data_key)) });
    if ('error' in judged) throw new UnusableInput(judged.error.detail, '/identifiers', judged.error.code);
    await storage.log.append({ events: [judged.event] });
    printJson({ event_id: judged.event.event_id });
  } finally {
    await storage.close();
  }
}

async function erase(
  storage: Storage,
  config: Config,
  site: string,
  [text = '']: string[],
  { by, reason }: { by: string; reason?: string | undefined },
): Promise<ErasureReport> {
  const id = createVault(dataKey(config.data_key)).sealIdentifier(readIdentifier(text));
  const projector = createProjector(storage, siteFactsOf(config, purposesOf), { now: Date.now });
  const progress = showProgress('events', await storage.log.head());
  const report =
    id &&
    (await erasePerson(
      { site, id, by, ...(reason && { reason }) },
      { storage, projector, now: Date.now(), onProgress: progress.update },
    ));
  progress.end();
  if (!report) throw new UnusableInput(`Nobody has the identifier ${JSON.stringify(text)}.`);
  return report;
}

function readIdentifier(text: string): Identifier {
  const id = parseIdentifier(text);
  if (!id) throw new UnusableInput(`${JSON.stringify(text)} is not TYPE:VALUE, like user_id:42 or email:ada@example.com.`);
  return id;
}

async function undone({ events }: Pick<Storage, 'events'>, site: string, event_id = '') {
  const event = await events.find(site, event_id);
  const identifiers = event && identifiersOfOperation(event);
  if (!identifiers) throw new UnusableInput(`${JSON.stringify(event_id)} is no event_id of an alias, a split or an undo.`);
  return { identifiers, undoes: event_id };
}
