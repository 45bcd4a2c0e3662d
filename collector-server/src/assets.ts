import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Asset } from './http/deps.ts';

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  map: 'application/json',
  svg: 'image/svg+xml',
};
const HOUR_S = 3600;
const YEAR_S = 31_536_000;
/** A part of a bundle, which names its content itself: `dashboard.sources.0aB-_9cD.js`. */
const PART = /^\w+\.[\w.]+\.[\w-]{8}\.js$/;

/** The built bundles of a folder, by the path that they are served at; empty when nothing was built. */
export function readAssets(folder: string): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  if (!existsSync(folder)) return assets;
  for (const name of readdirSync(folder)) {
    const type = TYPES[name.split('.').pop() ?? ''];
    if (!type) continue;
    const body = readFileSync(join(folder, name));
    const version = createHash('sha256').update(body).digest('hex').slice(0, 12);
    const asset: Asset = { type, body, etag: `"${version}"`, max_age: maxAge(name) };
    assets.set(`/${name}`, asset);
    // A page that names the version may keep it for ever, and may hold it to its integrity hash.
    if (/\.m?js$/.test(name)) assets.set(`/${versionedName(name, version)}`, { ...asset, max_age: YEAR_S });
  }
  return assets;
}

/** In seconds. The dashboard names its parts, so that an old one would ask for parts that are gone: it is never kept. */
function maxAge(name: string): number {
  if (PART.test(name)) return YEAR_S;
  return name.startsWith('dashboard.') ? 0 : HOUR_S;
}

/** `orderloop.js` of one content: `orderloop.0123456789ab.js`. */
function versionedName(name: string, version: string): string {
  return name.replace(/(\.m?js)$/, `.${version}$1`);
}
