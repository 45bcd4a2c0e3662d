import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { readArchive, writeArchive } from '../backup/archive.ts';
import { DUMP, dumpDatabase, proveDump } from '../backup/postgres.ts';
import { checkStore, copyStore, isStore, SQLITE_PARTS, type StoreCount } from '../backup/sqlite.ts';
import { dataKey } from '../config.ts';
import { printJson, RunFailure, UnusableInput } from './io.ts';
import { showProgress } from './progress.ts';
import { loadConfig, OPTIONS, storageSpec } from './setup.ts';

/**
 * `orderloop backup --to FILE`: a copy of a store that may be in use, sealed with the data key, and proved: it is restored
 * beside, checked and counted before it takes its name (U8). What can't be proved is no backup, and leaves no file.
 */
export async function backup(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { ...OPTIONS, to: { type: 'string' } } });
  if (values.to === undefined) throw new UnusableInput('Name the file: --to FILE.');
  const file = resolve(values.to);
  if (existsSync(file)) throw new UnusableInput('There is such a file already: a backup is never written over another.');
  if (!existsSync(dirname(file))) throw new UnusableInput('There is no such folder to put the backup into.');
  const spec = storageSpec(values);
  if (spec.engine === 'sqlite' && !isStore(spec.folder)) throw new UnusableInput(`There is no store at ${spec.folder}.`);
  const key = dataKey(loadConfig(values.config, values.data).data_key);
  const began = Date.now();
  const work = mkdtempSync(join(dirname(file), '.orderloop-backup-'));
  try {
    const progress = showProgress('bytes', 0);
    const update = (done: number, total: number): void => progress.update(done, total);
    const head =
      spec.engine === 'sqlite' ? await copyStore(spec.folder, work, update) : await dumpDatabase(spec.url, work, update);
    const names = spec.engine === 'sqlite' ? SQLITE_PARTS : [DUMP];
    const sealed = join(work, 'sealed');
    const header = await writeArchive(sealed, spec.engine, work, names, key);
    for (const name of names) rmSync(join(work, name));
    const proved = await prove(sealed, join(work, 'proof'), key, (folder) =>
      spec.engine === 'sqlite' ? Promise.resolve(checkStore(folder)) : proveDump(spec.url, folder),
    );
    if (proved.head < head)
      throw new RunFailure(`The backup holds events up to ${proved.head}, but ${head} were there when it began.`);
    renameSync(sealed, file);
    printJson({
      file: values.to,
      engine: header.engine,
      created_at: header.created_at,
      bytes: statSync(file).size,
      sha256: await hashOf(file),
      ...proved,
      proved: true,
      seconds: (Date.now() - began) / 1000,
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function prove(
  sealed: string,
  folder: string,
  key: Uint8Array,
  check: (folder: string) => Promise<StoreCount>,
): Promise<StoreCount> {
  await readArchive(sealed, folder, key);
  return check(folder);
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
