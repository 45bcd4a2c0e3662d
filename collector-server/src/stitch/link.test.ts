import { expect, test } from 'vitest';
import { type Candidate, chooseLink } from './link.ts';

const candidate = (more: Partial<Candidate>): Candidate => ({
  key: 'email',
  session_id: 's1',
  visitor_id: 'v1',
  matched_at: 100,
  session_event_id: 'b',
  order_event_id: 'o',
  ...more,
});
const choose = (candidates: Candidate[], keys = 1) => chooseLink('demo', 'shop:demo:1', 1000, keys, candidates);

test('the strongest key decides, and the weaker are kept with their reason', () => {
  const { link, candidates } = choose([
    candidate({ matched_at: 999 }),
    candidate({ key: 'session_ref', session_id: 's2', matched_at: 5 }),
  ]);
  expect(link).toMatchObject({ key: 'session_ref', session_id: 's2', rank: 1, chosen: true });
  expect(candidates[1]).toMatchObject({ session_id: 's1', chosen: false, rejected_because: 'weaker_key' });
});

test('of one key the latest session before the order counts, else the earliest after it', () => {
  const before = [
    candidate({ session_id: 'early', matched_at: 10 }),
    candidate({ session_id: 'late', matched_at: 900 }),
    candidate({ session_id: 'after', matched_at: 1001 }),
  ];
  expect(choose(before).link!.session_id).toBe('late');
  expect(choose(before).candidates[1]).toMatchObject({ rejected_because: 'another_session_is_nearer' });
  expect(
    choose([candidate({ session_id: 'b', matched_at: 3000 }), candidate({ session_id: 'a', matched_at: 2000 })]).link!.session_id,
  ).toBe('a');
});

test('an order without a session says why', () => {
  expect(choose([], 0)).toEqual({ link: null, candidates: [], unlinked_reason: 'no_key_on_order' });
  expect(choose([], 2)).toEqual({ link: null, candidates: [], unlinked_reason: 'no_session_with_key' });
});

test('the choice does not depend on the order of the candidates', () => {
  const list = [candidate({ session_id: 'a', matched_at: 500 }), candidate({ session_id: 'b', matched_at: 500 })];
  expect(choose(list)).toEqual(choose(list.toReversed()));
});
