import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readAssets } from './assets.ts';

const HOUR_S = 3600;
const YEAR_S = 31_536_000;

function assetsOf(...names: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'orderloop-assets-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of names) writeFileSync(join(folder, name), name);
  return readAssets(folder);
}

test('what names its content is kept for a year, and a bundle of the shop’s pages for an hour', () => {
  const assets = assetsOf('orderloop.js');
  expect(assets.get('/orderloop.js')!.max_age).toBe(HOUR_S);
  const [versioned] = [...assets].filter(([path]) => /^\/orderloop\.[0-9a-f]{12}\.js$/.test(path));
  expect(versioned![1].max_age).toBe(YEAR_S);
});

test('the dashboard is asked for each time, because it names its parts, and its parts are kept', () => {
  const names = [
    'dashboard.js',
    'dashboard.html',
    'dashboard.css',
    'dashboard.sources.0aB-_9cD.js',
    'dashboard.sources.en.DfB5ksgZ.js',
  ];
  const assets = assetsOf(...names);
  expect(names.map((name) => assets.get(`/${name}`)!.max_age)).toEqual([0, 0, 0, YEAR_S, YEAR_S]);
});
