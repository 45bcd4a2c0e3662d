import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'examples', 'deploy');
const file = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');
const names = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, name]) => name!))].sort();

const written = file('orderloop.json');
const secrets = names(written, /"env:(\w+)"/g);

test('the example’s configuration is one, with the secrets that its page names', () => {
  const env = Object.fromEntries(secrets.map((name) => [name, 'a-value-of-some-length']));
  const config = readConfig(JSON.parse(written), env);
  expect(config.sites).toHaveProperty('shop');
  expect(() => readConfig(JSON.parse(written), {})).toThrow(/ORDERLOOP_/);
  expect(names(file('secrets.env.example'), /^(\w+)=/gm)).toEqual([...secrets, 'POSTGRES_PASSWORD'].sort());
});

test('compose hands the collectors every secret, and its proxy is one that they trust', () => {
  const compose = file('compose.yaml');
  for (const name of secrets) expect(compose).toContain(`${name}: \${${name}:?}`);
  const { trusted_proxies } = JSON.parse(written) as { trusted_proxies: string[] };
  expect(trusted_proxies).toEqual(names(compose, /subnet: (\S+)/g));
});

test('nothing in the examples is a secret', () => {
  for (const name of ['orderloop.json', 'compose.yaml', 'orderloop.service', 'secrets.env.example', 'Dockerfile', 'Caddyfile'])
    expect(file(name), name).not.toMatch(/sk_\w{10}|whsec_[A-Za-z0-9+/]{10}/);
});
