// Which Chromium the tests drive: $CHROMIUM_PATH, the system's, or the one that npm brought.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Launch options for playwright: `{ executablePath, args, env? }`. */
export async function findBrowser() {
  for (const path of [process.env.CHROMIUM_PATH, ...SYSTEM]) {
    if (path && existsSync(path)) return { executablePath: path, args: ARGS };
  }
  const { default: packaged } = await import('@sparticuz/chromium');
  const executablePath = await packaged.executablePath();
  const env = { ...process.env, FONTCONFIG_PATH: process.env.FONTCONFIG_PATH ?? join(tmpdir(), 'fonts') };
  // Without the system's NSS it does not start: its package has libraries of its own for that.
  if (spawnSync(executablePath, ['--version']).status !== 0) env.LD_LIBRARY_PATH = unpackLibraries();
  return { executablePath, args: ARGS, env };
}

function unpackLibraries() {
  const folder = join(tmpdir(), 'orderloop-chromium');
  if (!existsSync(join(folder, 'lib'))) {
    mkdirSync(folder, { recursive: true });
    const archive = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '..', 'bin', 'al2023.tar.br');
    const { status } = spawnSync('tar', ['-x', '-C', folder], { input: brotliDecompressSync(readFileSync(archive)) });
    if (status !== 0)
      throw new Error('The libraries of the packaged Chromium can’t be unpacked; set CHROMIUM_PATH to a browser of your own.');
  }
  return join(folder, 'lib');
}
