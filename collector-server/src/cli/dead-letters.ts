import { parseArgs } from 'node:util';
import { dataKey } from '../config.ts';
import { createCertificates } from '../connections/certificates.ts';
import { purposesOf } from '../destinations/index.ts';
import { createProjector } from '../ingest/project.ts';
import { type ReplayOutcome, replayDeadLetter } from '../ingest/replay.ts';
import { siteFactsOf } from '../ingest/site-facts.ts';
import { createCaller } from '../outgoing/call.ts';
import { createVault } from '../privacy/vault.ts';
import { SOURCES } from '../sources/index.ts';
import type { DeadLetterRow, Storage } from '../storage/contract.ts';
import { openStorage } from '../storage/open.ts';
import { printJson, UnusableInput } from './io.ts';
import { showProgress } from './progress.ts';
import { loadConfig, OPTIONS, storageSpec } from './setup.ts';

const PAGE = 500;

const FILTERS = {
  site: { type: 'string' },
  code: { type: 'string' },
  state: { type: 'string', default: 'open' },
  id: { type: 'string' },
  replay: { type: 'boolean', default: false },
  discard: { type: 'boolean', default: false },
} as const;

/**
 * `orderloop dead-letters`: lists what was refused; with `--replay` takes it up again where it failed, with `--discard` puts it
 * away. `--id`, `--site`, `--code` and `--state` say which; what was sent is not shown, because it is personal data.
 */
export async function deadLetters(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { ...OPTIONS, ...FILTERS } });
  if (values.replay && values.discard) throw new UnusableInput('Say --replay or --discard, not both.');
  const state = readState(values.state);
  const config = loadConfig(values.config, values.data);
  const storage = await openStorage(storageSpec(values));
  try {
    const letters = await find(storage, { site: values.site, code: values.code, state, id: readId(values.id) });
    if (values.discard) {
      for (const { id } of letters) await storage.deadLetters.settle(id, 'discarded');
      return printJson({ discarded: letters.length });
    }
    if (!values.replay) return printJson({ dead_letters: letters.map(({ raw: _, ...letter }) => letter) });
    const projector = createProjector(storage, siteFactsOf(config, purposesOf), { now: Date.now });
    const vault = createVault(dataKey(config.data_key));
    const certificates = createCertificates(async () => createCaller(config.allow_private_targets ?? []), Date.now);
    const deps = { storage, config, sources: SOURCES, certificates, projector, vault };
    const progress = showProgress('dead letters', letters.length);
    const outcomes: ReplayOutcome[] = [];
    for (const letter of letters.reverse()) {
      outcomes.push(await replayDeadLetter(letter, deps));
      progress.update(outcomes.length);
    }
    progress.end();
    await certificates.close();
    printJson({ outcomes });
  } finally {
    await storage.close();
  }
}

type State = DeadLetterRow['state'] | undefined;

async function find(
  { deadLetters: letters }: Pick<Storage, 'deadLetters'>,
  { id, ...filter }: { id: number | undefined; site: string | undefined; code: string | undefined; state: State },
): Promise<DeadLetterRow[]> {
  if (id !== undefined) {
    const letter = await letters.get(id);
    if (!letter) throw new UnusableInput(`There is no dead letter ${id}.`, '/id');
    return [letter];
  }
  const found: DeadLetterRow[] = [];
  for (;;) {
    const before = found.at(-1)?.id;
    const page = await letters.list({ ...filter, ...(before !== undefined && { before }) }, PAGE);
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}

function readState(text: string): State {
  if (text === 'all') return undefined;
  if (text === 'open' || text === 'replayed' || text === 'discarded') return text;
  throw new UnusableInput('--state is open, replayed, discarded or all.');
}

function readId(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new UnusableInput('--id is the number of a dead letter.');
  return Number(text);
}
