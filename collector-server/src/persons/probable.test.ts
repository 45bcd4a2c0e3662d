import { expect, onTestFinished, test } from 'vitest';
import { createProjector } from '../ingest/project.ts';
import { openSqlite } from '../storage/sqlite/index.ts';
import { probableOf } from './probable.ts';
import { createPersons, listPersons } from './read.ts';
import { DAY, FACTS, personWith, seen } from './testing.ts';

const click = { gclid: { value: 'one-click', first_seen_at: DAY } };

async function guess(shared: boolean) {
  const storage = openSqlite();
  onTestFinished(() => storage.close());
  await storage.log.append({
    events: [
      seen('a', 1, { visitor_id: 'phone', click_ids: click, user: { id: 'ada' } }),
      seen('b', 2, { visitor_id: 'laptop', click_ids: shared ? click : { gclid: { value: 'another', first_seen_at: DAY } } }),
    ],
  });
  await createProjector(storage, () => FACTS, { now: () => 0 }).catchUp();
  const persons = createPersons(storage.projections);
  const guessed = await probableOf((await persons.read('demo', 'laptop'))!, storage);
  return { guessed, persons: await listPersons(storage.projections), storage };
}

test('2.9: a device that came by the same click is probably the same person’s, and that joins nobody', async () => {
  const { guessed, persons } = await guess(true);
  const ada = personWith(persons, 'ada')!;
  expect(guessed).toMatchObject({ probable_person_id: ada.person_id });
  expect(guessed!.probability).toBeGreaterThan(0.9);
  expect(ada.devices.map(({ visitor_id }) => visitor_id)).toEqual(['phone']);
  expect(persons).toHaveLength(2);
});

test('2.9: without a click in common nobody is guessed, nor for a person who is known', async () => {
  const { guessed, persons, storage } = await guess(false);
  expect(guessed).toBeUndefined();
  expect(await probableOf(personWith(persons, 'ada')!, storage)).toBeUndefined();
});
