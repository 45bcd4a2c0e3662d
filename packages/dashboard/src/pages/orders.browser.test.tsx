import type { OrderSummary } from '@orderloop/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { LANGUAGE_NAMES, type Language } from '../i18n.ts';
import {
  closePage,
  drawApp,
  emulate,
  expectAccessible,
  expectNoOverflow,
  installFakeCollector,
  openPage,
} from '../testing/page.ts';

const order = (order_number: string, more: Partial<OrderSummary> = {}): OrderSummary => ({
  order_key: `shopify:main:${order_number}`,
  order_id: order_number,
  order_number,
  source: 'shopify',
  state: 'paid',
  payment_state: 'paid',
  fulfillment_state: 'unfulfilled',
  dispute_state: 'none',
  cancelled_at: null,
  total: 129_000,
  currency: 'EUR',
  exponent: 2,
  created_at: '2026-03-04T09:05:00Z',
  link_key: 'session_ref',
  channel: 'paid_social',
  platform: 'meta',
  deliveries: [{ destination: 'meta', state: 'delivered' }],
  test: false,
  ...more,
});

const orders: OrderSummary[] = [
  order('#1'),
  order('#2', { source: 'woocommerce', currency: 'JPY', exponent: 0, payment_state: 'partially_refunded', test: true }),
  order('#3', {
    ...{ source: 'stripe', currency: 'KWD', exponent: 3, fulfillment_state: 'delivered', dispute_state: 'open' },
    ...{ link_key: null, unlinked_reason: 'no_key_on_order' as const, channel: null, deliveries: [] },
  }),
  order('#4', {
    ...{ source: 'generic', payment_state: 'voided', fulfillment_state: 'returned', dispute_state: 'lost' },
    ...{ cancelled_at: '2026-03-05T09:05:00Z', link_key: null, unlinked_reason: 'no_session_with_key' as const },
  }),
  order('#5', { dispute_state: 'won', fulfillment_state: 'partially_fulfilled', link_key: 'email' }),
];

let root: HTMLElement;
const ownAddress = location.href;

beforeEach(async () => {
  installFakeCollector({ '/v1/orders?limit=200': { orders } });
  root = await openPage();
});

afterEach(async () => {
  await closePage(root);
  history.replaceState(null, '', ownAddress);
});

async function open(query = '?lang=en'): Promise<void> {
  history.replaceState(null, '', `/dashboard/orders${query}`);
  await drawApp(root);
  await expect.poll(() => root.querySelectorAll('tbody tr').length).toBe(orders.length);
}

const text = (element: Element | null | undefined) => element?.textContent?.replace(/\s+/g, ' ').trim();
const cells = (title: string) => [...root.querySelectorAll(`tbody [data-label="${title}"]`)].map(text);

describe('each order', () => {
  test('says which source it is from, and whether it is a test', async () => {
    await open();
    expect(cells('Order')).toEqual(['#1 shopify', '#2 woocommerce test', '#3 stripe', '#4 generic', '#5 shopify']);
  });

  test('shows payment and fulfilment, a dispute only where there is one, and that it was cancelled', async () => {
    await open();
    expect(cells('State')).toEqual([
      'paid not shipped',
      'partly refunded not shipped',
      'paid delivered disputed',
      'payment voided returned charged back cancelled',
      'paid partly shipped dispute won',
    ]);
  });

  test.each([
    ['en', ['€1,290.00', '¥129,000', 'KWD 129.000']],
    ['de', ['1.290,00 €', '129.000 ¥', '129,000 KWD']],
    ['fr', ['1 290,00 €', '129 000 JPY', '129,000 KWD']],
  ] as const)(
    'has its total in its own currency, with that currency’s decimals, in the words of %s',
    async (language, totals) => {
      await open(`?lang=${language}`);
      const title = { en: 'Total', de: 'Summe', fr: 'Total' }[language];
      expect(cells(title).slice(0, 3)).toEqual(totals);
    },
  );

  test('says by which key it was linked, or why it was not', async () => {
    await open();
    expect(cells('Matched by')).toEqual([
      'session reference',
      'session reference',
      'not linked The order carries nothing that a browser has seen: no session reference, no token, no customer, no address.',
      'not linked No session has shown any key of this order. It is tried again whenever something new arrives.',
      'e-mail (hashed)',
    ]);
  });
});

describe('for everybody', () => {
  test.each(['light', 'dark'])('axe finds nothing in %s colours, wide and narrow', async (scheme) => {
    await emulate({ 'prefers-color-scheme': scheme });
    await open();
    await expectAccessible();
    await page.viewport(320, 700);
    await expectAccessible();
  });

  test.each(Object.keys(LANGUAGE_NAMES) as Language[])('the list fits 320 pixels in the words of %s', async (language) => {
    await page.viewport(320, 700);
    await open(`?lang=${language}`);
    expectNoOverflow();
    expect(text(root)).not.toMatch(/undefined|\{\w+\}/);
  });

  test('the list fits 320 pixels from right to left', async () => {
    await page.viewport(320, 700);
    await open('?dir=rtl');
    expectNoOverflow();
  });

  test('who follows a link of the dashboard finds the focus at the heading of the page that it leads to', async () => {
    await open();
    root.querySelector<HTMLElement>('nav a')!.focus();
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => text(document.activeElement)).toBe('Live events');
    expect(document.activeElement!.tagName).toBe('H1');
  });
});
