import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { expect, onTestFinished, test, vi } from 'vitest';
import { orderloopPixel } from './web-pixel/src/pixel.js';

const SETTINGS = { collector: 'https://collector.example', key: 'pk_demo_abcdef' };
const VISIT = { visitor_id: 'v1', session_id: 's1', seq: 3 };
const EVENT = {
  timestamp: '2026-11-20T10:00:00.000Z',
  data: {
    checkout: {
      token: 'tok_1',
      order: { id: 'gid://shopify/OrderIdentity/820982911946154508' },
      currencyCode: 'EUR',
      totalPrice: { amount: 110.5 },
    },
  },
};

/** Runs the pixel as Shopify would, and answers what it sent when the order was placed. */
async function placeOrder({
  stored = JSON.stringify(VISIT) as string | null,
  privacy = {},
  said = undefined as object | undefined,
}) {
  const sent: { url: string; body: { key: string; events: Record<string, unknown>[] } }[] = [];
  vi.stubGlobal('fetch', async (url: string, { body }: { body: string }) => sent.push({ url, body: JSON.parse(body) }));
  onTestFinished(() => void vi.unstubAllGlobals());
  const handlers: Record<string, (event: unknown) => Promise<void>> = {};
  let consented: (event: unknown) => void = () => undefined;
  orderloopPixel({
    analytics: { subscribe: (name: string, handler: (event: unknown) => Promise<void>) => (handlers[name] = handler) },
    browser: { localStorage: { getItem: async (key: string) => (key === 'orderloop.demo' ? stored : null) } },
    init: { customerPrivacy: { analyticsProcessingAllowed: true, marketingAllowed: true, saleOfDataAllowed: true, ...privacy } },
    customerPrivacy: { subscribe: (_name: string, handler: typeof consented) => (consented = handler) },
    settings: SETTINGS,
  });
  if (said) consented({ customerPrivacy: said });
  await handlers['checkout_completed']!(EVENT);
  return sent;
}

test('the pixel says which session placed the order, under the ids that the webhook brings', async () => {
  const [call] = await placeOrder({});
  expect(call!.url).toBe('https://collector.example/v1/events');
  expect(call!.body.key).toBe(SETTINGS.key);
  expect(call!.body.events).toMatchObject([
    {
      event: 'purchase',
      visitor_id: 'v1',
      session_id: 's1',
      occurred_at: Date.parse(EVENT.timestamp),
      properties: { transaction_id: '820982911946154508', checkout_token: 'tok_1', value: 110.5, currency: 'EUR' },
      consent: { analytics_storage: 'granted', ad_storage: 'granted', ad_user_data: 'granted' },
    },
  ]);
  expect(call!.body.events[0]!['event_id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('the pixel sends nothing without a yes, or without a visit', async () => {
  expect(await placeOrder({ privacy: { analyticsProcessingAllowed: false } })).toEqual([]);
  expect(await placeOrder({ said: { analyticsProcessingAllowed: false } })).toEqual([]);
  expect(await placeOrder({ stored: null })).toEqual([]);
  const [call] = await placeOrder({ privacy: { marketingAllowed: false } });
  expect(call!.body.events[0]).toMatchObject({ consent: { ad_storage: 'denied', ad_user_data: 'denied' } });
});

/** The storefront's side: runs the cart script in a page that is played. */
function openPage(cart: { token: string; item_count: number; attributes: Record<string, string> }) {
  const posts: unknown[] = [];
  const tracked: unknown[][] = [];
  let tell: (session: { session_ref: string } | undefined) => void = () => undefined;
  let observe: (list: { getEntries(): { name: string }[] }) => void = () => undefined;
  const window = {
    orderloop: (command: string, ...args: unknown[]) => {
      if (command === 'session') tell = args[0] as typeof tell;
      else tracked.push([command, ...args]);
    },
  };
  const context = createContext({
    window,
    document: { addEventListener: () => undefined },
    fetch: async (url: string, init?: { body: string }) => {
      if (url === '/cart/update.js') {
        const { attributes } = JSON.parse(init!.body);
        posts.push(attributes);
        Object.assign(cart.attributes, attributes);
      }
      return { json: async () => structuredClone(cart) };
    },
    PerformanceObserver: class {
      constructor(callback: typeof observe) {
        observe = callback;
      }
      observe() {}
    },
  });
  runInContext(readFileSync(new URL('./theme-extension/assets/orderloop-cart.js', import.meta.url), 'utf8'), context);
  return {
    ...{ posts, tracked },
    session: (session_ref?: string) => tell(session_ref ? { session_ref } : undefined),
    requested: (name: string) => observe({ getEntries: () => [{ name }] }),
  };
}

test('the reference is written into the cart once, and again when the theme has changed it', async () => {
  const cart = { token: 'c1?key=abc', item_count: 1, attributes: { gift: 'yes' } as Record<string, string> };
  const page = openPage(cart);
  page.session('ref1');
  await expect.poll(() => page.posts).toEqual([{ _sref: 'ref1' }]);
  expect(cart.attributes).toEqual({ gift: 'yes', _sref: 'ref1' });
  expect(page.tracked).toEqual([['track', 'view_cart', { cart_token: 'c1' }]]);
  cart.attributes = {};
  page.requested('https://shop.example/cart/add.js');
  await expect.poll(() => page.posts).toHaveLength(2);
  page.requested('https://shop.example/collections/all');
  page.session(undefined);
  page.requested('https://shop.example/cart/add.js');
  page.session('ref2');
  await expect.poll(() => page.posts.at(-1)).toEqual({ _sref: 'ref2' });
  expect(page.posts).toHaveLength(3);
});
