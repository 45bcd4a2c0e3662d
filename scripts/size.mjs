// Byte budgets of the browser bundles, from package.json. Growing one is a line in a diff, with its reason.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';

/** The name in the budgets of a bundle's part (`dashboard.sources.0aB-_9cD.js`): without its hash. Undefined for what is none. */
export function partName(file) {
  const [, name] = /^(\w+\.[\w.]+)\.[\w-]{8}\.js(?:\.map)?$/.exec(file) ?? [];
  return name && `${name}.js`;
}

const fileOf = (name) => readdirSync('dist').find((file) => file === name || (partName(file) === name && file.endsWith('.js')));

/** Throws when a bundle is over its budget (brotli 11, bytes). */
export function checkSizes(say = console.error) {
  const { budgets } = JSON.parse(readFileSync('package.json', 'utf8'));
  const over = [];
  for (const [name, budget] of Object.entries(budgets)) {
    const file = existsSync('dist') && fileOf(name);
    if (!file) throw new Error(`dist/${name} is missing: run npm run build.`);
    const raw = readFileSync(`dist/${file}`);
    const bytes = brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
    say(`${name.padEnd(24)} ${String(raw.length).padStart(7)} raw ${String(bytes).padStart(6)} brotli, budget ${budget}`);
    if (bytes > budget) over.push(`${name} is ${bytes - budget} bytes over its budget of ${budget}`);
  }
  if (over.length > 0) throw new Error(`${over.join('; ')}. Make it smaller, or raise the budget in package.json and say why.`);
}

if (import.meta.filename === process.argv[1]) checkSizes();
