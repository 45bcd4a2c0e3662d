import { createVerify, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { googleAds } from './google-ads.ts';
import { EMAIL_FOLDED, NOW, PHONE_PLUS, purchase, read, refund, replyOf, SETTINGS, sent } from './testing.ts';

const buyer = purchase({
  user: {
    email: '  Nora.Lind+promo@GMail.com ',
    phone: '+49 (0)151 2345-6789',
    first_name: 'Nora',
    last_name: 'Lind',
    country: 'Germany',
    postal_code: ' 80331 ',
  },
  click_ids: { gclid: 'Cj0SheetExample-gclid_1' },
  consent: { ad_storage: 'granted', ad_user_data: 'granted', ad_personalization: 'denied' },
});

test('the fact sheet’s example, field by field', () => {
  const { json, url, headers } = sent('google_ads', [buyer]).requests[0]!;
  expect(url).toBe('https://datamanager.googleapis.com/v1/events:ingest');
  expect(headers['authorization']).toBe('Bearer T');
  expect(json).toMatchObject({
    destinations: [
      { operatingAccount: { accountType: 'GOOGLE_ADS', accountId: '1234567890' }, productDestinationId: '987654321' },
    ],
    encoding: 'HEX',
    events: [
      {
        transactionId: 'N-2044',
        eventTimestamp: '2026-11-20T10:15:30.250Z',
        eventSource: 'WEB',
        conversionValue: 129.9,
        currency: 'EUR',
        adIdentifiers: { gclid: 'Cj0SheetExample-gclid_1' },
        consent: { adUserData: 'CONSENT_GRANTED', adPersonalization: 'CONSENT_DENIED' },
        userData: {
          userIdentifiers: [
            { emailAddress: EMAIL_FOLDED },
            { phoneNumber: PHONE_PLUS },
            {
              address: {
                givenName: 'b21ec07effd3fe307782e2a1782ae771e601b303cef1548723a76c539f98f383',
                familyName: '540cb2d1a1eaef2cd1b6f7eaa02c5cc5a01d5e836775cd9e428aa87868faecda',
                regionCode: 'DE',
                postalCode: '80331',
              },
            },
          ],
        },
      },
    ],
  });
});

test('no IP address of people in the EEA, the United Kingdom or Switzerland, nor of who may be there', () => {
  const device = (country?: string) =>
    sent('google_ads', [{ ...buyer, user: { email: 'a@example.com', ...(country && { country }) } }]).requests[0]!.json.events[0]
      .eventDeviceInfo;
  for (const country of ['DE', 'GB', 'CH', 'NO', undefined])
    expect(device(country)).toEqual({ userAgent: 'Mozilla/5.0 (example)' });
  expect(device('US')).toEqual({ userAgent: 'Mozilla/5.0 (example)', ipAddress: '203.0.113.24' });
});

test('an address goes whole or not at all, and one click at most, gclid first', () => {
  const event = (change: object) => sent('google_ads', [{ ...buyer, ...change }]).requests[0]!.json.events[0];
  expect(event({ user: { ...buyer.user, postal_code: '' } }).userData.userIdentifiers).toHaveLength(2);
  expect(event({ click_ids: { gbraid: 'g', wbraid: 'w', gclid: 'c' } }).adIdentifiers).toEqual({ gclid: 'c' });
  expect(event({ click_ids: { gbraid: 'g', wbraid: 'w' } }).adIdentifiers).toEqual({ wbraid: 'w' });
  expect(event({ click_ids: {}, cookies: { _gcl_aw: 'GCL.1790000000.Cj0-cookie_1' } }).adIdentifiers).toEqual({
    gclid: 'Cj0-cookie_1',
  });
  expect(event({ click_ids: {}, cookies: { FPGCLAW: '2.1.kCj0-new_1$i1790000000' } }).adIdentifiers).toEqual({
    gclid: 'Cj0-new_1',
  });
  // Cart data is ignored beside the braids.
  expect(event({ click_ids: { gbraid: 'g' } }).cartData).toBeUndefined();
  expect(event({}).cartData.items[0]).toEqual({ merchantProductId: 'SKU-1', quantity: 2, unitPrice: 50 });
});

test('a denial is stated where settings allow it, and then without user data', () => {
  const denied = { ...buyer, consent: { ad_storage: 'granted', ad_user_data: 'denied' } as const };
  expect(sent('google_ads', [denied]).skipped).toMatchObject([{ reason: 'consent_denied' }]);
  const [event] = sent('google_ads', [denied], { send_denied: true }).requests[0]!.json.events;
  expect(event.consent).toEqual({ adUserData: 'CONSENT_DENIED' });
  expect(event.userData ?? event.eventDeviceInfo).toBeUndefined();
});

test('a refund restates what was accepted, to its new total, under the same transaction', () => {
  const restated = (left: string) =>
    sent('google_ads', [refund('google_ads', left, { click_ids: buyer.click_ids })]).requests[0]!.json.events[0];
  expect(restated('110.00')).toMatchObject({ transactionId: 'N-2044', conversionValue: 110, currency: 'EUR' });
  expect(restated('0.00')).toMatchObject({ conversionValue: 0 });
  expect(sent('google_ads', [refund('meta')]).skipped).toMatchObject([{ reason: 'original_not_delivered' }]);
});

test('events of several conversion actions go in a request each', () => {
  const { requests } = sent('google_ads', [buyer, { ...buyer, event: 'sign_up', event_id: 's' }], { events: { sign_up: '55' } });
  expect(requests.map(({ json }) => json.destinations[0].productDestinationId)).toEqual(['987654321', '55']);
});

test('what was taken is pending until the platform says what became of it', () => {
  expect(read('google_ads', 200, { requestId: 'r1' }, 2)).toEqual([
    { event_id: '0', verdict: 'pending', receipt: 'r1', trace: 'r1' },
    { event_id: '1', verdict: 'pending', receipt: 'r1', trace: 'r1' },
  ]);
  const { receipts } = googleAds;
  expect(receipts!.request('r 1', { access_token: 'T' }, { now: NOW })).toMatchObject({
    method: 'GET',
    url: 'https://datamanager.googleapis.com/v1/requestStatus:retrieve?requestId=r%201',
  });
  const status = (requestStatus: string, counts: Record<string, number> = {}, count = 2) =>
    receipts!
      .outcomes(
        replyOf(200, {
          requestStatusPerDestination: [
            {
              requestStatus,
              errorInfo: {
                errorCounts: Object.entries(counts).map(([reason, recordCount]) => ({
                  reason,
                  recordCount: String(recordCount),
                })),
              },
            },
          ],
        }),
        Array.from({ length: count }, (_, index) => String(index)),
      )
      .map(({ verdict, code, retry_after_ms }) => [verdict, code, retry_after_ms].filter((part) => part !== undefined).join(' '));
  expect(status('SUCCESS')).toEqual(['accepted', 'accepted']);
  expect(status('PROCESSING')).toEqual(['pending PROCESSING', 'pending PROCESSING']);
  expect(status('FAILED', { PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID: 2 })[0]).toBe('duplicate DUPLICATE_TRANSACTION_ID');
  expect(status('FAILED', { PROCESSING_ERROR_REASON_INVALID_GCLID: 2 })[0]).toBe('rejected INVALID_GCLID');
  expect(status('FAILED', { PROCESSING_ERROR_REASON_TOO_RECENT_CLICK: 1 }, 1)[0]).toBe('retry TOO_RECENT_CLICK 21600000');
  expect(status('FAILED', { A: 1, B: 1 })[0]).toBe('rejected FAILED');
  // Nobody can say which of them: it says so.
  expect(status('PARTIAL_SUCCESS', { PROCESSING_ERROR_REASON_INVALID_GCLID: 1 })).toEqual([
    'accepted partial',
    'accepted partial',
  ]);
  expect(status('PARTIAL_SUCCESS', { PROCESSING_ERROR_REASON_CLICK_NOT_FOUND: 1 }, 1)[0]).toBe('accepted CLICK_NOT_FOUND');
  expect(receipts!.outcomes(replyOf(500, ''), ['0'])[0]!.verdict).toBe('pending');
});

test('an error that names its event spares the others; one that names none is everybody’s', () => {
  const named = {
    error: {
      status: 'INVALID_ARGUMENT',
      message: 'bad',
      details: [
        { requestId: 'q' },
        { fieldViolations: [{ field: 'events.events[1].conversion_value', reason: 'INVALID_CURRENCY_CODE', description: 'no' }] },
      ],
    },
  };
  expect(read('google_ads', 400, named, 3)).toEqual([
    { event_id: '0', verdict: 'retry', code: 'neighbour_rejected', retry_after_ms: 0 },
    {
      event_id: '1',
      verdict: 'rejected',
      code: 'INVALID_CURRENCY_CODE',
      detail: 'no: events.events[1].conversion_value',
      trace: 'q',
    },
    { event_id: '2', verdict: 'retry', code: 'neighbour_rejected', retry_after_ms: 0 },
  ]);
  expect(read('google_ads', 400, { error: { status: 'INVALID_ARGUMENT' } }, 2).map(({ verdict }) => verdict)).toEqual([
    'rejected',
    'rejected',
  ]);
  expect(read('google_ads', 403, { error: { status: 'PERMISSION_DENIED' } })[0]).toMatchObject({
    verdict: 'auth',
    code: 'PERMISSION_DENIED',
  });
  expect(read('google_ads', 504, {})[0]!.verdict).toBe('retry');
});

test('a service account signs its assertion, a refresh token asks for the next, and a fixed one asks for nothing', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const service_account = {
    client_email: 'relay@project.iam.example',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  const { access } = googleAds;
  const request = access!.request({ service_account }, NOW)!;
  const form = new URLSearchParams(request.body);
  expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
  const [head, claims, signature] = form.get('assertion')!.split('.');
  expect(createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(publicKey, signature!, 'base64url')).toBe(true);
  expect(JSON.parse(Buffer.from(claims!, 'base64url').toString())).toEqual({
    iss: 'relay@project.iam.example',
    scope: 'https://www.googleapis.com/auth/datamanager',
    aud: 'https://oauth2.googleapis.com/token',
    iat: NOW / 1000,
    exp: NOW / 1000 + 3600,
  });
  const refreshed = access!.request({ refresh_token: 'r', client_id: 'c', client_secret: 's' }, NOW)!;
  expect(Object.fromEntries(new URLSearchParams(refreshed.body))).toEqual({
    grant_type: 'refresh_token',
    refresh_token: 'r',
    client_id: 'c',
    client_secret: 's',
  });
  expect(access!.request({ access_token: 'T' }, NOW)).toBeNull();
  expect(access!.token(replyOf(200, { access_token: 'A', expires_in: 3599 }))).toEqual({
    access_token: 'A',
    expires_in_ms: 3_599_000,
  });
  expect(access!.token(replyOf(400, { error: 'invalid_grant' }))).toBeNull();
  const { requests } = googleAds.requests([buyer], SETTINGS['google_ads'] as never, { now: NOW, access_token: 'FRESH' });
  expect(requests[0]!.headers['authorization']).toBe('Bearer FRESH');
});
