import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { DESTINATION_WORDS } from '../destinations/words.ts';
import { LANGUAGE_NAMES, type Language } from '../i18n.ts';
import { destination, destinations, detail, reconciliation } from '../testing/destinations.ts';
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

const LANGUAGES = Object.keys(LANGUAGE_NAMES) as Language[];
const PATH = '/dashboard/destinations';
const API = '/v1/destinations/shop/meta';

let root: HTMLElement;
let answers: Answers;
const ownAddress = location.href;

beforeEach(async () => {
  answers = installFakeCollector({
    '/v1/destinations': destinations,
    [API]: detail,
    [`${API}/reconciliation`]: reconciliation,
    '/v1/destinations/shop/google': { ...detail, ...destinations.destinations[1] },
    '/v1/destinations/shop/google/reconciliation': { ...reconciliation, orders: 0, rows: [] },
    '/v1/destinations/shop/li': {
      ...detail,
      match_quality: { accepted: 0, identifiers: [] },
      latency: { count: 0, p50_ms: null, p95_ms: null },
    },
    '/v1/destinations/shop/li/reconciliation': { ...reconciliation, orders: 0, rows: [] },
  });
  root = await openPage();
});

afterEach(async () => {
  await closePage(root);
  history.replaceState(null, '', ownAddress);
});

const text = (element: Element | null | undefined) => element?.textContent?.replace(/\s+/g, ' ').trim();
const section = (title: string) =>
  [...root.querySelectorAll('h2')].find(({ textContent }) => textContent === title)!.closest('section')!;
const cells = (row: Element) => [...row.children].map(text).join(' | ');
const button = (name: string) => [...root.querySelectorAll('button')].find((found) => text(found) === name)!;

async function openList(query = '?lang=en'): Promise<void> {
  history.replaceState(null, '', PATH + query);
  await drawApp(root);
  await expect.poll(() => root.querySelector('main table')).not.toBeNull();
}

async function openOne(id = 'meta', query = '?lang=en'): Promise<void> {
  history.replaceState(null, '', `${PATH}/${id}/shop${query}`);
  await drawApp(root);
  await expect.poll(() => root.querySelector('article table')).not.toBeNull();
}

describe('the list', () => {
  test('shows each destination with its state and what it was told', async () => {
    await openList();
    const rows = [...root.querySelectorAll('tbody tr')].map(cells);
    expect(rows[0]).toBe('Meta Conversions API meta · site shop | Fine | 1,204 | 3 | 41 | 2');
    expect(rows[1]).toContain('Paused');
    expect(rows[2]).toContain('Failing Test mode');
    expect(document.title).toBe('Orderloop: Destinations');
  });

  test('leads to one, and says what to do where there is none', async () => {
    await openList();
    await userEvent.click(root.querySelector('tbody a')!);
    await expect.poll(() => text(root.querySelector('h1'))).toContain('Meta Conversions API');
    expect(location.pathname).toBe(`${PATH}/meta/shop`);
    answers['/v1/destinations'] = { destinations: [] };
    history.replaceState(null, '', `${PATH}?lang=en`);
    await closePage(root);
    installFakeCollector(answers);
    root = await openPage();
    await drawApp(root);
    await expect.poll(() => text(root.querySelector('.empty'))).toContain('No destination is connected');
  });

  test('a name that is not there is said to be none', async () => {
    history.replaceState(null, '', `${PATH}/nobody/shop?lang=en`);
    await drawApp(root);
    await expect
      .poll(() => text(root.querySelector('main .notice.warn:not([hidden])')))
      .toBe('This site has no destination of this name.');
  });
});

describe('one destination', () => {
  test('tells what it was told, why not, how soon, and how well buyers were known', async () => {
    await openOne();
    const told = text(section('What it was told'));
    expect(told).toContain('41 Skipped: The buyer did not agree to it.');
    expect(told).toContain('2 Given up: 100/2804003');
    expect(told).toContain('within 14 ms, 95 of 100 within 61 sec');
    expect([...section('How well buyers were known').querySelectorAll('li')].map(text)).toEqual([
      'E-mail99 %',
      'Phone25 %',
      'Click id50 %',
    ]);
    expect(text(root.querySelector('article'))).toContain('Refunds: this platform can’t be told.');
  });

  test('puts every order into one line, and the lines add up', async () => {
    await openOne();
    const rows = [...root.querySelectorAll('[aria-labelledby="reconciliation"] tbody tr')].map(cells);
    expect(rows).toContain('Accepted | 1,200 | €154,800.00');
    expect(rows).toContain('Accepted | 4 | ¥48,000');
    expect(rows).toContain('Held back · nobody asked the buyer yet | 10 | €1,290.00');
    expect(rows.at(-1)).toBe('All orders | 1,260 | ');
    expect(reconciliation.rows.reduce((sum, { orders }) => sum + orders, 0)).toBe(1260);
  });

  test('verifies with a test code, and explains the verdict', async () => {
    const asked: unknown[] = [];
    const { fetch } = globalThis;
    vi.stubGlobal('fetch', async (path: string, init?: RequestInit) => {
      if (path !== `${API}/verify`) return fetch(path, init);
      asked.push(JSON.parse(String(init?.body)));
      return Response.json({
        ...{ verdict: 'auth', effect: 'test_view', code: '190', detail: 'Bad token', duration_ms: 5 },
        ...{
          request: { method: 'POST', url: 'https://graph.example', headers: {}, body: '{}' },
          reply: { status: 401, body: '{"error":1}' },
        },
      });
    });
    await openOne();
    // Without its code nothing is asked.
    await userEvent.click(button('Verify'));
    expect(asked).toEqual([]);
    await userEvent.fill(root.querySelector<HTMLInputElement>('input[name="test_event_code"]')!, 'TEST9');
    await userEvent.click(button('Verify'));
    await expect
      .poll(() => text(section('Verify').querySelector('.notice')))
      .toBe('The platform refused our credentials: Bad token');
    expect(asked).toEqual([{ settings: { test_event_code: 'TEST9' } }]);
    expect(text(section('Verify'))).toContain('What was answered 401');
    await expectAccessible();
  });

  test('looks first at what a replay would do, and does it when told', async () => {
    const asked: unknown[] = [];
    const { fetch } = globalThis;
    vi.stubGlobal('fetch', async (path: string, init?: RequestInit) => {
      if (path !== `${API}/replay`) return fetch(path, init);
      asked.push(JSON.parse(String(init?.body)));
      return Response.json({ sent: 1, skipped: { expired: 1 }, more: false });
    });
    await openOne();
    expect(button('Send them again')).toBeUndefined();
    await userEvent.click(button('What would that do?'));
    await expect
      .poll(() => text(section('Send what was given up again')))
      .toContain('1 would be sent again. 1 would not: Too old for the platform.');
    await userEvent.click(button('Send them again'));
    await expect.poll(() => text(section('Send what was given up again'))).toContain('1 are on their way.');
    expect(asked).toEqual([{ dry_run: true }, { dry_run: false }]);
  });

  test('of a paused one says why, and takes it up again', async () => {
    answers['/v1/destinations/shop/google/resume'] = { released: 7 };
    await openOne('google');
    expect(text(root.querySelector('article'))).toContain('the queue is kept. PERMISSION_DENIED');
    answers['/v1/destinations'] = { destinations: [destination({ destination: 'google', state: 'ok' })] };
    await userEvent.click(button('Try again now'));
    await expect.poll(() => text(root.querySelector('article h1'))).toContain('Fine');
  });

  test('warns of test mode, faulty settings and an API version that ends', async () => {
    await openOne('li');
    const notices = [...root.querySelectorAll('article .notice')].map(text);
    expect(notices[0]).toContain('Its settings make everything');
    expect(notices).toContain('settings.access_token is missing; make one.');
    expect(notices.at(-1)).toContain('ends on 2027-08-16');
    expect(text(section('Verify'))).toContain('has no test request');
    expect(text(section('How well buyers were known'))).toContain('Nothing has been accepted yet.');
  });
});

describe('for everybody', () => {
  test.each(LANGUAGES)('both pages fit 320 pixels in the words of %s, and axe finds nothing', async (language) => {
    await page.viewport(320, 700);
    await openList(`?lang=${language}`);
    expectNoOverflow();
    await expectAccessible();
    const { words } = await DESTINATION_WORDS[language]();
    expect(text(root)).toContain(words.intro);
    await closePage(root);
    installFakeCollector(answers);
    root = await openPage();
    await page.viewport(320, 700);
    await openOne('meta', `?lang=${language}`);
    expectNoOverflow();
    await expectAccessible();
    expect(text(root)).not.toMatch(/undefined|\{\w+\}/);
  });

  test('both are readable in the dark and from right to left', async () => {
    await emulate({ 'prefers-color-scheme': 'dark' });
    await openOne('meta', '?lang=en&dir=rtl');
    expectNoOverflow();
    await expectAccessible();
  });

  test('who goes from the sources to the destinations sees the destinations', async () => {
    answers['/v1/sources'] = { connections: [], public_url: null };
    history.replaceState(null, '', '/dashboard/sources?lang=en');
    await drawApp(root);
    await expect.poll(() => text(root.querySelector('h1'))).toBe('Sources');
    const link = [...root.querySelectorAll('nav a')].find((found) => text(found) === 'Destinations')!;
    await userEvent.click(link);
    await expect.poll(() => text(root.querySelector('h1'))).toBe('Destinations');
    await expect.poll(() => root.querySelectorAll('tbody tr').length).toBe(3);
  });
});
