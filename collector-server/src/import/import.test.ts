import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Order } from '@orderloop/protocol';
import { afterEach, expect, test } from 'vitest';
import { createProjector } from '../ingest/project.ts';
import { createVault } from '../privacy/vault.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import { FIELD_NAMES } from './fields.ts';
import { type ImportOutcome, importOrders } from './import.ts';
import { type Profile, readProfile, UnusableProfile } from './profile.ts';
import { UnreadableFile } from './rows.ts';

const FIXTURES = new URL('../../test/fixtures/sources/pos/', import.meta.url);
const sample = readFileSync(new URL('self-orders.csv', FIXTURES), 'utf8');
const profileJson = JSON.parse(readFileSync(new URL('self-profile.json', FIXTURES), 'utf8'));
const NOW = Date.UTC(2026, 5, 1);

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** A store that files are imported into one after another, each within its own minute. */
function shop() {
  const storage = openSqlite();
  opened.push(storage);
  let now = NOW;
  const projector = createProjector(storage, () => ({ consentMode: 'opt_out', hosts: [], destinations: [] }), { now: () => now });
  return {
    async take(file: string | Uint8Array, profile: Profile | null = null, { isDryRun = false, chunk = 65_536 } = {}) {
      now += 60_000;
      const bytes = Buffer.from(file);
      const chunks = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, index) =>
        bytes.subarray(index * chunk, (index + 1) * chunk),
      );
      const outcomes: ImportOutcome[] = [];
      await importOrders(Readable.from(chunks), profile, {
        storage,
        vault: createVault(new Uint8Array(32)),
        site: 'shop',
        account: 'shop',
        now: () => now,
        isDryRun,
        onOutcome: (outcome) => outcomes.push(outcome),
        onOrders: () => undefined,
      });
      await projector.catchUp();
      return outcomes;
    },
    async orders(): Promise<Record<string, Order>> {
      const { orders } = await storage.projections.dump();
      return Object.fromEntries((orders as { order: Order }[]).map(({ order }) => [order.order_id, order]));
    },
    events: () => storage.events.newest('shop', 100),
  };
}

const kinds = (outcomes: ImportOutcome[]) => outcomes.map(({ outcome }) => outcome);
const codes = (outcomes: ImportOutcome[]) =>
  outcomes.flatMap(({ faults = [] }) => faults.map(({ row, field, code }) => `${row} ${field} ${code}`));

const HEAD = 'order_id,status,currency,total,created_at';
const AT = '2026-02-03T12:00:00Z';

test('a till’s export becomes orders, refunds and money to the cent, in the shop’s time', async () => {
  const { take, orders, events } = shop();
  expect(kinds(await take(sample, readProfile(profileJson)))).toEqual(['created', 'created', 'created']);
  const made = await orders();
  expect(made['R-2026-000123']).toMatchObject({
    source: 'pos-berlin',
    account: 'shop',
    order_number: '000123',
    payment_state: 'paid',
    currency: 'EUR',
    amounts: { total: 123_450, subtotal: 103_739, tax: 19_711, paid: 123_450, refunded: 0 },
    created_at: '2026-02-03T17:05:00Z',
    paid_at: '2026-02-03T17:05:30Z',
    line_items: [{ sku: 'SKU-1', quantity: 1, unit_price: 103_739 }],
    test: false,
  });
  expect(made['R-2026-000124']).toMatchObject({
    payment_state: 'partially_refunded',
    amounts: { refunded: 2950, net: 2950 },
    refunds: [{ refund_id: 'RF-9', amount: 2950 }],
  });
  expect(made['R-2026-000125']).toMatchObject({ test: true, amounts: { tip: 100 }, line_items: [{ sku: 'SKU "3"' }] });
  const event = (await events()).find(({ order }) => order?.order_id === 'R-2026-000123');
  expect(event).toMatchObject({ action_source: 'physical_store', properties: { location_id: 'BER-01', register_id: '2' } });
  expect(JSON.stringify(await events())).not.toContain('buyer@example.com');
});

test('the same content changes nothing, in another file too; other content is a newer version', async () => {
  const { take, orders } = shop();
  const profile = readProfile(profileJson);
  await take(sample, profile);
  expect(kinds(await take(sample, profile))).toEqual(['unchanged', 'unchanged', 'unchanged']);
  const [head = '', ...rows] = sample.trim().split('\n');
  const other = [`${head},remark`, ...rows.reverse().map((row) => `${row},x`)].join('\r\n');
  expect(kinds(await take(`\ufeff${other}`, profile))).toEqual(['unchanged', 'unchanged', 'unchanged']);

  const refunded = sample.replace('partially_refunded', 'refunded').replace('"29,50",RF-9', '"59,00",RF-9');
  expect(kinds(await take(refunded, profile))).toEqual(['unchanged', 'changed', 'unchanged']);
  expect((await orders())['R-2026-000124']).toMatchObject({ payment_state: 'refunded', amounts: { refunded: 5900, net: 0 } });
  // An older file again is known, and takes nothing back.
  expect(kinds(await take(sample, profile))).toEqual(['unchanged', 'unchanged', 'unchanged']);
  expect((await orders())['R-2026-000124']!.payment_state).toBe('refunded');
});

test('a file that says when orders changed is taken at its word', async () => {
  const { take, orders } = shop();
  const file = (total: string, updated_at: string) => `${HEAD},updated_at\n1,paid,EUR,${total},${AT},${updated_at}\n`;
  expect(kinds(await take(file('10.00', '2026-02-04T12:00:00Z')))).toEqual(['created']);
  expect(kinds(await take(file('9.00', '2026-02-03T12:00:00Z')))).toEqual(['unchanged']);
  expect(kinds(await take(file('11.00', '2026-02-04T12:00:00Z')))).toEqual(['changed']);
  expect(kinds(await take(file('12.00', '2026-02-04T12:00:00Z')))).toEqual(['changed']);
  expect(kinds(await take(file('13.00', '2026-02-05T12:00:00Z')))).toEqual(['changed']);
  expect((await orders())['1']).toMatchObject({ amounts: { total: 1300 }, updated_at: '2026-02-05T12:00:00Z' });
});

test('a dry run says what would become of each order, and keeps nothing', async () => {
  const { take, orders } = shop();
  const profile = readProfile(profileJson);
  const bad = sample.replace('"59,00"', '59.00');
  expect(await take(bad, profile, { isDryRun: true })).toMatchObject([
    { order_id: 'R-2026-000123', outcome: 'created', rows: [2] },
    { order_id: 'R-2026-000124', outcome: 'rejected', rows: [3], faults: [{ row: 3, column: 'total', code: 'invalid_amount' }] },
    { order_id: 'R-2026-000125', outcome: 'created', rows: [4] },
  ]);
  expect(await orders()).toEqual({});
});

test('rows of one order are one order, wherever they stand and whichever of them says what', async () => {
  const { take, orders } = shop();
  const file = [
    `${HEAD},sku,quantity,unit_price,refund_id,refund_amount`,
    `1,paid,EUR,30.00,${AT},A,1,10.00,R1,5.00`,
    `2,paid,EUR,7.00,${AT},C,1,7.00,,`,
    '',
    '1,,,,,B,2,10.00,R1,5.00',
    '1,,,,,,,,R2,1.00',
  ].join('\n');
  expect(await take(file)).toMatchObject([
    { order_id: '1', outcome: 'created', rows: [2, 5, 6] },
    { order_id: '2', outcome: 'created', rows: [3] },
  ]);
  expect((await orders())['1']).toMatchObject({
    line_items: [
      { sku: 'A', quantity: 1 },
      { sku: 'B', quantity: 2 },
    ],
    amounts: { total: 3000, refunded: 600 },
  });
});

test('an order is taken whole or not at all, with every fault by row and column', async () => {
  const { take, orders } = shop();
  const file = [
    `${HEAD},sku,quantity,unit_price`,
    `1,paid,EUR,30.00,${AT},A,1,10.00`,
    `1,paid,EUR,31.00,${AT},B,x,10.00`,
    `2,bezahlt,EUR,7.00,03.02.2026,C,1,7.00`,
    `3,paid,XYZ,7.00,${AT},C,1,7.00`,
    `4,paid,EUR,7.005,${AT},C,1,7.00`,
    `5,paid,EUR,7.00,${AT},C,1,7.00,surplus`,
    `,paid,EUR,7.00,${AT},C,1,7.00`,
    `4.71E+15,paid,EUR,7.00,${AT},C,1,7.00`,
    `6,paid,EUR,-7.00,${AT},C,-1,7.00`,
    `7,paid,EUR,7.00,${AT},C,,7.00`,
  ].join('\n');
  const outcomes = await take(file);
  expect(codes(outcomes).sort()).toEqual(
    [
      '3 total rows_disagree',
      '3 quantity invalid_amount',
      '4 status unknown_status',
      '4 created_at invalid_time',
      '5 currency unknown_currency',
      '6 total invalid_amount',
      '7 null too_many_cells',
      '8 order_id missing',
      '9 order_id scientific_notation',
      '10 quantity invalid_order',
      '11 quantity invalid_order',
    ].sort(),
  );
  expect(await orders()).toEqual({});
});

test('Excel’s habits: a separator line, texts as formulas, UTF-16, Windows’ letters, lines and cells of its own', async () => {
  const profile = readProfile({
    delimiter: ';',
    decimal_mark: ',',
    thousands_mark: '.',
    time_zone: 'Europe/Berlin',
    time_format: 'dd.MM.yyyy HH:mm',
    columns: {
      order_id: 'Beleg',
      status: 'Status',
      currency: 'Währung',
      total: 'Summe',
      created_at: 'Datum',
      sku: 'Artikel',
      test: 'Test',
    },
    fixed: { quantity: '1', unit_price: '0' },
    statuses: { bezahlt: 'paid' },
  });
  const text =
    'sep=;\r\nBeleg;Status;Währung;Summe;Datum;Artikel;Test\r\n="00123";bezahlt;EUR;1.234,50;03.02.2026 18:05;"Größe\r\nL";FALSCH\r\n';
  const latin = Buffer.from(text, 'latin1');
  for (const [file, encoding] of [
    [Buffer.from(`\ufeff${text}`), 'utf-8'],
    [latin, 'windows-1252'],
    [Buffer.from(`\ufeff${text}`, 'utf16le'), 'utf-16le'],
  ] as const) {
    const { take, orders } = shop();
    // Byte by byte: letters, quotes and ends of line are cut in two.
    expect(codes(await take(file, { ...profile, encoding }, { chunk: 1 }))).toEqual([]);
    expect((await orders())['00123']).toMatchObject({
      amounts: { total: 123_450 },
      created_at: '2026-02-03T17:05:00Z',
      line_items: [{ sku: 'Größe\r\nL' }],
      test: false,
    });
  }
  const { take } = shop();
  await expect(take(latin, profile)).rejects.toThrow(/not utf-8/);
  await expect(take(text, { ...profile, delimiter: ',' })).rejects.toThrow(/first line says that ; parts its cells/);
});

test('a time that the clocks skipped or showed twice is no time, unless the profile says which', async () => {
  const rows = (time: string) => `${HEAD}\n1,paid,EUR,1.00,${time}\n`;
  const profile = (overlap: string) =>
    readProfile({
      ...{ time_zone: 'Europe/Berlin', time_format: 'yyyy-MM-dd HH:mm', overlap },
      columns: { order_id: 'order_id', status: 'status', currency: 'currency', total: 'total', created_at: 'created_at' },
    });
  const taken = async (time: string, overlap: string) => {
    const { take, orders } = shop();
    const outcomes = await take(rows(time), profile(overlap));
    return codes(outcomes)[0] ?? (await orders())['1']!.created_at;
  };
  expect(await taken('2026-03-29 02:30', 'later')).toBe('2 created_at time_gap');
  expect(await taken('2026-10-25 02:30', 'reject')).toBe('2 created_at time_overlap');
  expect(await taken('2026-10-25 02:30', 'earlier')).toBe('2026-10-25T00:30:00Z');
  expect(await taken('2026-10-25 02:30', 'later')).toBe('2026-10-25T01:30:00Z');
  expect(await taken('2026-02-30 12:00', 'reject')).toBe('2 created_at invalid_time');
  const { take } = shop();
  expect(codes(await take(rows('2026-03-01T12:00:00')))).toEqual(['2 created_at no_time_zone']);
});

test('money is exact in each currency, and the marks are those of the profile alone', async () => {
  const cases = [
    ['JPY', '5250', 5250],
    ['JPY', '5250.00', 5250],
    ['KWD', '15.755', 15_755],
    ['EUR', '9007199254.99', 900_719_925_499],
  ] as const;
  for (const [currency, total, minor] of cases) {
    const { take, orders } = shop();
    expect(codes(await take(`${HEAD}\n1,paid,${currency},${total},${AT}\n`))).toEqual([]);
    expect((await orders())['1']!.amounts.total).toBe(minor);
  }
  const { take, orders } = shop();
  const columns = { order_id: 'order_id', status: 'status', currency: 'currency', total: 'total', created_at: 'created_at' };
  const french = readProfile({ delimiter: ';', decimal_mark: ',', thousands_mark: ' ', columns });
  const file = `order_id;status;currency;total;created_at\n1;paid;EUR;1\u202f234,50;${AT}\n2;paid;EUR;1 234,50;${AT}\n3;paid;EUR;1.234,50;${AT}\n`;
  expect(codes(await take(file, french))).toEqual(['4 total invalid_amount']);
  expect((await orders())['1']!.amounts.total).toBe(123_450);
  expect((await orders())['2']!.amounts.total).toBe(123_450);
});

test('ids of any length stay as they are', async () => {
  const { take, orders } = shop();
  await take(`${HEAD},customer_id\n12345678901234567890,paid,EUR,1.00,${AT},98765432109876543210\n`);
  expect((await orders())['12345678901234567890']!.customer.id).toBe('98765432109876543210');
});

test('a file that can’t be read says why, and nothing of it is kept', async () => {
  const { take, orders } = shop();
  const good = `${HEAD}\n1,paid,EUR,1.00,${AT}\n`;
  await expect(take('')).rejects.toThrow(UnreadableFile);
  await expect(take('id;total\n1;2\n')).rejects.toThrow(/no column "order_id".*--profile.*"id;total"/);
  await expect(take(`${HEAD},total\n`)).rejects.toThrow(/"total" is there twice/);
  await expect(take(`${good}2,"paid,EUR,1.00,${AT}\n`)).rejects.toThrow(/quotes of row 3/);
  await expect(take(Buffer.concat([Buffer.from(good), Buffer.from([0xe4, 0x0a])]))).rejects.toThrow(/not utf-8/);
  await expect(take(good, readProfile(profileJson))).rejects.toThrow(/no column "order_number"/);
  expect(await orders()).toEqual({});
});

test('a profile that can’t be used says where', () => {
  const at = (change: object): string => {
    try {
      readProfile({ ...profileJson, ...change });
    } catch (error) {
      if (error instanceof UnusableProfile) return error.pointer;
      throw error;
    }
    return 'none';
  };
  const { refund_id: _, ...unnamed } = profileJson.columns;
  expect(at({})).toBe('none');
  expect(at({ decimal_mark: '·' })).toBe('/decimal_mark');
  expect(at({ thousands_mark: ',' })).toBe('/thousands_mark');
  expect(at({ delimiter: '"' })).toBe('/delimiter');
  expect(at({ encoding: 'latin-47' })).toBe('/encoding');
  expect(at({ time_zone: 'Berlin' })).toBe('/time_zone');
  expect(at({ time_format: 'dd.MM.' })).toBe('/time_format');
  expect(at({ time_format: 'dd.MM.yyyy hh:mm' })).toBe('/time_format');
  expect(at({ statuses: { bezahlt: 'payed' } })).toBe('/statuses/bezahlt');
  expect(at({ columns: unnamed })).toBe('/columns/refund_id');
  expect(at({ columns: {} })).toBe('/columns/order_id');
  expect(at({ fixed: { total: '1' } })).toBe('/fixed/total');
  expect(at({ fixed: { order_id: '1' }, columns: { ...profileJson.columns, order_id: undefined } })).toBe('/fixed/order_id');
});

test('the guide’s profile can be used, and the guide names every field', () => {
  const guide = readFileSync(new URL('../../../docs/guides/csv-and-pos.md', import.meta.url), 'utf8');
  expect(readProfile(JSON.parse(/```json\n([^`]+)```/.exec(guide)![1]!))).toMatchObject({
    source: 'pos-berlin',
    overlap: 'reject',
  });
  expect(FIELD_NAMES.filter((field) => !guide.includes(`\`${field}\``))).toEqual([]);
});
