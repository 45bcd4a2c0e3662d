import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CopyConflict, copyToPostgres } from '../storage/copy.ts';
import { printJson, RunFailure, UnusableInput } from './io.ts';
import { showProgress } from './progress.ts';
import { databaseUrl, OPTIONS } from './setup.ts';

/**
 * `orderloop copy --from sqlite --to postgres://…`: moves a store that outgrew its machine. May run beside the collector;
 * run it once more after the collector has stopped, and start the collector on the target.
 */
export async function copy(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { ...OPTIONS, from: { type: 'string' }, to: { type: 'string' } } });
  const from = values.from === undefined || values.from === 'sqlite' ? values.data : values.from.replace(/^sqlite:/, '');
  if (!existsSync(join(from, 'log.db')))
    throw new UnusableInput(`There is no store at ${from}: name its folder with --data DIR.`);
  if (values.to === undefined) throw new UnusableInput('Name the target: --to postgres://user@host/database, or --to env:NAME.');
  let progress: ReturnType<typeof showProgress> | undefined;
  try {
    const report = await copyToPostgres(from, databaseUrl(values.to), (done, total) => {
      progress ??= showProgress('events', total);
      progress.update(done);
    });
    progress?.end();
    printJson(report);
    if (!report.verified)
      throw new RunFailure(
        'Source and target differ; is a collector writing? Stop it and run the copy again: it goes on where it was.',
      );
  } catch (error) {
    if (error instanceof CopyConflict) throw new UnusableInput(error.message);
    throw error;
  }
}
