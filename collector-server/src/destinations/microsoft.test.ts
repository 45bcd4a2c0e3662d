import { expect, test } from 'vitest';
import { EMAIL_FOLDED, PHONE_DIGITS, purchase, read, sent } from './testing.ts';

test('an order becomes a custom event, with consent and click', () => {
  const bought = purchase({ cookies: { _uetmsclkid: '_uet0123_uet4567', _uetvid: 'vid-1' }, consent: { ad_storage: 'granted' } });
  const { json, url } = sent('microsoft', [bought]).requests[0]!;
  expect(url).toBe('https://capi.uet.microsoft.com/v1/77/events');
  expect(json).toMatchObject({ continueOnValidationError: true, dataProvider: 'orderloop' });
  expect(json.data[0]).toMatchObject({
    eventType: 'custom',
    eventId: 'N-2044',
    eventName: 'purchase',
    eventTime: 1_795_169_730,
    adStorageConsent: 'G',
    userData: { msclkid: '0123_uet4567', anonymousId: 'vid-1', em: EMAIL_FOLDED, ph: PHONE_DIGITS },
    customData: { value: 129.9, currency: 'EUR', transactionId: 'N-2044', itemIds: ['SKU-1', 'SKU-2'] },
  });
  // Of a click in the address nothing is taken off.
  const [other] = sent('microsoft', [purchase({ click_ids: { msclkid: '_uetReally' } })]).requests[0]!.json.data;
  expect(other.userData.msclkid).toBe('_uetReally');
});

test('a page view is a pageLoad, and needs its page', () => {
  expect(sent('microsoft', [purchase({ event: 'page_view' })]).requests[0]!.json.data[0]).toMatchObject({
    eventType: 'pageLoad',
  });
  expect(sent('microsoft', [purchase({ event: 'page_view', page: {} })]).skipped).toMatchObject([{ reason: 'invalid_value' }]);
});

test('one that is wrong is named, and warnings are not errors', () => {
  const body = {
    eventsReceived: 1,
    error: {
      details: [
        { index: 1, propertyName: 'userData.em', errorMessage: 'no hash' },
        { index: 0, errorMessage: 'odd', isWarning: true },
      ],
    },
  };
  for (const status of [200, 400])
    expect(read('microsoft', status, body, 2)).toEqual([
      { event_id: '0', verdict: 'accepted' },
      { event_id: '1', verdict: 'rejected', code: 'invalid', detail: 'userData.em: no hash' },
    ]);
  expect(read('microsoft', 200, { eventsReceived: 2 }, 2).map(({ verdict }) => verdict)).toEqual(['accepted', 'accepted']);
  expect(read('microsoft', 200, { eventsReceived: 1 }, 2)[0]!.verdict).toBe('retry');
  expect(read('microsoft', 400, { error: { message: 'bad' } })[0]).toMatchObject({ verdict: 'rejected', detail: 'bad' });
});
