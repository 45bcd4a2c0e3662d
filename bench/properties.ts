// The properties of identity on many more drawn streams than `npm test` takes, from a seed that is printed: live, shuffled, doubled,
// split, erased and rebuilt must come to the same.
//   npm run bench -- properties [runs] [seed]
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';

const [runs = '2000', seed = String(randomInt(2 ** 31))] = process.argv.slice(2);
console.log(`${runs} streams for each property, seed ${seed}`);
const { status } = spawnSync(
  process.execPath,
  [
    join(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--project',
    'node',
    'collector-server/src/persons',
  ],
  { stdio: 'inherit', env: { ...process.env, PROPERTY_RUNS: runs, PROPERTY_SEED: seed } },
);
process.exit(status ?? 1);
