// `npm run bench`: each figure beside a baseline of the same run, as ratios: the machines are noisy, the ratios less so.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const wanted = process.argv.slice(2);
for (const name of ['ingest', 'stitch']) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, `${name}.ts`)], { stdio: 'inherit' });
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`bench ${name} failed`))));
  });
}
