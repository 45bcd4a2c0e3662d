import { SOURCE_PROBLEMS, type SourceConnections, type SourceDelivery } from '@orderloop/protocol';
import { render } from 'preact';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { LANGUAGE_NAMES, type Language } from '../i18n.ts';
import { SOURCE_WORDS } from '../sources/words.ts';
import {
  type Answers,
  closePage,
  drawApp,
  emulate,
  expectAccessible,
  expectNoOverflow,
  installFakeCollector,
  openPage,
} from '../testing/page.ts';
import { connections, deliveries, delivery, refusal } from '../testing/sources.ts';
import type { SourceWords } from '../words/sources.en.ts';

const LANGUAGES = Object.keys(LANGUAGE_NAMES) as Language[];
const PATH = '/dashboard/sources';
const answerPath = (source: string) => `/v1/sources/${source}/shop/deliveries?limit=50`;

let root: HTMLElement;
let answers: Answers;
const ownAddress = location.href;

beforeEach(async () => {
  answers = installFakeCollector({
    '/v1/sources': connections,
    ...Object.fromEntries(connections.connections.map(({ source }) => [answerPath(source), { deliveries: [] }])),
    [answerPath('shopify')]: { deliveries },
  });
  root = await openPage();
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await closePage(root);
  localStorage.clear();
  history.replaceState(null, '', ownAddress);
});

/** The page under an address, when it has got its texts and its answers. */
async function open(address: string, until: string): Promise<void> {
  history.replaceState(null, '', address);
  await drawApp(root);
  await expect.poll(() => root.querySelector(`.stats ~ ${until}`)).not.toBeNull();
}

const openList = (query = '?lang=en') => open(PATH + query, 'section tbody tr');
const openSource = (source: string, query = '?lang=en') =>
  open(`${PATH}/${source}/shop${query}`, 'article .columns ~ .panel ~ .panel');
const text = (element: Element | null | undefined) => element?.textContent?.replace(/\s+/g, ' ').trim();
const section = (title: string) =>
  [...root.querySelectorAll('h2')].find(({ textContent }) => textContent === title)!.closest('section')!;
const rows = () => [...root.querySelectorAll('tbody tr')];
const cells = (title: string) => [...root.querySelectorAll(`tbody [data-label="${title}"]`)].map(text);
const facts = () => {
  const list = [...section('Test delivery').querySelectorAll('dt, dd')].map(text);
  return Object.fromEntries(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]]] : [])));
};

/** A page that is open, and polls when it is told to. */
async function openWaiting(source = 'shopify', before: SourceDelivery[] = deliveries) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  answers[answerPath(source)] = { deliveries: before };
  await openSource(source);
  await expect.poll(() => text(section('Test delivery'))).toContain('Waiting for a test delivery');
  return async (...arrived: SourceDelivery[]): Promise<void> => {
    const { deliveries: known } = answers[answerPath(source)] as { deliveries: SourceDelivery[] };
    const ids = new Set(arrived.map(({ id }) => id));
    answers[answerPath(source)] = { deliveries: [...arrived, ...known.filter(({ id }) => !ids.has(id))] };
    await vi.advanceTimersByTimeAsync(2_000);
    await expect.poll(() => text(section('Test delivery'))).toContain('A delivery has arrived.');
  };
}

describe('the list', () => {
  test('says of every connection how it does, by a sign and a word', async () => {
    await openList();
    expect(document.title).toBe('Orderloop: Sources');
    expect(cells('Source')).toEqual([
      'Shopify site shop · lamps.myshopify.com',
      'WooCommerce site shop · lamps.example',
      'Stripe site shop · acct_lamps',
      'PayPal site shop · MERCHANT',
      'BigCommerce site shop · abcde',
      'Magento site shop · lamps.example',
      'csv-import site shop',
      'Your own server site shop',
    ]);
    const never = 'Never heard from';
    expect(cells('Health')).toEqual(['Fresh', 'Quiet', 'Refusing', never, never, 'Asked by its API', never, never]);
    const signs = [...root.querySelectorAll('.health path')].map((path) => path.getAttribute('d'));
    expect(new Set(signs).size).toBe(5);
  });

  test('says when something came last, and what became of the last day’s', async () => {
    await openList();
    expect(cells('Last delivery').slice(0, 4)).toEqual(['5 minutes ago', '3 days ago', '5 minutes ago', 'never']);
    expect(cells('Last 24 hours').slice(0, 4)).toEqual([
      '1,204 taken · 3 known already',
      'nothing',
      '2 taken · 1 ignored · 47 refused',
      'nothing',
    ]);
  });

  test('leads to each connection, and back', async () => {
    await openList();
    await userEvent.click(rows()[1]!.querySelector('a')!);
    await expect.poll(() => text(root.querySelector('h1'))).toBe('WooCommerce Quiet');
    expect(location.pathname).toBe(`${PATH}/woocommerce/shop`);
    expect(document.activeElement).toBe(root.querySelector('h1'));
    await userEvent.click(root.querySelector('.back')!);
    await expect.poll(() => text(root.querySelector('h1'))).toBe('Sources');
    expect(location.pathname).toBe(PATH);
  });

  test('says what to do when nothing is connected', async () => {
    answers['/v1/sources'] = { connections: [], public_url: null } satisfies SourceConnections;
    await open(`${PATH}?lang=en`, 'section .empty');
    expect(text(root.querySelector('.empty'))).toMatch(/^No source is connected\. Add one to the site’s sources/);
    await expectAccessible();
  });

  test('of a connection that there is not says so', async () => {
    await open(`${PATH}/etsy/shop?lang=en`, 'section .notice.warn');
    expect(text(root.querySelector('section .notice.warn'))).toBe('This source is not connected for this site.');
    expect(root.querySelector('section .back')).not.toBeNull();
    await expectAccessible();
  });
});

describe('connecting', () => {
  test('gives the whole address, under the collector’s public one, and copies it', async () => {
    const written = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    await openSource('shopify');
    const input = root.querySelector<HTMLInputElement>('.address input')!;
    expect(input.value).toBe('https://collector.example/v1/sources/shopify/shop');
    expect(input.labels![0]!.textContent).toBe('Address for the platform');
    await userEvent.click(page.getByRole('button', { name: 'Copy' }));
    expect(written).toHaveBeenCalledWith('https://collector.example/v1/sources/shopify/shop');
    await expect.poll(() => text(root.querySelector('.said'))).toBe('Copied');
    expect(root.querySelector('.said')!.getAttribute('role')).toBe('status');
  });

  test('marks the address to be copied by hand where the browser does not let us', async () => {
    vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new Error('denied'));
    await openSource('shopify');
    await userEvent.click(page.getByRole('button', { name: 'Copy' }));
    await expect.poll(() => text(root.querySelector('.said'))).toBe('Copy the marked text.');
    const input = root.querySelector<HTMLInputElement>('.address input')!;
    expect([input.selectionStart, input.selectionEnd]).toEqual([0, input.value.length]);
  });

  test('takes the page’s own origin when there is no public address, and says when only this machine can reach it', async () => {
    answers['/v1/sources'] = { ...connections, public_url: null };
    await openSource('shopify');
    expect(root.querySelector<HTMLInputElement>('.address input')!.value).toBe(`${location.origin}/v1/sources/shopify/shop`);
    expect(text(section('Connect it').querySelector('.notice'))).toMatch(/^This address is only reachable from this machine/);
  });

  test('a shop’s own server may be on this machine', async () => {
    answers['/v1/sources'] = { ...connections, public_url: 'http://localhost:8080' };
    await openSource('generic');
    expect(root.querySelector<HTMLInputElement>('.address input')!.value).toBe('http://localhost:8080/v1/orders');
    expect(text(section('Connect it'))).not.toContain('only reachable');
  });

  test.each([
    ['shopify', /app’s client secret.*1 secret is configured\..*orders\/create/, /8 failures in a row/],
    ['woocommerce', /Secret field.*2 secrets are configured/, /more than 5 failures in a row.*Disabled/],
    ['stripe', /whole text with whsec_/, /test or live/],
    ['paypal', /there is no secret.*webhook’s ID/, /simulator fail/],
    ['bigcommerce', /client secret.*No secret is configured: every delivery will be refused/, /48 hours, then deactivates/],
    ['magento', /no webhooks.*four credentials/, /OAuth 1\.0a/],
    ['generic', /secret key.*whsec_/, /nobody can say whose it is/],
    ['csv-import', /what this source signs with/, /reached from the internet/],
  ] as const)('%s says which secret goes where, and what to do when nothing arrives', async (source, secret, nothing) => {
    await openSource(source);
    expect(text(section('Connect it'))).toMatch(secret);
    expect(text(section('When nothing arrives'))).toMatch(nothing);
    expect(text(root)).not.toMatch(/undefined|\{\w+\}/);
  });

  test.each(['paypal', 'magento'])('%s misses no secret, because it has none', async (source) => {
    await openSource(source);
    expect(text(section('Connect it'))).not.toContain('No secret is configured');
  });

  test('says when the platform’s API was asked, and why it can’t be', async () => {
    await openSource('magento');
    expect(text(root.querySelector('article'))).toContain('Its API was last asked 1 hour ago.');
    expect(text(root.querySelector('[role="alert"]:not([hidden])'))).toBe(
      'Its API can’t be asked at the moment: The platform answered 500.',
    );
  });
});

describe('a test delivery', () => {
  test('is waited for, with how to send one, whatever came before', async () => {
    await openWaiting();
    expect(text(section('Test delivery'))).toContain('Choose “Send test notification”');
    expect(section('Test delivery').querySelector('[role="status"]')).not.toBeNull();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(text(section('Test delivery'))).toContain('Waiting for a test delivery');
  });

  test('that comes is told of: order, state, money, test, session and verdict', async () => {
    const arrive = await openWaiting();
    await arrive(delivery('new', { currency: 'JPY', exponent: 0, total: 5250, test: true, state: 'partially_refunded' }));
    expect(facts()).toEqual({
      Verdict: 'taken It was taken, and is on disk.',
      Topic: 'orders/paid',
      Order: '#1042',
      State: 'partly refunded',
      Total: '¥5,250',
      'Test order': 'Yes: it is stored, and no ad platform is told.',
      'Session reference': 'Came with it: the order finds its visit.',
    });
    expect(section('Test delivery').querySelector('a')!.getAttribute('href')).toBe(
      '/dashboard/orders/shopify%3Alamps.myshopify.com%3A5001',
    );
    vi.useRealTimers();
    await expectAccessible();
  });

  test('without a session reference says what to do', async () => {
    const arrive = await openWaiting();
    await arrive(delivery('new', { has_session_ref: false }));
    expect(facts()['Session reference']).toMatch(
      /^Did not come with it\. Write the reference into the cart as the attribute _sref/,
    );
    expect(facts()['Test order']).toBe('No, a real one.');
  });

  test('that tells facts alone says that it is not the whole order', async () => {
    const arrive = await openWaiting();
    await arrive(
      delivery('new', {
        topic: 'refunds/create',
        state: null,
        total: null,
        test: null,
        has_session_ref: null,
        order_number: null,
      }),
    );
    expect(facts()).toMatchObject({ Order: '5001', State: 'Facts about an order, not the whole of it.' });
    expect(Object.keys(facts())).not.toContain('Total');
    expect(Object.keys(facts())).not.toContain('Session reference');
  });

  test('that is refused says what to compare, also when it only adds to those that were refused before', async () => {
    const arrive = await openWaiting();
    await arrive({ ...deliveries[0]!, count: 48, received_at: Date.now() });
    expect(facts()['Verdict']).toMatch(/^refused The signature does not match\. Compare the secret at the platform/);
    expect(facts()['Verdict']).toContain('Nobody signed it, so anybody may have sent it');
    expect(facts()['Verdict']).toContain('401 bad_signature');
    vi.useRealTimers();
    await expectAccessible();
  });

  test('that came before, and one with nothing in it, say so', async () => {
    const arrive = await openWaiting();
    await arrive(delivery('again', { verdict: 'duplicate' }));
    expect(facts()['Verdict']).toBe('known already The same delivery had come before; nothing was changed.');
    await arrive(delivery('other', { verdict: 'ignored', reason: 'no_such_reason' }));
    await expect.poll(() => facts()['Verdict']).toMatch(/^ignored There was nothing for us in it\./);
  });

  test('can be waited for again', async () => {
    const arrive = await openWaiting();
    await arrive(delivery('new'));
    await userEvent.click(page.getByRole('button', { name: 'Wait for another' }));
    await expect.poll(() => text(section('Test delivery'))).toContain('Waiting for a test delivery');
    await arrive(refusal('stale', 'stale_timestamp'));
    expect(facts()['Verdict']).toContain('Set both clocks');
  });

  test('can be the first that ever came', async () => {
    const arrive = await openWaiting('woocommerce', []);
    expect(text(section('Last deliveries'))).toContain('Nothing has arrived yet.');
    await arrive(delivery('first', { source: 'woocommerce' }));
    expect(rows()).toHaveLength(1);
  });
});

describe('the last deliveries', () => {
  test('are shown with time, topic, order, verdict and reason', async () => {
    await openSource('shopify');
    expect(rows()).toHaveLength(5);
    expect(cells('Time')[0]).toMatch(/47 times since/);
    expect(cells('Topic')).toEqual(['—', 'orders/paid', 'orders/paid', 'products/update', 'orders/create']);
    expect(cells('Order')).toEqual(['—', '#1042', '5001 and 4 more', '—', '—']);
    expect(cells('Verdict')).toEqual(['refused', 'taken', 'known already', 'ignored', 'refused']);
    const reasons = cells('Reason');
    expect(reasons[0]).toMatch(/^The signature does not match.*401 bad_signature X-Shopify-Hmac-SHA256 does not match/);
    expect(reasons.slice(1, 3)).toEqual(['—', '—']);
    expect(reasons[3]).toMatch(/^This topic says nothing that is needed here/);
    expect(reasons[4]).toBe(
      'The currency is no ISO 4217 code.422 unknown_currency Field: /currency Expected an ISO 4217 currency code.',
    );
  });

  test('lead to the journeys of orders that were taken, and not of those that were refused', async () => {
    answers[answerPath('shopify')] = { deliveries: [delivery('1'), delivery('2', { verdict: 'rejected', reason: 'disk_full' })] };
    await openSource('shopify');
    expect(rows().map((row) => row.querySelectorAll('a').length)).toEqual([1, 0]);
  });

  test('a code that this page does not know is shown with what the collector said', async () => {
    answers[answerPath('shopify')] = { deliveries: [refusal('1', 'brand_new', { detail: 'Something new.' })] };
    await openSource('shopify');
    expect(cells('Reason')[0]).toMatch(/^It was refused\..*401 brand_new Something new\.$/);
  });
});

describe('texts', () => {
  const load = async (language: Language): Promise<SourceWords> => (await SOURCE_WORDS[language]()).words;
  const leaves = (value: unknown, path = ''): [string, string][] =>
    typeof value === 'string'
      ? [[path, value]]
      : Object.entries(value as object).flatMap(([key, entry]) => leaves(entry, `${path}/${key}`));

  test.each(LANGUAGES)('%s has a sentence for every code that a source may be refused with', async (language) => {
    const { reasons } = await load(language);
    expect(Object.keys(reasons).sort()).toEqual([...SOURCE_PROBLEMS].sort());
  });

  test.each(LANGUAGES)('%s has every text, with the same values to fill in', async (language) => {
    const values = (entry: string) => (entry.match(/\{\w+\}/g) ?? []).sort().join();
    const english = leaves(await load('en'));
    const own = leaves(await load(language));
    expect(own.map(([path, entry]) => [path, values(entry)])).toEqual(english.map(([path, entry]) => [path, values(entry)]));
    for (const [path, entry] of own) expect(entry, path).not.toBe('');
  });

  test('that can’t be fetched are said to be missing, with a way out', async () => {
    vi.spyOn(SOURCE_WORDS, 'fr').mockRejectedValue(new TypeError('Failed to fetch dynamically imported module'));
    await open(`${PATH}?lang=fr`, 'section [role="alert"] button');
    expect(text(root.querySelector('.stats ~ section [role="alert"]'))).toMatch(/n’a pas pu être chargée.*Recharger la page$/);
    await expectAccessible();
  });
});

describe('for everybody', () => {
  const pages = [
    ['the list', () => openList()],
    ['a source', () => openSource('shopify')],
  ] as const;

  for (const [name, openIt] of pages) {
    test.each(['light', 'dark'])(`axe finds nothing on ${name} in %s colours, wide and narrow`, async (scheme) => {
      await emulate({ 'prefers-color-scheme': scheme });
      await openIt();
      await expectAccessible();
      await page.viewport(320, 700);
      await expectAccessible();
    });
  }

  test.each(LANGUAGES)('both fit 320 pixels in the words of %s', async (language) => {
    await page.viewport(320, 700);
    const words = await SOURCE_WORDS[language]().then((module) => module.words);
    await openList(`?lang=${language}`);
    expectNoOverflow();
    expect(text(root)).toContain(words.intro);
    expect(text(root)).toContain(words.health.refusing);
    render(null, root);
    await openSource('shopify', `?lang=${language}`);
    expectNoOverflow();
    for (const shown of [words.waiting, words.reasons.bad_signature, words.guides.shopify.secret, words.nothing_title])
      expect(text(root)).toContain(shown);
    expect(text(root)).not.toMatch(/undefined|\{\w+\}/);
  });

  test('both fit 320 pixels from right to left, and the address reads from left to right', async () => {
    await page.viewport(320, 700);
    await openList('?dir=rtl');
    expectNoOverflow();
    render(null, root);
    await openSource('shopify', '?dir=rtl');
    expectNoOverflow();
    expect(getComputedStyle(root.querySelector('.address input')!).direction).toBe('ltr');
  });

  test('the language can be changed while the page is open', async () => {
    await openSource('shopify');
    await userEvent.selectOptions(root.querySelector('select')!, 'de');
    await expect.poll(() => text(root)).toContain('Warten auf eine Testzustellung');
    expect(document.title).toBe('Orderloop: Quellen');
  });

  test('headings go down one level at a time', async () => {
    await openSource('shopify');
    const levels = [...root.querySelectorAll('main :is(h1, h2, h3)')].map(({ tagName }) => tagName);
    expect(levels).toEqual(['H1', 'H2', 'H3', 'H3', 'H2', 'H2', 'H2']);
  });

  test('the keyboard goes through a source in the order in which it is read', async () => {
    await openSource('shopify');
    const stops: (string | undefined)[] = [];
    root.querySelector<HTMLElement>('select')!.focus();
    for (;;) {
      await userEvent.tab();
      const stop = document.activeElement as HTMLInputElement;
      if (!root.querySelector('main')!.contains(stop) || stops.length > 20) break;
      stops.push(stop.getAttribute('aria-label') ?? (text(stop) || stop.value));
    }
    expect(stops).toEqual([
      'All sources',
      'https://collector.example/v1/sources/shopify/shop',
      'Copy',
      'Last deliveries',
      '#1042',
      '5001',
    ]);
  });
});
