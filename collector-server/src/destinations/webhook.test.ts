import type { Conversion } from '@orderloop/protocol';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { sign, webhook } from './webhook.ts';

const SECRET = 'whsec_D/ym8xiEtWSgKE+sfqEKKOONPkwqTWWH';
const NOW = Date.now();
const conversion: Conversion = {
  event: 'purchase',
  event_id: 'demo:1001:purchase',
  occurred_at: '2026-11-20T10:15:30.250Z',
  user: { id: 'c1', email: 'Buyer@Example.com', first_name: 'Nora' },
  order: { id: '1001', value: '104.90', currency: 'EUR' },
};
const request = (change: Partial<Conversion> = {}, settings: object = { secret: SECRET }) =>
  webhook.requests([{ ...conversion, ...change }], { url: 'https://erp.example/hook', ...settings }, { now: NOW });

test('the vector of the fact sheet is signed as it says', () => {
  const body =
    '{"type":"order.refunded","timestamp":"2026-11-20T10:15:30.250Z","data":{"order_id":"N-2044","amount":"19.90","currency":"EUR"}}';
  expect(sign(SECRET, `msg_2f9sheetExample01.1795170930.${body}`)).toBe('KQCHQRptAmBBOscCQNDdBcfxYYZQo1USOewNqxrGm4o=');
});

test('the Standard Webhooks library accepts what we send', () => {
  const { headers, body } = request().requests[0]!;
  expect(new Webhook(SECRET).verify(body, headers)).toMatchObject({
    type: 'order.paid',
    timestamp: '2026-11-20T10:15:30.250Z',
    data: { order: { value: '104.90' } },
  });
  expect(() => new Webhook('whsec_b3RoZXI=').verify(body, headers)).toThrow();
});

test('while a secret is replaced, both sign', () => {
  const { headers, body } = request({}, { secrets: ['whsec_b3RoZXI=', SECRET] }).requests[0]!;
  for (const secret of ['whsec_b3RoZXI=', SECRET]) expect(() => new Webhook(secret).verify(body, headers)).not.toThrow();
});

test('A4: the message id is the same on every attempt, the time is not, and neither is the body’s', () => {
  const first = request().requests[0]!;
  const later = webhook.requests([conversion], { url: 'https://erp.example/hook', secret: SECRET }, { now: NOW + 60_000 })
    .requests[0]!;
  expect(later.headers['webhook-id']).toBe(first.headers['webhook-id']);
  expect(later.body).toBe(first.body);
  expect(later.headers['webhook-timestamp']).not.toBe(first.headers['webhook-timestamp']);
  expect(first.headers['webhook-id']).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
});

test('contact data leaves as a hash, and names not at all', () => {
  const { body } = request().requests[0]!;
  expect(JSON.parse(body).data.user).toEqual({ id: 'c1', email_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(body.toLowerCase()).not.toContain('buyer@');
  expect(body).not.toContain('Nora');
});

test('denied consent sends nothing', () => {
  expect(request({ consent: { ad_user_data: 'denied' } })).toEqual({
    requests: [],
    skipped: [{ event_id: conversion.event_id, reason: 'consent_denied' }],
  });
});

test.each([
  [204, 'accepted'],
  [302, 'rejected'],
  [401, 'auth'],
  [410, 'auth'],
  [429, 'throttled'],
  [502, 'throttled'],
  [500, 'retry'],
  [400, 'retry'],
])('a reply of %i is %s', (status, verdict) => {
  expect(webhook.outcomes({ status, headers: {}, body: '' }, ['1'])[0]!.verdict).toBe(verdict);
});
