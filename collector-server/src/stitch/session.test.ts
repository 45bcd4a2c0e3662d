import type { LoggedEvent } from '@orderloop/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldSession, type SessionState } from './session.ts';
import { visitEvent } from './testing.ts';

const fold = (events: readonly LoggedEvent[]) =>
  events.reduce<SessionState | null>((state, event) => foldSession(state, event, ['shop.example']), null);

test('a session begins where its first event says', () => {
  const landing = visitEvent({
    page: { url: 'https://shop.example/?fbclid=Iw1', referrer: 'https://l.facebook.com/' },
    campaign: { source: 'meta', medium: 'paid_social' },
    click_ids: { fbclid: { value: 'Iw1', first_seen_at: 1_795_000_000_500 + 1000 } },
  });
  const later = visitEvent({ event: 'add_to_cart', page: { url: 'https://shop.example/cart' } });
  expect(fold([later, landing])).toMatchObject({
    channel: 'paid_social',
    platform: 'meta',
    landing_page: 'https://shop.example/?fbclid=Iw1',
    last_page_url: 'https://shop.example/cart',
    started_at: landing.occurred_at,
    ended_at: later.occurred_at,
    event_count: 2,
    page_view_count: 1,
  });
});

test('a click of an earlier day does not make today’s direct visit a paid one', () => {
  const session = fold([
    visitEvent({
      click_ids: { fbclid: { value: 'Iw1', first_seen_at: 1_794_000_000_000 } },
      page: { url: 'https://shop.example/' },
    }),
  ]);
  expect(session).toMatchObject({ channel: 'direct', click_ids: { fbclid: { value: 'Iw1', first_seen_at: 1_794_000_000_000 } } });
});

test('server events never start a session', () => {
  expect(fold([visitEvent({ action_source: 'server' })])).toBeNull();
});

test('the newest consent counts', () => {
  const yes = visitEvent({ consent: { ad_storage: 'granted' } });
  const no = visitEvent({ consent: { ad_storage: 'denied' } });
  expect(fold([no, yes])!.consent).toEqual({ ad_storage: 'denied' });
});

test('any order of arrival gives the same session', () => {
  const events = Array.from({ length: 6 }, (_, index) =>
    visitEvent({
      seq: index,
      occurred_at: 1_795_000_000_000 + Math.floor(index / 2) * 1000,
      page: { url: `https://shop.example/${index}`, referrer: index === 0 ? 'https://www.google.com/' : undefined },
      cookies: { _fbp: `fb.1.1.${index}` },
      consent: { ad_storage: index % 2 ? 'granted' : 'denied' },
      click_ids: { gclid: { value: `c${index % 3}`, first_seen_at: 1_794_999_999_000 + index } },
      context: index % 2 ? { user_agent: `agent ${index}` } : { language: `l${index}` },
    }),
  );
  const expected = fold(events);
  fc.assert(
    fc.property(fc.shuffledSubarray(events, { minLength: events.length }), (shuffled) => {
      expect(fold(shuffled)).toEqual(expected);
    }),
    { seed: 4, numRuns: 300 },
  );
});
