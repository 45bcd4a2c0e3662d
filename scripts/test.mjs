// What `npm test` runs: bundles if they are stale, then every test. `npm test -- name` runs the files whose path holds it.
import { run } from './run.mjs';
import { buildIfStale } from './stale.mjs';

buildIfStale();
process.exit(run('vitest', ['run', ...process.argv.slice(2)]) ? 0 : 1);
