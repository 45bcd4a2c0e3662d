import { describe, expect, test } from 'vitest';
import { CHANNEL_SITES, RETURN_HOSTS } from './channel-sites.ts';
import { CHANNEL_RULES, type Channel, channelOf, type Landing } from './channels.ts';

const tag = (source: string, medium?: string, campaign?: string): Landing => ({
  campaign: { source, ...(medium && { medium }), ...(campaign && { campaign }) },
});
const from = (host: string): Landing => ({ referrer: `https://${host}/some/page` });
const click = (param: string, landing: Landing = {}): Landing => ({ ...landing, click_ids: { [param]: 'x' } });

const CASES: Record<Channel, Landing[]> = {
  direct: [{}, tag('(direct)', '(none)'), tag('(direct)', '(not set)'), { ...tag('(direct)'), ...from('www.google.com') }],
  cross_network: [tag('google', 'cpc', 'Cross-Network-DE'), click('gclid', tag('google', 'cpc', 'pmax cross-network'))],
  paid_shopping: [
    tag('amazon', 'cpc'),
    tag('www.ebay.co.uk', 'paid'),
    tag('google', 'cpc', 'shopping_de'),
    click('gclid', { campaign: { campaign: 'my shop' } }),
  ],
  paid_search: [
    tag('google', 'cpc'),
    tag(' Google_Ads', 'CPC '),
    tag('bing', 'ppc'),
    tag('google', 'cpm'),
    click('gclid'),
    click('msclkid'),
    click('gclid', from('news.example')),
    click('gclid', tag('wayfind')),
  ],
  paid_social: [
    tag('meta', 'paid_social'),
    tag('facebook', 'paid_social'),
    tag('fb', 'retargeting'),
    click('fbclid'),
    click('fbclid', tag('letter', 'email')),
    click('twclid', tag('google', 'organic')),
    click('ttclid', tag('flick', 'paid_video')),
    click('fbclid', tag('facebook', 'display')),
  ],
  paid_video: [
    tag('youtube', 'cpv_paidcpc'),
    tag('flick', 'paid_video'),
    click('gclid', tag('google', 'video')),
    click('gclid', from('www.youtube.com')),
  ],
  display: [tag('a-newspaper', 'display'), tag('a-newspaper', 'banner'), click('gclid', tag('google', 'display'))],
  paid_other: [tag('a-newspaper', 'paid_native'), tag('a-newspaper', 'cpm_network'), tag('chatgpt.com', 'cpc')],
  ai_assistant: [from('chatgpt.com'), from('gemini.google.com'), tag('chatgpt.com'), tag('somewhere', 'ai-assistant')],
  organic_shopping: [from('www.amazon.de'), from('m.ebay.com'), tag('etsy'), tag('letter', 'email', 'the autumn shop')],
  organic_social: [from('l.instagram.com'), tag('facebook'), tag('somewhere', 'social'), tag('forum', 'social network')],
  organic_video: [from('www.youtube.com'), from('youtu.be'), tag('vimeo'), tag('somewhere', 'video-ad')],
  organic_search: [from('www.google.com'), from('www.google.co.uk'), tag('google'), tag('somewhere', 'organic')],
  referral: [from('blog.example'), tag('somewhere', 'referral'), tag('somewhere', 'app'), tag('somewhere', 'link')],
  email: [tag('news', 'email'), tag('e-mail'), tag('news', 'E_Mail'), tag('news', 'email-newsletter')],
  affiliate: [tag('partner', 'affiliate'), tag('partner', 'affiliates'), click('gclid', tag('partner', 'affiliate'))],
  audio: [tag('podcast', 'audio')],
  sms: [tag('sms'), tag('letter', 'sms')],
  push: [tag('app-x', 'webpush'), tag('letter', 'mobile'), tag('letter', 'notification-1'), tag('firebase')],
  unassigned: [
    tag('somewhere'),
    tag('somewhere', 'newsletter'),
    tag('(direct)', 'newsletter'),
    { campaign: { campaign: 'summer' } },
    { campaign: { medium: 'newsletter' }, ...from('www.google.com') },
  ],
};

describe('a rule', () => {
  test.each(CHANNEL_RULES)('$channel: $when', ({ channel, when }) => {
    for (const landing of CASES[channel]) expect({ landing, ...channelOf(landing) }).toMatchObject({ landing, channel });
    expect(when).toMatch(/^[A-Z][^.]*\.$/);
  });

  test('each names a channel once', () => {
    expect(CHANNEL_RULES.map(({ channel }) => channel).sort()).toEqual(Object.keys(CASES).sort());
  });
});

test('a UTM source or medium beats the referrer, and a campaign’s name alone does not', () => {
  expect(channelOf({ ...tag('news', 'email'), ...from('www.google.com') }).channel).toBe('email');
  expect(channelOf({ ...tag('somewhere'), ...from('www.google.com') }).channel).toBe('unassigned');
  expect(channelOf({ campaign: { campaign: 'summer' }, ...from('www.google.com') }).channel).toBe('organic_search');
});

describe('a host is matched by its labels', () => {
  test.each<[string, Channel]>([
    ['t.co', 'organic_social'],
    ['x.com', 'organic_social'],
    ['www.x.com', 'organic_social'],
    ['de.search.yahoo.com', 'organic_search'],
    ['lm.facebook.com', 'organic_social'],
    ['tieba.baidu.com', 'organic_social'],
    ['www.baidu.com', 'organic_search'],
    ['WWW.Google.Com.', 'organic_search'],
    ['www.google.com:443', 'organic_search'],
    ['x.com:y@www.google.com', 'organic_search'],
    ...[
      ...['netflix.com', 'www.netflix.com', 'xbox.com', 'taxi.com', 'bingo.com', 'at.com', 'about.co', 'tt.co', 'ask.company'],
      ...[
        'mygoogle.com',
        'google.com.evil.example',
        'google.example.org',
        'docs.google.com',
        'mail.google.com',
        'google',
        'www.google',
        'about.google',
      ],
      ...['mail.yahoo.com', 'mail.ru', 'facebook.com.evil.example', 'notpaypal.com', 'paypal.com.evil.example', 'aws.amazon.com'],
    ].map((host): [string, Channel] => [host, 'referral']),
  ])('%s is %s', (host, channel) => {
    expect(channelOf(from(host)).channel).toBe(channel);
  });

  test.each(['netflix', 'xbox', 'taxi', 'bingo', 'reads', 't', 'constructor', '__proto__'])(
    'the source %s is of no list',
    (source) => {
      expect(channelOf(tag(source)).channel).toBe('unassigned');
    },
  );

  test('an entry stands on one list alone, and a star stands for one name', () => {
    const entries = [...Object.values(CHANNEL_SITES).flat(), ...RETURN_HOSTS];
    expect(new Set(entries).size).toBe(entries.length);
    for (const entry of entries) expect(entry).toMatch(/^[a-z0-9 _-]+$|^([a-z0-9-]+\.)+([a-z]+|\*)$/);
  });
});

describe('who comes back was not referred', () => {
  test.each([
    ...['www.paypal.com', 'checkout.stripe.com', 'pay.klarna.com', 'checkout.shopify.com', 'accounts.google.com'],
    ...['accounts.google.de', 'payments.amazon.co.uk', 'shop.example', 'SHOP.example'],
  ])('from %s', (host) => {
    expect(channelOf({ ...from(host), hosts: ['shop.example'] }).channel).toBe('direct');
  });

  test('yet a tag or a click id counts on the way', () => {
    expect(channelOf({ ...from('www.paypal.com'), ...tag('paypal', 'email') }).channel).toBe('email');
    expect(channelOf(click('gclid', from('www.paypal.com'))).channel).toBe('paid_search');
  });

  test('and the shop’s hosts are those that it named', () => {
    expect(channelOf({ ...from('shop.example.org'), hosts: ['shop.example'] }).channel).toBe('referral');
    expect(channelOf(from('shop.example')).channel).toBe('referral');
  });
});

test('the platform of a visit is that of its newest click', () => {
  expect(channelOf({ click_ids: { gclid: { value: 'a', first_seen_at: 1 }, fbclid: { value: 'b', first_seen_at: 2 } } })).toEqual(
    {
      channel: 'paid_social',
      platform: 'meta',
    },
  );
  expect(channelOf(tag('google', 'cpc'))).toEqual({ channel: 'paid_search' });
});
