import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readArchive, readHeader } from '../backup/archive.ts';
import { restoreDatabase } from '../backup/postgres.ts';
import { checkStore, isStore, SQLITE_PARTS } from '../backup/sqlite.ts';
import { dataKey } from '../config.ts';
import { printJson, UnusableInput } from './io.ts';
import { loadConfig, OPTIONS, storageSpec } from './setup.ts';

/** `orderloop restore FILE`: makes a store of a backup, where there is none yet; checked and counted before it takes its place. */
export async function restore(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [name] = positionals;
  if (name === undefined || !existsSync(name)) throw new UnusableInput('Name the file of a backup.');
  const file = resolve(name);
  const { header } = await readHeader(file).catch((error: Error) => {
    throw new UnusableInput(error.message.replace(/^\[orderloop\] /, ''));
  });
  const spec = storageSpec(values);
  if (spec.engine !== header.engine)
    throw new UnusableInput(
      `This is a backup of ${header.engine === 'sqlite' ? 'SQLite: name a folder with --data' : 'PostgreSQL: name an empty database with --database-url'}.`,
    );
  if (spec.engine === 'sqlite' && isStore(spec.folder))
    throw new UnusableInput('There is a store in this folder already: restore into another, and move them yourself.');
  const key = dataKey(loadConfig(values.config, values.data).data_key);
  mkdirSync(values.data, { recursive: true, mode: 0o700 });
  const work = mkdtempSync(join(values.data, '.orderloop-restore-'));
  try {
    const folder = join(work, 'store');
    await readArchive(file, folder, key);
    if (spec.engine === 'postgres')
      return printJson({ restored: true, created_at: header.created_at, ...(await restoreDatabase(spec.url, folder)) });
    const found = checkStore(folder);
    // The log last: with it the store is there.
    for (const part of SQLITE_PARTS) renameSync(join(folder, part), join(spec.folder, part));
    printJson({ restored: true, created_at: header.created_at, ...found });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
