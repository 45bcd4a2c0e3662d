import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Journey, Person } from '@orderloop/protocol';
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '../src/log.ts';
import { personId } from '../src/stitch/identifiers.ts';
import { openSqlite } from '../src/storage/sqlite/index.ts';
import {
  eventually,
  KEY,
  newVisit,
  orderInput,
  postEvents,
  postOrder,
  read,
  SECRET_KEY,
  startTestCollector,
  testConfig,
} from './harness.ts';

const OTHER_KEY = 'sk_other_0123456789';
const PROBLEM = 'application/problem+json';

interface Answer {
  status: number;
  type: string;
  text: string;
  body: Record<string, unknown> & { event_id: string; code?: string; errors?: { pointer: string; code: string }[] };
}

async function call(collector: { url: string }, path: string, body?: unknown, key: string | null = SECRET_KEY): Promise<Answer> {
  const response = await fetch(`${collector.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, type: response.headers.get('content-type') ?? '', text, body: JSON.parse(text) };
}

const user = (value: string) => ({ type: 'user_id', value });
const idOf = (value: string, site = 'demo') => personId(site, { type: 'user_id', value });
const userIds = ({ identifiers }: Person): string[] =>
  identifiers.flatMap(({ type, value }) => (type === 'user_id' ? [value] : [])).sort();

/** The person of a customer id, once it is as it is waited for. */
const person = (collector: { url: string }, value: string, isSo: (found: Person) => boolean) =>
  eventually(async () => {
    const found = await read<Person>(collector, `/v1/persons/${idOf(value)}`).catch(() => null);
    return found && isSo(found) && found;
  });

async function signIn(collector: { url: string }, id: string, more: object = {}) {
  const visit = newVisit();
  await postEvents(collector, [visit.event('page_view'), visit.event('identify', { user: { id, ...more } })]);
  return visit;
}

test('operators say who is who and who is not, and take it back; every id leads to the person', async () => {
  const collector = await startTestCollector();
  const [phone, laptop] = [await signIn(collector, 'u1'), await signIn(collector, 'u2')];
  const identifiers = [user('u1'), user('u2')];
  const alias = await call(collector, '/v1/persons/alias', { identifiers, by: 'ada', reason: 'called us' });
  expect(alias).toMatchObject({ status: 202, body: { event_id: expect.stringMatching(/^[0-9a-f-]{36}$/) } });
  const joined = await person(collector, 'u1', (found) => userIds(found).length === 2);
  expect(joined).toMatchObject({ anonymous: false, site: 'demo' });
  expect(joined.devices.map(({ visitor_id }) => visitor_id).sort()).toEqual([phone.visitor_id, laptop.visitor_id].sort());
  expect(joined.history).toMatchObject([
    { kind: 'alias', event_id: alias.body.event_id, by: 'ada', reason: 'called us', identifiers },
  ]);
  const ids = [idOf('u1'), idOf('u2'), phone.visitor_id, laptop.visitor_id, personId('demo', { visitor_id: phone.visitor_id })];
  for (const id of ids) expect((await read<Person>(collector, `/v1/persons/${id}`)).person_id).toBe(joined.person_id);

  const undo = await call(collector, '/v1/persons/undo', { undoes: alias.body.event_id });
  expect(undo.status).toBe(202);
  const apart = await person(collector, 'u1', (found) => userIds(found).length === 1);
  expect(apart.history).toMatchObject([
    { kind: 'alias', undone: true },
    { kind: 'undo', by: 'api' },
  ]);
  const again = await call(collector, '/v1/persons/undo', { undoes: undo.body.event_id });
  expect(again.status).toBe(202);
  await person(collector, 'u1', (found) => userIds(found).length === 2);
  expect((await call(collector, '/v1/persons/split', { identifiers })).status).toBe(202);
  await person(collector, 'u1', (found) => userIds(found).length === 1);
  expect(collector.errors).toEqual([]);
});

test.each([
  ['none', {}, '/identifiers'],
  ['one', { identifiers: [user('u1')] }, '/identifiers'],
  ['three', { identifiers: [user('u1'), user('u2'), user('u3')] }, '/identifiers'],
  ['an unknown type', { identifiers: [user('u1'), { type: 'visitor_id', value: 'v' }] }, '/identifiers'],
  ['an empty value', { identifiers: [user('u1'), user('  ')] }, '/identifiers'],
  ['a number', { identifiers: [user('u1'), { type: 'user_id', value: 7 }] }, '/identifiers'],
  ['an address that is none', { identifiers: [user('u1'), { type: 'email', value: 'ada at example' }] }, '/identifiers'],
  ['a phone number that is none', { identifiers: [user('u1'), { type: 'phone', value: 'call me' }] }, '/identifiers'],
  ['a placeholder', { identifiers: [user('u1'), user('Guest')] }, '/identifiers'],
  ['the same twice', { identifiers: [user('u1'), user(' u1 ')] }, '/identifiers'],
  ['a text', { identifiers: 'u1' }, '/identifiers'],
] as const)('wrong identifiers (%s) are refused by the name of the field, and nothing is kept', async (_name, body, pointer) => {
  const collector = await startTestCollector();
  for (const kind of ['alias', 'split']) {
    const refused = await call(collector, `/v1/persons/${kind}`, body);
    expect(refused.status).toBe(422);
    expect(refused.type).toContain(PROBLEM);
    expect(refused.body.errors).toMatchObject([{ pointer }]);
  }
  expect(await collector.storage.log.head()).toBe(0);
});

test('what is no JSON, asks to undo what is no operation, or comes without a key is refused', async () => {
  const collector = await startTestCollector();
  const visit = await signIn(collector, 'u1');
  const [known] = await collector.storage.events.ofVisitor('demo', visit.visitor_id, 1);
  const head = await collector.storage.log.head();
  for (const undoes of [undefined, 'nothing', known!.event_id])
    expect(await call(collector, '/v1/persons/undo', { undoes })).toMatchObject({ status: 404, body: { code: 'not_found' } });
  const broken = await call(collector, '/v1/persons/alias', '{');
  expect(broken.status).toBe(400);
  expect(broken.type).toContain(PROBLEM);
  for (const body of ['null', '[]', '7']) expect((await call(collector, '/v1/persons/alias', body)).status).toBe(422);
  const identifiers = [user('u1'), user('u2')];
  for (const key of [null, 'sk_wrong_0123456789', KEY])
    expect((await call(collector, '/v1/persons/alias', { identifiers }, key)).status).toBe(401);
  for (const key of [null, 'sk_wrong_0123456789', KEY])
    expect((await call(collector, `/v1/persons/${idOf('u1')}`, undefined, key)).status).toBe(401);
  expect(await collector.storage.log.head()).toBe(head);
  expect(collector.errors).toEqual([]);
});

test('nobody has an id that was never given, and a person is seen with the key of their site alone', async () => {
  const base = testConfig();
  const other = { ...base.sites['demo']!, publishable_keys: ['pk_other_abcdef1'], secret_keys: [OTHER_KEY], signing_secrets: [] };
  const collector = await startTestCollector({ ...base, sites: { ...base.sites, other } });
  const visit = await signIn(collector, 'u1');
  await person(collector, 'u1', () => true);
  for (const id of ['prs_nobody', 'x'.repeat(500), "'; --"]) {
    const missing = await call(collector, `/v1/persons/${id}`);
    expect(missing).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(missing.type).toContain(PROBLEM);
  }
  for (const id of [idOf('u1'), visit.visitor_id, personId('demo', { visitor_id: visit.visitor_id })])
    for (const path of [`/v1/persons/${id}`, `/v1/persons/${id}?site=demo`])
      expect((await call(collector, path, undefined, OTHER_KEY)).status).toBe(404);
  // Nor can it say who is who there: what it says is of its own site.
  const alias = await call(collector, '/v1/persons/alias', { site: 'demo', identifiers: [user('u1'), user('u2')] }, OTHER_KEY);
  expect(alias.status).toBe(202);
  const said = await collector.storage.events.find('other', alias.body.event_id);
  expect(said?.event).toBe('alias');
  await eventually(() => collector.storage.projections.personMember('other', idOf('u2', 'other')));
  expect(userIds(await person(collector, 'u1', () => true))).toEqual(['u1']);
  expect((await call(collector, '/v1/persons/undo', { undoes: alias.body.event_id })).status).toBe(404);
});

test('an address given in clear is in no answer, no log and no file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orderloop-persons-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const lines: string[] = [];
  const { error, request } = createLog('info', { write: (line) => void lines.push(line) });
  const collector = await startTestCollector(testConfig(), openSqlite(folder), {
    onError: error,
    onRequest: request,
  });
  const [address, number] = ['Ada.Lovelace@Mail.example', '+491701234567'];
  await signIn(collector, 'u1', { email: address, phone: number });
  const first = await person(collector, 'u1', ({ identifiers }) => identifiers.length === 3);
  const answers = [
    await call(collector, '/v1/persons/alias', { identifiers: [user('u2'), { type: 'email', value: address }], by: 'ada' }),
    await call(collector, '/v1/persons/split', { identifiers: [user('u3'), { type: 'phone', value: number }], by: 'ada' }),
    await call(collector, '/v1/persons/alias', { identifiers: [user('guest'), { type: 'email', value: address }] }),
  ];
  // The address in clear found the person who was known by its hash.
  const joined = await person(collector, 'u1', (found) => userIds(found).length === 2);
  expect(joined.person_id).toBe(first.person_id);
  answers.push(await call(collector, `/v1/persons/${joined.person_id}`));
  await collector.stop();
  const written = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString('latin1'));
  // There was something to find it in.
  expect(written.join('')).toContain('alias');
  expect(lines.length).toBeGreaterThan(0);
  for (const text of [...answers.map((answer) => answer.text), ...lines, ...written])
    for (const secret of ['lovelace', '1701234567']) expect(text.toLowerCase().includes(secret)).toBe(false);
});

test('the journey of an order names its person, and shows their sessions on both devices', async () => {
  const collector = await startTestCollector();
  const phone = newVisit(Date.now() - 3_600_000);
  await postEvents(collector, [
    phone.event('page_view', { campaign: { source: 'meta', medium: 'paid_social' } }),
    phone.event('identify', { user: { id: 'u1' } }),
  ]);
  const laptop = await signIn(collector, 'u1');
  const stranger = await signIn(collector, 'u9');
  const order = orderInput({ order_id: 'J-1', customer: { id: 'u1' }, session_ref: laptop.session_ref });
  expect((await postOrder(collector, order)).status).toBeLessThan(300);
  const journey = await eventually(async () => {
    const found = await read<Journey>(collector, '/v1/orders/J-1/journey').catch(() => null);
    return found?.link && found.sessions.length === 2 && found;
  });
  const { person_id } = await person(collector, 'u1', () => true);
  expect(journey.person_id).toBe(person_id);
  expect(journey.link).toMatchObject({ key: 'session_ref', session_id: laptop.session_id });
  expect(journey.sessions.map(({ visitor_id }) => visitor_id)).toEqual([phone.visitor_id, laptop.visitor_id]);
  expect(journey.touchpoints[0]).toMatchObject({ channel: 'paid_social', visitor_id: phone.visitor_id });
  expect(journey.events.some(({ session_id }) => session_id === phone.session_id)).toBe(true);
  expect(JSON.stringify(journey)).not.toContain(stranger.visitor_id);
  expect((await read<Person>(collector, `/v1/persons/${person_id}`)).orders).toMatchObject([{ order_id: 'J-1' }]);
});
