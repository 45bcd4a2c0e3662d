import { closeSync, createReadStream, openSync, statSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Config, connectionOf, dataKey } from '../config.ts';
import { purposesOf } from '../destinations/index.ts';
import { type ImportOutcome, importOrders } from '../import/import.ts';
import { type Profile, readProfile, UnusableProfile } from '../import/profile.ts';
import { UnreadableFile } from '../import/rows.ts';
import { createProjector, type Projector, projectionLag } from '../ingest/project.ts';
import { siteFactsOf } from '../ingest/site-facts.ts';
import { createVault } from '../privacy/vault.ts';
import type { Storage } from '../storage/contract.ts';
import { openStorage } from '../storage/open.ts';
import { printJson, RunFailure, readJsonInput, UnusableInput } from './io.ts';
import { showProgress } from './progress.ts';
import { loadConfig, OPTIONS, siteOf, storageSpec } from './setup.ts';

const MAX_SHOWN = 1000;
const IMPORT = {
  site: { type: 'string' },
  profile: { type: 'string' },
  report: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
} as const;

/**
 * `orderloop import FILE.csv`: orders of a till or of anything that can write a CSV file. `--profile` says how the file is to be
 * read, `--dry-run` what would become of it, `--report` takes a line for each order. Ends with 1 when any was refused.
 */
export async function importFile(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args, options: { ...OPTIONS, ...IMPORT }, allowPositionals: true });
  const [file] = positionals;
  const profile = values.profile === undefined ? null : profileOf(values.profile);
  const input = openInput(file);
  const config = loadConfig(values.config, values.data);
  const site = siteOf(config, values.site);
  const report = values.report === undefined ? null : openReport(values.report);
  const storage = await openStorage(storageSpec(values));
  const counts = { rows: 0, orders: 0, created: 0, changed: 0, unchanged: 0, rejected: 0 };
  const shown: ImportOutcome[] = [];
  const isDryRun = values['dry-run'];
  try {
    const projector = createProjector(storage, siteFactsOf(config, purposesOf), { now: Date.now });
    // Whether an order is new is asked of what has been derived.
    if (!isDryRun) await project(storage, projector);
    let progress: ReturnType<typeof showProgress> | undefined;
    const { rows } = await importOrders(input, profile, {
      storage,
      vault: createVault(dataKey(config.data_key)),
      site,
      account: accountOf(config, site),
      now: Date.now,
      isDryRun,
      onOutcome(outcome) {
        counts.orders += 1;
        counts[outcome.outcome] += 1;
        if ((isDryRun || outcome.outcome === 'rejected') && shown.length < MAX_SHOWN) shown.push(outcome);
        if (report !== null) writeSync(report, `${JSON.stringify(outcome)}\n`);
      },
      onOrders(done, of) {
        progress ??= showProgress('orders', of);
        progress.update(done);
      },
    });
    progress?.end();
    counts.rows = rows;
    if (!isDryRun) await project(storage, projector);
  } catch (error) {
    if (error instanceof UnreadableFile) throw new UnusableInput(error.message);
    throw error;
  } finally {
    if (report !== null) closeSync(report);
    await storage.close();
  }
  const told = isDryRun ? counts.orders : counts.rejected;
  printJson({ ...counts, dry_run: isDryRun, outcomes: shown, outcomes_not_shown: told - shown.length });
  if (counts.rejected > 0)
    throw new RunFailure(
      `${counts.rejected} of ${counts.orders} orders ${isDryRun ? 'would be' : 'were'} refused; the others ${isDryRun ? 'would be' : 'are'} taken. Mend those rows and run the same file again: what was taken is not taken twice.`,
    );
}

async function project(storage: Storage, projector: Projector): Promise<void> {
  const behind = await projectionLag(storage);
  if (behind === 0) return;
  const progress = showProgress('events looked at', behind);
  await projector.catchUp(progress.update);
  progress.end();
}

const accountOf = (config: Config, site: string): string => connectionOf(config, site, 'generic')!.account;

function profileOf(file: string): Profile {
  try {
    return readProfile(readJsonInput(file));
  } catch (error) {
    if (!(error instanceof UnusableProfile)) throw error;
    throw new UnusableInput(`The profile can’t be used: ${error.pointer}. ${error.message}`, error.pointer);
  }
}

function openInput(file: string | undefined): AsyncIterable<Uint8Array> {
  if (file === undefined) throw new UnusableInput('Name a CSV file, or - for standard input.');
  if (file === '-') return process.stdin;
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) throw new UnusableInput('There is no such file.');
  return readWithProgress(file, found.size);
}

async function* readWithProgress(file: string, size: number): AsyncGenerator<Uint8Array> {
  const progress = showProgress('bytes', size);
  let done = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Uint8Array>) {
    done += chunk.length;
    progress.update(done);
    yield chunk;
  }
  progress.end();
}

function openReport(file: string): number {
  try {
    return openSync(file, 'wx', 0o600);
  } catch (error) {
    const exists = (error as { code?: string }).code === 'EEXIST';
    throw new UnusableInput(
      exists ? 'The file of --report is there already: name another.' : 'The file of --report can’t be written.',
    );
  }
}
