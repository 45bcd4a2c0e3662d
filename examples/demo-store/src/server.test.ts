import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PRODUCTS } from './catalogue.ts';
import { LANGUAGES } from './language.ts';
import type { Order } from './orders.ts';
import { createDemoStore, type DemoStore } from './server.ts';
import { type FakeCollector, startFakeCollector } from './testing/fake-collector.ts';
import { storeOptions } from './testing/options.ts';

let collector: FakeCollector;
let store: DemoStore;
let url: string;
let close: () => Promise<void>;
let told: Order[];

beforeEach(async () => {
  told = [];
  collector = await startFakeCollector();
  store = createDemoStore({ ...storeOptions(collector.url), onOrder: (order) => told.push(order) });
  ({ url, close } = await store.listen(0));
});
afterEach(async () => {
  await close();
  await collector.close();
});

/** A browser without scripts: it keeps cookies, and shows where it was sent. */
function browse() {
  const jar = new Map<string, string>();
  async function request(path: string, init: RequestInit = {}) {
    const response = await fetch(url + path, {
      redirect: 'manual',
      ...init,
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(init.headers as Record<string, string>),
      },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      if (cookie.includes('Max-Age=0')) jar.delete(name!);
      else jar.set(name!, value!);
    }
    return {
      status: response.status,
      headers: response.headers,
      location: response.headers.get('location'),
      text: await response.text(),
    };
  }
  return {
    jar,
    get: (path: string, headers: Record<string, string> = {}) => request(path, { headers }),
    post: (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
      request(path, { method: 'POST', body: new URLSearchParams(form), headers }),
  };
}

const FORM = {
  email: 'nora.lind@example.com',
  phone: '+4917139200042',
  first_name: 'Nora',
  last_name: 'Lind',
  street: 'Hafenstraße 4',
  postal_code: '24103',
  city: 'Kiel',
  country: 'DE',
  delivery: 'standard',
  payment: 'card',
};

/** The events that a page tells. */
function eventsOf(text: string): { name: string; params: Record<string, unknown> }[] {
  return JSON.parse(/<script type="application\/json" id="page-events">(.*?)<\/script>/s.exec(text)![1]!);
}

const checkoutToken = (text: string) => /name="checkout_token" value="([^"]+)"/.exec(text)![1]!;

describe('shopping without a script', () => {
  test('ends in an order with what was in the cart, and in an empty cart', async () => {
    const { get, post, jar } = browse();
    const added = await post('/cart/add', { slug: 'pebble', quantity: '1' });
    expect([added.status, added.location]).toEqual([303, '/cart?added=pebble']);
    await post('/cart/add', { slug: 'salt', quantity: '2' });
    await post('/cart/add', { slug: 'salt', quantity: '1' });
    await post('/cart/update', { slug: 'pebble', quantity: '0' });
    const cart = await get('/cart');
    expect(cart.text).toContain('€138.00');
    const bought = await post('/checkout', { ...FORM, session_ref: 'session-1_0123456789ab' });
    expect(bought.status).toBe(303);
    expect(bought.location).toMatch(/^\/thank-you\/[\w-]{32}$/);
    expect(told).toMatchObject([
      {
        lines: [{ slug: 'salt', quantity: 3, unit_price: 4600 }],
        total: 13800,
        shipping: 0,
        session_ref: 'session-1_0123456789ab',
        cart_token: eventsOf(cart.text)[0]!.params['cart_token'],
        customer: { email: 'nora.lind@example.com', first_name: 'Nora' },
      },
    ]);
    expect(jar.has('shop_cart')).toBe(false);
    expect((await get('/cart')).text).toContain('Your cart is empty');
    await expect.poll(() => collector.calls.filter(({ path }) => path === '/v1/orders')).toHaveLength(1);
  });

  test('shows on the thank-you page what was bought, and not whose it is', async () => {
    const { get, post } = browse();
    await post('/cart/add', { slug: 'ebb', quantity: '1' });
    const { location } = await post('/checkout', FORM);
    const page = await browse().get(location!);
    expect(page.text).toContain(told[0]!.order_id);
    expect(page.text).toContain('Ebb');
    for (const secret of ['nora.lind', 'Lind', 'Hafenstra', '39200']) expect(page.text).not.toContain(secret);
    expect(page.text).toContain('<meta name="robots" content="noindex">');
    expect(eventsOf(page.text)).toEqual([
      {
        name: 'purchase',
        params: {
          transaction_id: told[0]!.order_id,
          currency: 'EUR',
          value: 93.9,
          tax: 15.65,
          shipping: 4.9,
          items: [{ item_id: 'ebb', item_name: 'Ebb', price: 89, quantity: 1 }],
          cart_token: told[0]!.cart_token,
        },
      },
    ]);
    expect((await get('/thank-you/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')).status).toBe(404);
  });

  test('makes one order of a button that is pressed twice', async () => {
    const { get, post } = browse();
    await post('/cart/add', { slug: 'ebb', quantity: '1' });
    const checkout_token = checkoutToken((await get('/checkout')).text);
    const first = await post('/checkout', { ...FORM, checkout_token });
    const second = await post('/checkout', { ...FORM, checkout_token });
    expect(second.location).toBe(first.location);
    expect(told).toHaveLength(1);
    expect(store.orders()).toHaveLength(1);
  });

  test('keeps at most ten of one product, and nothing that is not sold', async () => {
    const { get, post } = browse();
    await post('/cart/add', { slug: 'salt', quantity: '9' });
    await post('/cart/add', { slug: 'salt', quantity: '9' });
    for (const form of [
      { slug: 'anchor', quantity: '1' },
      { slug: 'ebb', quantity: '-1' },
      { slug: 'ebb', quantity: '1e3' },
      { slug: 'ebb', quantity: '' },
    ]) {
      expect((await post('/cart/add', form)).location).toBe('/cart');
    }
    const { lines } = (await get('/cart')).text.match(/id="quantity-(?<lines>\w+)"/)!.groups!;
    expect(lines).toBe('salt');
    expect((await get('/cart')).text).toContain('value="10"');
  });

  test('leads from an empty cart’s checkout back to the cart', async () => {
    const { get, post } = browse();
    expect((await get('/checkout')).location).toBe('/cart');
    expect((await post('/checkout', FORM)).location).toBe('/cart');
    expect(told).toEqual([]);
  });
});

describe('a checkout form with faults', () => {
  test('comes back with each fault beside its field and in a list, and with what was typed', async () => {
    const { post } = browse();
    await post('/cart/add', { slug: 'ebb', quantity: '1' });
    const { status, text } = await post('/checkout', {
      ...FORM,
      email: 'nora@',
      city: '',
      last_name: '"><b>',
      delivery: 'express',
    });
    expect(status).toBe(422);
    expect(text).toContain('<a href="#email">This doesn’t look like an e-mail address. Example: name@example.com</a>');
    expect(text).toMatch(/<input id="email"[^>]*value="nora@"[^>]*aria-describedby="email-fault" aria-invalid="true">/);
    expect(text).toMatch(/<span class="fault" id="city-fault">“Town” is still empty\.<\/span>/);
    expect(text).toContain('value="&#34;&#62;&#60;b&#62;"');
    expect(text).not.toContain('<b>"');
    expect(text).toContain('value="express" checked');
    expect(text).not.toMatch(/id="street"[^>]*aria-invalid/);
    expect(told).toEqual([]);
  });
});

describe('Orderloop and the pixel', () => {
  const head = async (choice?: string) => {
    const { get, jar } = browse();
    if (choice) jar.set('shop_consent', choice);
    const { text, headers } = await get('/');
    return { text, policy: headers.get('content-security-policy')! };
  };

  test('stand in the head of a page with the queue before the script', async () => {
    const { text } = await head();
    const stub = text.indexOf('window.orderloop=window.orderloop||function(){(orderloop.q=orderloop.q||[]).push(arguments)}');
    const script = text.indexOf(`<script async src="${collector.url}/orderloop.js" data-key="pk_test_1"></script>`);
    expect(stub).toBeGreaterThan(0);
    expect(script).toBeGreaterThan(stub);
  });

  test('are told nothing before a choice, and the choice on each page after it', async () => {
    const before = (await head()).text;
    expect(before).not.toContain("orderloop('consent'");
    expect(before).toContain("fbq('consent','revoke')");
    const granted = (await head('all')).text;
    expect(granted).toContain(
      `orderloop('consent',{"ad_storage":"granted","ad_user_data":"granted","ad_personalization":"granted","analytics_storage":"granted"})`,
    );
    expect(granted).toContain("fbq('consent','grant')");
    const denied = (await head('necessary')).text;
    expect(denied).toContain('"ad_storage":"denied"');
    expect(denied).toContain("fbq('consent','revoke')");
    expect((await head('everything')).text).not.toContain("orderloop('consent'");
  });

  test('pass a strict policy: inline scripts carry the nonce of their page, and nothing else runs', async () => {
    const { text, policy } = await head();
    const nonce = /'nonce-([\w-]+)'/.exec(policy)![1]!;
    expect(policy).toContain(`script-src 'self' ${collector.url} http://127.0.0.1:4200 'nonce-${nonce}'`);
    expect(policy).not.toContain('unsafe');
    const inline = [...text.matchAll(/<script(?![^>]*src=)(?![^>]*application\/json)([^>]*)>/g)];
    expect(inline).toHaveLength(2);
    for (const [, attributes] of inline) expect(attributes).toContain(`nonce="${nonce}"`);
    expect(text).not.toMatch(/<[^>]+ (?:on[a-z]+|style)="/);
    expect((await head()).policy).not.toContain(nonce);
  });

  test('have their elements where a shop would put them', async () => {
    const { get, post } = browse();
    await post('/cart/add', { slug: 'ebb', quantity: '1' });
    expect((await get('/')).text).toMatch(/<orderloop-ad-slot placement="home-hero" format="banner">.*<\/orderloop-ad-slot>/s);
    expect((await get('/cart')).text).toContain('<orderloop-reward placement="cart">');
    const checkout = (await get('/checkout')).text;
    expect(checkout).toMatch(/<orderloop-checkout capture currency="EUR" value="89"[^>]*>\s*<form/);
    expect(checkout).not.toContain('name="session_ref"');
  });

  test('hear of a product that is looked at and of a cart that is shown', async () => {
    const { get, post } = browse();
    const items = [{ item_id: 'pebble', item_name: 'Pebble', price: 54.5, quantity: 1 }];
    expect(eventsOf((await get('/products/pebble')).text)).toEqual([
      { name: 'view_item', params: { currency: 'EUR', value: 54.5, items } },
    ]);
    await post('/cart/add', { slug: 'pebble', quantity: '1' });
    expect(eventsOf((await get('/cart')).text)).toMatchObject([
      { name: 'view_cart', params: { currency: 'EUR', value: 54.5, items, cart_token: expect.stringMatching(/^cart_/) } },
    ]);
  });
});

describe('cookies', () => {
  test('keep the cart from scripts and from other sites', async () => {
    const { post } = browse();
    const { headers } = await post('/cart/add', { slug: 'ebb', quantity: '1' });
    expect(headers.getSetCookie()[0]).toMatch(/^shop_cart=[\w-]{24}; Path=\/; Max-Age=\d+; SameSite=Lax; HttpOnly$/);
  });

  test('never hold what a page shows: the cart’s public name is another', async () => {
    const { get, post, jar } = browse();
    await post('/cart/add', { slug: 'ebb', quantity: '1' });
    for (const path of ['/cart', '/checkout']) expect((await get(path)).text).not.toContain(jar.get('shop_cart'));
  });

  test('remember the choice from the banner without a script, which then is hidden and can be called back', async () => {
    const { get, post } = browse();
    const isShown = async (path = '/') => !/<section class="consent"[^>]* hidden>/.test((await get(path)).text);
    expect(await isShown()).toBe(true);
    expect((await post('/consent', { choice: 'necessary', back: '/products/ebb' })).location).toBe('/products/ebb');
    expect(await isShown()).toBe(false);
    expect(await isShown('/?cookies=')).toBe(true);
  });

  test.each(['//elsewhere.example.com', '/\\elsewhere.example.com', 'https://elsewhere.example.com', '/a?b'])(
    'and never lead back to %s',
    async (back) => {
      expect((await browse().post('/consent', { choice: 'all', back })).location).toBe('/');
    },
  );

  test('are not spent on a form that another site sent', async () => {
    const { post } = browse();
    expect((await post('/cart/add', { slug: 'ebb', quantity: '1' }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });
});

describe('languages', () => {
  test.each([
    ['de-AT,de;q=0.9', 'de', 'Abende sind aus Licht gemacht'],
    ['zh-CN', 'zh-Hans', '傍晚，由光做成'],
    ['pt', 'en', 'Evenings are made of light'],
  ])('a browser that asks for %s gets %s', async (header, lang, title) => {
    const { text } = await browse().get('/', { 'accept-language': header });
    expect(text).toContain(`<html lang="${lang}" dir="ltr">`);
    expect(text).toContain(title);
  });

  test('a choice of language and of direction is remembered', async () => {
    const { get } = browse();
    await get('/?lang=fr&dir=rtl', { 'accept-language': 'de' });
    expect((await get('/products/ebb', { 'accept-language': 'de' })).text).toContain('<html lang="fr" dir="rtl">');
    expect((await get('/?dir=ltr')).text).toContain('<html lang="fr" dir="ltr">');
  });

  test.each(Object.keys(LANGUAGES))('every text of %s fills its places, and none is empty', (language) => {
    const { words } = LANGUAGES[language as keyof typeof LANGUAGES];
    const { words: english } = LANGUAGES.en;
    const texts = (value: unknown, path = ''): [string, string][] =>
      typeof value === 'string'
        ? [[path, value]]
        : Object.entries(value as object).flatMap(([key, inner]) => texts(inner, `${path}/${key}`));
    const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
    const originals = new Map(texts(english));
    expect(texts(words).map(([path]) => path)).toEqual([...originals.keys()]);
    for (const [path, text] of texts(words)) {
      expect(text.trim(), path).not.toBe('');
      expect(places(text), path).toEqual(places(originals.get(path)!));
    }
  });
});

describe('pages', () => {
  test('there is one for each product, with a picture', async () => {
    const { get } = browse();
    for (const { slug, name } of PRODUCTS) {
      const { status, text } = await get(`/products/${slug}`);
      expect([slug, status, text.includes(`<h1>${name} `)]).toEqual([slug, 200, true]);
      expect((await get(`/static/products/${slug}.svg`)).status).toBe(200);
    }
  });

  test('that are not there say so in the visitor’s language', async () => {
    for (const path of ['/nowhere', '/products/anchor', '/thank-you/x']) {
      const { status, text } = await browse().get(path, { 'accept-language': 'de' });
      expect([path, status]).toEqual([path, 404]);
      expect(text).toContain('Hier ist niemand zu Hause');
    }
  });

  test('keep working while the collector is down', async () => {
    await collector.close();
    const { get, post } = browse();
    await post('/cart/add', { slug: 'ebb', quantity: '1' });
    expect((await post('/checkout', FORM)).status).toBe(303);
    expect((await get('/')).status).toBe(200);
    expect(store.outbox()).toMatchObject([{ state: 'pending' }]);
    collector = await startFakeCollector();
  });
});
