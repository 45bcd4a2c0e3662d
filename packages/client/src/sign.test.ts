import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { readSecret, sign } from './sign.ts';

const VECTORS = [
  {
    title: 'the signed webhook of relays §11',
    secret: 'whsec_D/ym8xiEtWSgKE+sfqEKKOONPkwqTWWH',
    id: 'msg_2f9sheetExample01',
    timestamp: 1795170930,
    body: '{"type":"order.refunded","timestamp":"2026-11-20T10:15:30.250Z","data":{"order_id":"N-2044","amount":"19.90","currency":"EUR"}}',
    signature: 'v1,KQCHQRptAmBBOscCQNDdBcfxYYZQo1USOewNqxrGm4o=',
  },
  {
    title: 'generic-post-orders-valid of order-sources §15',
    secret: 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
    id: 'msg_generic_0001',
    timestamp: 1770117607,
    body: '{"source":"erp-eu","order_id":"SO-10001","status":"paid","currency":"EUR","amounts":{"total":"113.05"}}',
    signature: 'v1,OUEO0DllRaivzHOH1LdIHDzr0ttdY8TFZ67cUz1EN8Q=',
  },
];

for (const { title, secret, id, timestamp, body, signature } of VECTORS) {
  test(`signs ${title}`, () => {
    expect(sign(readSecret(secret), id, timestamp, body)).toBe(signature);
  });
}

test('signs what the reference library signs, beyond ASCII too', () => {
  const secret = VECTORS[1]!.secret;
  const body = '{"customer":{"last_name":"Ōno 小野 ☕"}}';
  const witness = new Webhook(secret).sign('msg_1', new Date(1770117607_000), body);
  expect(sign(readSecret(secret), 'msg_1', 1770117607, body)).toBe(witness);
});
