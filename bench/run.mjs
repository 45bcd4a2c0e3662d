// `npm run bench`: each figure beside a baseline of the same run, as ratios: the machines are noisy, the ratios less so.
// `npm run bench -- NAME [ARGUMENTS]` runs one of them alone; the last few need root or minutes, and run only when named.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildIfStale } from '../scripts/stale.mjs';

const ALWAYS = ['ingest', 'stitch'];
const NAMED = [
  'overload',
  'growth',
  'power-cut',
  'postgres',
  'properties',
  'slow-disk',
  'deliveries',
  'relay',
  'soak',
  'mapping',
];

const [name, ...args] = process.argv.slice(2);
if (name !== undefined && ![...ALWAYS, ...NAMED].includes(name)) {
  console.error(`There is no bench ${name}; there are ${[...ALWAYS, ...NAMED].join(', ')}.`);
  process.exit(2);
}
// Servers are measured as they are deployed.
buildIfStale();
for (const wanted of name === undefined ? ALWAYS : [name]) {
  await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, `${wanted}.ts`), ...args], { stdio: 'inherit' });
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`bench ${wanted} failed`))));
  });
}
