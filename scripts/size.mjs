// Byte budgets of the browser bundles, from package.json. Growing one is a line in a diff, with its reason.
import { existsSync, readFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';

/** Throws when a bundle is over its budget (brotli 11, bytes). */
export function checkSizes(say = console.error) {
  const { budgets } = JSON.parse(readFileSync('package.json', 'utf8'));
  const over = [];
  for (const [name, budget] of Object.entries(budgets)) {
    if (!existsSync(`dist/${name}`)) throw new Error(`dist/${name} is missing: run npm run build.`);
    const raw = readFileSync(`dist/${name}`);
    const bytes = brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
    say(`${name.padEnd(16)} ${String(raw.length).padStart(7)} raw ${String(bytes).padStart(6)} brotli, budget ${budget}`);
    if (bytes > budget) over.push(`${name} is ${bytes - budget} bytes over its budget of ${budget}`);
  }
  if (over.length > 0) throw new Error(`${over.join('; ')}. Make it smaller, or raise the budget in package.json and say why.`);
}

if (import.meta.filename === process.argv[1]) checkSizes();
