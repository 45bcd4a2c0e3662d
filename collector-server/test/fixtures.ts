import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every case of a folder of `test/fixtures`: a new case is a new file, not new code. */
export function fixtures<T>(folder: string): (T & { title: string })[] {
  const path = join(import.meta.dirname, 'fixtures', folder);
  return readdirSync(path)
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({
      title: name.replace(/\.json$/, '').replaceAll('-', ' '),
      ...(JSON.parse(readFileSync(join(path, name), 'utf8')) as T),
    }));
}

/** One file of `test/fixtures`, by its path. */
export const fixture = <T>(path: string): T => JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures', path), 'utf8')) as T;
