// Installs what the lock file names, when it has not been installed yet. Runs on whatever Node the
// machine has, before anything of ours is there: plain Node 20 syntax, nothing from node_modules.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules', '.installed');
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const found = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';

if (found !== wanted) {
  const started = Date.now();
  process.stderr.write('Installing dependencies (once, about half a minute) …\n');
  try {
    // The log level hides engine warnings of packages that only ever run on the Node that the lock brings.
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
  } catch {
    process.stderr.write('The installation failed. Check the network, then run the same command again.\n');
    process.exit(1);
  }
  // A missing optional dependency does not fail `npm ci`, and Node 24 comes as one.
  if (!existsSync(join(root, 'node_modules', '.bin', 'node')) && !hasRecentNode()) {
    process.stderr.write('Orderloop needs Node 22.19 or newer on this machine. Install it, then run the same command again.\n');
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
  process.stderr.write(`Dependencies installed in ${Math.round((Date.now() - started) / 1000)} s.\n`);
}

function hasRecentNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 19);
}
