import { parseArgs } from 'node:util';
import { openStorage } from '../storage/open.ts';
import { migratePostgres } from '../storage/postgres/index.ts';
import { printJson } from './io.ts';
import { OPTIONS, storageSpec } from './setup.ts';

/**
 * `orderloop migrate`: brings a store's tables up to date, one process at a time. `serve` does so by itself; this is for those
 * who let only one role change tables.
 */
export async function migrate(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const spec = storageSpec(values);
  if (spec.engine === 'postgres') return printJson({ engine: spec.engine, applied: await migratePostgres(spec.url) });
  const storage = await openStorage(spec);
  await storage.close();
  printJson({ engine: spec.engine, applied: [] });
}
