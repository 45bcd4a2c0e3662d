import { expect, test } from 'vitest';
import { createLog, type LogLevel } from './log.ts';
import { StorageFault } from './storage/contract.ts';

function logged(
  level: LogLevel,
  write: (log: ReturnType<typeof createLog>) => void,
): { lines: string[]; records: Record<string, unknown>[] } {
  const lines: string[] = [];
  write(createLog(level, { write: (line: string) => void lines.push(line) }));
  return { lines, records: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('P9: an error is named and placed, and what it says is not repeated', () => {
  const error = new TypeError('Unexpected token "nora@example.com"\n    at x (collector-server/src/fake.ts:1:1)');
  const { records, lines } = logged('error', (log) => log.error(error, 'projector'));
  expect(records).toMatchObject([
    { context: 'projector', name: 'TypeError', msg: 'failure', at: expect.stringContaining('src/log.test.ts') },
  ]);
  expect(lines.join()).not.toMatch(/nora|fake\.ts/);
});

test('P9: our own words are kept, without what an engine quotes in them', () => {
  const fault = new StorageFault('[orderloop] SQLite: disk I/O error near "nora@example.com"', { kind: 'fatal' });
  const { records } = logged('error', (log) => log.error(fault, 'req_1a'));
  expect(records).toMatchObject([{ request_id: 'req_1a', kind: 'fatal', note: '[orderloop] SQLite: disk I/O error near …' }]);
});

test('P9: a record is one line, and controls no terminal', () => {
  const nasty = new Error('[orderloop] a\r\nb\u001b[31m\u009b1m\u2028c');
  const { lines } = logged('error', (log) => log.error(nasty, 'x\r\n{"forged":1}'));
  expect(lines).toHaveLength(1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  expect(lines[0]).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028]|\\n|\\u/);
});

test('P9: a field that is not on the list is not written', () => {
  const record = {
    request_id: 'req_1',
    method: 'GET',
    route: 'other',
    status: 200,
    duration_ms: 1,
    network: '198.51.100',
    url: '/?email=x',
  };
  const { records } = logged('info', (log) => log.request?.(record));
  expect(records[0]).toMatchObject({ request_id: 'req_1', status: 200, msg: 'request' });
  expect(records[0]).not.toHaveProperty('url');
});

test('requests are logged when that is asked for', () => {
  logged('error', (log) => expect(log.request).toBeUndefined());
});
