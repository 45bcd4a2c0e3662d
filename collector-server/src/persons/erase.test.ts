import type { StoredEvent } from '@orderloop/protocol';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { createProjector } from '../ingest/project.ts';
import { canonicalOrder } from '../stitch/testing.ts';
import type { Storage } from '../storage/contract.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import { type EraseDeps, erasePerson, resumeErasures } from './erase.ts';
import { createPersons, listPersons } from './read.ts';
import { DAY, FACTS, personWith, seen } from './testing.ts';

const LATER = DAY + 86_400_000;
const ada = { id: { type: 'email', value: 'ada-index' } as const, site: 'demo', by: 'test' };

function newStore() {
  const storage = openSqlite();
  onTestFinished(() => storage.close());
  const projector = createProjector(storage, () => FACTS, { now: () => LATER });
  const deps: EraseDeps = { storage, projector, now: LATER };
  return { storage, projector, deps };
}

/** Everything that a store holds, but what only the engine knows. */
async function allOf(storage: Storage): Promise<string> {
  return JSON.stringify([
    await storage.log.read(0, 0, 1000),
    await storage.projections.dump(),
    await listPersons(storage.projections),
    await storage.projections.personMembers(null, 1000),
  ]);
}

const at = new Date(DAY + 30 * 60_000).toISOString();
const order = canonicalOrder({ order_id: '7', created_at: at, paid_at: at, updated_at: at });

/** Ada's phone, a tablet that Ada and Grace share, and an order of each. */
const story: StoredEvent[] = [
  seen('a1', 1, { visitor_id: 'phone', click_ids: { gclid: { value: 'ada-click', first_seen_at: DAY } } }),
  seen('a2', 2, { visitor_id: 'phone', user: { email_index: 'ada-index' } }),
  seen('t1', 3, { visitor_id: 'tablet', session_id: 'tablet-ada', user: { id: 'ada-42', email_index: 'ada-index' } }),
  seen('t2', 4, { visitor_id: 'tablet', session_id: 'tablet-grace', user: { id: 'grace-43' } }),
  seen('t3', 5, { visitor_id: 'tablet', session_id: 'tablet-nobody' }),
  seen('o1', 30, { event: 'order', action_source: 'server', user: { email_index: 'ada-index', sealed: 'ada-sealed' }, order }),
  seen('o2', 31, {
    event: 'order',
    action_source: 'server',
    user: { id: 'grace-43' },
    order: { ...order, order_id: '8', order_number: '#8' },
  }),
];

test('2.7: nothing of an erased person is left, in the log or in what is made of it; orders stay, and other people', async () => {
  const { storage, projector, deps } = newStore();
  await storage.log.append({ events: story });
  await projector.catchUp();
  expect(await allOf(storage)).toMatch(/ada-/);
  expect(await erasePerson(ada, deps)).toMatchObject({ events: 4, orders: 1 });
  await projector.catchUp();
  expect(await allOf(storage)).not.toMatch(/ada-|"phone"/);

  const persons = await listPersons(storage.projections);
  expect(personWith(persons, 'grace-43')).toMatchObject({ devices: [{ visitor_id: 'tablet', shared: false }] });
  expect(personWith(persons, 'grace-43')!.orders.map(({ order_id }) => order_id)).toEqual(['8']);
  const { orders, sessions } = await storage.projections.dump();
  expect(orders).toHaveLength(2);
  expect((sessions as { session_id: string }[]).map(({ session_id }) => session_id)).toEqual(['tablet-grace', 'tablet-nobody']);
  expect(await storage.projections.conversionsOf('demo', 'shop:demo:7')).toMatchObject([{ hold: 'erased', value: 10490 }]);
  expect((await storage.events.newest('demo', 1))[0]).toMatchObject({ event: 'erase', properties: { by: 'test', events: 4 } });
});

test('2.7: a rebuild after an erasure gives the same', async () => {
  const { storage, projector, deps } = newStore();
  await storage.log.append({ events: story });
  await erasePerson(ada, deps);
  await projector.catchUp();
  const live = await allOf(storage);
  await storage.projections.reset();
  await createProjector(storage, () => FACTS, { now: () => LATER }).catchUp();
  expect(JSON.parse(await allOf(storage))).toEqual(JSON.parse(live));
});

test('2.7: what comes late of the time before is dropped; what happens after is a new person', async () => {
  const { storage, projector, deps } = newStore();
  await storage.log.append({ events: story });
  await erasePerson(ada, deps);
  const late = { ...order, order_id: '9', order_number: '#9' };
  await storage.log.append({
    events: [
      seen('late-1', 6, { visitor_id: 'phone', page: { url: 'https://shop.example/ada-page' } }),
      seen('late-2', 7, { action_source: 'server', user: { id: 'ada-42' } }),
      seen('late-3', 8, { event: 'order', action_source: 'server', user: { email_index: 'ada-index' }, order: late }),
    ],
  });
  await projector.catchUp();
  expect(await allOf(storage)).not.toMatch(/ada-|"phone"/);
  expect((await storage.projections.dump()).orders).toHaveLength(3);

  await storage.log.append({
    events: [{ ...seen('new', 0, { visitor_id: 'phone', user: { email_index: 'ada-index' } }), occurred_at: LATER + 1 }],
  });
  await projector.catchUp();
  const person = personWith(await listPersons(storage.projections), 'ada-index');
  expect(person).toMatchObject({ first_seen_at: LATER + 1, orders: [], sessions: [{ event_count: 1 }] });
});

test('2.7: an erasure that was interrupted goes on, and one that is done is not done twice', async () => {
  const { storage, deps } = newStore();
  await storage.log.append({ events: story });
  const broken = { ...deps.projector, reproject: () => Promise.reject(new Error('the process ended')) };
  await expect(erasePerson(ada, { ...deps, projector: broken })).rejects.toThrow('the process ended');
  expect(await storage.erasures.open()).toHaveLength(1);
  await resumeErasures(deps);
  expect(await storage.erasures.open()).toEqual([]);
  await deps.projector.catchUp();
  expect(await allOf(storage)).not.toMatch(/ada-|"phone"/);
  expect(await erasePerson(ada, deps)).toBeNull();
});

test('2.7: nobody is found by an id of an erased person, and the tombstones go with their key', async () => {
  const { storage, projector, deps } = newStore();
  await storage.log.append({ events: story });
  await projector.catchUp();
  const { person_id } = personWith(await listPersons(storage.projections), 'ada-index')!;
  await erasePerson(ada, deps);
  expect(await createPersons(storage.projections).read('demo', person_id)).toBeNull();
  const known = () => storage.projections.transaction(['demo'], (tx) => tx.tombstones('demo'));
  expect(await known()).toHaveLength(1);
  expect(JSON.stringify([...(await known())[0]!.hashes])).not.toMatch(/ada|phone/);
  await storage.erasures.sweep(LATER + 1);
  expect(await known()).toEqual([]);
});

test('2.7: live and rebuilt are the same, whoever is erased, and the erased are in neither', async () => {
  const users = fc.constantFrom('u1', 'u2', 'u3');
  const visits = fc.array(
    fc.record({
      visitor: fc.constantFrom('phone', 'laptop', 'tablet'),
      session: fc.constantFrom('1', '2'),
      minute: fc.integer({ min: 0, max: 9 }),
      id: fc.option(users, { nil: undefined }),
      email_index: fc.option(fc.constantFrom('e1', 'e2', 'e3'), { nil: undefined }),
      order: fc.boolean(),
    }),
    { minLength: 3, maxLength: 14 },
  );
  await fc.assert(
    fc.asyncProperty(visits, users, async (drawn, erased) => {
      const storage = openSqlite();
      try {
        const projector = createProjector(storage, () => FACTS, { now: () => LATER });
        const events = drawn.map(({ visitor, session, minute, id, email_index, order: isOrder }, index) => {
          const user = { ...(id && { id }), ...(email_index && { email_index }) };
          const placed = new Date(DAY + minute * 60_000).toISOString();
          return isOrder
            ? seen(`ev-${index}`, minute, {
                event: 'order',
                action_source: 'server',
                user,
                order: { ...order, order_id: `o${index}`, created_at: placed, paid_at: placed, updated_at: placed },
              })
            : seen(`ev-${index}`, minute, { visitor_id: visitor, session_id: `${visitor}-${session}`, user });
        });
        await storage.log.append({ events });
        await erasePerson(
          { site: 'demo', id: { type: 'user_id', value: erased }, by: 'test' },
          { storage, projector, now: LATER },
        );
        await projector.catchUp();
        const live = await allOf(storage);
        expect(live).not.toContain(`"${erased}"`);
        await storage.projections.reset();
        await createProjector(storage, () => FACTS, { now: () => LATER }).catchUp();
        expect(JSON.parse(await allOf(storage))).toEqual(JSON.parse(live));
      } finally {
        await storage.close();
      }
    }),
    { seed: Number(process.env['PROPERTY_SEED'] ?? 20261123), numRuns: Number(process.env['PROPERTY_RUNS'] ?? 100) },
  );
}, 300_000);
