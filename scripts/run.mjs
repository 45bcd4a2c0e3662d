// Runs a tool of node_modules/.bin and answers whether it went well.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const bin = join(import.meta.dirname, '..', 'node_modules', '.bin');

export function run(tool, args, env = {}) {
  const { status } = spawnSync(join(bin, tool), args, { stdio: 'inherit', env: { ...process.env, ...env } });
  return status === 0;
}
