import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { LANGUAGE_NAMES, type Language, loadTexts } from '../i18n.ts';
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
import { MERGED_ID, nobody, PERSON_ID, PROBABLE_ID, person } from '../testing/person.ts';
import type { Word } from '../words/en.ts';

const LANGUAGES = Object.keys(LANGUAGE_NAMES) as Language[];
const PATH = `/dashboard/persons/${PERSON_ID}`;
const ORDER_PATH = '/dashboard/orders/shopify%3Amain%3A1042';

let root: HTMLElement;
let answers: Answers;
const ownAddress = location.href;

beforeEach(async () => {
  answers = installFakeCollector({
    [`/v1/persons/${PERSON_ID}`]: person,
    [`/v1/persons/${MERGED_ID}`]: person,
    [`/v1/persons/${PROBABLE_ID}`]: nobody,
  });
  root = await openPage();
});

afterEach(async () => {
  vi.useRealTimers();
  await closePage(root);
  history.replaceState(null, '', ownAddress);
});

/** The dashboard as it stands under an address, when it has got its answers. */
async function open(address: string, until = 'h2'): Promise<void> {
  history.replaceState(null, '', address);
  await drawApp(root);
  await expect.poll(() => root.querySelector(`.stats ~ article ${until}`)).not.toBeNull();
}

const openPerson = (query = '', until?: string) => open(PATH + query, until);
const section = (title: string) =>
  [...root.querySelectorAll('h2')].find(({ textContent }) => textContent === title)!.closest('section')!;
const text = (element: Element | null | undefined) => element?.textContent?.replace(/\s+/g, ' ').trim();
const items = (title: string) => [...section(title).querySelectorAll('li')].map(text);
const visible = (selector: string) =>
  [...root.querySelectorAll<HTMLElement>(selector)].filter((found) => found.checkVisibility());

describe('a person', () => {
  test('is named by the end of the id, and by what identifies them, hashes by their end alone', async () => {
    await openPerson();
    expect(text(root.querySelector('h1'))).toBe('Person …c0ffee');
    expect(items('Identifiers').map((item) => item!.replace(/ first seen .*20\d\d.*/, ''))).toEqual([
      'customer id 4711',
      'e-mail …a1b2c3',
      'phone …778899',
      'order id 1042',
      'cart token hWN1yAjZ6bZ3dLq9fR2sT8uV4wX0yB5cE7gI1kM3oP6qS9tU',
    ]);
    expect(root.innerHTML).not.toContain('9f86d081');
    expect(document.title).toBe('Orderloop: Person');
  });

  test('shows devices, and says what it means that one is shared, of that one alone', async () => {
    await openPerson();
    const [phone, laptop] = items('Devices');
    expect(phone).toMatch(/…11aaaa shared .*Several people have signed in on this device/);
    expect(laptop).toMatch(/…22bbbb first seen/);
    expect(laptop).not.toMatch(/shared|Several/);
  });

  test('shows orders with the way to their journey, and why one is not linked', async () => {
    await openPerson();
    const rows = [...section('Orders').querySelectorAll('tbody tr')];
    expect(rows[0]!.querySelector('a')!.getAttribute('href')).toBe(ORDER_PATH);
    expect(text(rows[0])).toMatch(/#1042.*€129\.00.*paid.*session reference/);
    expect(text(rows[1])).toMatch(/77.*€45\.50.*partly refunded.*not linked No session has shown any key/);
  });

  test('has one timeline over all devices, each visit once', async () => {
    await openPerson();
    const moments = items('What happened').map((item) => item!.replace(/^.*?[AP]M ?/, ''));
    expect(moments).toHaveLength(4);
    expect(moments[0]).toMatch(/^Visit begins meta paid social.*spring.*fbclid=.*pages: 4 · events: 9 · 6 min · device …11aaaa$/);
    expect(moments[2]).toBe('Own ad clicked home-hero');
    expect(moments[3]).toMatch(/^Visit begins e-mail ?pages: 4 · events: 9 · device …22bbbb$/);
  });

  test('shows every conflict with the rule that stood against it, what was kept and what was left', async () => {
    await openPerson();
    const [limit, cannotLink, mergeLimit] = items('Conflicts');
    expect(limit).toMatch(/too many identifiers of this type: customer id\..*Kept ?e-mail …a1b2c3 ?Left apart ?customer id 5700/);
    expect(cannotLink).toMatch(/An operator said.*Kept ?customer id 4711 ?Left apart ?e-mail …d4e5f6/);
    expect(mergeLimit).toMatch(/more identifiers than anybody may have\..*Left apart ?cart token/);
  });

  test('has a history in order, in which what was taken back is struck out and says so', async () => {
    await openPerson();
    const steps = [...section('How this person came to be').querySelectorAll('li')];
    expect(steps.map((step) => text(step.querySelector('strong')))).toEqual([
      'Merged: one event named both',
      'Declared to be one person',
      'Declared to be different people',
      'An earlier step taken back',
      'Erased',
    ]);
    expect(steps.map((step) => step.querySelector('s') !== null)).toEqual([false, false, true, false, false]);
    expect(steps.map((step) => text(step)!.includes('no longer holds'))).toEqual([false, false, true, false, false]);
    expect(text(steps[2])).toMatch(/customer id 5700.*by ben@shop\.example ?Two sisters with one tablet\./);
    const shapes = steps.map((step) => {
      const { clipPath, borderRadius, borderBlockStartWidth } = getComputedStyle(step, '::before');
      return `${clipPath} ${borderRadius} ${borderBlockStartWidth}`;
    });
    expect(new Set(shapes).size).toBe(5);
  });

  test('may be probably another, as a guess that leads there', async () => {
    await openPerson();
    expect(text(visible('.notice')[0])).toBe('Probably the same as …bada55, p = 0.93; a guess, used only in modelled reports.');
    await userEvent.click(root.querySelector('.notice a')!);
    await expect.poll(() => text(root.querySelector('h1'))).toBe('Person …bada55 anonymous');
    expect(location.pathname).toBe(`/dashboard/persons/${PROBABLE_ID}`);
    expect(visible('.notice')).toEqual([]);
    await expect.poll(() => text(section('Identifiers'))).toContain('Nobody has said who this is');
    expect(text(root)).not.toContain('How this person came to be');
    await expectAccessible();
  });
});

describe('an address', () => {
  test('of somebody who was merged is replaced by that of the person, which is said', async () => {
    await open(`/dashboard/persons/${MERGED_ID}?lang=en`);
    expect(text(visible('[role="status"]')[0])).toBe('Person …deface was merged into this one, …c0ffee.');
    expect(location.pathname + location.search).toBe(`${PATH}?lang=en`);
    expect(text(root.querySelector('h1'))).toBe('Person …c0ffee');
    await expectAccessible();
  });

  test('of the person itself says nothing of a merge', async () => {
    await openPerson();
    expect(visible('[role="status"]')).toEqual([]);
  });

  test('of nobody says so', async () => {
    await open('/dashboard/persons/nobody', '.notice.warn');
    expect(text(visible('.notice')[0])).toBe('No person has, or ever had, this id.');
    expect(text(root)).not.toContain('Loading');
    await expectAccessible();
  });

  test('says that it loads until the answer is there', async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const answer = fetch;
    vi.stubGlobal('fetch', (path: string) => (path.startsWith('/v1/persons') ? promise : answer(path)));
    await openPerson('', 'h1');
    expect(text(root.querySelector('article'))).toMatch(/Loading …$/);
    resolve(Response.json(person));
    await expect.poll(() => text(root.querySelector('article'))).not.toContain('Loading');
    expect(section('Devices')).toBeDefined();
  });

  test('is asked again after five seconds, and shows nothing of a person who has been erased', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await openPerson();
    delete answers[`/v1/persons/${PERSON_ID}`];
    await vi.advanceTimersByTimeAsync(4_900);
    expect(section('Identifiers')).toBeDefined();
    await vi.advanceTimersByTimeAsync(100);
    await expect.poll(() => text(visible('article .notice')[0])).toBe('No person has, or ever had, this id.');
    expect(text(root)).not.toContain('4711');
  });
});

describe('for everybody', () => {
  test.each(['light', 'dark'])('axe finds nothing in %s colours, wide and narrow', async (scheme) => {
    await emulate({ 'prefers-color-scheme': scheme });
    await openPerson();
    await expectAccessible();
    await page.viewport(320, 700);
    await expectAccessible();
  });

  test('headings go down one level at a time', async () => {
    await openPerson();
    const levels = [...root.querySelectorAll('main :is(h1, h2, h3, h4)')].map(({ tagName }) => Number(tagName.slice(1)));
    expect(levels[0]).toBe(1);
    expect(levels.slice(1)).toEqual([2, 2, 2, 2, 2, 2]);
  });

  test('the keyboard goes through the page in the order in which it is read', async () => {
    await openPerson();
    const stops: (string | undefined)[] = [];
    root.querySelector<HTMLElement>('select')!.focus();
    for (;;) {
      await userEvent.tab();
      const stop = document.activeElement!;
      if (!root.querySelector('main')!.contains(stop) || stops.length > 20) break;
      stops.push(stop.getAttribute('aria-label') ?? text(stop));
    }
    expect(stops).toEqual(['All orders', '…bada55', 'Orders', '#1042', '77']);
  });

  test.each(LANGUAGES)('it fits 320 pixels in the words of %s', async (language) => {
    await page.viewport(320, 700);
    await openPerson(`?lang=${language}`);
    expectNoOverflow();
    const { t } = await loadTexts(language);
    const english = await loadTexts('en');
    const shown: Word[] = [
      'identifiers_title',
      'devices_title',
      'shared_hint',
      'orders_title',
      'timeline_title',
      'conflicts_title',
      'conflict_cannot_link',
      'history_title',
      'step_split',
      'undone',
      'probable_same',
    ];
    for (const word of shown) {
      expect(text(root)).toContain(t(word));
      if (language !== 'en') expect(t(word)).not.toBe(english.t(word));
    }
    expect(text(root)).not.toMatch(/undefined|\{\w+\}/);
  });

  test('it fits 320 pixels from right to left, and ids keep their dots in front', async () => {
    await page.viewport(320, 700);
    await openPerson('?dir=rtl');
    expect(document.documentElement.dir).toBe('rtl');
    expectNoOverflow();
    expect(getComputedStyle(root.querySelector('h1 code')!).direction).toBe('ltr');
  });
});
