import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { storageContract } from '../contract.suite.ts';
import { openSqlite } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'orderloop-sqlite-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
const folder = (): string => join(root, String(count++));

storageContract('SQLite, a file', async () => openSqlite(folder()));
storageContract('SQLite, in memory', async () => openSqlite());

test('a store that is opened again holds what it held', async () => {
  const data = folder();
  const first = openSqlite(data);
  await first.log.append({ events: [{ event: 'page_view', event_id: 'e1', site: 'demo', occurred_at: 1, received_at: 1 }] });
  await first.close();
  const second = openSqlite(data);
  expect(await second.log.head()).toBe(1);
  await second.close();
});

test('the files of a store are their owner’s alone', async () => {
  const data = folder();
  const storage = openSqlite(data);
  await storage.log.append({ events: [{ event: 'page_view', event_id: 'e1', site: 'demo', occurred_at: 1, received_at: 1 }] });
  for (const name of readdirSync(data)) expect(statSync(join(data, name)).mode & 0o077, name).toBe(0);
  await storage.close();
});

test('D3: the file is in WAL mode', async () => {
  const data = folder();
  await openSqlite(data).close();
  const file = new DatabaseSync(join(data, 'log.db'));
  expect(file.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  file.close();
});
