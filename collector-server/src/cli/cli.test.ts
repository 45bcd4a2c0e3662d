import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { conversionState } from '../relay/testing.ts';
import { makeCertificate, paypalHeaders } from '../sources/shared/testing.ts';
import { personId } from '../stitch/identifiers.ts';
import { canonicalOrder } from '../stitch/testing.ts';
import { openSqlite } from '../storage/sqlite/index.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'orderloop.mjs');
const folder = mkdtempSync(join(tmpdir(), 'orderloop-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function orderloop(args: string[], input?: unknown) {
  const result = spawnSync(process.execPath, [BIN, ...args], {
    input: typeof input === 'string' ? input : JSON.stringify(input),
    encoding: 'utf8',
    cwd: folder,
  });
  return { code: result.status, out: result.stdout, err: result.stderr, json: () => JSON.parse(result.stdout) };
}

const problemOf = (err: string) => JSON.parse(err) as { code: string; errors?: { pointer: string }[] };

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../test/fixtures/sources/shopify/webhook-2024-10-orders-paid.json'), 'utf8'),
).body;
const paid = {
  ...recorded,
  test: false,
  payment_gateway_names: ['visa'],
  cancelled_at: null,
  financial_status: 'paid',
  total_outstanding: '0.00',
  current_total_price: '388.00',
};

function delivery(body: object, id: string, topic = 'orders/paid', secret = 's') {
  const text = JSON.stringify(body);
  const headers = {
    'X-Shopify-Topic': topic,
    'X-Shopify-Webhook-Id': id,
    'X-Shopify-Hmac-SHA256': createHmac('sha256', secret).update(text).digest('base64'),
  };
  return { now: '2026-02-03T11:20:07Z', method: 'POST', headers, body: text };
}

test('replay answers each delivery, and shows the orders and what would be relayed', () => {
  const cancelled = { ...paid, updated_at: '2022-01-02T00:00:00Z', cancelled_at: '2022-01-02T00:00:00Z' };
  const refund = {
    admin_graphql_api_id: 'gid://shopify/Refund/1',
    order_id: '820982911946154508',
    processed_at: '2022-01-01T12:00:00Z',
    transactions: [{ kind: 'refund', status: 'success', amount: '8.00', currency: 'USD' }],
  };
  const deliveries = [
    delivery(refund, 'r', 'refunds/create'),
    delivery(paid, 'a'),
    delivery(paid, 'a'),
    delivery(paid, 'b', 'orders/paid', 'wrong'),
    delivery(cancelled, 'c', 'orders/cancelled'),
    delivery({ ...paid, note: 'late' }, 'd', 'orders/updated'),
  ];
  const result = orderloop(['replay', '-'], {
    source: 'shopify',
    config: { secret: 's', account: 'shop.myshopify.com' },
    deliveries,
  }).json();
  expect(result.responses).toEqual([
    { http: 200, verdict: 'parked', reason: 'order_unknown' },
    { http: 200, verdict: 'accepted', reason: null },
    { http: 200, verdict: 'duplicate', reason: null },
    { http: 401, verdict: 'rejected', reason: 'bad_signature' },
    { http: 200, verdict: 'accepted', reason: null },
    { http: 200, verdict: 'ignored', reason: 'stale_update' },
  ]);
  expect(result.orders).toMatchObject([
    {
      order_id: '820982911946154508',
      state: 'cancelled',
      payment_state: 'partially_refunded',
      amounts: { total: 38800, refunded: 800, net: 38000 },
      customer: { email_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    },
  ]);
  const key = 'shopify:shop.myshopify.com:820982911946154508';
  expect(result.relay).toEqual([
    { type: 'purchase', value: 38800, currency: 'USD', exponent: 2, key: `purchase:${key}` },
    { type: 'refund', value: 800, currency: 'USD', exponent: 2, key: `refund:${key}:800` },
    { type: 'cancel', value: 38000, currency: 'USD', exponent: 2, key: `cancel:${key}` },
  ]);
});

test('replay judges what gateways sign: by several digests, or with a certificate that the configuration holds', () => {
  const { vectors } = JSON.parse(
    readFileSync(new URL('../../test/fixtures/sources/signature-vectors.json', import.meta.url), 'utf8'),
  ) as { vectors: { platform: string; now?: number; headers: object; body: string; [field: string]: unknown }[] };
  const run = (platform: string, names: string[]) => {
    const ours = vectors.filter((vector) => vector.platform === platform);
    const deliveries = ours.map(({ now = 1_770_117_607, headers, body }) => ({ now, method: 'POST', headers, body }));
    const config = Object.fromEntries(names.map((name) => [name, ours[0]![name]]));
    return orderloop(['replay', '-'], { source: platform, config, deliveries }).json();
  };
  const refused = (reason: string) => ({ http: 401, verdict: 'rejected', reason });
  const accepted = { http: 200, verdict: 'accepted', reason: null };
  const stripe = run('stripe', ['secret']);
  expect(stripe.responses).toEqual([
    accepted,
    { http: 200, verdict: 'duplicate', reason: null },
    refused('stale_timestamp'),
    refused('bad_signature'),
  ]);
  expect(stripe.orders).toMatchObject([{ order_id: 'pi_self0001', state: 'paid', amounts: { total: 5250, paid: 5250 } }]);
  const paypal = run('paypal', ['webhook_id', 'cert_pem']);
  expect(paypal.responses).toEqual([accepted, refused('bad_signature')]);
  expect(paypal.orders).toMatchObject([{ order_id: '5VK462069F664902F', state: 'paid', session_ref: 's_9f2c' }]);
  expect(paypal.relay).toMatchObject([{ type: 'purchase', value: 1000, key: 'purchase:paypal:replay:5VK462069F664902F' }]);
});

test('replay finds the order of a refund that names its capture alone, whichever comes first', () => {
  const signer = makeCertificate();
  const fixtureOf = (name: string) =>
    JSON.parse(readFileSync(join(import.meta.dirname, `../../test/fixtures/sources/paypal/${name}.json`), 'utf8')).body;
  const signed = (body: object) => {
    const text = JSON.stringify(body);
    return { now: '2026-02-03T12:00:00Z', method: 'POST', headers: paypalHeaders(text, signer, 'WEBHOOK'), body: text };
  };
  const capture = signed(fixtureOf('webhook-PAYMENT.CAPTURE.COMPLETED'));
  const refund = signed(fixtureOf('self-webhook-PAYMENT.CAPTURE.REFUNDED'));
  const config = { webhook_id: 'WEBHOOK', cert_pem: signer.pem, sandbox: false };
  const run = (deliveries: object[]) => orderloop(['replay', '-'], { source: 'paypal', config, deliveries }).json();
  const inOrder = run([capture, refund]);
  const reversed = run([refund, capture]);
  const verdicts = ({ responses }: { responses: { verdict: string }[] }) => responses.map(({ verdict }) => verdict);
  expect(verdicts(inOrder)).toEqual(['accepted', 'accepted']);
  expect(verdicts(reversed)).toEqual(['parked', 'accepted']);
  expect(reversed.orders).toEqual(inOrder.orders);
  expect(inOrder.orders).toMatchObject([
    { order_id: '4K5112848U951142F', state: 'partially_refunded', amounts: { total: 1000, paid: 1000, refunded: 300, net: 700 } },
  ]);
  const key = 'paypal:replay:4K5112848U951142F';
  for (const { relay } of [inOrder, reversed])
    expect(relay).toEqual([
      { type: 'purchase', value: 1000, currency: 'USD', exponent: 2, key: `purchase:${key}` },
      { type: 'refund', value: 300, currency: 'USD', exponent: 2, key: `refund:${key}:300` },
    ]);
});

test.each([
  ['woocommerce', ['woocommerce/rest-v3-order-727'], { order_id: '727', state: 'paid', amounts: { total: 2935 } }],
  [
    'magento',
    ['magento/rest-v1-order', 'magento/self-creditmemo'],
    { order_id: '3', state: 'pending', amounts: { total: 16500, refunded: 3245 } },
  ],
  ['bigcommerce', ['bigcommerce/self-order-captured-gbp'], { order_id: '9001', state: 'paid', amounts: { total: 11600 } }],
])('replay reads what a poll of %s was answered, and needs no secret for it', (source, files, order) => {
  const deliveries = files.map((file) => {
    const body = readFileSync(join(import.meta.dirname, `../../test/fixtures/sources/${file}.json`), 'utf8');
    return { now: '2026-02-10T00:00:00Z', method: 'GET', headers: {}, body };
  });
  const result = orderloop(['replay', '-'], { source, config: { account: 'shop.example' }, deliveries }).json();
  expect(result.responses).toEqual(files.map(() => ({ http: 200, verdict: 'accepted', reason: null })));
  expect(result.orders).toMatchObject([order]);
});

const PREVIEW = {
  destination: 'meta',
  now: '2026-11-20T11:00:00Z',
  settings: { dataset_id: '1', access_token: 'a-secret-token' },
  events: [
    {
      event: 'purchase',
      event_id: 'p',
      occurred_at: '2026-11-20T10:00:00Z',
      action_source: 'physical_store',
      user: { email: 'a@example.com' },
      order: { value: '1.00', currency: 'EUR' },
    },
    { event: 'refund', event_id: 'r', occurred_at: '2026-11-20T10:00:00Z' },
  ],
};

test('preview shows what would be sent and how a reply would be read, and no secret', () => {
  const { out, json } = orderloop(['preview', '-'], {
    ...PREVIEW,
    reply: { status: 200, headers: {}, body: '{"events_received":1}' },
  });
  expect(json()).toMatchObject({
    requests: [{ method: 'POST', event_ids: ['p'], headers: { authorization: 'Bearer [redacted]' } }],
    skipped: [{ event_id: 'r', reason: 'unsupported_event' }],
    outcomes: [{ event_id: 'p', verdict: 'accepted' }],
  });
  expect(out).not.toContain('a-secret-token');
  expect(orderloop(['preview', '-', '--reveal'], PREVIEW).out).toContain('a-secret-token');
});

test('stitch shows what becomes of events', () => {
  const lines = [
    {
      event: 'page_view',
      event_id: 'e1',
      occurred_at: 1_795_000_000_000,
      visitor_id: 'visitor-0000000000aa',
      session_id: 's1',
      page: { url: 'https://shop.example/?gclid=Cj' },
      click_ids: { gclid: { value: 'Cj', first_seen_at: 1_795_000_000_000 } },
    },
    {
      event: 'order',
      event_id: 'e2',
      occurred_at: 1_795_000_060_000,
      action_source: 'server',
      order: canonicalOrder({ session_ref: 's1', created_at: '2026-11-18T11:27:40Z' }),
    },
  ];
  const result = orderloop(['stitch', '-'], lines.map((line) => JSON.stringify(line)).join('\n')).json();
  expect(result.sessions).toMatchObject([{ session_id: 's1', channel: 'paid_search', platform: 'google' }]);
  expect(result.links).toMatchObject([{ key: 'session_ref', session_event_id: 'e1', order_event_id: 'e2', chosen: true }]);
  expect(result.conversions).toMatchObject([{ event: 'purchase', value: 10490, currency: 'EUR' }]);
});

test('stitch shows who is who: persons, and whose each session and order is', () => {
  const at = 1_795_000_000_000;
  const visit = (event_id: string, visitor_id: string, more: object = {}) => ({
    event: 'identify',
    event_id,
    occurred_at: at,
    visitor_id,
    session_id: `session-${visitor_id}`,
    ...more,
  });
  const lines = [
    visit('e1', 'visitor-phone-0000000', { user: { id: 'u1', email: 'ada@example.com' } }),
    visit('e2', 'visitor-laptop-000000', { user: { email: 'ADA@example.com ' } }),
    visit('e3', 'visitor-tablet-000000', { event: 'page_view' }),
    { event: 'identify', event_id: 'e4', occurred_at: at, action_source: 'server', user: { id: 'u2', email: 'ada@example.com' } },
    {
      event: 'order',
      event_id: 'e5',
      occurred_at: at + 60_000,
      action_source: 'server',
      user: { id: 'u1' },
      order: canonicalOrder({ created_at: '2026-11-18T11:27:40Z' }),
    },
    {
      event: 'alias',
      event_id: 'e6',
      occurred_at: at + 70_000,
      action_source: 'server',
      properties: {
        identifiers: [
          { type: 'user_id', value: 'u1' },
          { type: 'user_id', value: 'u3' },
        ],
        by: 'ada',
      },
    },
  ];
  const { out, json } = orderloop(['stitch', '-'], lines.map((line) => JSON.stringify(line)).join('\n'));
  const { persons, sessions, orders } = json();
  expect(persons).toHaveLength(3);
  const ada = persons.find(({ orders: bought }: { orders: string[] }) => bought.length === 1);
  expect(ada).toMatchObject({
    anonymous: false,
    identifiers: [
      { type: 'user_id', value: 'u1', first_event_id: 'e1' },
      { type: 'user_id', value: 'u3', first_event_id: 'e6' },
      { type: 'email', first_event_id: 'e1' },
      { type: 'order_id', value: '1001', first_event_id: 'e5' },
    ],
    sessions: expect.arrayContaining(['session-visitor-phone-0000000', 'session-visitor-laptop-000000']),
    orders: ['shop:demo:1001'],
    conflicts: [{ event_id: 'e4', reason: 'limit', limit_of: 'user_id' }],
    history: [{ kind: 'alias', event_id: 'e6', by: 'ada' }],
  });
  expect(orders).toMatchObject([{ person_id: ada.person_id }]);
  const owners = Object.fromEntries(
    sessions.map(({ visitor_id, person_id }: Record<string, string>) => [visitor_id, person_id === ada.person_id]),
  );
  expect(owners).toEqual({ 'visitor-phone-0000000': true, 'visitor-laptop-000000': true, 'visitor-tablet-000000': false });
  expect(out.toLowerCase()).not.toContain('ada@example.com');
});

test.each([
  ['no file', ['replay'], undefined, 'invalid_input', undefined],
  ['a file that is not there', ['preview', 'nothing.json'], undefined, 'invalid_input', undefined],
  ['no JSON', ['preview', '-'], '{', 'malformed_json', undefined],
  ['an unknown destination', ['preview', '-'], { ...PREVIEW, destination: 'nowhere' }, 'invalid_input', '/destination'],
  ['a missing setting', ['preview', '-'], { ...PREVIEW, settings: {} }, 'invalid_input', '/settings'],
  [
    'a conversion without id',
    ['preview', '-'],
    { ...PREVIEW, events: [{ event: 'purchase', occurred_at: 1 }] },
    'invalid_input',
    '/events/0/event_id',
  ],
  ['an unknown source', ['replay', '-'], { source: '__proto__', deliveries: [] }, 'invalid_input', '/source'],
  ['no secret', ['replay', '-'], { source: 'shopify', deliveries: [] }, 'invalid_input', '/config'],
  [
    'a delivery without a clock',
    ['replay', '-'],
    { source: 'shopify', config: { secret: 's' }, deliveries: [{ body: '' }] },
    'invalid_input',
    '/deliveries/0/now',
  ],
  ['a line that is no event', ['stitch', '-'], '{"event":"page_view"}', 'invalid_event', '/0/event_id'],
  ['an unknown command', ['dance'], undefined, 'invalid_input', undefined],
  ['an unknown option', ['serve', '--colour'], undefined, 'invalid_input', undefined],
  ['a port that is none', ['serve', '--port', 'x', '--data', 'ports'], undefined, 'invalid_input', undefined],
] as const)('%s is unusable input: exit 2 and one problem on stderr', (_name, args, input, code, pointer) => {
  const { code: exit, out, err } = orderloop([...args], input);
  expect({ exit, out }).toEqual({ exit: 2, out: '' });
  const problem = problemOf(err.trim().split('\n').at(-1)!);
  expect(problem.code).toBe(code);
  expect(problem.errors?.[0]?.pointer).toBe(pointer);
});

test('a first start makes a configuration that doctor finds nothing wrong with, and that only its owner can read', () => {
  const { code, json } = orderloop(['doctor', '--data', 'first']);
  expect(code).toBe(0);
  expect(json().ok).toBe(true);
  expect(statSync(join(folder, 'first', 'orderloop.json')).mode & 0o077).toBe(0);
});

test('doctor says what to mend', () => {
  const config = JSON.parse(readFileSync(join(folder, 'first', 'orderloop.json'), 'utf8'));
  config.sites.shop.destinations = [
    { id: 'erp', type: 'webhook', settings: { url: 'https://127.0.0.1/x', secret: 'whsec_YQ==' } },
    { id: 'm', type: 'meta', settings: {} },
  ];
  writeFileSync(join(folder, 'bad.json'), JSON.stringify(config));
  const { code, json } = orderloop(['doctor', '--data', 'first', '--config', 'bad.json']);
  expect(code).toBe(1);
  const errors = json().findings.filter(({ level }: { level: string }) => level === 'error');
  expect(errors.map(({ check }: { check: string }) => check)).toEqual([
    'sites.shop.destinations.erp',
    'sites.shop.destinations.m',
  ]);
});

test('a configuration that can’t be used names its field', () => {
  writeFileSync(join(folder, 'broken.json'), JSON.stringify({ data_key: 'x', sites: {} }));
  const { code, err } = orderloop(['doctor', '--data', 'first', '--config', 'broken.json']);
  expect(code).toBe(2);
  expect(err).toContain('/dashboard_token is missing');
});

test('rebuild counts what it derived', () => {
  const { code, json } = orderloop(['rebuild', '--data', 'first']);
  expect(code).toBe(0);
  expect(json()).toMatchObject({ events: 0, orders: 0 });
});

test('A13: secrets may come from files; doctor warns of old ones, and of those that come from an example', () => {
  const secret = (name: string, text: string, days = 0): string => {
    const file = join(folder, name);
    writeFileSync(file, `${text}\n`);
    const at = Date.now() / 1000 - days * 86_400;
    utimesSync(file, at, at);
    return `file:${file}`;
  };
  const config = {
    public_url: 'http://localhost:4100',
    data_key: secret('data-key', Buffer.alloc(32, 7).toString('base64'), 181),
    dashboard_token: secret('token', 'change-me-please-now'),
    limits: { connections: 50 },
    sites: {
      shop: {
        name: 'Shop',
        publishable_keys: ['pk_shop_abcdef1'],
        secret_keys: ['sk_short'],
        signing_secrets: [`whsec_${Buffer.alloc(24, 7).toString('base64')}`],
        origins: ['https://shop.test'],
      },
    },
  };
  writeFileSync(join(folder, 'files.json'), JSON.stringify(config));
  const { code, out, json } = orderloop(['doctor', '--data', 'first', '--config', 'files.json']);
  expect(code).toBe(0);
  const found = (name: string) => json().findings.filter(({ check }: { check: string }) => check === name);
  expect(found('data_key')).toMatchObject([{ level: 'warning', detail: expect.stringContaining('181 days') }]);
  expect(found('dashboard_token')).toMatchObject([{ level: 'warning', detail: expect.stringContaining('example') }]);
  expect(found('sites.shop.secret_keys')).toMatchObject([{ level: 'warning', detail: expect.stringContaining('16') }]);
  expect(found('sites.shop.signing_secrets')).toEqual([]);
  const inForce = found('limits')[0].detail.split(', ');
  expect(inForce).toEqual(expect.arrayContaining(['connections 50', 'network_per_second 100', 'in_flight 512']));
  expect(out).not.toContain('change-me');
});

test('a limit out of its range, a misspelt one, a proxy that is none and a file that is not there are refused by name', () => {
  const base = JSON.parse(readFileSync(join(folder, 'files.json'), 'utf8'));
  const refusal = (more: object): string => {
    writeFileSync(join(folder, 'wrong.json'), JSON.stringify({ ...base, ...more }));
    const { code, err } = orderloop(['doctor', '--data', 'first', '--config', 'wrong.json']);
    expect(code).toBe(2);
    return err;
  };
  expect(refusal({ limits: { connections: 0 } })).toContain('/limits/connections');
  expect(refusal({ limits: { conections: 5 } })).toContain('/limits');
  expect(refusal({ trusted_proxies: ['10.0.0.0/99'] })).toContain('trusted_proxies');
  expect(refusal({ door: { path: 'o' } })).toContain('/door/path');
  expect(refusal({ door: { path: '/o', script: '../x.js' } })).toContain('/door/script');
  expect(refusal({ data_key: 'file:/nowhere/at/all' })).toContain('/data_key');
});

test('persons says who is who in a store, shows it after a rebuild, and takes it back', () => {
  const persons = (...args: string[]) => orderloop(['persons', ...args, '--data', 'who']);
  expect(orderloop(['doctor', '--data', 'who']).code).toBe(0);
  const alias = persons('alias', 'user_id:u1', 'email:Ada@Example.com', '--by', 'grace', '--reason', 'a call');
  expect(alias).toMatchObject({ code: 0, err: '' });
  const { event_id } = alias.json();
  // What is said is in the log: whoever projects it next takes it up.
  expect(orderloop(['rebuild', '--data', 'who']).json()).toMatchObject({ events: 1 });
  const id = personId('shop', { type: 'user_id', value: 'u1' });
  const shown = persons('show', id);
  expect(shown.json()).toMatchObject({
    site: 'shop',
    identifiers: [{ type: 'user_id', value: 'u1' }, { type: 'email' }],
    history: [{ kind: 'alias', event_id, by: 'grace', reason: 'a call' }],
  });
  expect(shown.out.toLowerCase()).not.toContain('ada@example.com');
  expect(persons('undo', event_id).code).toBe(0);
  orderloop(['rebuild', '--data', 'who']);
  const apart = persons('show', id, '--site', 'shop').json();
  expect(apart).toMatchObject({
    identifiers: [{ type: 'user_id', value: 'u1' }],
    history: [
      { kind: 'alias', undone: true },
      { kind: 'undo', by: 'command line' },
    ],
  });
  expect(persons('show', id, '--site', 'another').code).toBe(2);
});

test.each([
  ['an id that nobody has', ['show', 'prs_nobody'], 'prs_nobody'],
  ['no id', ['show'], 'No person'],
  ['no word for it', ['dance', 'user_id:u1'], 'Say persons'],
  ['nothing', [], 'Say persons'],
  ['one identifier', ['alias', 'user_id:u1'], 'two identifiers'],
  ['the same identifier twice', ['split', 'user_id:u1', 'user_id:u1'], 'two different'],
  ['a type that is none', ['split', 'user_id:u1', 'visitor_id:v'], 'TYPE:VALUE'],
  ['no value', ['split', 'user_id:u1', 'email:'], 'TYPE:VALUE'],
  ['an address that is none', ['alias', 'user_id:u1', 'email:nobody'], 'e-mail'],
  ['an event that is none', ['undo', 'nothing'], 'no event_id'],
  ['a site that is none', ['alias', 'user_id:u1', 'user_id:u2', '--site', 'x'], '--site'],
] as const)('persons with %s is unusable input, and nothing is said', (_name, args, detail) => {
  const { code, out, err } = orderloop(['persons', ...args, '--data', 'first']);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(detail);
  expect(orderloop(['rebuild', '--data', 'first']).json()).toMatchObject({ events: 0 });
});

test('import takes a till’s file, says what it refused, and takes nothing twice', () => {
  const fixtures = join(import.meta.dirname, '../../test/fixtures/sources/pos');
  const sample = readFileSync(join(fixtures, 'self-orders.csv'), 'utf8');
  const profile = ['--profile', join(fixtures, 'self-profile.json')];
  const bad = join(folder, 'bad.csv');
  writeFileSync(bad, sample.replace('"59,00"', '59.00'));
  const data = ['--data', join(folder, 'imported')];

  const dry = orderloop(['import', bad, ...profile, ...data, '--dry-run']);
  expect(dry.code).toBe(1);
  expect(dry.json()).toMatchObject({ rows: 3, created: 2, rejected: 1, dry_run: true, outcomes_not_shown: 0 });
  const report = join(folder, 'report.ndjson');
  const first = orderloop(['import', bad, ...profile, ...data, '--report', report]);
  expect(first.code).toBe(1);
  expect(first.json()).toMatchObject({
    orders: 3,
    created: 2,
    rejected: 1,
    outcomes: [{ rows: [3], faults: [{ row: 3, column: 'total', code: 'invalid_amount' }] }],
  });
  expect(first.err).toContain('1 of 3 orders were refused');
  const lines = readFileSync(report, 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).outcome)).toEqual(['created', 'rejected', 'created']);

  const mended = orderloop(['import', '-', ...profile, ...data], sample);
  expect(mended.code).toBe(0);
  expect(mended.json()).toMatchObject({ created: 1, unchanged: 2, rejected: 0 });
});

test('import says in one problem what of a file, a profile or the command can’t be used', () => {
  const profile = join(folder, 'profile.json');
  writeFileSync(profile, '{"time_zone":"Berlin","columns":{"order_id":"a"}}');
  for (const [args, pointer] of [
    [['import'], undefined],
    [['import', 'nothing.csv'], undefined],
    [['import', '-'], undefined],
    [['import', '-', '--site', 'other'], undefined],
    [['import', '-', '--profile', profile], '/columns/status'],
  ] as const) {
    const { code, err } = orderloop([...args, '--data', join(folder, 'imported')], '');
    expect(code).toBe(2);
    expect(problemOf(err.trim().split('\n').at(-1)!).errors?.[0]?.pointer).toBe(pointer);
  }
});

test('deliveries says what became of conversions, and queues again what was given up', async () => {
  expect(orderloop(['doctor', '--data', 'told']).code).toBe(0);
  const config = JSON.parse(readFileSync(join(folder, 'told', 'orderloop.json'), 'utf8'));
  config.sites.shop.destinations = [{ id: 'pins', type: 'pinterest', settings: { ad_account_id: '1', access_token: 'T' } }];
  writeFileSync(join(folder, 'told', 'orderloop.json'), JSON.stringify(config));
  const storage = openSqlite(join(folder, 'told'));
  const fresh = { ...conversionState('o1', { user: { email: 'a@example.com' } }, Date.now()), site: 'shop' };
  const old = { ...conversionState('o2', {}, Date.now() - 8 * 86_400_000), site: 'shop' };
  await storage.projections.transaction(['shop'], async (tx) => {
    for (const state of [fresh, old]) {
      await tx.putConversion(state);
      await tx.enqueue('shop', state.conversion_id, 'pins', 1);
    }
  });
  const rows = await storage.outbox.claim({ site: 'shop', destination: 'pins' }, 2, 1_000, 9);
  await storage.outbox.finish(rows.map((row) => ({ row, state: 'dead', reason: 'failed', detail: 'bad em' })));
  await storage.close();
  const deliveries = (...args: string[]) => orderloop(['deliveries', '--data', 'told', ...args]);
  expect(deliveries('--state', 'dead', '--reason', 'failed').json().deliveries).toMatchObject([
    { conversion_id: 'o1', state: 'dead', detail: 'bad em' },
    { conversion_id: 'o2', state: 'dead' },
  ]);
  const replay = ['--site', 'shop', '--destination', 'pins', '--replay'];
  expect(deliveries(...replay, '--dry-run').json()).toEqual({ sent: 1, skipped: { expired: 1 }, more: false, dry_run: true });
  expect(deliveries('--state', 'dead').json().deliveries).toHaveLength(2);
  expect(deliveries(...replay).json()).toMatchObject({ sent: 1, dry_run: false });
  expect(deliveries('--state', 'waiting').json().deliveries).toMatchObject([{ conversion_id: 'o1' }]);
  expect(deliveries('--site', 'shop', '--destination', 'none', '--replay').code).toBe(2);
  expect(deliveries('--replay').err).toContain('--site and --destination');
  config.sites.shop.destinations = [];
  writeFileSync(join(folder, 'told', 'orderloop.json'), JSON.stringify(config));
  expect(orderloop(['doctor', '--data', 'told']).out).toContain(
    '1 conversion(s) wait for pins, which is not configured any more',
  );
  expect(deliveries('--state', 'lost').code).toBe(2);
});
