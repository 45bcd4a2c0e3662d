import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Journey, OrderSummary } from '@orderloop/protocol';
import { type Browser, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBrowser } from '../../../scripts/browser.mjs';
import { type Demo, startDemo } from '../../src/cli/demo.ts';
import { eventually, newId, postShopify } from '../harness.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LANGUAGES = ['en', 'es', 'fr', 'de', 'zh'];

let demo: Demo;
let browser: Browser;
let orderPath: string;
let personPath: string;

beforeAll(async () => {
  demo = await startDemo({ collector: 0, shop: 0, platform: 0 });
  browser = await chromium.launch(await findBrowser());
  orderPath = await placeOrder();
  await deliver({}, 'products/update');
  await deliver(shopifyOrder({ currency: 'EURO' }));
  await deliver(shopifyOrder(), 'orders/paid', 'wrong');
});

const shopifyOrder = (more: Record<string, unknown> = {}) => ({
  ...{ id: 1, admin_graphql_api_id: `gid://shopify/Order/${Date.now()}`, name: '#1042', financial_status: 'paid' },
  ...{ currency: 'EUR', total_price: '129.00', created_at: '2026-11-23T10:00:00Z', updated_at: '2026-11-23T10:00:00Z' },
  ...more,
});

/** What Shopify would send to the demo. */
const deliver = (order: object, topic = 'orders/paid', secret = demo.shopifySecret) =>
  postShopify({ url: demo.collectorUrl }, order, { 'x-shopify-topic': topic, 'x-shopify-webhook-id': newId() }, secret);

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

async function placeOrder(): Promise<string> {
  const page = await browser.newPage();
  await page.goto(`${demo.shopUrl}/products/bollard?utm_source=x&fbclid=IwPages`);
  await page.locator('#consent button[value="all"]').click();
  await page.locator('form[action="/cart/add"] button').click();
  await page.goto(`${demo.shopUrl}/checkout`);
  const fields = { email: 'a@example.com', first_name: 'A', last_name: 'B', street: 'C 1', postal_code: '10115', city: 'Berlin' };
  for (const [name, value] of Object.entries(fields)) await page.fill(`#${name}`, value);
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>('input[name="session_ref"]')?.value);
  await page.locator('form.checkout button.wide').click();
  await page.waitForURL(/\/thank-you\//);
  await page.close();
  const [order] = await eventually(async () => {
    const { orders } = (await (await fetch(`${demo.collectorUrl}/v1/orders`)).json()) as { orders: OrderSummary[] };
    return orders.length > 0 && orders;
  });
  const journey = `${demo.collectorUrl}/v1/orders/${encodeURIComponent(order!.order_key)}/journey`;
  const { person_id } = (await (await fetch(journey)).json()) as Journey;
  personPath = `/dashboard/persons/${person_id}`;
  return `/dashboard/orders/${encodeURIComponent(order!.order_key)}`;
}

/** The pages that people see, by what they are. */
const pages = () => ({
  'the live page': `${demo.collectorUrl}/dashboard`,
  'the orders page': `${demo.collectorUrl}/dashboard/orders`,
  'the journey page': `${demo.collectorUrl}${orderPath}`,
  'the person page': `${demo.collectorUrl}${personPath}`,
  'the sources page': `${demo.collectorUrl}/dashboard/sources`,
  'the page of a source': `${demo.collectorUrl}/dashboard/sources/shopify/demo`,
  'the ads page': `${demo.platformUrl}/`,
  'the shop’s home': `${demo.shopUrl}/`,
  'a product': `${demo.shopUrl}/products/bollard`,
});

async function open(url: string, options: Parameters<Browser['newPage']>[0] = {}, query = ''): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options });
  await page.goto(`${url}${query}`);
  await page.locator('h1').first().waitFor();
  await page.waitForLoadState('networkidle').catch(() => undefined);
  return page;
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations: found } = await (
      globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }
    ).axe.run();
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  });
}

const names = [
  'the live page',
  'the orders page',
  'the journey page',
  'the person page',
  'the sources page',
  'the page of a source',
  'the ads page',
  'the shop’s home',
  'a product',
] as const;

test.each(names)('%s can be used by everybody, light and dark', async (name) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await open(pages()[name], { colorScheme });
    expect(await violations(page), colorScheme).toEqual([]);
    await page.close();
  }
});

test.each(names)('%s fits a narrow window, in five languages and from right to left', async (name) => {
  for (const query of [...LANGUAGES.map((language) => `?lang=${language}`), '?dir=rtl']) {
    const page = await open(pages()[name], { viewport: { width: 320, height: 700 } }, query);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow, query).toBe(0);
    const { lang, dir } = await page.evaluate(() => ({
      lang: document.documentElement.lang,
      dir: getComputedStyle(document.documentElement).direction,
    }));
    expect([lang.slice(0, 2), dir]).toEqual(query === '?dir=rtl' ? [expect.any(String), 'rtl'] : [query.slice(6), 'ltr']);
    await page.close();
  }
});

test.each(['the shop’s home', 'a product'] as const)('on %s nothing of ours shifts the page', async (name) => {
  const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
  await page.addInitScript(() => {
    const shifts: number[] = [];
    (globalThis as unknown as { shifts: number[] }).shifts = shifts;
    new PerformanceObserver((list) => {
      // What follows a click within half a second is the visitor's own doing, and is not counted by anybody.
      for (const entry of list.getEntries() as unknown as { value: number; hadRecentInput: boolean }[])
        if (!entry.hadRecentInput) shifts.push(entry.value);
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(pages()[name]);
  await page.waitForLoadState('networkidle');
  await page.locator('#consent button[value="all"]').click();
  await page.waitForLoadState('networkidle');
  expect(
    await page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts.reduce((sum, value) => sum + value, 0)),
  ).toBe(0);
  await page.close();
});

const LOOKS = {
  wide: {},
  narrow: { viewport: { width: 360, height: 800 } },
  dark: { colorScheme: 'dark' as const },
  'right to left': { query: '&dir=rtl' },
  german: { query: '&lang=de' },
};

test('a test delivery is seen on the page of its source as it comes; pictures show how that looks', async () => {
  const page = await open(pages()['the page of a source'], {}, '?lang=en');
  await page.getByText('Waiting for a test delivery').waitFor();
  await deliver(shopifyOrder({ name: '#2001', test: true }));
  const seen = page.locator('.seen');
  await seen.waitFor();
  expect(await seen.innerText()).toMatch(/#2001[\s\S]*€129\.00[\s\S]*Yes: it is stored[\s\S]*Did not come with it/);
  expect(await page.locator('input[readonly]').inputValue()).toBe(`${demo.collectorUrl}/v1/sources/shopify/demo`);
  await page.screenshot({ path: 'screenshots/source-seen.png', fullPage: true });
  await page.close();
  for (const [name, { query = '', ...options }] of Object.entries<{ query?: string; viewport?: object; colorScheme?: 'dark' }>(
    LOOKS,
  ))
    for (const which of ['the sources page', 'the page of a source', 'the orders page'] as const) {
      const looked = await open(pages()[which], options as object, `?lang=en${query}`.replace('lang=en&lang', 'lang'));
      await looked.locator('tbody tr').first().waitFor();
      const path = `screenshots/${which.replaceAll(' ', '-')}-${name.replaceAll(' ', '-')}.png`;
      await looked.screenshot({ path, fullPage: true });
      expect(statSync(path).size).toBeGreaterThan(10_000);
      await looked.close();
    }
});

test('the journey can be reached and read by keyboard alone', async () => {
  const page = await open(pages()['the orders page']);
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.className)).toBe('skip');
  for (let presses = 0; presses < 15; presses++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement?.closest('tbody') !== null)) break;
  }
  await page.keyboard.press('Enter');
  await page.locator('article.journey h1').waitFor();
  await page.close();
});
