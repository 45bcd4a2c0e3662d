import { DELIVERIES, type Delivery } from './totals.ts';

export const COUNTRIES = 'AT BE BG CH CN CY CZ DE DK EE ES FI FR GB GR HR HU IE IT LT LU LV MT NL NO PL PT RO SE SI SK US'.split(
  ' ',
);

export const PAYMENTS = ['card', 'invoice'] as const;
export type Payment = (typeof PAYMENTS)[number];

/** The fields that the buyer fills in, with the length that each may have. */
const FIELDS = {
  email: { required: true, most: 254 },
  phone: { required: false, most: 32 },
  first_name: { required: true, most: 100 },
  last_name: { required: true, most: 100 },
  street: { required: true, most: 200 },
  postal_code: { required: true, most: 16 },
  city: { required: true, most: 100 },
  country: { required: true, most: 2 },
} as const;

export type Field = keyof typeof FIELDS;
export type Values = Record<Field, string>;
export type Fault = 'missing' | 'too_long' | 'not_email' | 'not_phone' | 'not_country';
export type Faults = Partial<Record<Field, Fault>>;

export interface CheckoutForm {
  values: Values;
  delivery: Delivery;
  payment: Payment;
  /** Planted by Orderloop's checkout element; absent without it. */
  session_ref: string | undefined;
  faults: Faults;
}

/** Something before an @, and a host with a dot after it; whether it exists only a letter can tell. */
const EMAIL = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/;
const PHONE = /^\+?[\d\s().\-/]{6,}$/;
const SESSION_REF = /^[A-Za-z0-9_-]{1,100}$/;

/** Reads the checkout's form, and says what is wrong with which field. */
export function readCheckoutForm(body: unknown): CheckoutForm {
  const given = (body ?? {}) as Record<string, unknown>;
  const text = (name: string) => (typeof given[name] === 'string' ? given[name].trim() : '');
  const values = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, text(name)])) as Values;
  const faults: Faults = {};
  for (const field of Object.keys(FIELDS) as Field[]) {
    const fault = faultOf(field, values[field]);
    if (fault) faults[field] = fault;
  }
  const session_ref = text('session_ref');
  return {
    values,
    delivery: DELIVERIES.find((name) => name === given['delivery']) ?? 'standard',
    payment: PAYMENTS.find((name) => name === given['payment']) ?? 'card',
    // It comes from the browser: a bad one must cost the link to the session, never the order.
    session_ref: SESSION_REF.test(session_ref) ? session_ref : undefined,
    faults,
  };
}

/** The form before anybody has touched it. */
export function emptyForm(country: string): CheckoutForm {
  return { ...readCheckoutForm({ country }), faults: {} };
}

function faultOf(field: Field, value: string): Fault | undefined {
  const { required, most } = FIELDS[field];
  if (value === '') return required ? 'missing' : undefined;
  if (value.length > most) return 'too_long';
  if (field === 'email' && !EMAIL.test(value)) return 'not_email';
  if (field === 'phone' && !(PHONE.test(value) && value.replace(/\D/g, '').length >= 6)) return 'not_phone';
  if (field === 'country' && !COUNTRIES.includes(value)) return 'not_country';
  return undefined;
}
