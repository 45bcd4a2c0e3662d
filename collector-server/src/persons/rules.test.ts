import type { Identifier, Person, StoredEvent } from '@orderloop/protocol';
import { expect, onTestFinished, test } from 'vitest';
import { createProjector } from '../ingest/project.ts';
import type { SiteFacts } from '../ingest/site-facts.ts';
import { judgeEvent } from '../ingest/validate.ts';
import { createVault } from '../privacy/vault.ts';
import type { ConversionState } from '../stitch/conversion.ts';
import { personId } from '../stitch/identifiers.ts';
import { canonicalOrder } from '../stitch/testing.ts';
import type { Projections, Storage } from '../storage/contract.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import { createPersons } from './read.ts';
import { DAY, FACTS, outcomeOf, personWith, seen } from './testing.ts';

const MINUTE_MS = 60_000;

const server = (event_id: string, minute: number, more: Partial<StoredEvent>): StoredEvent =>
  seen(event_id, minute, { action_source: 'server', ...more });

/** An order as a shop's server sends it, placed so many minutes into the day. */
function order(event_id: string, minute: number, order_id: string, more: Partial<StoredEvent> = {}): StoredEvent {
  const at = new Date(DAY + minute * MINUTE_MS).toISOString();
  return server(event_id, minute, {
    event: 'order',
    ...more,
    order: canonicalOrder({
      order_id,
      order_number: `#${order_id}`,
      created_at: at,
      paid_at: at,
      updated_at: at,
      ...more.order,
    }),
  });
}

const id = (type: Identifier['type'], value: string): Identifier => ({ type, value });

/** What an operator said. */
const said = (
  kind: 'alias' | 'split' | 'undo',
  event_id: string,
  minute: number,
  identifiers: Identifier[],
  undoes?: string,
): StoredEvent => server(event_id, minute, { event: kind, properties: { identifiers, by: 'ada', ...(undoes && { undoes }) } });

const valuesOf = (person: Person | undefined): string[] => (person?.identifiers ?? []).map(({ value }) => value).sort();
const sessionsOf = (person: Person | undefined): string[] => (person?.sessions ?? []).map(({ session_id }) => session_id).sort();
const ordersOf = (person: Person | undefined): string[] => (person?.orders ?? []).map(({ order_id }) => order_id).sort();
const nobodyOn = (persons: readonly Person[], visitor_id: string): Person | undefined =>
  persons.find(({ anonymous, devices }) => anonymous && devices.some((device) => device.visitor_id === visitor_id));

const personsOf = async (events: readonly StoredEvent[], facts?: SiteFacts): Promise<Person[]> =>
  (await outcomeOf([events], facts && { facts })).persons;

interface LinkRow {
  order_key: string;
  key: string;
  session_id: string;
  chosen: boolean;
  by_person?: true;
  rejected_because?: string;
}

const linksOf = async (events: readonly StoredEvent[], facts?: SiteFacts): Promise<LinkRow[]> =>
  (await outcomeOf([events], facts && { facts })).rows['links'] as LinkRow[];

/** A store that takes in one list of events after the other. */
function openStore(facts: SiteFacts = FACTS) {
  const storage = openSqlite();
  onTestFinished(() => storage.close());
  const take = async (...batches: StoredEvent[][]): Promise<void> => {
    const projector = createProjector(storage, () => facts, { now: () => 0 });
    for (const events of batches) {
      await storage.log.append({ events });
      await projector.catchUp();
    }
  };
  const conversions = async (): Promise<ConversionState[]> => (await storage.projections.dump()).conversions as ConversionState[];
  return { storage, take, conversions, persons: createPersons(storage.projections) };
}

/** By order, whether its purchase is told as a new customer's. */
async function newCustomers({ projections }: Pick<Storage, 'projections'>): Promise<Record<string, boolean | undefined>> {
  const rows = (await projections.dump()).conversions as ConversionState[];
  return Object.fromEntries(
    rows
      .filter(({ event }) => event === 'purchase')
      .map(({ conversion }) => [conversion.order!.id, conversion.order!.new_customer]),
  );
}

const BLOCKED = [
  '',
  '   ',
  '0',
  '0000',
  '-',
  '00000000-0000-0000-0000-000000000000',
  '-1',
  'null',
  'undefined',
  'none',
  'NaN',
  'Anonymous',
  ' guest ',
  'TRUE',
  'false',
  'id',
  'email',
  '[object Object]',
];

test.each(BLOCKED)('2.1 %j is treated as absent', async (value) => {
  const persons = await personsOf([
    seen('a', 1, { visitor_id: 'phone', user: { id: value, email_index: 'e1' } }),
    seen('b', 2, { visitor_id: 'laptop', user: { id: value, email_index: 'e2' } }),
    seen('c', 3, { visitor_id: 'tablet', user: { id: value }, properties: { cart_token: value, transaction_id: value } }),
  ]);
  expect(valuesOf(personWith(persons, 'e1'))).toEqual(['e1']);
  expect(valuesOf(personWith(persons, 'e2'))).toEqual(['e2']);
  expect(nobodyOn(persons, 'tablet')?.identifiers).toEqual([]);
});

test('2.1 values that only look like blocked ones are identifiers', async () => {
  for (const value of ['10', '-2', 'guest1', 'nullable', '1-0']) {
    const persons = await personsOf([seen('a', 1, { visitor_id: 'phone', user: { id: value } })]);
    expect(valuesOf(personWith(persons, value))).toEqual([value]);
  }
});

test('2.1 what a site says of its own is absent too, and ties no order to a session', async () => {
  const facts = { ...FACTS, blocked: new Set(['till-7']) };
  const events = [
    seen('a', 1, { visitor_id: 'phone', user: { id: 'Till-7', email_index: 'e1' } }),
    seen('b', 2, { visitor_id: 'laptop', user: { id: ' till-7 ', email_index: 'e2' } }),
    order('c', 3, '1', { user: { id: 'Till-7' } }),
  ];
  const { persons, rows } = await outcomeOf([events], { facts });
  expect(valuesOf(personWith(persons, 'e1'))).toEqual(['e1']);
  expect(valuesOf(personWith(persons, 'e2'))).toEqual(['e2']);
  expect(valuesOf(personWith(persons, '1'))).toEqual(['1']);
  expect(rows['links']).toEqual([]);
  // Without the list it is an identifier like any other.
  expect(valuesOf(personWith(await personsOf(events), 'Till-7'))).toContain('Till-7');
  expect(await linksOf(events)).not.toEqual([]);
});

test('2.1 a value is trimmed, and keeps its case', async () => {
  const events = [
    seen('a', 1, { visitor_id: 'phone', user: { id: ' u1 ' } }),
    seen('b', 2, { visitor_id: 'laptop', user: { id: 'u1' } }),
    seen('c', 3, { visitor_id: 'tablet', user: { id: 'U1' } }),
    order('d', 4, '1', { user: { id: 'u1\t' } }),
  ];
  const { persons, rows } = await outcomeOf([events]);
  expect(valuesOf(personWith(persons, 'u1'))).toEqual(['1', 'u1']);
  expect(personWith(persons, 'u1')?.devices.map(({ visitor_id }) => visitor_id)).toEqual(['laptop', 'phone']);
  expect(valuesOf(personWith(persons, 'U1'))).toEqual(['U1']);
  expect((rows['links'] as LinkRow[]).map(({ session_id }) => session_id).sort()).toEqual(['laptop-1', 'phone-1']);
});

test('2.2 a second user_id is refused, and logged with its event', async () => {
  const persons = await personsOf([
    server('a', 1, { user: { id: 'u1', email_index: 'e1' } }),
    server('b', 2, { user: { id: 'u2', email_index: 'e1' } }),
  ]);
  expect(valuesOf(personWith(persons, 'u1'))).toEqual(['e1', 'u1']);
  expect(valuesOf(personWith(persons, 'u2'))).toEqual(['u2']);
  const conflict = {
    event_id: 'b',
    occurred_at: DAY + 2 * MINUTE_MS,
    demoted: id('email', 'e1'),
    kept: id('user_id', 'u2'),
    reason: 'limit',
    limit_of: 'user_id',
  };
  // Both whom it concerns are told.
  expect(personWith(persons, 'u1')?.conflicts).toEqual([conflict]);
  expect(personWith(persons, 'u2')?.conflicts).toEqual([conflict]);
});

test.each([['email'], ['phone']] as const)('2.2 a sixth %s is refused, and five are not', async (type) => {
  const persons = await personsOf(
    Array.from({ length: 6 }, (_, index) => server(`e${index}`, index, { user: { id: 'u1', [`${type}_index`]: `v${index}` } })),
  );
  expect(valuesOf(personWith(persons, 'u1'))).toEqual(['u1', 'v0', 'v1', 'v2', 'v3', 'v4']);
  expect(personWith(persons, 'u1')?.conflicts).toMatchObject([{ event_id: 'e5', reason: 'limit', limit_of: type }]);
  expect(valuesOf(personWith(persons, 'v5'))).toEqual(['v5']);
});

test('2.2 a conflicting e-mail does not cost the order id its link: the next id is tried', async () => {
  const persons = await personsOf([
    server('a', 1, { user: { id: 'u1', email_index: 'e1' } }),
    order('b', 2, '7', { user: { id: 'u2', email_index: 'e1', phone_index: 'p2' }, properties: { cart_token: 'c7' } }),
  ]);
  expect(valuesOf(personWith(persons, 'u2'))).toEqual(['7', 'c7', 'p2', 'u2']);
  expect(ordersOf(personWith(persons, 'u2'))).toEqual(['7']);
  expect(ordersOf(personWith(persons, 'u1'))).toEqual([]);
  expect(personWith(persons, 'u2')?.conflicts.map(({ demoted }) => demoted.value)).toEqual(['e1']);
});

test('2.2 ids already together are never demoted', async () => {
  const persons = await personsOf([
    server('a', 1, { user: { id: 'u1', email_index: 'e1' } }),
    server('b', 2, { user: { id: 'u2', email_index: 'e2' } }),
    said('alias', 'c', 3, [id('user_id', 'u1'), id('user_id', 'u2')]),
    server('d', 4, { user: { id: 'u2', email_index: 'e1' } }),
  ]);
  expect(valuesOf(personWith(persons, 'u1'))).toEqual(['e1', 'e2', 'u1', 'u2']);
  expect(personWith(persons, 'u1')?.conflicts).toEqual([]);
});

test('2.2 two people who both have too many by themselves are not joined, and the rest of the event is', async () => {
  const emails = (from: number, count: number, user: string) =>
    Array.from({ length: count }, (_, index) =>
      server(`${user}-${index}`, index, { user: { phone_index: user, email_index: `e${from + index}` } }),
    );
  const persons = await personsOf([
    ...emails(0, 3, 'p1'),
    ...emails(3, 3, 'p2'),
    server('x', 50, { user: { email_index: 'e0' }, properties: { cart_token: 'c' } }),
    server('y', 51, { user: { email_index: 'e3' }, properties: { cart_token: 'c', checkout_token: 'k' } }),
  ]);
  expect(valuesOf(personWith(persons, 'p1'))).toEqual(['c', 'e0', 'e1', 'e2', 'p1']);
  expect(valuesOf(personWith(persons, 'p2'))).toEqual(['e3', 'e4', 'e5', 'k', 'p2']);
});

test('2.2 one person has 1,000 identifiers at most: the next is refused as merge_limit, and what comes after it still counts', async () => {
  const { take, persons } = openStore();
  const carts = Array.from({ length: 1000 }, (_, index) =>
    server(`cart-${String(index).padStart(4, '0')}`, index, { user: { id: 'u1' }, properties: { cart_token: `c${index}` } }),
  );
  await take(carts, [order('last', 2000, '1', { user: { id: 'u1' } })]);
  const person = await persons.read('demo', personId('demo', id('user_id', 'u1')));
  expect(person?.identifiers).toHaveLength(1000);
  expect(person?.conflicts).toMatchObject([
    { event_id: 'cart-0999', demoted: id('cart_token', 'c999'), kept: id('user_id', 'u1'), reason: 'merge_limit' },
    { event_id: 'last', demoted: id('order_id', '1'), reason: 'merge_limit' },
  ]);
  // The order is theirs all the same: its own event names them.
  expect(ordersOf(person!)).toEqual(['1']);
});

test('2.3 an alias joins beyond the limits; who has two accounts by it may gain an e-mail, but no third account', async () => {
  const persons = await personsOf([
    server('a', 1, { user: { id: 'u1' } }),
    server('b', 2, { user: { id: 'u2' } }),
    said('alias', 'c', 3, [id('user_id', 'u1'), id('user_id', 'u2')]),
    server('d', 4, { user: { id: 'u2', email_index: 'e1' } }),
    server('e', 5, { user: { id: 'u3', email_index: 'e1' } }),
  ]);
  expect(valuesOf(personWith(persons, 'u1'))).toEqual(['e1', 'u1', 'u2']);
  expect(valuesOf(personWith(persons, 'u3'))).toEqual(['u3']);
  expect(personWith(persons, 'u1')?.conflicts).toMatchObject([{ event_id: 'e', reason: 'limit', limit_of: 'user_id' }]);
  // What an event names for the first time was nobody before: it joins, and merges nothing.
  expect(personWith(persons, 'u1')?.history).toMatchObject([{ kind: 'alias', event_id: 'c', by: 'ada' }]);
});

test('2.3 an alias counts from its own time: before it, the limits decide', async () => {
  const persons = await personsOf([
    server('a', 1, { user: { id: 'u1', email_index: 'e1' } }),
    server('b', 2, { user: { id: 'u2', email_index: 'e1' }, properties: { cart_token: 'c2' } }),
    said('alias', 'c', 3, [id('user_id', 'u1'), id('user_id', 'u2')]),
  ]);
  expect(valuesOf(personWith(persons, 'u1'))).toEqual(['c2', 'e1', 'u1', 'u2']);
  expect(personWith(persons, 'u1')?.conflicts).toMatchObject([{ event_id: 'b', demoted: id('email', 'e1') }]);
});

test('2.3 a split holds for all time: events before it are told apart too', async () => {
  const events = [
    server('a', 1, { user: { id: 'u1', email_index: 'e1' } }),
    server('b', 2, { user: { email_index: 'e1', phone_index: 'p1' } }),
  ];
  expect(valuesOf(personWith(await personsOf(events), 'u1'))).toEqual(['e1', 'p1', 'u1']);
  const persons = await personsOf([...events, said('split', 'z', 90, [id('user_id', 'u1'), id('phone', 'p1')])]);
  expect(valuesOf(personWith(persons, 'u1'))).toEqual(['e1', 'u1']);
  expect(valuesOf(personWith(persons, 'p1'))).toEqual(['p1']);
  expect(personWith(persons, 'p1')?.conflicts).toMatchObject([{ event_id: 'b', reason: 'cannot_link' }]);
  expect(personWith(persons, 'p1')?.history).toMatchObject([{ kind: 'split', event_id: 'z' }]);
});

test('2.3 a split holds against an alias of others too', async () => {
  const persons = await personsOf([
    server('a', 1, { user: { id: 'u1', email_index: 'e1' } }),
    server('b', 2, { user: { id: 'u2', email_index: 'e2' } }),
    said('split', 'c', 3, [id('email', 'e1'), id('email', 'e2')]),
    said('alias', 'd', 4, [id('user_id', 'u1'), id('user_id', 'u2')]),
  ]);
  expect(valuesOf(personWith(persons, 'u1'))).toEqual(['e1', 'u1']);
  expect(personWith(persons, 'u1')?.conflicts).toMatchObject([{ event_id: 'd', reason: 'cannot_link' }]);
});

test('2.3 of alias and split for the same pair the later wins, whichever identifier is named first', async () => {
  const [u1, u2] = [id('user_id', 'u1'), id('user_id', 'u2')];
  const events = [server('a', 1, { user: { id: 'u1' } }), server('b', 2, { user: { id: 'u2' } })];
  const apart = await personsOf([...events, said('alias', 'c', 3, [u1, u2]), said('split', 'd', 4, [u2, u1])]);
  expect(valuesOf(personWith(apart, 'u1'))).toEqual(['u1']);
  expect(personWith(apart, 'u1')?.history).toMatchObject([{ event_id: 'c', undone: true }, { event_id: 'd' }]);
  const one = await personsOf([...events, said('split', 'c', 3, [u1, u2]), said('alias', 'd', 4, [u2, u1])]);
  expect(valuesOf(personWith(one, 'u1'))).toEqual(['u1', 'u2']);
  // It is their own time that decides, and not which came first.
  const late = await personsOf([...events, said('alias', 'd', 4, [u2, u1]), said('split', 'c', 3, [u1, u2])]);
  expect(valuesOf(personWith(late, 'u1'))).toEqual(['u1', 'u2']);
});

test('2.3 an undo takes an operation back, and an undo of the undo puts it in force again', async () => {
  const pair = [id('user_id', 'u1'), id('user_id', 'u2')];
  const events = [
    server('a', 1, { user: { id: 'u1' } }),
    server('b', 2, { user: { id: 'u2' } }),
    said('alias', 'c', 3, pair),
    said('undo', 'd', 4, pair, 'c'),
    said('undo', 'e', 5, pair, 'd'),
    said('undo', 'f', 6, pair, 'e'),
  ];
  const joined: boolean[] = [];
  for (let count = 2; count <= events.length; count++)
    joined.push(valuesOf(personWith(await personsOf(events.slice(0, count)), 'u1')).includes('u2'));
  expect(joined).toEqual([false, true, false, true, false]);
});

test('2.3 an undone split lets the events before it speak again', async () => {
  const pair = [id('user_id', 'u1'), id('email', 'e1')];
  const persons = await personsOf([
    server('a', 1, { user: { id: 'u1', email_index: 'e1' } }),
    said('split', 'b', 2, pair),
    said('undo', 'c', 3, pair, 'b'),
  ]);
  expect(valuesOf(personWith(persons, 'u1'))).toEqual(['e1', 'u1']);
  expect(personWith(persons, 'u1')?.history.map(({ kind, undone }) => [kind, undone ?? false])).toEqual([
    ['split', true],
    ['undo', false],
  ]);
});

test('2.3 an undo counts whatever the clocks of two collectors say: also with the time of what it takes back, or before it', async () => {
  const pair = [id('user_id', 'u1'), id('user_id', 'u2')];
  for (const minute of [2, 3]) {
    const persons = await personsOf([
      server('a', 0, { user: { id: 'u1' } }),
      server('b', 1, { user: { id: 'u2' } }),
      said('alias', 'd', 3, pair),
      said('undo', 'c', minute, pair, 'd'),
    ]);
    expect(valuesOf(personWith(persons, 'u1'))).toEqual(['u1']);
  }
});

test('2.3 undos that name each other, or themselves, end', async () => {
  const pair = [id('user_id', 'u1'), id('user_id', 'u2')];
  const persons = await personsOf([
    server('a', 1, { user: { id: 'u1' } }),
    said('undo', 'x', 2, pair, 'y'),
    said('undo', 'y', 3, pair, 'x'),
    said('undo', 'z', 4, pair, 'z'),
  ]);
  expect(valuesOf(personWith(persons, 'u1'))).toEqual(['u1']);
});

test('2.3 aliases in a circle are one person, and an alias with itself changes nothing', async () => {
  const [u1, u2, u3] = [id('user_id', 'u1'), id('user_id', 'u2'), id('user_id', 'u3')];
  const persons = await personsOf([
    said('alias', 'a', 1, [u1, u2]),
    said('alias', 'b', 2, [u2, u3]),
    said('alias', 'c', 3, [u3, u1]),
    said('alias', 'd', 4, [u1, u1]),
    said('split', 'e', 5, [u2, u2]),
  ]);
  expect(persons).toHaveLength(1);
  expect(valuesOf(persons[0])).toEqual(['u1', 'u2', 'u3']);
});

test('2.4 an id that names nobody makes no claim: two carts on one laptop are one anonymous device', async () => {
  const persons = await personsOf([
    seen('a', 1, { visitor_id: 'laptop', session_id: 's1', properties: { cart_token: 'c1' } }),
    seen('b', 2, { visitor_id: 'laptop', session_id: 's2', properties: { cart_token: 'c2', checkout_token: 'k' } }),
  ]);
  expect(persons).toHaveLength(1);
  expect(persons[0]).toMatchObject({ anonymous: true, devices: [{ visitor_id: 'laptop', shared: false }] });
  expect(sessionsOf(persons[0])).toEqual(['s1', 's2']);
});

test('2.4 a cart that is known to be somebody’s claims the device for them', async () => {
  const persons = await personsOf([
    seen('a', 1, { visitor_id: 'laptop', properties: { cart_token: 'c1' } }),
    server('b', 2, { user: { id: 'u1' }, properties: { cart_token: 'c1' } }),
  ]);
  expect(sessionsOf(personWith(persons, 'u1'))).toEqual(['laptop-1']);
  expect(nobodyOn(persons, 'laptop')).toBeUndefined();
});

test('2.4 the claimant is who the strongest id names: a demoted e-mail claims nothing', async () => {
  const persons = await personsOf([
    server('a', 1, { user: { id: 'u1', email_index: 'e1' } }),
    seen('b', 2, { visitor_id: 'laptop', user: { id: 'u2', email_index: 'e1' } }),
  ]);
  expect(personWith(persons, 'u2')?.devices).toMatchObject([{ visitor_id: 'laptop', shared: false }]);
  expect(personWith(persons, 'u1')?.devices).toEqual([]);
});

test('2.5 a late identify moves earlier sessions to the person, also when its own time is old', async () => {
  const visits = [
    seen('a', 10, { visitor_id: 'phone', session_id: 's1' }),
    seen('b', 50, { visitor_id: 'phone', session_id: 's2' }),
  ];
  for (const minute of [90, 0]) {
    const identify = seen('c', minute, { visitor_id: 'phone', session_id: 's0', user: { id: 'u1' } });
    const before = await personsOf(visits);
    expect(sessionsOf(nobodyOn(before, 'phone'))).toEqual(['s1', 's2']);
    const { persons } = await outcomeOf([visits, [identify]]);
    expect(sessionsOf(personWith(persons, 'u1'))).toEqual(['s0', 's1', 's2']);
    expect(personWith(persons, 'u1')?.touchpoints).toHaveLength(3);
    expect(nobodyOn(persons, 'phone')).toBeUndefined();
  }
});

test('2.5 a second claimant gives the sessions without claims back to the device', async () => {
  const events = [
    seen('a', 1, { visitor_id: 'tablet', session_id: 's1' }),
    seen('b', 10, { visitor_id: 'tablet', session_id: 's2', user: { id: 'u1' } }),
  ];
  expect(sessionsOf(personWith(await personsOf(events), 'u1'))).toEqual(['s1', 's2']);
  const persons = await personsOf([...events, seen('c', 20, { visitor_id: 'tablet', session_id: 's3', user: { id: 'u2' } })]);
  expect(sessionsOf(personWith(persons, 'u1'))).toEqual(['s2']);
  expect(sessionsOf(personWith(persons, 'u2'))).toEqual(['s3']);
  expect(sessionsOf(nobodyOn(persons, 'tablet'))).toEqual(['s1']);
  for (const value of ['u1', 'u2'])
    expect(personWith(persons, value)?.devices).toMatchObject([{ visitor_id: 'tablet', shared: true }]);
});

test('2.5 two people in one session: each moment is the latest claimant’s, and what came before any the first one’s', async () => {
  const click = (event_id: string, minute: number) =>
    seen(event_id, minute, { event: 'ad_click', visitor_id: 'tablet', session_id: 's', properties: { placement: event_id } });
  const persons = await personsOf([
    click('t1', 1),
    seen('b', 10, { visitor_id: 'tablet', session_id: 's', user: { id: 'u1' } }),
    click('t2', 15),
    seen('c', 20, { visitor_id: 'tablet', session_id: 's', user: { id: 'u2' } }),
    click('t3', 25),
    // Another session of that device, in which nobody said who it is.
    seen('d', 30, { visitor_id: 'tablet', session_id: 'other' }),
  ]);
  const clicksOf = (person: Person | undefined): string[] =>
    (person?.touchpoints ?? []).filter(({ kind }) => kind === 'ad_click').map(({ touchpoint_id }) => touchpoint_id);
  expect(clicksOf(personWith(persons, 'u1'))).toEqual(['t1', 't2']);
  expect(clicksOf(personWith(persons, 'u2'))).toEqual(['t3']);
  expect(clicksOf(nobodyOn(persons, 'tablet'))).toEqual([]);
  expect(sessionsOf(personWith(persons, 'u1'))).toEqual(['s']);
  expect(sessionsOf(nobodyOn(persons, 'tablet'))).toEqual(['other']);
});

test('2.5 an order that carries only a cart belongs to the device that showed it: the latest before it, else the earliest after', async () => {
  const carts = [
    seen('a', 1, { visitor_id: 'phone', properties: { cart_token: 'c' } }),
    seen('b', 5, { visitor_id: 'laptop', properties: { cart_token: 'c' } }),
    seen('c', 9, { visitor_id: 'tablet', properties: { cart_token: 'c' } }),
    seen('d', 0, { visitor_id: 'phone', session_id: 'p', user: { id: 'u1' } }),
    seen('e', 0, { visitor_id: 'laptop', session_id: 'l', user: { id: 'u2' } }),
    seen('f', 0, { visitor_id: 'tablet', session_id: 't', user: { id: 'u3' } }),
  ];
  for (const [minute, owner] of [
    [3, 'u1'],
    [7, 'u2'],
    [20, 'u3'],
    [0.5, 'u1'],
  ] as const) {
    // The device's people are told apart by what else they did there.
    const { storage, take, persons } = openStore();
    await take([...carts, order('o', minute, '1', { properties: { cart_token: 'c' } })]);
    const { row } = (await storage.projections.findOrder('demo', '1'))!;
    const { person_id } = await persons.ofOrder('demo', row.projection.order, null, Number.MAX_SAFE_INTEGER);
    const expected = await persons.read('demo', personId('demo', id('user_id', owner)));
    expect({ minute, person_id }).toEqual({ minute, person_id: expected?.person_id });
    // Whoever is shown as its owner shows it among their orders, and nobody else does.
    const all = await Promise.all(
      ['u1', 'u2', 'u3'].map((value) => persons.read('demo', personId('demo', id('user_id', value)))),
    );
    expect({ minute, owners: all.filter((person) => ordersOf(person!).includes('1')).map((p) => valuesOf(p!)) }).toEqual({
      minute,
      owners: [valuesOf(expected!)],
    });
  }
});

test('2.5 an order that nothing ties to a device or a name is a person of its own', async () => {
  const persons = await personsOf([
    seen('a', 1, { visitor_id: 'phone', user: { id: 'u1' } }),
    order('b', 2, '1', { properties: { cart_token: 'c' } }),
  ]);
  expect(personWith(persons, '1')).toMatchObject({ anonymous: true, devices: [], orders: [{ order_id: '1' }] });
});

test('2.5 an order is whose the strongest id among its events names, of equals the earliest', async () => {
  const strongest = await personsOf([
    server('a', 1, { user: { email_index: 'e1' }, properties: { transaction_id: '1' } }),
    order('b', 2, '1', { user: { id: 'u2' } }),
    server('c', 0, { user: { id: 'u1', email_index: 'e1' } }),
  ]);
  expect(ordersOf(personWith(strongest, 'u2'))).toEqual(['1']);
  expect(ordersOf(personWith(strongest, 'e1'))).toEqual([]);
  const earliest = await personsOf([
    order('b', 5, '1', { user: { id: 'u2' } }),
    seen('a', 4, { visitor_id: 'phone', user: { id: 'u1' }, properties: { transaction_id: '1' } }),
  ]);
  expect(ordersOf(personWith(earliest, 'u1'))).toEqual(['1']);
  expect(ordersOf(personWith(earliest, 'u2'))).toEqual([]);
});

test('2.5 the thank-you page names one account and the shop another: both keep their own, and the conflict is logged', async () => {
  const events = [
    seen('a', 4, { visitor_id: 'phone', user: { id: 'u1' }, properties: { transaction_id: '1' } }),
    order('b', 5, '1', { user: { id: 'u2', email_index: 'e2' } }),
  ];
  const persons = await personsOf(events);
  expect(valuesOf(personWith(persons, 'u2'))).toEqual(['e2', 'u2']);
  expect(personWith(persons, 'u2')?.conflicts).toMatchObject([{ event_id: 'b', demoted: id('order_id', '1') }]);
  expect(await personsOf(events.toReversed())).toEqual(persons);
});

test('2.6 two people who turn out to be one: a device with two claimants has one, and its unclaimed sessions are theirs', async () => {
  const events = [
    seen('a', 1, { visitor_id: 'tablet', session_id: 's1' }),
    seen('b', 2, { visitor_id: 'tablet', session_id: 's2', user: { id: 'u1' } }),
    seen('c', 3, { visitor_id: 'tablet', session_id: 's3', user: { email_index: 'e1' } }),
  ];
  expect(sessionsOf(nobodyOn(await personsOf(events), 'tablet'))).toEqual(['s1']);
  const { persons } = await outcomeOf([events, [server('d', 9, { user: { id: 'u1', email_index: 'e1' } })]]);
  expect(sessionsOf(personWith(persons, 'u1'))).toEqual(['s1', 's2', 's3']);
  expect(personWith(persons, 'u1')?.devices).toMatchObject([{ visitor_id: 'tablet', shared: false }]);
  expect(personWith(persons, 'u1')?.history).toMatchObject([{ kind: 'merge', event_id: 'd' }]);
  expect(nobodyOn(persons, 'tablet')).toBeUndefined();
});

test('2.8 a person is called by the member that was seen first, and every older id leads to it', async () => {
  const { take, persons } = openStore();
  await take([
    seen('a', 1, { visitor_id: 'phone' }),
    seen('b', 2, { visitor_id: 'laptop', user: { email_index: 'e1' } }),
    server('c', 3, { user: { id: 'u1' } }),
  ]);
  const ids = {
    phone: personId('demo', { visitor_id: 'phone' }),
    laptop: personId('demo', { visitor_id: 'laptop' }),
    email: personId('demo', id('email', 'e1')),
    user: personId('demo', id('user_id', 'u1')),
  };
  const idOf = async (asked: string) => (await persons.read('demo', asked))?.person_id;
  expect(await idOf('phone')).toBe(ids.phone);
  expect(await idOf('laptop')).toBe(ids.email);
  expect(await idOf(ids.user)).toBe(ids.user);
  await take([seen('d', 4, { visitor_id: 'phone', user: { id: 'u1', email_index: 'e1' } })]);
  for (const asked of [...Object.values(ids), 'phone', 'laptop']) expect(await idOf(asked)).toBe(ids.phone);
  expect(await persons.read('demo', 'prs_nobody')).toBeNull();
  expect(await persons.read('other', ids.phone)).toBeNull();
});

test('2.8 of events of one moment the id decides who was first, in any order of arrival', async () => {
  const events = [
    seen('e-1', 1, { visitor_id: 'phone', seq: 2 }),
    seen('e-3', 1, { visitor_id: 'phone', seq: 1 }),
    server('e-2', 1, { user: { id: 'u1' } }),
    seen('e-4', 5, { visitor_id: 'phone', user: { id: 'u1' } }),
  ];
  const expected = personId('demo', { visitor_id: 'phone' });
  for (const arrival of [events, events.toReversed()])
    expect(personWith(await personsOf(arrival), 'u1')?.person_id).toBe(expected);
});

test('new_customer: a first order, a second, and an earlier one that arrives late', async () => {
  const user = { id: 'u1' };
  const { storage, take } = openStore();
  await take([order('b', 10, '2', { user })]);
  expect(await newCustomers(storage)).toEqual({ 2: true });
  await take([order('c', 20, '3', { user })]);
  expect(await newCustomers(storage)).toEqual({ 2: true, 3: false });
  await take([order('a', 1, '1', { user })]);
  expect(await newCustomers(storage)).toEqual({ 1: true, 2: false, 3: false });
  await storage.projections.reset();
  await take([]);
  expect(await newCustomers(storage)).toEqual({ 1: true, 2: false, 3: false });
});

test('new_customer: an earlier order that arrives late counts also when the thank-you page said of it before', async () => {
  const user = { id: 'u1' };
  const { storage, take } = openStore();
  await take(
    [order('b', 10, '2', { user })],
    [seen('p', 1, { visitor_id: 'phone', user, properties: { transaction_id: '1' } })],
    [order('q', 2, '1', { user })],
  );
  expect(await newCustomers(storage)).toEqual({ 1: true, 2: false });
});

test('new_customer: a first order that is cancelled makes the second one the first', async () => {
  const user = { id: 'u1' };
  const { storage, take } = openStore();
  await take([order('a', 1, '1', { user }), order('b', 10, '2', { user })]);
  expect(await newCustomers(storage)).toEqual({ 1: true, 2: false });
  const at = new Date(DAY + 20 * MINUTE_MS).toISOString();
  const created_at = new Date(DAY + MINUTE_MS).toISOString();
  await take([
    order('c', 20, '1', {
      user,
      order: canonicalOrder({ order_id: '1', order_number: '#1', created_at, cancelled_at: at, updated_at: at }),
    }),
  ]);
  expect((await newCustomers(storage))['2']).toBe(true);
});

test('new_customer: two people who turn out to be one had one first order, and a split gives each their own back', async () => {
  const { storage, take } = openStore();
  await take([order('a', 1, '1', { user: { id: 'u1' } }), order('b', 10, '2', { user: { email_index: 'e1' } })]);
  expect(await newCustomers(storage)).toEqual({ 1: true, 2: true });
  await take([server('c', 20, { user: { id: 'u1', email_index: 'e1' } })]);
  expect(await newCustomers(storage)).toEqual({ 1: true, 2: false });
  await take([said('split', 'd', 30, [id('user_id', 'u1'), id('email', 'e1')])]);
  expect(await newCustomers(storage)).toEqual({ 1: true, 2: true });
});

test('new_customer: who loses their first order to an earlier word has another first one', async () => {
  const { storage, take } = openStore();
  await take([order('a', 5, '1', { user: { id: 'u1' } }), order('b', 10, '2', { user: { id: 'u1' } })]);
  expect(await newCustomers(storage)).toEqual({ 1: true, 2: false });
  await take([server('c', 4, { user: { id: 'u2' }, properties: { transaction_id: '1' } })]);
  expect(await newCustomers(storage)).toEqual({ 1: true, 2: true });
});

test('new_customer: an order whose device is claimed afterwards is told of its person', async () => {
  const { storage, take } = openStore();
  await take(
    [seen('a', 1, { visitor_id: 'phone', properties: { cart_token: 'c' } })],
    [order('b', 2, '1', { properties: { cart_token: 'c' } })],
  );
  expect(await newCustomers(storage)).toEqual({ 1: undefined });
  await take([seen('d', 9, { visitor_id: 'phone', session_id: 's9', user: { id: 'u1' } })]);
  expect(await newCustomers(storage)).toEqual({ 1: true });
  // Two people there: nobody knows whose it is.
  await take([seen('e', 10, { visitor_id: 'phone', session_id: 's10', user: { id: 'u2' } })]);
  expect(await newCustomers(storage)).toEqual({ 1: undefined });
});

test('links: an order is linked by what its person is known by, and says so', async () => {
  const events = [
    seen('a', 1, { visitor_id: 'phone', user: { id: 'u1' } }),
    order('b', 5, '1', { user: { email_index: 'e1' } }),
    server('c', 3, { user: { id: 'u1', email_index: 'e1' } }),
  ];
  expect(await linksOf(events)).toMatchObject([{ key: 'customer_id', session_id: 'phone-1', chosen: true, by_person: true }]);
  expect((await linksOf(events.toReversed())).map(({ by_person }) => by_person)).toEqual([true]);
  expect(await linksOf(events.slice(0, 2))).toEqual([]);
});

test('links: what the order shows itself is stronger than what its person is known by, and the others are kept', async () => {
  const links = await linksOf([
    seen('a', 4, { visitor_id: 'phone', user: { email_index: 'e1' } }),
    seen('b', 1, { visitor_id: 'laptop', user: { email_index: 'e2' } }),
    server('c', 3, { user: { id: 'u1', email_index: 'e1' } }),
    server('d', 3, { user: { id: 'u1', email_index: 'e2' } }),
    order('o', 5, '1', { user: { email_index: 'e2' } }),
  ]);
  expect(
    links.map(({ session_id, chosen, by_person, rejected_because }) => [session_id, chosen, by_person, rejected_because]),
  ).toEqual([
    ['laptop-1', true, undefined, undefined],
    ['phone-1', false, true, 'weaker_key'],
  ]);
});

test('links: of two sessions with the same key the nearer is taken, and the other is kept with the reason', async () => {
  const user = { id: 'u1' };
  const links = await linksOf([
    seen('a', 1, { visitor_id: 'phone', user }),
    seen('b', 4, { visitor_id: 'laptop', user }),
    order('o', 5, '1', { user }),
  ]);
  expect(links.map(({ session_id, chosen, rejected_because }) => [session_id, chosen, rejected_because])).toEqual([
    ['laptop-1', true, undefined],
    ['phone-1', false, 'another_session_is_nearer'],
  ]);
});

test('links: an order without session says why, and is linked when its person is told', async () => {
  const { storage, take } = openStore();
  const key = 'shop:demo:1';
  await take([seen('a', 1, { visitor_id: 'phone', user: { id: 'u1' } })], [order('o', 5, '1')]);
  expect(await storage.projections.links('demo', key)).toMatchObject({ link: null, unlinked_reason: 'no_key_on_order' });
  await take([order('o2', 6, '1', { user: { email_index: 'e1' } })]);
  expect(await storage.projections.links('demo', key)).toMatchObject({ link: null, unlinked_reason: 'no_session_with_key' });
  await take([server('c', 7, { user: { id: 'u1', email_index: 'e1' } })]);
  const linked = await storage.projections.links('demo', key);
  expect(linked).toMatchObject({ link: { session_id: 'phone-1', by_person: true }, visitor_id: 'phone' });
  expect(linked.unlinked_reason).toBeUndefined();
  await take([said('split', 'd', 8, [id('user_id', 'u1'), id('email', 'e1')])]);
  expect(await storage.projections.links('demo', key)).toMatchObject({ link: null, unlinked_reason: 'no_session_with_key' });
});

test('links: an order is not linked to a shared device by its person alone: only to a session that shows who it was', async () => {
  const links = await linksOf([
    seen('a', 1, { visitor_id: 'tablet', session_id: 's1', user: { id: 'u1' } }),
    seen('b', 2, { visitor_id: 'tablet', session_id: 's2', user: { id: 'u2' } }),
    seen('c', 4, { visitor_id: 'tablet', session_id: 's3' }),
    order('o', 5, '1', { user: { id: 'u1' } }),
  ]);
  expect(links).toMatchObject([{ session_id: 's1', chosen: true }]);
  expect(links).toHaveLength(1);
});

const NOW = Date.UTC(2026, 10, 23);
const vault = createVault(new Uint8Array(32).fill(7));

test.each([
  ['year 0', '0000-01-01T00:00:00Z'],
  ['year 9999', '9999-12-31T23:59:59Z'],
  ['far in the future', NOW + 400 * 86_400_000],
  ['before 2015', Date.UTC(2014, 11, 31)],
  ['beyond all dates', Number.MAX_SAFE_INTEGER],
  ['negative', -1],
  ['not a number of ms', 1.5],
  ['a month that is none', '2026-13-01T00:00:00Z'],
] as const)('bad input: a time %s is refused, by the name of its field', (_name, occurred_at) => {
  const judge = (more: object, from: 'browser' | 'server') =>
    judgeEvent(
      { event: 'identify', event_id: '019aa000-0000-7000-8000-000000000001', occurred_at, action_source: 'web', ...more },
      3,
      { site: 'demo', from, received_at: NOW, clock_offset_ms: 0, custom_events: [], vault },
    );
  for (const from of ['browser', 'server'] as const)
    expect(judge({}, from)).toMatchObject({ error: { index: 3, pointer: '/events/3/occurred_at' } });
  expect(judge({ occurred_at: NOW }, 'browser')).toHaveProperty('event');
});

/** Counts what is read of who is who. */
function counted(projections: Projections, counts: Record<string, number>): Projections {
  const COUNTED = ['identityClusters', 'identityFacts', 'claimsOfSession', 'identifiersOfVisitor', 'visitorsWith', 'sessionKeys'];
  const spy = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, name) {
        const value: unknown = Reflect.get(object, name);
        if (typeof value !== 'function' || !COUNTED.includes(String(name))) return value;
        return async (...args: unknown[]) => {
          const answer: unknown = await Reflect.apply(value, object, args);
          counts['calls'] = (counts['calls'] ?? 0) + 1;
          counts['rows'] = (counts['rows'] ?? 0) + (Array.isArray(answer) ? answer.length : 1);
          return answer;
        };
      },
    });
  return { ...projections, transaction: (sites, step) => projections.transaction(sites, (tx) => step(spy(tx))) };
}

test('bad input: 20,000 events of one visitor make no other’s order more work, and leave the visitor one person', async () => {
  const workWith = async (noise: number) => {
    const storage = openSqlite();
    try {
      const events = Array.from({ length: noise }, (_, index) =>
        seen(`n${String(index).padStart(5, '0')}`, index / 100, {
          visitor_id: 'noisy',
          session_id: 'noise',
          user: { id: 'loud' },
        }),
      );
      await storage.log.append({ events });
      await createProjector(storage, () => FACTS, { now: () => 0 }).catchUp();
      const counts: Record<string, number> = {};
      await storage.log.append({
        events: [
          seen('y', 500, { visitor_id: 'quiet', user: { id: 'u1' } }),
          order('z', 501, '1', { user: { id: 'u1', email_index: 'e1' } }),
        ],
      });
      const projections = counted(storage.projections, counts);
      await createProjector({ ...storage, projections }, () => FACTS, { now: () => 0 }).catchUp();
      const persons = createPersons(storage.projections);
      const [noisy, quiet] = [await persons.read('demo', 'noisy'), await persons.read('demo', 'quiet')];
      return { counts, noisy, quiet, links: await storage.projections.links('demo', 'shop:demo:1') };
    } finally {
      await storage.close();
    }
  };
  const [alone, beside] = [await workWith(1), await workWith(20_000)];
  expect(beside.counts['calls']).toBeGreaterThan(0);
  expect(beside.counts).toEqual(alone.counts);
  expect(ordersOf(beside.quiet!)).toEqual(['1']);
  expect(beside.links.link).toMatchObject({ session_id: 'quiet-1' });
  expect(valuesOf(beside.noisy!)).toEqual(['loud']);
  expect(beside.noisy?.sessions).toMatchObject([{ event_count: 20_000 }]);
}, 120_000);
