import { createHash } from 'node:crypto';
import { ParamBuilder } from 'capi-param-builder-nodejs';
import bizSdk from 'facebook-nodejs-business-sdk';
import { expect, test } from 'vitest';
import { sent } from './testing.ts';

/** What Meta's own SDK makes of a buyer. */
function witness(set: (user: InstanceType<typeof bizSdk.UserData>) => void): Record<string, unknown> {
  const user = new bizSdk.UserData();
  set(user);
  return user.normalize() as Record<string, unknown>;
}

const ours = (user: object) =>
  sent('meta', [
    {
      event: 'purchase',
      event_id: '1',
      occurred_at: Date.parse('2026-11-20T10:15:30Z'),
      action_source: 'physical_store',
      user: { email: 'a@example.com', ...user },
      order: { value: '1', currency: 'EUR' },
    },
  ]).requests[0]!.json.data[0].user_data as Record<string, unknown>;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test.each([
  ['email', '  Nora.Lind+promo@GMail.com ', 'em', (user, value) => user.setEmail(value)],
  ['email', 'K.Ono+news@Example.JP', 'em', (user, value) => user.setEmail(value)],
  ['phone', '+49 151 2345-6789', 'ph', (user, value) => user.setPhone(value)],
  ['first_name', ' Zoë ', 'fn', (user, value) => user.setFirstName(value)],
  ['first_name', 'Иванова', 'fn', (user, value) => user.setFirstName(value)],
  ['last_name', 'Lind', 'ln', (user, value) => user.setLastName(value)],
  ['city', 'Berlin', 'ct', (user, value) => user.setCity(value)],
  ['region', 'ca', 'st', (user, value) => user.setState(value)],
  ['postal_code', '94107-2282', 'zp', (user, value) => user.setZip(value)],
  ['country', 'DE', 'country', (user, value) => user.setCountry(value)],
  ['gender', 'f', 'ge', (user, value) => user.setGender(value)],
] as [string, string, string, (user: InstanceType<typeof bizSdk.UserData>, value: string) => void][])(
  'Meta’s own SDK makes the same of %s %j',
  (field, value, key, set) => {
    const theirs = witness((user) => set(user, value))[key];
    expect(theirs).toBeDefined();
    expect(ours({ [field]: value })[key]).toEqual(theirs);
  },
);

test('where the SDK does not resolve what people write, we do (relays §4.1, §4.2)', () => {
  // Left as it is by the SDK: nobody at Meta is found by the trunk zero, or by a region's full name.
  expect(witness((user) => user.setPhone('+49 (0)151 2345-6789'))['ph']).toEqual([sha256('49015123456789')]);
  expect(ours({ phone: '+49 (0)151 2345-6789' })['ph']).toEqual([sha256('4915123456789')]);
  expect(witness((user) => user.setState('California'))['st']).not.toEqual([sha256('ca')]);
  expect(ours({ region: 'California', country: 'US' })['st']).toEqual([sha256('ca')]);
  expect(ours({ country: 'AUT' })['country']).toEqual([sha256('at')]);
});

/** What the newer of Meta's two helpers makes of a value; it puts a mark of its own behind the hash. */
const built = (value: string, type: string) =>
  String(new ParamBuilder(['shop.example']).getNormalizedAndHashedPII(value, type)).split('.')[0];

test.each([
  ['email', '  Nora.Lind+promo@GMail.com ', 'em', 'email'],
  ['first_name', 'Dr. Anna Lena', 'fn', 'first_name'],
  ['last_name', "D'Arc-Müller", 'ln', 'last_name'],
  ['last_name', 'Иванова', 'ln', 'last_name'],
  ['city', 'Saint-Étienne', 'ct', 'city'],
  ['city', 'São Paulo', 'ct', 'city'],
  ['region', 'California', 'st', 'state'],
  ['postal_code', 'SW1A 2AA', 'zp', 'zip_code'],
  ['country', 'DEU', 'country', 'country'],
  ['gender', 'Female', 'ge', 'gender'],
  ['date_of_birth', '1990-02-07', 'db', 'date_of_birth'],
  ['id', ' Cust-77 A ', 'external_id', 'external_id'],
])('Meta’s parameter builder makes the same of %s %j', (field, value, key, type) => {
  expect(ours({ [field]: value })[key]).toEqual([built(value, type)]);
});

test('the builder keeps the trunk zero of a number, too', () => {
  expect(built('+49 (0)151 2345-6789', 'phone')).not.toBe(sha256('4915123456789'));
});
