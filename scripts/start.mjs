// What `npm start` runs: the bundles if they are stale, then the demo. `--watch` starts the demo anew when its sources change.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildIfStale } from './stale.mjs';

const root = join(import.meta.dirname, '..');
process.chdir(root);
buildIfStale();

const watch = process.argv.includes('--watch')
  ? ['--watch-path=collector-server/src', '--watch-path=examples', '--watch-path=packages/protocol/src']
  : [];
const rest = process.argv.slice(2).filter((arg) => arg !== '--watch');
const child = spawn(process.execPath, [...watch, join(root, 'collector-server', 'bin', 'orderloop.mjs'), 'demo', ...rest], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
