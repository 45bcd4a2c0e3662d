import type { LiveEvent } from '@orderloop/protocol';
import { type Browser, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { findBrowser } from '../../../scripts/browser.mjs';
import { type EmbeddedShop, startEmbeddedShop } from '../embedded.ts';
import { eventually, KEY, read } from '../harness.ts';

const COOKIE = '__Host-orderloop_demo';
/** What the tag puts on the page. */
type Shop = Window & { orderloop(command: 'consent', choice: { analytics_storage: string }): void };

const MONTHS_13_S = 13 * 30.5 * 86_400;

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch(await findBrowser());
});
afterAll(() => browser?.close());

const html = `<!doctype html><title>Shop</title>
<script>window.orderloop=window.orderloop||function(){(orderloop.q=orderloop.q||[]).push(arguments)}</script>
<script async src="/o/o.js" data-key="${KEY}" data-no-widgets></script>`;

async function openShop() {
  const shop = await startEmbeddedShop((app) => app.get('/', (_request, response) => void response.send(html)));
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  return { shop, context, page };
}

const consent = (page: Page, analytics_storage: 'granted' | 'denied') =>
  page.evaluate((state) => (window as unknown as Shop).orderloop('consent', { analytics_storage: state }), analytics_storage);

/** The page views that have arrived, oldest first, once there are so many. */
const views = ({ ownUrl }: EmbeddedShop, count: number): Promise<LiveEvent[]> =>
  eventually(async () => {
    const { events } = await read<{ events: LiveEvent[] }>({ url: ownUrl }, '/v1/events');
    const found = events.filter(({ event }) => event === 'page_view').reverse();
    return found.length >= count && found;
  });

async function visit(page: Page, shop: EmbeddedShop): Promise<void> {
  await page.goto(shop.url);
  await consent(page, 'granted');
}

/** What Safari does after seven days: everything that a script has stored is gone. */
const clearScriptStorage = (page: Page) =>
  page.evaluate(async () => {
    localStorage.clear();
    for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name!);
  });

test('a visitor whose browser forgot what scripts stored is known by the server’s cookie', async () => {
  const { shop, context, page } = await openShop();
  await visit(page, shop);
  const [first] = await views(shop, 1);
  const cookie = (await context.cookies()).find(({ name }) => name === COOKIE)!;
  expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/', value: first!.visitor_id });
  expect(cookie.expires - Date.now() / 1000).toBeLessThan(MONTHS_13_S);
  expect(await page.evaluate(() => document.cookie)).toBe('');

  await clearScriptStorage(page);
  await visit(page, shop);
  const [, second] = await views(shop, 2);
  expect(second!.visitor_id).toBe(first!.visitor_id);

  // Without the cookie it is somebody else: it was the cookie that remembered.
  await clearScriptStorage(page);
  await context.clearCookies();
  await visit(page, shop);
  const [, , third] = await views(shop, 3);
  expect(third!.visitor_id).not.toBe(first!.visitor_id);
});

test('a withdrawal removes the cookie, and a refusal by a browser that forgot does as well', async () => {
  const { shop, context, page } = await openShop();
  const hasCookie = async () => (await context.cookies()).some(({ name }) => name === COOKIE);
  await visit(page, shop);
  await expect.poll(hasCookie).toBe(true);
  await consent(page, 'denied');
  await expect.poll(hasCookie).toBe(false);

  await visit(page, shop);
  await expect.poll(hasCookie).toBe(true);
  await clearScriptStorage(page);
  await page.goto(shop.url);
  await consent(page, 'denied');
  await expect.poll(hasCookie).toBe(false);
});

test('before consent nothing is asked for and nothing is stored', async () => {
  const { shop, context, page } = await openShop();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(shop.url);
  await page.waitForFunction(() => 'key' in (window as unknown as Shop).orderloop);
  expect(asked.filter((path) => path.startsWith('/o/v1'))).toEqual([]);
  expect(await context.cookies()).toEqual([]);
});
