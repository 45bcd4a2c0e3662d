import type { Journey } from '@orderloop/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { LANGUAGE_NAMES, type Language } from '../i18n.ts';
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
import { PERSON_ID, person } from '../testing/person.ts';

const PATH = '/dashboard/orders/shopify%3Amain%3A1042';
const API_PATH = '/v1/orders/shopify%3Amain%3A1042/journey';
const NOON = Date.UTC(2026, 2, 4, 12);

const journey: Journey = {
  order: {
    order_id: '1042',
    order_number: '#1042',
    source: 'shopify',
    account: 'main',
    created_at: '2026-03-04T09:05:00Z',
    amounts: { total: 12_900 },
    currency: 'EUR',
    exponent: 2,
    state: 'disputed',
    payment_state: 'paid',
    fulfillment_state: 'delivered',
    dispute_state: 'open',
    cancelled_at: null,
    test: false,
  } as Journey['order'],
  order_events: [
    { event_id: '019cb000-0000-7000-8000-000000000001', received_at: NOON, payment_state: 'pending' },
    { event_id: '019cb000-0000-7000-8000-000000000002', received_at: NOON + 60_000, fact: 'payment' },
    { event_id: '019cb000-0000-7000-8000-000000000003', received_at: NOON + 120_000, fact: 'shipment' },
    { event_id: '019cb000-0000-7000-8000-000000000004', received_at: NOON + 180_000, fact: 'refund' },
    { event_id: '019cb000-0000-7000-8000-000000000005', received_at: NOON + 240_000, fact: 'dispute' },
    { event_id: '019cb000-0000-7000-8000-000000000006', received_at: NOON + 300_000, fact: 'change' },
  ],
  conflicts: [{ event_id: '019cb000-0000-7000-8000-000000000007', field: 'payment_state', from: 'voided', to: 'paid' }],
  payments: [
    { order_key: 'stripe:main:pi_1', source: 'stripe', order_id: 'pi_1', state: 'paid', by: 'reference' },
    { order_key: 'paypal:main:2GG2', source: 'paypal', order_id: '2GG2', state: 'refunded', by: 'likeness' },
  ],
  link: null,
  unlinked_reason: 'no_key_on_order',
  candidates: [],
  visitor_id: null,
  person_id: PERSON_ID,
  sessions: [],
  touchpoints: [],
  events: [],
  conversions: [],
};

let root: HTMLElement;
let answers: Answers;
const ownAddress = location.href;

beforeEach(async () => {
  answers = installFakeCollector({ [`/v1/persons/${PERSON_ID}`]: person, [API_PATH]: journey });
  root = await openPage();
});

afterEach(async () => {
  await closePage(root);
  history.replaceState(null, '', ownAddress);
});

/** The journey as it stands when it has got its answers. */
async function open(query = '?lang=en'): Promise<void> {
  history.replaceState(null, '', PATH + query);
  await drawApp(root);
  await expect.poll(() => root.querySelector('.journey h2')).not.toBeNull();
}

const text = (element: Element | null | undefined) => element?.textContent?.replace(/\s+/g, ' ').trim();
const titles = () => [...root.querySelectorAll('.journey h2')].map(text);
const section = (title: string) =>
  [...root.querySelectorAll('h2')].find(({ textContent }) => textContent === title)!.closest('section')!;
const items = (title: string) => [...section(title).querySelectorAll('li')].map(text);

describe('the journey', () => {
  test('leads to the person whose order it is, and says why it is not linked', async () => {
    await open();
    expect(text(section('Evidence'))).toContain('The order carries nothing that a browser has seen');
    const link = [...root.querySelectorAll('a')].find((found) => text(found) === 'Person …c0ffee')!;
    await userEvent.click(link);
    await expect.poll(() => text(root.querySelector('h1'))).toBe('Person …c0ffee');
    expect(location.pathname).toBe(`/dashboard/persons/${PERSON_ID}`);
  });

  test('of nobody’s order says so', async () => {
    answers[API_PATH] = { ...journey, person_id: null };
    await open();
    expect(text(root.querySelector('.heading'))).toContain('No person: the order’s events name nobody.');
    expect(root.querySelector('.heading a')).toBeNull();
    await expectAccessible();
  });

  test('calls each message about the order by what it said', async () => {
    await open();
    expect([...section('What happened').querySelectorAll('strong')].map(text)).toEqual([
      'Order received',
      'Payment received',
      'Shipment received',
      'Refund received',
      'Dispute received',
      'Change received',
    ]);
  });

  test('shows what was paid, what was sent and what is disputed', async () => {
    await open();
    expect([...root.querySelectorAll('.heading .badge')].map(text)).toEqual(['paid', 'delivered', 'disputed']);
  });

  test('shows the payments of other sources, and which of them are a guess', async () => {
    await open();
    expect(items('Payments of other sources')).toEqual([
      'stripe pi_1 paid names this order',
      'paypal 2GG2 refunded same money at the same time: a guess',
    ]);
    expect(section('Payments of other sources').querySelector('a')!.getAttribute('href')).toBe(
      '/dashboard/orders/stripe%3Amain%3Api_1',
    );
  });

  test('shows the moves that were refused, each with the event that asked for it', async () => {
    await open();
    expect(items('What did not fit')).toEqual(['payment voided → paid, refused …000007']);
  });

  test('says nothing of payments and conflicts where there are none', async () => {
    answers[API_PATH] = { ...journey, payments: [], conflicts: [] };
    await open();
    expect(titles()).not.toContain('Payments of other sources');
    expect(titles()).not.toContain('What did not fit');
  });

  test.each(Object.keys(LANGUAGE_NAMES) as Language[])('fits a narrow window in %s, and axe finds nothing', async (language) => {
    await page.viewport(360, 780);
    await open(`?lang=${language}`);
    expectNoOverflow();
    await expectAccessible();
  });

  test('is readable in the dark and from right to left', async () => {
    await emulate({ 'prefers-color-scheme': 'dark' });
    await open('?lang=en&dir=rtl');
    expectNoOverflow();
    await expectAccessible();
  });
});
