// Builds every browser bundle into dist/, checks the byte budgets, and writes the SRI hashes; and the collector into its own.
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rollup } from 'rollup';
import configs, { collector } from '../rollup.config.mjs';
import { checkSizes, partName } from './size.mjs';
import { markBuilt, markStale } from './stale.mjs';

const PAGES = 'packages/dashboard/static';

export async function build({ say = (text) => process.stderr.write(`${text}\n`) } = {}) {
  const began = Date.now();
  mkdirSync('dist', { recursive: true });
  markStale();
  removeParts();
  for (const [index, { output, ...input }] of configs.entries()) {
    say(`Building ${output.file ?? `${output.dir}/${output.entryFileNames}`} (${index + 1} of ${configs.length}) …`);
    const bundle = await rollup({ ...input, onwarn: refuseWarnings });
    await bundle.write(output);
    await bundle.close();
  }
  if (existsSync(PAGES)) for (const name of readdirSync(PAGES)) copyFileSync(join(PAGES, name), join('dist', name));
  say('Building the collector …');
  await buildCollector();
  checkSizes(say);
  writeHashes(say);
  markBuilt();
  say(`Built in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
}

async function buildCollector() {
  const { output, ...input } = collector;
  rmSync(output.dir, { recursive: true, force: true });
  const bundle = await rollup({ ...input, onwarn: refuseWarnings });
  await bundle.write(output);
  await bundle.close();
  for (const engine of ['sqlite', 'postgres'])
    cpSync(`collector-server/src/storage/${engine}/migrations`, `${output.dir}/storage/${engine}/migrations`, {
      recursive: true,
    });
}

/** What an earlier build made: a part of another content has another name, and would stay. */
function removeParts() {
  for (const name of readdirSync('dist')) if (partName(name)) rmSync(join('dist', name));
}

/** A warning of the bundler is a mistake that a page would find. */
function refuseWarnings(warning) {
  throw new Error(`The build warned: ${warning.message}`);
}

/** What a page that wants to be sure puts into its tag: the address of exactly this content, and its hash (SRI). */
function writeHashes(say) {
  const names = readdirSync('dist').filter((name) => /\.m?js$/.test(name) && !partName(name));
  const hashes = Object.fromEntries(
    names.map((name) => {
      const bytes = readFileSync(join('dist', name));
      const version = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
      const integrity = `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
      return [name.replace(/(\.m?js)$/, `.${version}$1`), integrity];
    }),
  );
  writeFileSync('dist/integrity.json', `${JSON.stringify(hashes, null, 2)}\n`);
  for (const [name, integrity] of Object.entries(hashes)) say(`${name} ${integrity}`);
}

if (import.meta.filename === process.argv[1]) await build();
