import { describe, expect, test } from 'vitest';
import { emptyForm, readCheckoutForm } from './checkout-form.ts';

const GOOD = {
  email: ' nora.lind@example.com ',
  phone: '+49 (0)171 39200-42',
  first_name: 'Nora',
  last_name: 'Lind',
  street: 'Hafenstraße 4',
  postal_code: '24103',
  city: 'Kiel',
  country: 'DE',
  delivery: 'express',
  payment: 'invoice',
  session_ref: '0199a6b1-0000-7000-8000-000000000001_0123456789ab',
};

test('a good form is read as it is, but for the spaces around its values', () => {
  const form = readCheckoutForm(GOOD);
  expect(form.faults).toEqual({});
  expect(form.values.email).toBe('nora.lind@example.com');
  expect(form).toMatchObject({ delivery: 'express', payment: 'invoice', session_ref: GOOD.session_ref });
});

test('the phone may be left out', () => {
  expect(readCheckoutForm({ ...GOOD, phone: '' }).faults).toEqual({});
});

describe('is found at fault', () => {
  test.each([
    [{ email: '' }, { email: 'missing' }],
    [{ email: 'nora' }, { email: 'not_email' }],
    [{ email: 'nora@' }, { email: 'not_email' }],
    [{ email: 'nora@example' }, { email: 'not_email' }],
    [{ email: 'nora lind@example.com' }, { email: 'not_email' }],
    [{ email: `${'a'.repeat(250)}@example.com` }, { email: 'too_long' }],
    [{ phone: 'call me' }, { phone: 'not_phone' }],
    [{ phone: '- - - -' }, { phone: 'not_phone' }],
    [{ country: 'XX' }, { country: 'not_country' }],
    [{ last_name: '   ' }, { last_name: 'missing' }],
    [{ city: ['Kiel'] }, { city: 'missing' }],
  ])('%j', (change, faults) => {
    expect(readCheckoutForm({ ...GOOD, ...change }).faults).toEqual(faults);
  });

  test('a form that is not even one', () => {
    expect(Object.keys(readCheckoutForm(undefined).faults)).toEqual([
      'email',
      'first_name',
      'last_name',
      'street',
      'postal_code',
      'city',
      'country',
    ]);
  });
});

test.each(['', 'a b', '<script>', 'ä', 'x'.repeat(101)])('a session_ref like %j costs the link, not the order', (session_ref) => {
  const form = readCheckoutForm({ ...GOOD, session_ref });
  expect([form.session_ref, form.faults]).toEqual([undefined, {}]);
});

test('an unknown delivery or payment is the first of the list', () => {
  expect(readCheckoutForm({ ...GOOD, delivery: 'drone', payment: 'shells' })).toMatchObject({
    delivery: 'standard',
    payment: 'card',
  });
});

test('a fresh form has no faults, and the country of the language', () => {
  expect(emptyForm('DE')).toMatchObject({ faults: {}, values: { country: 'DE', email: '' } });
});
