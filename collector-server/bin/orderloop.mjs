#!/usr/bin/env node
// Starts the command line: in production what was built, which takes a third less memory, else the sources as they are. On a
// Node that can run them: the one that the lock file brought, where the shell's is older.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 19)) {
  const isBuilt = existsSync(join(here, '..', 'dist', 'cli', 'run.js'));
  const { run } = await import(process.env.NODE_ENV === 'production' && isBuilt ? '../dist/cli/run.js' : '../src/cli/run.ts');
  process.exitCode = await run(process.argv.slice(2));
} else {
  const packaged = join(here, '..', '..', 'node_modules', '.bin', 'node');
  if (!existsSync(packaged)) {
    process.stderr.write(
      `Orderloop needs Node 22.19 or newer, and this is ${process.versions.node}. Run npm start once, or install a newer Node.\n`,
    );
    process.exit(1);
  }
  const { status } = spawnSync(packaged, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
