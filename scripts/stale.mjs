// Whether dist/ is older than what it is made of. Apart from the build, because a start should not load a bundler to find out.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

const INPUTS = [
  'packages',
  'collector-server/src',
  'collector-server/tsconfig.bundle.json',
  'rollup.config.mjs',
  'tsconfig.bundle.json',
  'tsconfig.base.json',
  'package-lock.json',
  'package.json',
  'scripts/build.mjs',
];
const STAMP = 'dist/.built';

/** Builds in a process of its own, if dist/ is stale; ends this one when that fails. */
export function buildIfStale() {
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprint()) return;
  if (!run('node', ['scripts/build.mjs'])) process.exit(1);
}

export function markStale() {
  rmSync(STAMP, { force: true });
}

export function markBuilt() {
  writeFileSync(STAMP, fingerprint());
}

/** Names, sizes and times of everything that goes into the bundles. */
function fingerprint() {
  const hash = createHash('sha256');
  const visit = (path) => {
    const stat = statSync(path);
    if (!stat.isDirectory()) return hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
    for (const name of readdirSync(path).sort()) {
      if (name !== 'node_modules' && !name.includes('.test.')) visit(join(path, name));
    }
  };
  for (const path of INPUTS) visit(path);
  return hash.digest('hex');
}
