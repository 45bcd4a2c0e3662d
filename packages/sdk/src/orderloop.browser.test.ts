import { sessionRef } from '@orderloop/protocol/browser';
import { clear, createStore, entries } from 'idb-keyval';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createOrderloop, type Orderloop, type OrderloopOptions, type SessionIds } from './index.ts';
import { createFakeEnvironment, createFakeWindow, type FakeEnvironment, NOON } from './testing/fake-environment.ts';

const ALL = {
  ad_storage: 'granted',
  ad_user_data: 'granted',
  ad_personalization: 'granted',
  analytics_storage: 'granted',
} as const;
const ANALYTICS = { analytics_storage: 'granted' } as const;
const DENIED = { analytics_storage: 'denied' } as const;
const LANDING = 'https://shop.example/?utm_source=news&fbclid=IwAR-1#top';
const STORE = createStore('orderloop', 'unsent');

let running: Orderloop[] = [];

function visit(options: Partial<OrderloopOptions> & { address?: string; gpc?: boolean; shared?: FakeEnvironment } = {}) {
  const { address, gpc, shared, ...rest } = options;
  const window = createFakeWindow(address, gpc);
  const fake = createFakeEnvironment({ window, ...(shared && { storage: shared.storage, now: shared.now() }) });
  const orderloop = createOrderloop({
    key: 'pk_demo_shop_abc123',
    endpoint: 'https://collector.example',
    environment: fake.environment,
    debug: false,
    ...rest,
  });
  running.push(orderloop);
  return { orderloop, fake, window };
}

const idsOf = (orderloop: Orderloop) => new Promise<SessionIds | null>((resolve) => orderloop.session(resolve));
const keptEvents = async () => (await entries<string, unknown[]>(STORE)).flatMap(([, kept]) => kept);

beforeEach(async () => {
  await clear(STORE);
});

afterEach(() => {
  for (const orderloop of running) orderloop.stop();
  running = [];
  document.body.replaceChildren();
  // biome-ignore lint/suspicious/noDocumentCookie: the cookie store has no synchronous form
  document.cookie = '_fbp=; max-age=0';
  // biome-ignore lint/suspicious/noDocumentCookie: the cookie store has no synchronous form
  document.cookie = '_ga_ABC123=; max-age=0';
});

describe('a page view', () => {
  test('is sent by itself, with where the visitor is and how they came', async () => {
    document.title = 'Shoes';
    const { fake } = visit({ address: LANDING, consent: 'granted' });
    await fake.advance(1000);
    expect(fake.events()).toEqual([
      {
        event: 'page_view',
        event_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
        occurred_at: NOON,
        visitor_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
        session_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
        seq: 0,
        action_source: 'web',
        page: expect.objectContaining({ url: 'https://shop.example/?utm_source=news&fbclid=IwAR-1', title: 'Shoes' }),
        campaign: { source: 'news' },
        click_ids: { fbclid: { value: 'IwAR-1', first_seen_at: NOON } },
        consent: ALL,
      },
    ]);
  });

  test('is sent again when the page comes back out of the back/forward cache, as no new arrival', async () => {
    const { fake, window } = visit({ address: LANDING, consent: 'granted' });
    await fake.advance(1000);
    visit({ address: 'https://shop.example/?utm_source=other', consent: 'granted', shared: fake });
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    await fake.advance(1000);
    expect(fake.names()).toEqual(['page_view', 'page_view']);
    expect(fake.events()[1]!.campaign).toEqual({ source: 'other' });
  });

  test('is not sent when the shop counts for itself', async () => {
    const { fake, orderloop } = visit({ consent: 'granted', pageView: false });
    orderloop.track('page_view');
    await fake.advance(1000);
    expect(fake.names()).toEqual(['page_view']);
  });

  test('of a prerendered page waits until the page is shown, and so does everything else', async () => {
    const target = Object.assign(new EventTarget(), {
      prerendering: true,
      title: 'Shoes',
      referrer: '',
      cookie: '',
      querySelectorAll: () => [],
    });
    const observe = vi.spyOn(MutationObserver.prototype, 'observe').mockImplementation(() => {});
    const window = Object.assign(createFakeWindow(LANDING), { document: target as unknown as Document });
    const fake = createFakeEnvironment({ window });
    const { orderloop } = visit({ consent: 'granted', environment: fake.environment });
    orderloop.track('view_item');
    await fake.advance(5000);
    expect([fake.names(), fake.storage.size]).toEqual([[], 0]);
    target.prerendering = false;
    target.dispatchEvent(new Event('prerenderingchange'));
    await fake.advance(1000);
    expect(fake.names()).toEqual(['page_view', 'view_item']);
    observe.mockRestore();
  });
});

describe('events', () => {
  test('split GA4 parameters into items and properties, without empty values', async () => {
    const { fake, orderloop } = visit({ consent: 'granted', pageView: false });
    const params = {
      transaction_id: '1001',
      value: 12.5,
      currency: 'EUR',
      coupon: '',
      items: [{ item_id: 'a', item_brand: '' }],
    };
    orderloop.track('purchase', params);
    await fake.advance(50);
    expect(fake.events()[0]).toMatchObject({ event: 'purchase', items: [{ item_id: 'a' }] });
    expect(fake.events()[0]!.properties).toEqual({ transaction_id: '1001', value: 12.5, currency: 'EUR' });
    expect(JSON.stringify(fake.batches)).not.toMatch(/""|null/);
  });

  test('say what was true when they happened, whatever the page does with its objects later', async () => {
    const { fake, orderloop } = visit({ pageView: false });
    const params = { value: 1, items: [{ item_id: 'a' }] };
    orderloop.track('add_to_cart', params);
    params.value = 2;
    params.items[0]!.item_id = 'b';
    await fake.advance(60_000);
    orderloop.consent(ANALYTICS);
    await fake.advance(1000);
    expect(fake.events()[0]).toMatchObject({ occurred_at: NOON, items: [{ item_id: 'a' }], properties: { value: 1 } });
  });

  test('are numbered in the session, over pages', async () => {
    const first = visit({ consent: 'granted' });
    first.orderloop.track('view_item');
    await first.fake.advance(1000);
    const second = visit({ consent: 'granted', shared: first.fake });
    await second.fake.advance(1000);
    expect([...first.fake.events(), ...second.fake.events()].map(({ seq }) => seq)).toEqual([0, 1, 2]);
    expect(second.fake.events()[0]!.session_id).toBe(first.fake.events()[0]!.session_id);
  });

  test('with an impossible name, or over 32 KiB, are not sent', async () => {
    const { fake, orderloop } = visit({ consent: 'granted', pageView: false });
    const track = orderloop.track as (name: string, params?: object) => void;
    track('1st');
    track('über');
    track('big', { text: 'x'.repeat(33_000) });
    track('fine');
    await fake.advance(1000);
    expect(fake.names()).toEqual(['fine']);
  });

  test('carry the ad platforms’ cookies, and no others', async () => {
    // biome-ignore lint/suspicious/noDocumentCookie: the cookie store has no synchronous form
    document.cookie = '_fbp=fb.1.1790000000000.123';
    // biome-ignore lint/suspicious/noDocumentCookie: the cookie store has no synchronous form
    document.cookie = '_ga_ABC123=GS2.1.s1795168000$o3';
    // biome-ignore lint/suspicious/noDocumentCookie: the cookie store has no synchronous form
    document.cookie = 'basket=secret';
    const { fake } = visit({ consent: 'granted' });
    await fake.advance(1000);
    expect(fake.events()[0]!.cookies).toEqual({ _fbp: 'fb.1.1790000000000.123', _ga_ABC123: 'GS2.1.s1795168000$o3' });
  });

  test('that wait when the page is hidden go by beacon', async () => {
    const { fake } = visit({ consent: 'granted' });
    const state = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    document.dispatchEvent(new Event('visibilitychange'));
    state.mockRestore();
    expect(fake.batches.map(({ via, events }) => [via, events.length])).toEqual([['beacon', 1]]);
  });

  test('that could not be delivered are sent by the next page, with the same id', async () => {
    const first = visit({ consent: 'granted' });
    first.fake.replies.push(new TypeError('Failed to fetch'));
    await first.fake.advance(1000);
    await expect.poll(keptEvents).toHaveLength(1);

    const second = visit({ consent: 'granted', shared: first.fake });
    await expect
      .poll(async () => {
        await second.fake.advance(1000);
        return second.fake.events().map(({ event_id }) => event_id);
      })
      .toContain(first.fake.events()[0]!.event_id);
    await expect.poll(keptEvents).toHaveLength(0);
  });
});

describe('before a choice', () => {
  test('nothing is stored, nothing leaves, and the session is not told', async () => {
    const { fake, orderloop, window } = visit({ address: LANDING });
    const told = vi.fn();
    orderloop.session(told);
    orderloop.track('view_item');
    orderloop.identify({ email: 'a@shop.example' });
    await fake.advance(3_600_000);
    window.dispatchEvent(new Event('pagehide'));
    await orderloop.flush();
    expect([fake.batches, fake.storage.size, await keptEvents(), told.mock.calls]).toEqual([[], 0, [], []]);
  });

  test('a choice about advertising alone changes nothing of that', async () => {
    const { fake, orderloop } = visit({ address: LANDING });
    orderloop.consent({ ad_storage: 'granted' });
    await fake.advance(3_600_000);
    expect([fake.batches, fake.storage.size]).toEqual([[], 0]);
  });

  test('no more than a hundred events are held', async () => {
    const { fake, orderloop } = visit({ pageView: false });
    for (let index = 0; index < 150; index++) orderloop.track('search', { search_term: `${index}` });
    orderloop.consent(ANALYTICS);
    await orderloop.flush();
    const terms = fake.events().map(({ properties }) => properties?.search_term);
    expect([terms.length, terms[0]]).toEqual([101, '50']);
  });
});

describe('consent', () => {
  test('lets the held events go with ids and their own times, and the choice after them', async () => {
    const { fake, orderloop } = visit({ address: LANDING });
    await fake.advance(5000);
    orderloop.consent(ALL);
    await fake.advance(50);
    expect(fake.names()).toEqual(['page_view', 'consent_update']);
    const [view, update] = fake.events();
    expect(view).toMatchObject({ occurred_at: NOON, seq: 0, click_ids: { fbclid: { first_seen_at: NOON } }, consent: ALL });
    expect(update).toMatchObject({ occurred_at: NOON + 5000, seq: 1, consent: ALL, properties: { method: 'api' } });
    expect(update!.visitor_id).toBe(view!.visitor_id);
  });

  test('is remembered on the next page, as far as it was granted', async () => {
    const first = visit();
    first.orderloop.consent({ analytics_storage: 'granted', ad_storage: 'denied' });
    await first.fake.advance(1000);
    expect([...first.fake.storage.values()].join()).not.toContain('denied');
    const second = visit({ shared: first.fake });
    second.orderloop.consent({ analytics_storage: 'granted', ad_storage: 'denied' });
    await second.fake.advance(1000);
    expect(second.fake.names()).toEqual(['page_view']);
    expect(second.fake.events()[0]!.visitor_id).toBe(first.fake.events()[0]!.visitor_id);
  });

  test('denied at once drops what was held, says nothing, and tells the session so', async () => {
    const { fake, orderloop } = visit({ address: LANDING });
    const ids = idsOf(orderloop);
    orderloop.consent(DENIED);
    orderloop.track('view_item');
    await fake.advance(60_000);
    expect([fake.batches, fake.storage.size, await ids]).toEqual([[], 0, null]);
    orderloop.consent(ANALYTICS);
    await fake.advance(50);
    expect(fake.names()).toEqual(['consent_update']);
  });

  test('withdrawn is told once, with the visitor alone; all else is forgotten, and a later grant starts anew', async () => {
    const { fake, orderloop } = visit({ address: LANDING, consent: 'granted' });
    await fake.advance(1000);
    const { visitor_id } = fake.events()[0]!;
    orderloop.track('view_item');
    orderloop.consent({ analytics_storage: 'denied', ad_storage: 'denied' });
    orderloop.consent(DENIED);
    await fake.advance(1000);
    expect(fake.events().slice(1)).toEqual([
      {
        event: 'consent_update',
        event_id: expect.any(String),
        occurred_at: NOON + 1000,
        visitor_id,
        action_source: 'web',
        consent: { ...ALL, analytics_storage: 'denied', ad_storage: 'denied' },
        properties: { method: 'api' },
      },
    ]);
    expect([fake.storage.size, await idsOf(orderloop)]).toEqual([0, null]);

    orderloop.consent(ANALYTICS);
    const anew = await idsOf(orderloop);
    expect(anew!.visitor_id).not.toBe(visitor_id);
  });

  test('withdrawn takes along what was kept for the next page', async () => {
    const { fake, orderloop } = visit({ consent: 'granted' });
    fake.replies.push(new TypeError('Failed to fetch'));
    await fake.advance(1000);
    await expect.poll(keptEvents).toHaveLength(1);
    orderloop.consent(DENIED);
    await expect.poll(keptEvents).toHaveLength(0);
  });

  test('withdrawn in another tab is heard here, and not told twice', async () => {
    const { fake, orderloop, window } = visit({ consent: 'granted' });
    await fake.advance(1000);
    fake.storage.clear();
    window.dispatchEvent(new StorageEvent('storage', { key: 'orderloop.demo_shop', newValue: null }));
    orderloop.track('view_item');
    await fake.advance(1000);
    expect([fake.names(), await idsOf(orderloop), fake.storage.size]).toEqual([['page_view'], null, 0]);
  });

  test('without ad_storage leaves click ids and ad cookies out of events, addresses and storage; a late grant brings them', async () => {
    // biome-ignore lint/suspicious/noDocumentCookie: the cookie store has no synchronous form
    document.cookie = '_fbp=fb.1.1790000000000.123';
    const { fake, orderloop } = visit({ address: LANDING });
    orderloop.consent(ANALYTICS);
    await fake.advance(1000);
    expect(JSON.stringify([fake.batches, [...fake.storage]])).not.toMatch(/IwAR|fb\.1/);

    await fake.advance(60_000);
    orderloop.consent({ ad_storage: 'granted' });
    await fake.advance(50);
    const update = fake.events().at(-1)!;
    expect(update).toMatchObject({
      click_ids: { fbclid: { value: 'IwAR-1', first_seen_at: NOON } },
      cookies: { _fbp: 'fb.1.1790000000000.123' },
      session_id: fake.events()[0]!.session_id,
    });

    orderloop.consent({ ad_storage: 'denied' });
    await fake.advance(50);
    expect(fake.events().at(-1)).not.toHaveProperty('click_ids');
    expect(JSON.stringify([...fake.storage])).not.toContain('IwAR');
  });

  test('without ad_user_data identifies by the customer’s id alone, or not at all', async () => {
    const { fake, orderloop } = visit({ pageView: false });
    orderloop.identify({ id: 42 as unknown as string, email: 'a@shop.example' });
    orderloop.identify({ email: 'a@shop.example' });
    orderloop.consent(ANALYTICS);
    await fake.advance(50);
    expect(fake.events().map(({ event, user, seq }) => ({ event, user, seq }))).toEqual([
      { event: 'identify', user: { id: '42' }, seq: 0 },
      { event: 'consent_update', user: undefined, seq: 1 },
    ]);
    orderloop.consent({ ad_user_data: 'granted' });
    orderloop.identify({ email: 'a@shop.example', first_name: 'Ada' });
    await fake.advance(50);
    expect(fake.events().at(-1)!.user).toEqual({ email: 'a@shop.example', first_name: 'Ada' });
  });

  test('under Global Privacy Control keeps advertising out, whatever was said', async () => {
    const { fake, orderloop } = visit({ address: LANDING, gpc: true });
    orderloop.consent(ALL);
    orderloop.identify({ id: '42', email: 'a@shop.example' });
    await fake.advance(50);
    const consent = { ad_storage: 'denied', ad_user_data: 'denied', ad_personalization: 'denied', analytics_storage: 'granted' };
    for (const event of fake.events()) expect(event.consent).toEqual(consent);
    expect(JSON.stringify([fake.batches, [...fake.storage]])).not.toMatch(/IwAR|a@shop/);
  });
});

describe('the session reference', () => {
  const input = () => Object.assign(document.createElement('input'), { type: 'hidden' });
  const plantable = () => {
    const field = input();
    field.dataset.orderloop = 'session_ref';
    return field;
  };

  test('is planted into the forms that are there and those that come, and cleared on withdrawal', async () => {
    const [early, late] = [plantable(), plantable()];
    document.body.append(early);
    const { orderloop } = visit({ pageView: false });
    expect(early.value).toBe('');
    orderloop.consent(ANALYTICS);
    const ids = await idsOf(orderloop);
    expect(early.value).toBe(sessionRef(ids!.session_id, ids!.visitor_id));
    const form = document.createElement('form');
    form.append(late);
    document.body.append(form);
    await expect.poll(() => late.value).toBe(ids!.session_ref);
    orderloop.consent(DENIED);
    expect([early.value, late.value]).toEqual(['', '']);
  });

  test('follows the session', async () => {
    const field = plantable();
    document.body.append(field);
    const { fake, orderloop } = visit({ consent: 'granted' });
    const before = field.value;
    await fake.advance(31 * 60_000);
    orderloop.track('view_item');
    expect(field.value).toBe((await idsOf(orderloop))!.session_ref);
    expect(field.value).not.toBe(before);
  });
});

describe('on a hostile page', () => {
  test('storage that throws costs nothing but the memory between pages', async () => {
    const fake = createFakeEnvironment({ window: createFakeWindow() });
    const storage = () => {
      throw new DOMException('no', 'SecurityError');
    };
    const { orderloop } = visit({ consent: 'granted', environment: { ...fake.environment, storage } });
    orderloop.track('view_item');
    await fake.advance(1000);
    expect(fake.events().map(({ seq }) => seq)).toEqual([0, 1]);
    expect(new Set(fake.events().map(({ session_id }) => session_id)).size).toBe(1);
  });

  test.each(['{', '7', '[]', '{"visitor_id":"v","session_id":"s","consent":"all","click_ids":7,"seq":"x"}'])(
    'a damaged memory does not stop the start: %s',
    async (memory) => {
      const shared = createFakeEnvironment({ window: createFakeWindow() });
      shared.storage.set('orderloop.demo_shop', memory);
      const { fake, orderloop } = visit({ shared });
      orderloop.consent(ANALYTICS);
      await fake.advance(1000);
      expect(fake.names()).toEqual(['page_view', 'consent_update']);
      expect(fake.events().map(({ seq }) => seq)).toEqual([0, 1]);
    },
  );

  test('a callback that throws stops neither the page nor the other callbacks', async () => {
    const { orderloop } = visit({ consent: 'granted' });
    orderloop.session(() => {
      throw new Error('the page’s own');
    });
    expect(await idsOf(orderloop)).not.toBeNull();
  });

  test('nonsense in place of parameters is survived', async () => {
    const { fake, orderloop } = visit({ consent: 'granted', pageView: false });
    const { track, identify, consent, session } = orderloop as unknown as Record<string, (...args: unknown[]) => void>;
    track!('a', null);
    track!('b', 'text');
    track!('c', { items: 'text' });
    identify!(null);
    consent!('text');
    session!(undefined);
    await fake.advance(1000);
    expect(fake.names()).toEqual(['a', 'b', 'c']);
  });
});

test('two tabs share one session and number its events together', async () => {
  const first = visit({ consent: 'granted' });
  const second = visit({ consent: 'granted', shared: first.fake });
  first.orderloop.track('view_item');
  await first.fake.advance(1000);
  await second.fake.advance(1000);
  const events = [...first.fake.events(), ...second.fake.events()];
  expect(events.map(({ seq }) => seq).sort()).toEqual([0, 1, 2]);
  expect(new Set(events.map(({ session_id }) => session_id)).size).toBe(1);
});

test('a conversion’s id names the site, the order and the stage, as the server does', () => {
  const { orderloop } = visit();
  expect(orderloop.conversionId('#10 01')).toBe('demo_shop:%2310%2001:purchase');
  expect(orderloop.conversionId('1001', 'refund')).toBe('demo_shop:1001:refund');
});

test('the shop’s own pixels are told of an order under the id that the server relays it by, one after the other', () => {
  const { orderloop, window } = visit();
  const order = { order_id: '1001', value: 129.9, currency: 'EUR', items: [{ id: 'SKU-1', quantity: 2, price: 50 }] };
  // None is on the page.
  orderloop.firePixels(order);
  const calls: unknown[][] = [];
  const note =
    (name: string) =>
    (...args: unknown[]) =>
      void calls.push([name, ...args]);
  Object.assign(window, {
    fbq: () => {
      throw new Error('a broken pixel');
    },
    ttq: { track: note('ttq') },
    gtag: note('gtag'),
  });
  orderloop.firePixels(order);
  Object.assign(window, { fbq: note('fbq'), ttq: undefined, gtag: undefined });
  orderloop.firePixels({ ...order, items: undefined });
  const told = { value: 129.9, currency: 'EUR', order_id: '1001', content_type: 'product' };
  expect(calls).toEqual([
    [
      'ttq',
      'Purchase',
      { ...told, contents: [{ content_id: 'SKU-1', quantity: 2, price: 50 }] },
      { event_id: 'demo_shop:1001:purchase' },
    ],
    [
      ...['gtag', 'event', 'purchase'],
      { transaction_id: '1001', value: 129.9, currency: 'EUR', items: [{ item_id: 'SKU-1', quantity: 2, price: 50 }] },
    ],
    ['fbq', 'track', 'Purchase', told, { eventID: 'demo_shop:1001:purchase' }],
  ]);
});

test('a key that is not publishable is refused at the start', () => {
  for (const key of ['sk_demo_abc', 'pk_demo', 'pk__abc', '']) expect(() => visit({ key })).toThrow('pk_<site>_<random>');
});

test('stop hands over what waits, and hears nothing more', async () => {
  const { fake, orderloop, window } = visit({ consent: 'granted' });
  orderloop.stop();
  expect(fake.names()).toEqual(['page_view']);
  orderloop.track('view_item');
  window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  const late = document.createElement('input');
  late.dataset.orderloop = 'session_ref';
  document.body.append(late);
  await fake.advance(60_000);
  expect([fake.names(), late.value]).toEqual([['page_view'], '']);
});

describe('at a first-party door', () => {
  const DOOR = { endpoint: 'https://shop.example/o' };
  const KNOWN = '0190a000-0000-7000-8000-000000000001';

  test('a browser that remembers nothing goes on with the visitor whom the server’s cookie knows', async () => {
    const { fake, orderloop } = visit({ ...DOOR, consent: 'granted' });
    fake.door.answer = async () => ({ visitor_id: KNOWN });
    await fake.advance(1000);
    expect(fake.questions).toMatchObject([
      {
        url: 'https://shop.example/o/v1/visitor',
        visitor_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        consent: { analytics_storage: 'granted' },
        init: { credentials: 'same-origin' },
      },
    ]);
    expect(fake.batches[0]).toMatchObject({ url: 'https://shop.example/o/v1/events', init: { credentials: 'omit' } });
    expect(fake.events()).toMatchObject([{ event: 'page_view', visitor_id: KNOWN }]);
    expect((await idsOf(orderloop))?.visitor_id).toBe(KNOWN);
  });

  test('a new visitor is made where the door knows nobody, and is not asked for again', async () => {
    const { fake } = visit({ ...DOOR, consent: 'granted' });
    await fake.advance(1000);
    expect(fake.events()[0]?.visitor_id).toBe(fake.questions[0]!.visitor_id);
    const next = visit({ ...DOOR, consent: 'granted', shared: fake });
    await next.fake.advance(1000);
    expect(next.fake.questions).toEqual([]);
    expect(next.fake.events()[0]?.visitor_id).toBe(fake.events()[0]?.visitor_id);
  });

  test('a door that fails costs nothing but the memory', async () => {
    const { fake } = visit({ ...DOOR, consent: 'granted' });
    fake.door.answer = async () => {
      throw new Error('offline');
    };
    await fake.advance(1000);
    expect(fake.names()).toEqual(['page_view']);
    expect(fake.events()[0]?.visitor_id).toBe(fake.questions[0]!.visitor_id);
  });

  test('a page that is left while it waits sends what it has, as the visitor whom it offered', async () => {
    const { fake, window } = visit({ ...DOOR, consent: 'granted' });
    fake.door.answer = () => new Promise(() => {});
    await fake.advance(100);
    expect(fake.names()).toEqual([]);
    window.dispatchEvent(new Event('pagehide'));
    expect(fake.batches.map(({ via }) => via)).toEqual(['beacon']);
    expect(fake.events()[0]?.visitor_id).toBe(fake.questions[0]!.visitor_id);
  });

  test('is told to forget when consent is refused or withdrawn, once', async () => {
    const { fake, orderloop } = visit(DOOR);
    orderloop.consent(DENIED);
    orderloop.consent(DENIED);
    await fake.advance(1000);
    expect(fake.questions.map(({ visitor_id, consent }) => ({ visitor_id, consent }))).toEqual([
      { visitor_id: undefined, consent: DENIED },
    ]);
    orderloop.consent(ANALYTICS);
    await fake.advance(1000);
    orderloop.consent(DENIED);
    await fake.advance(1000);
    expect(fake.questions.map(({ consent }) => consent)).toEqual([DENIED, ANALYTICS, DENIED]);
  });

  test('is asked nothing before consent, and nothing by pages of another origin', async () => {
    const waiting = visit(DOOR);
    const elsewhere = visit({ consent: 'granted' });
    const lookalike = visit({ endpoint: 'https://shop.example.evil.example', consent: 'granted' });
    for (const { fake } of [waiting, elsewhere, lookalike]) {
      await fake.advance(1000);
      expect(fake.questions).toEqual([]);
    }
  });
});
