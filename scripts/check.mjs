// Everything that must hold, in this order; stops at the first that fails. Needs no network. `--static` leaves the tests out.
import { run } from './run.mjs';

const steps = [
  ['biome', () => run('biome', ['check', '.'])],
  ['types', () => run('tsc', ['-b'])],
  ['generated files', () => run('node', ['scripts/gen.mjs', '--check'])],
  ['build and size', () => run('node', ['scripts/build.mjs'])],
  ...(process.argv.includes('--static') ? [] : [['tests', () => run('node', ['scripts/test.mjs'])]]),
];
for (const [name, step] of steps) {
  const began = Date.now();
  if (!step()) {
    process.stderr.write(`check: ${name} failed\n`);
    process.exit(1);
  }
  process.stderr.write(`check: ${name} ok, ${((Date.now() - began) / 1000).toFixed(1)} s\n`);
}
