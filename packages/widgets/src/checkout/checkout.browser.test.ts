import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { type FakeCollector, installFakeCollector, uninstallFakeCollector } from '../testing/fake-collector.ts';
import { expectAccessible, frames, measureShifts, mount, resetPage } from '../testing/page.ts';
import './define.ts';

const FORM = `
  <form>
    <label>E-mail <input name="email" type="email" autocomplete="email"></label>
    <label>Phone <input name="tel" type="tel"></label>
    <label>Card <input name="card-number"></label>
    <label>Password <input name="password" type="password"></label>
    <label><input type="checkbox" name="terms"> Terms</label>
    <label><input type="radio" name="payment_method" value="card"> Card</label>
    <label><input type="radio" name="payment_method" value="tok_4242424242424242"> Saved card</label>
    <label>Paying <select name="payment"><option value="">–</option><option value="pay later">Later</option></select></label>
    <button>Buy</button>
  </form>`;

let fake: FakeCollector;
let tokens = 0;

/** A checkout with a token of its own, because each is begun once a page. */
const checkout = (attributes = 'capture step="payment"', form = FORM) =>
  mount(`<orderloop-checkout checkout-token="t${++tokens}" ${attributes}>${form}</orderloop-checkout>`);
const told = (name: string) => fake.told.filter(([, event]) => event === name).map(([, , params]) => params);
const field = <E extends HTMLElement = HTMLInputElement>(main: HTMLElement, name: string) =>
  main.querySelector<E>(`[name="${name}"]`)!;
const refs = (main: HTMLElement) => main.querySelectorAll<HTMLInputElement>('input[name="session_ref"]');

function submitted(main: HTMLElement): Promise<boolean> {
  return new Promise((resolve) => {
    main.querySelector('form')!.addEventListener('submit', (event) => {
      resolve(event.defaultPrevented);
      event.preventDefault();
    });
  });
}

beforeEach(async () => {
  await resetPage();
  fake = installFakeCollector();
});

afterEach(() => {
  document.body.replaceChildren();
  uninstallFakeCollector();
});

describe('the form', () => {
  test('gets a field for the session’s reference, which a submit by script carries too', async () => {
    const main = checkout('');
    expect(refs(main)).toHaveLength(1);
    expect(refs(main)[0]!.matches('[type="hidden"][data-orderloop="session_ref"]')).toBe(true);
    refs(main)[0]!.value = 'ref';
    expect(new FormData(main.querySelector('form')!).get('session_ref')).toBe('ref');
    await expectAccessible(main);
  });

  test('keeps its own field for it', () => {
    const main = checkout('', '<form><input type="hidden" name="ref" data-orderloop="session_ref"></form>');
    expect(refs(main)).toHaveLength(0);
  });

  test('gets the field when it comes late, or when the shop renders it anew', async () => {
    const main = checkout('', '');
    const element = main.querySelector('orderloop-checkout')!;
    element.innerHTML = `<div>${FORM}</div>`;
    await expect.poll(() => refs(main).length).toBe(1);
    element.innerHTML = FORM;
    await expect.poll(() => refs(main).length).toBe(1);
  });

  test('looks as if nothing stood around it, and nothing moves', async () => {
    const shifts = measureShifts();
    const main = checkout('');
    await frames(2);
    expect(await shifts()).toBe(0);
    expect(getComputedStyle(main.querySelector('orderloop-checkout')!).display).toBe('contents');
    expect(main.querySelector('form')!.checkVisibility()).toBe(true);
  });

  test('is left as it was when the element goes', async () => {
    const main = checkout();
    const element = main.querySelector('orderloop-checkout')!;
    const form = main.querySelector('form')!;
    element.remove();
    expect(form.querySelector('[data-orderloop]')).toBeNull();
    main.append(element);
    expect(refs(main)).toHaveLength(1);
    element.remove();
    fake.told = [];
    form.querySelector('input')!.dispatchEvent(new FocusEvent('focusin', { bubbles: true }));
    form.querySelector('input')!.dispatchEvent(new FocusEvent('focusout', { bubbles: true }));
    expect(fake.told).toEqual([]);
  });
});

describe('the beginning', () => {
  test('is told once, with what is bought', async () => {
    const items = JSON.stringify([{ item_id: 'a', quantity: 2 }]).replaceAll('"', '&quot;');
    const main = checkout(`value="12.5" currency="EUR" items="${items}"`);
    await expect
      .poll(() => told('begin_checkout'))
      .toEqual([{ value: 12.5, currency: 'EUR', checkout_token: `t${tokens}`, items: [{ item_id: 'a', quantity: 2 }] }]);
    main.append(main.querySelector('orderloop-checkout')!);
    mount(`<orderloop-checkout checkout-token="t${tokens}"></orderloop-checkout>`);
    await frames(3);
    expect(told('begin_checkout')).toHaveLength(1);
  });

  test('knows properties that were set before the element was defined', async () => {
    const element = document.createElement('orderloop-checkout');
    Object.assign(element, { checkoutToken: 'before', items: [{ item_id: 'b' }], value: 3, currency: 'USD' });
    mount('').append(element);
    await expect
      .poll(() => told('begin_checkout'))
      .toMatchObject([{ checkout_token: 'before', items: [{ item_id: 'b' }], value: 3 }]);
  });
});

describe('a field that is left', () => {
  test('is told by its name and its time, and never by its value', async () => {
    const main = checkout();
    await userEvent.fill(field(main, 'card-number'), '4242 4242 4242 4242');
    await userEvent.click(field(main, 'email'));
    await userEvent.keyboard('{Tab}');
    expect(told('checkout_field')).toEqual([
      { field: 'card-number', step: 'payment', duration_ms: expect.any(Number), filled: true },
      { field: 'email', step: 'payment', duration_ms: expect.any(Number), filled: false },
    ]);
    expect(JSON.stringify(fake.told)).not.toContain('4242');
  });

  test('counts as filled when a box is ticked, not because it has a value', async () => {
    const main = checkout();
    for (let times = 0; times < 2; times++) {
      await userEvent.click(field(main, 'terms'));
      await userEvent.keyboard('{Tab}');
    }
    expect(told('checkout_field').filter((params) => (params as { field: string }).field === 'terms')).toMatchObject([
      { filled: true },
      { filled: false },
    ]);
  });

  test('is not told when it is a password, or without capture', async () => {
    const main = checkout();
    await userEvent.fill(field(main, 'password'), 'secret');
    await userEvent.click(document.body);
    const quiet = checkout('');
    await userEvent.fill(field(quiet, 'email'), 'a@shop.example');
    await userEvent.click(document.body);
    expect(told('checkout_field')).toEqual([]);
  });
});

describe('the payment method', () => {
  test('is told by its name when it is chosen, once', async () => {
    const main = checkout('capture value="5" currency="EUR"');
    await userEvent.click(field(main, 'payment_method'));
    field(main, 'payment_method').dispatchEvent(new Event('change', { bubbles: true }));
    await userEvent.selectOptions(field<HTMLSelectElement>(main, 'payment'), 'pay later');
    expect(told('add_payment_info')).toMatchObject([
      { payment_type: 'card', value: 5, currency: 'EUR' },
      { payment_type: 'pay later' },
    ]);
  });

  test('is told without a name when that holds a card’s token or digits', async () => {
    const main = checkout();
    await userEvent.click(main.querySelector('[value^="tok_"]')!);
    expect(told('add_payment_info')).toMatchObject([{ payment_type: '' }]);
    expect(JSON.stringify(fake.told)).not.toContain('4242');
  });
});

describe('a submit', () => {
  test('tells who it was, and is not held up', async () => {
    const main = checkout();
    const seen = submitted(main);
    await userEvent.fill(field(main, 'email'), ' ada@shop.example ');
    await userEvent.fill(field(main, 'tel'), '+49 30 1234');
    await userEvent.click(main.querySelector('button')!);
    expect(await seen).toBe(false);
    expect(fake.told.filter(([name]) => name === 'identify')).toEqual([
      ['identify', { email: 'ada@shop.example', phone: '+49 30 1234' }],
    ]);
  });

  test('that the shop stops from spreading is heard all the same', async () => {
    const main = checkout();
    field(main, 'email').value = 'ada@shop.example';
    main.querySelector('form')!.addEventListener('submit', (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
    });
    main.querySelector('form')!.requestSubmit();
    expect(fake.told.filter(([name]) => name === 'identify')).toHaveLength(1);
  });

  test('without an address, or without capture, tells nobody', async () => {
    for (const main of [checkout(), checkout('')]) {
      const seen = submitted(main);
      if (!main.querySelector('[capture]')) field(main, 'email').value = 'ada@shop.example';
      main.querySelector('form')!.requestSubmit();
      await seen;
    }
    expect(fake.told.filter(([name]) => name === 'identify')).toEqual([]);
  });

  test('works on a page without the SDK', async () => {
    delete window.orderloop;
    const main = checkout();
    const seen = submitted(main);
    main.querySelector('form')!.requestSubmit();
    expect(await seen).toBe(false);
  });
});
