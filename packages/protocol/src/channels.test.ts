import { expect, test } from 'vitest';
import { channelOf } from './channels.ts';

test.each([
  [{ campaign: { source: 'meta', medium: 'paid_social' } }, 'paid_social'],
  [{ campaign: { source: 'a-newspaper', medium: 'paid_native' } }, 'paid_other'],
  [{ campaign: { source: 'facebook', medium: 'paid_social' } }, 'paid_social'],
  [{ click_ids: { fbclid: 'x' } }, 'paid_social'],
  [{ click_ids: { gclid: 'x' } }, 'paid_search'],
  [{ click_ids: { gclid: 'x' }, campaign: { campaign: 'shopping_de' } }, 'paid_shopping'],
  [{ campaign: { source: 'google', medium: 'cpc' } }, 'paid_search'],
  [{ campaign: { source: 'news', medium: 'email' } }, 'email'],
  [{ campaign: { source: 'partner', medium: 'affiliate' } }, 'affiliate'],
  [{ campaign: { source: 'somewhere' } }, 'unassigned'],
  [{ referrer: 'https://www.google.com/' }, 'organic_search'],
  [{ referrer: 'https://l.instagram.com/x' }, 'organic_social'],
  [{ referrer: 'https://blog.example/post' }, 'referral'],
  [{ referrer: 'https://shop.example/cart', hosts: ['shop.example'] }, 'direct'],
  [{}, 'direct'],
])('%j is %s', (landing, channel) => {
  expect(channelOf(landing).channel).toBe(channel);
});

test('the platform of a paid visit is that of its click', () => {
  expect(channelOf({ click_ids: { gclid: { value: 'a', first_seen_at: 1 }, fbclid: { value: 'b', first_seen_at: 2 } } })).toEqual(
    { channel: 'paid_social', platform: 'meta' },
  );
});
