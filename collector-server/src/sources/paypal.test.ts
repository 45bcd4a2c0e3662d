import { readFileSync } from 'node:fs';
import type { OrderChange } from '@orderloop/protocol';
import { expect, test } from 'vitest';
import type { Connection, OrderFact } from './contract.ts';
import { paypal } from './paypal.ts';
import { makeCertificate, paypalHeaders, type TestCertificate } from './shared/testing.ts';

const NOW = Date.UTC(2026, 1, 3, 12);
const WEBHOOK_ID = '1JE4291016473214C';
const signer = makeCertificate();
const CONNECTION: Connection = {
  account: 'merchant',
  secrets: [],
  settings: { webhook_id: WEBHOOK_ID, cert_pem: signer.pem },
};
const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/sources/paypal/${name}.json`, import.meta.url), 'utf8')).body;

const headersOf = (body: Buffer, certificate: TestCertificate = signer, webhook_id = WEBHOOK_ID) =>
  paypalHeaders(body, certificate, webhook_id);

function deliver(
  event: unknown,
  { headers, settings, certificate }: { headers?: Record<string, string>; settings?: object; certificate?: string } = {},
) {
  const body = Buffer.from(typeof event === 'string' ? event : JSON.stringify(event));
  const connection = { ...CONNECTION, settings: { ...CONNECTION.settings, ...settings } };
  const request = { headers: { ...headersOf(body), ...headers }, signed: body, body };
  return paypal.read(request, connection, { now: NOW, ...(certificate !== undefined && { certificate }) });
}

function factsOf(event: unknown, settings?: object): OrderFact[] {
  const reading = deliver(event, { ...(settings && { settings }) });
  if (reading.kind !== 'facts') throw new Error(`expected facts, found ${JSON.stringify(reading)}`);
  return reading.facts;
}

/** What an event says, beside who says it. */
function told(event: unknown, settings?: object): Partial<OrderChange> {
  const [fact] = factsOf(event, settings);
  const { source, account, ...change } = fact!.order;
  expect([source, account]).toEqual(['paypal', 'merchant']);
  return change;
}

/** What may be sent, with another event type or other fields of its resource. */
const changed = (name: string, more: object, event_type?: string) => {
  const event = fixture(name);
  return { ...event, ...(event_type && { event_type }), resource: { ...event.resource, ...more } };
};
const CAPTURE = 'webhook-PAYMENT.CAPTURE.COMPLETED';
const REFUND = 'self-webhook-PAYMENT.CAPTURE.REFUNDED';
const DISPUTE = 'webhook-CUSTOMER.DISPUTE.CREATED';
const APPROVED = 'webhook-CHECKOUT.ORDER.APPROVED';

test('the recorded CHECKOUT.ORDER.APPROVED is an order whose money has not moved', () => {
  expect(factsOf(fixture(APPROVED))).toEqual([
    {
      delivery_id: 'CHECKOUT.ORDER.APPROVED:WH-COC11055RA711503B-4YM959094A144403T',
      occurred_at: Date.UTC(2018, 3, 16, 21, 21, 49),
      order: {
        source: 'paypal',
        account: 'merchant',
        order_id: '5O190127TN364715T',
        test: false,
        currency: 'USD',
        exponent: 2,
        payments: [{ payment_id: '5O190127TN364715T', state: 'pending', amount: 10000, at: '2018-04-01T21:20:49Z' }],
        amounts: { total: 10000 },
        created_at: '2018-04-01T21:18:49Z',
        references: [{ kind: 'payment', value: '5O190127TN364715T' }],
        customer: {
          id: 'QYR5Z8XDVJNXQ',
          // SHA-256 of customer@example.com
          email_sha256: 'e233d4a29013e9d87150c6237c6777bedf379ebf1acdc5d6126fec7e8bb74fb5',
          phone_e164: null,
        },
      },
      user: {
        email: 'customer@example.com',
        first_name: 'John',
        last_name: 'Doe',
        street: '2211 N First Street, Building 17',
        city: 'San Jose',
        region: 'CA',
        postal_code: '95131',
        country: 'US',
      },
    },
  ]);
});

test('the recorded CHECKOUT.ORDER.COMPLETED has its captures, another id than the one before, and is of the sandbox', () => {
  expect(factsOf(fixture('webhook-CHECKOUT.ORDER.COMPLETED'))).toEqual([
    {
      delivery_id: 'CHECKOUT.ORDER.COMPLETED:WH-COC11055RA711503B-4YM959094A144403T',
      occurred_at: Date.UTC(2018, 3, 16, 21, 21, 49),
      order: {
        source: 'paypal',
        account: 'merchant',
        order_id: '5O190127TN364715T',
        test: true,
        currency: 'USD',
        exponent: 2,
        payments: [{ payment_id: '3C679366HH908993F', state: 'paid', amount: 10000, at: '2018-04-01T21:20:49Z' }],
        amounts: { total: 10000 },
        created_at: '2018-04-01T21:18:49Z',
        references: [
          { kind: 'payment', value: '5O190127TN364715T' },
          { kind: 'payment', value: '3C679366HH908993F' },
        ],
        aliases: ['3C679366HH908993F'],
        customer: {
          id: 'QYR5Z8XDVJNXQ',
          // SHA-256 of buyer@example.com
          email_sha256: '6a6c26195c3682faa816966af789717c3bfa834eee6c599d667d2b3429c27cfd',
          phone_e164: null,
        },
      },
      user: {
        email: 'buyer@example.com',
        first_name: 'John',
        last_name: 'Doe',
        street: '2211 N First Street, Building 17',
        city: 'San Jose',
        region: 'CA',
        postal_code: '95131',
        country: 'US',
      },
    },
  ]);
});

test('the recorded PAYMENT.CAPTURE.COMPLETED is a payment of its order, and PayPal’s fee no fee of it', () => {
  expect(factsOf(fixture(CAPTURE))).toEqual([
    {
      delivery_id: 'PAYMENT.CAPTURE.COMPLETED:WH-3UT90572MR669760L-7LL94124G5389840D',
      occurred_at: Date.UTC(2021, 9, 17, 5, 5, 3, 389),
      order: {
        source: 'paypal',
        account: 'merchant',
        order_id: '4K5112848U951142F',
        test: true,
        currency: 'USD',
        exponent: 2,
        payments: [{ payment_id: '5VK462069F664902F', state: 'paid', amount: 1000, at: '2021-10-17T05:04:29Z' }],
        created_at: '2021-10-17T05:04:29Z',
        // `{my-local-db-purchase-id}` is no session reference.
        references: [
          { kind: 'payment', value: '4K5112848U951142F' },
          { kind: 'payment', value: '5VK462069F664902F' },
        ],
        aliases: ['5VK462069F664902F'],
      },
    },
  ]);
});

test('the recorded PAYMENT.CAPTURE.REFUNDED names its capture, which its order is found by', () => {
  expect(factsOf(fixture(REFUND))).toEqual([
    {
      delivery_id: 'PAYMENT.CAPTURE.REFUNDED:WH-TEST0REFUND0000001-TEST0REFUND000001',
      occurred_at: Date.UTC(2026, 1, 3, 11, 20, 8, 120),
      order: {
        source: 'paypal',
        account: 'merchant',
        order_id: '5VK462069F664902F',
        order_number: 'INV-1001',
        currency: 'USD',
        exponent: 2,
        refunds: [{ refund_id: '1JU08902781691411', amount: 300, at: '2026-02-03T11:20:05Z' }],
        refund_totals: [{ payment_id: '5VK462069F664902F', amount: 300, at: '2026-02-03T11:20:05Z' }],
        session_ref: 's_9f2c_v_71aa',
        references: [
          { kind: 'order', value: 'INV-1001' },
          { kind: 'payment', value: '5VK462069F664902F' },
        ],
      },
    },
  ]);
});

test('the recorded CUSTOMER.DISPUTE.CREATED is open, of the capture that it names', () => {
  expect(factsOf(fixture(DISPUTE))).toEqual([
    {
      delivery_id: 'CUSTOMER.DISPUTE.CREATED:WH-4M0448861G563140B-9EX36365822141321',
      occurred_at: Date.UTC(2018, 5, 21, 13, 36, 33),
      order: {
        source: 'paypal',
        account: 'merchant',
        order_id: '00D10444LD479031K',
        disputes: [{ dispute_id: 'PP-000-042-663-135', state: 'open', at: '2018-06-21T13:35:44Z' }],
        references: [{ kind: 'payment', value: '00D10444LD479031K' }],
      },
    },
  ]);
});

test.each([
  ['PAYMENT.CAPTURE.COMPLETED', 'paid'],
  ['PAYMENT.CAPTURE.PENDING', 'pending'],
  ['PAYMENT.CAPTURE.DENIED', 'failed'],
  ['PAYMENT.CAPTURE.DECLINED', 'failed'],
  ['PAYMENT.AUTHORIZATION.CREATED', 'authorized'],
  ['PAYMENT.AUTHORIZATION.VOIDED', 'voided'],
])('%s is a payment that is %s', (event_type, state) => {
  expect(told(changed(CAPTURE, {}, event_type)).payments).toMatchObject([{ payment_id: '5VK462069F664902F', state }]);
});

test.each([
  ['captures', 'COMPLETED', 'paid'],
  ['captures', 'PARTIALLY_REFUNDED', 'paid'],
  ['captures', 'REFUNDED', 'paid'],
  ['captures', 'PENDING', 'pending'],
  ['captures', 'DECLINED', 'failed'],
  ['captures', 'FAILED', 'failed'],
  ['authorizations', 'CREATED', 'authorized'],
  ['authorizations', 'CAPTURED', 'authorized'],
  ['authorizations', 'PARTIALLY_CAPTURED', 'authorized'],
  ['authorizations', 'PENDING', 'pending'],
  ['authorizations', 'DENIED', 'failed'],
  ['authorizations', 'VOIDED', 'voided'],
])('of an order’s %s, %s is %s', (list, status, state) => {
  const [unit] = fixture(APPROVED).resource.purchase_units;
  const payments = { [list]: [{ id: 'P1', status, amount: { currency_code: 'USD', value: '100.00' } }] };
  expect(told(changed(APPROVED, { purchase_units: [{ ...unit, payments }] }))).toMatchObject({
    payments: [{ payment_id: 'P1', state, amount: 10000, at: null }],
    aliases: ['P1'],
  });
});

test.each([
  ['PAYMENT.CAPTURE.REFUNDED', 'COMPLETED', ['refunds', 'refund_totals']],
  ['PAYMENT.CAPTURE.REFUNDED', undefined, ['refunds', 'refund_totals']],
  ['PAYMENT.CAPTURE.REFUNDED', 'CANCELLED', ['failed_refunds']],
  ['PAYMENT.REFUND.FAILED', 'FAILED', ['failed_refunds']],
])('%s with status %s says %j', (event_type, status, fields) => {
  const change = told(changed(REFUND, { status }, event_type));
  expect(Object.keys(change).filter((name) => /refund/.test(name))).toEqual(fields);
});

test('a refund that is pending moved nothing yet', () => {
  const ignored = { kind: 'ignored', reason: 'refund_pending' };
  expect(deliver(changed(REFUND, { status: 'PENDING' }))).toEqual(ignored);
  expect(deliver(changed(REFUND, { status: 'PENDING' }, 'PAYMENT.REFUND.PENDING'))).toEqual(ignored);
});

test.each([
  ['OPEN', undefined, 'open'],
  ['WAITING_FOR_SELLER_RESPONSE', undefined, 'open'],
  ['UNDER_REVIEW', undefined, 'open'],
  ['RESOLVED', 'RESOLVED_SELLER_FAVOUR', 'won'],
  ['RESOLVED', 'RESOLVED_WITH_PAYOUT', 'won'],
  ['RESOLVED', 'DENIED', 'won'],
  ['RESOLVED', 'RESOLVED_BUYER_FAVOUR', 'lost'],
  ['RESOLVED', 'ACCEPTED', 'lost'],
  ['RESOLVED', 'CANCELED_BY_BUYER', 'none'],
  ['RESOLVED', 'NONE', 'none'],
])('a dispute that is %s (%s) is %s, whatever its stage', (status, outcome_code, state) => {
  for (const dispute_life_cycle_stage of ['INQUIRY', 'CHARGEBACK', 'ARBITRATION']) {
    const more = { status, dispute_life_cycle_stage, ...(outcome_code && { dispute_outcome: { outcome_code } }) };
    expect(told(changed(DISPUTE, more, 'CUSTOMER.DISPUTE.UPDATED')).disputes).toMatchObject([{ state }]);
  }
});

test('a dispute about several captures is told to the order of each', () => {
  const disputed_transactions = ['C1', 'C2', 'C1'].map((seller_transaction_id) => ({ seller_transaction_id }));
  const facts = factsOf(changed(DISPUTE, { disputed_transactions }));
  expect(facts.map(({ order }) => order.order_id)).toEqual(['C1', 'C2']);
  expect(new Set(facts.map(({ delivery_id }) => delivery_id)).size).toBe(2);
});

test('a capture that is reversed is a dispute that was lost, whether it is told as a capture or as a refund of one', () => {
  const lost = (id: string) => ({ disputes: [{ dispute_id: id, state: 'lost' }] });
  expect(told(changed(CAPTURE, {}, 'PAYMENT.CAPTURE.REVERSED'))).toMatchObject({
    order_id: '4K5112848U951142F',
    ...lost('5VK462069F664902F'),
  });
  const asRefund = told(changed(REFUND, {}, 'PAYMENT.CAPTURE.REVERSED'));
  expect(asRefund).toMatchObject({ order_id: '5VK462069F664902F', ...lost('1JU08902781691411') });
  expect(asRefund).not.toHaveProperty('refunds');
  expect(asRefund).not.toHaveProperty('refund_totals');
});

test.each([
  ['PAYMENT.SALE.COMPLETED', 'legacy_event'],
  ['BILLING.SUBSCRIPTION.CREATED', 'unsupported_event'],
  ['constructor', 'unsupported_event'],
])('%s is ignored as %s', (event_type, reason) => {
  expect(deliver({ id: 'WH-1', event_type, resource: {} })).toEqual({ kind: 'ignored', reason });
});

test('an outcome that is not known yet is ignored by name', () => {
  const more = { status: 'RESOLVED', dispute_outcome: { outcome_code: 'A_NEW_WORD' } };
  expect(deliver(changed(DISPUTE, more))).toEqual({ kind: 'ignored', reason: 'unknown_dispute_outcome' });
});

test('an order comes to the sum of its purchase units, with what they state', () => {
  const money = (value: string) => ({ currency_code: 'EUR', value });
  const unit = {
    ...{ custom_id: 'ses_1', invoice_id: '1001' },
    amount: {
      ...money('63.40'),
      breakdown: {
        ...{ item_total: money('60.00'), shipping: money('4.90'), handling: money('1.00'), tax_total: money('0.50') },
        ...{ discount: money('2.00'), shipping_discount: money('1.00') },
      },
    },
    items: [{ name: 'Lamp', sku: 'LAMP', quantity: '2', unit_amount: money('30.00') }],
  };
  const second = { amount: { ...money('10.00'), breakdown: { item_total: money('10.00') } } };
  expect(told(changed(APPROVED, { purchase_units: [unit, second] }))).toMatchObject({
    order_number: '1001',
    session_ref: 'ses_1',
    currency: 'EUR',
    amounts: { total: 7340, subtotal: 7000, discount: 300, shipping: 490, tax: 50, fees: 100 },
    line_items: [{ sku: 'LAMP', quantity: 2, unit_price: 3000 }],
    references: [
      { kind: 'order', value: '1001' },
      { kind: 'payment', value: '5O190127TN364715T' },
    ],
  });
});

test('refunds that an order lists are known by their ids', () => {
  const [unit] = fixture(APPROVED).resource.purchase_units;
  const refund = (id: string, status: string) => ({ id, status, amount: { currency_code: 'USD', value: '5.00' } });
  const payments = { refunds: [refund('R1', 'COMPLETED'), refund('R2', 'PENDING')] };
  expect(told(changed(APPROVED, { purchase_units: [{ ...unit, payments }] })).refunds).toEqual([
    { refund_id: 'R1', amount: 500, at: null },
  ]);
});

test('a capture without its order’s id is an order of its own', () => {
  const alone = told(changed(CAPTURE, { supplementary_data: undefined }));
  expect(alone.order_id).toBe('5VK462069F664902F');
  expect(alone).not.toHaveProperty('aliases');
});

test('a capture leads from its authorization to the order too', () => {
  const related_ids = { order_id: 'O1', authorization_id: 'A1' };
  expect(told(changed(CAPTURE, { supplementary_data: { related_ids } })).aliases).toEqual(['5VK462069F664902F', 'A1']);
});

test('what is of the sandbox is a test; the setting decides where there is one', () => {
  const live = changed(CAPTURE, { links: [{ href: 'https://api.paypal.com/v2/payments/captures/1', rel: 'self' }] });
  expect(told(fixture(CAPTURE)).test).toBe(true);
  expect(told({ ...live, links: [] }).test).toBe(false);
  expect(told({ ...live, links: [] }, { sandbox: true }).test).toBe(true);
  expect(told(fixture(CAPTURE), { sandbox: false }).test).toBe(false);
  const named = { ...live, links: [{ href: 'https://paypal.com.example/https://api.sandbox.paypal.com/' }] };
  expect(told(named).test).toBe(false);
});

test.each([
  ['USD', '10.00', 1000, 2],
  ['JPY', '1000', 1000, 0],
  ['HUF', '1000', 100_000, 2],
  ['TWD', '1000', 100_000, 2],
  ['KWD', '15.755', 15_755, 3],
])('%s %s is %d in minor units', (currency_code, value, amount, exponent) => {
  expect(told(changed(CAPTURE, { amount: { currency_code, value } }))).toMatchObject({ exponent, payments: [{ amount }] });
});

test.each([
  ['{', 'malformed_json', ''],
  ['[]', 'unusable_delivery', ''],
  ['{}', 'unusable_delivery', '/event_type'],
  [{ ...fixture(CAPTURE), id: undefined }, 'unusable_delivery', '/id'],
  [{ ...fixture(CAPTURE), resource: 'x' }, 'unusable_delivery', '/resource'],
  [changed(CAPTURE, { id: null }), 'unusable_delivery', '/resource/id'],
  [changed(CAPTURE, { amount: { value: '1', currency_code: 'QQQ' } }), 'unknown_currency', '/resource/amount/currency_code'],
  [changed(CAPTURE, { amount: { currency_code: 'USD' } }), 'invalid_amount', '/resource/amount/value'],
  [changed(CAPTURE, { amount: { value: 'ten', currency_code: 'USD' } }), 'invalid_amount', '/resource/amount/value'],
  [changed(CAPTURE, { amount: { value: '-1.00', currency_code: 'USD' } }), 'invalid_amount', '/resource/amount/value'],
  [changed(APPROVED, { purchase_units: [] }), 'unusable_delivery', '/resource/purchase_units'],
  [changed(APPROVED, { purchase_units: [{}] }), 'unknown_currency', '/resource/purchase_units/0/amount/currency_code'],
  [changed(REFUND, { links: [] }), 'unusable_delivery', '/resource/links'],
  [changed(DISPUTE, { disputed_transactions: [{}] }), 'unusable_delivery', '/resource/disputed_transactions'],
  [changed(DISPUTE, { dispute_id: undefined }), 'unusable_delivery', '/resource/dispute_id'],
])('%j is refused as %s at %s', (event, code, pointer) => {
  expect(deliver(event)).toMatchObject({ kind: 'unusable', code, pointer });
});

test('what PayPal signed is read, and anything else is refused', () => {
  const event = fixture(CAPTURE);
  const body = Buffer.from(JSON.stringify(event));
  const refused = { kind: 'refused', code: 'bad_signature' };
  expect(deliver(event).kind).toBe('facts');
  expect(deliver(event, { headers: headersOf(Buffer.concat([body, Buffer.from(' ')])) })).toMatchObject(refused);
  expect(deliver(event, { headers: headersOf(body, signer, 'ANOTHER') })).toMatchObject(refused);
  expect(deliver(event, { headers: headersOf(body, makeCertificate()) })).toMatchObject(refused);
  expect(deliver(event, { headers: { 'paypal-transmission-time': '2026-02-03T11:20:11Z' } })).toMatchObject(refused);
  expect(deliver(event, { headers: { 'paypal-transmission-sig': 'AAAA' } })).toMatchObject(refused);
  expect(deliver(event, { headers: { 'paypal-auth-algo': 'SHA1withRSA' } })).toMatchObject(refused);
});

test.each(['transmission-id', 'transmission-time', 'transmission-sig', 'cert-url', 'auth-algo'])(
  'without PayPal-%s there is no signature',
  (name) => {
    expect(deliver(fixture(CAPTURE), { headers: { [`paypal-${name}`]: '' } })).toMatchObject({
      kind: 'refused',
      code: 'signature_missing',
      detail: `PayPal-${name} is missing.`,
    });
  },
);

test('a delivery is as good an hour later: its time is not made anew when it is sent again', () => {
  const body = Buffer.from(JSON.stringify(fixture(CAPTURE)));
  const later = paypal.read({ headers: headersOf(body), signed: body, body }, CONNECTION, { now: NOW + 3 * 86_400_000 });
  expect(later.kind).toBe('facts');
});

test.each([
  ['https://api.paypal.com/v1/notifications/certs/CERT-TEST', true],
  ['https://paypal.com/certs', true],
  ['https://API.SANDBOX.PayPal.com/certs', true],
  ['http://api.paypal.com/certs', false],
  ['https://api.paypal.com.attacker.example/certs', false],
  ['https://notpaypal.com/certs', false],
  ['https://api.paypal.com@attacker.example/certs', false],
  ['https://user:pass@api.paypal.com/certs', false],
  ['https://attacker.example/?https://api.paypal.com/', false],
  ['https://api.paypal.com:8443/certs', false],
  ['https://api.paypal.com./certs', false],
  ['//api.paypal.com/certs', false],
  ['file:///etc/passwd', false],
  ['', false],
])('a certificate at %j may be asked for: %s', (url, expected) => {
  const body = Buffer.from(JSON.stringify(fixture(CAPTURE)));
  const request = { headers: { ...headersOf(body), 'paypal-cert-url': url }, signed: body, body };
  const fetching = { ...CONNECTION, settings: { webhook_id: WEBHOOK_ID } };
  expect(paypal.certificateUrl!(request, fetching)).toBe(expected ? new URL(url).href : null);
  // One that is configured is asked for nowhere, and does not make a foreign address good.
  expect(paypal.certificateUrl!(request, CONNECTION)).toBeNull();
  expect(paypal.read(request, CONNECTION, { now: NOW }).kind).toBe(expected ? 'facts' : 'refused');
});

test('a certificate that was fetched has to be PayPal’s, valid, and vouched for', () => {
  const root = makeCertificate({ name: 'Root', ca: true });
  const middle = makeCertificate({ name: 'Middle', ca: true, issuer: root });
  const verdict = (certificate: TestCertificate, { authorities = [root.pem], with_middle = true } = {}) => {
    const body = Buffer.from(JSON.stringify(fixture(CAPTURE)));
    const reading = deliver(fixture(CAPTURE), {
      headers: headersOf(body, certificate),
      settings: { cert_pem: undefined, certificate_authorities: authorities },
      certificate: with_middle ? certificate.pem + middle.pem : certificate.pem,
    });
    return reading.kind === 'refused' ? [reading.code, reading.detail] : reading.kind;
  };
  const issued = (more: object = {}) => makeCertificate({ issuer: middle, ...more });
  expect(verdict(issued())).toBe('facts');
  expect(verdict(issued({ name: 'messageverificationcerts.sandbox.paypal.com' }))).toBe('facts');
  const untrusted = ['bad_signature', 'The certificate is not valid now, or nobody who is trusted vouches for it.'];
  expect(verdict(issued(), { authorities: [] })).toEqual(untrusted);
  expect(verdict(issued(), { with_middle: false })).toEqual(untrusted);
  expect(verdict(issued({ to: NOW - 1000 }))).toEqual(untrusted);
  expect(verdict(issued({ from: NOW + 1000 }))).toEqual(untrusted);
  expect(verdict(makeCertificate(), { with_middle: false })).toEqual(untrusted);
  // Whom a public root vouches for is not by that PayPal.
  for (const name of ['attacker.example', 'paypal.com.attacker.example', 'notpaypal.com'])
    expect(verdict(issued({ name }))).toEqual(['bad_signature', 'The certificate is not PayPal’s.']);
});

test('without a certificate, or with one that can’t be read, nothing is believed', () => {
  for (const certificate of [undefined, '', 'no PEM', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])
    expect(
      deliver(fixture(CAPTURE), { settings: { cert_pem: undefined }, ...(certificate !== undefined && { certificate }) }),
    ).toEqual({ kind: 'refused', code: 'bad_signature', detail: 'There is no certificate that can be read.' });
});

test('a connection that misses its webhook’s id, or whose settings are of the wrong kind, can’t be used', () => {
  const faults = (settings: object) => paypal.check({ ...CONNECTION, settings: { webhook_id: 'W', ...settings } });
  expect(faults({ cert_pem: signer.pem, certificate_authorities: [signer.pem], sandbox: true })).toEqual([]);
  expect(faults({ webhook_id: undefined })).toEqual(['settings.webhook_id is missing.']);
  expect(faults({ sandbox: 'yes' })).toEqual(['settings.sandbox must be true or false.']);
  expect(faults({ cert_pem: 'x' })).toEqual([expect.stringContaining('settings.cert_pem')]);
  expect(faults({ certificate_authorities: signer.pem })).toEqual([expect.stringContaining('settings.certificate_authorities')]);
  expect(faults({ certificate_authorities: ['x'] })).toEqual([expect.stringContaining('settings.certificate_authorities')]);
  expect(faults({ api_url: 5 })).toEqual([expect.stringContaining('settings.api_url')]);
});
