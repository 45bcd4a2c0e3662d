import { createHash, createHmac } from 'node:crypto';
import { type Conversion, isDenied } from '@orderloop/protocol';
import type { Destination, OutgoingRequest, Reply, Skip } from './contract.ts';
import { hashField, phoneDigits, plainEmail } from './shared/normalise.ts';
import type { Finding } from './shared/reply.ts';
import { readTime } from './shared/time.ts';

export interface WebhookSettings {
  /** Where to send: https, a public address. */
  url: string;
  /** `whsec_` and base64 of 24 to 64 random bytes. Several sign side by side while one is replaced. */
  secret?: string;
  secrets?: readonly string[];
}

/** A webhook signed by Standard Webhooks 1.0.0 (relays §11), one conversion a message, to any HTTPS address. */
export const webhook: Destination<WebhookSettings> = {
  id: 'webhook',
  name: 'Signed webhook',
  apiVersion: '1.0.0',
  capabilities: {
    events: { purchase: 'order.paid', refund: 'order.refunded', cancel: 'order.cancelled' },
    refund: 'event',
    batch: { max: 1, max_bytes: 1_000_000 },
    maxAgeMs: () => null,
    dedup: { key: ['webhook-id'], window_ms: null },
    failure: 'per-item',
    // It may be the shop's own: no storage of ads is used by it.
    purposes: ['ad_user_data'],
    consent: 'gate',
    test: 'none',
  },
  capture: { params: [], cookies: [] },
  secrets: ['secret', 'secrets'],

  checkSettings(settings) {
    const wrong: string[] = [];
    if (typeof settings['url'] !== 'string' || !URL.canParse(settings['url']))
      wrong.push('settings.url is missing; give the HTTPS address that takes the webhook.');
    const secrets = [settings['secret'], ...((settings['secrets'] as unknown[]) ?? [])].filter(Boolean);
    if (secrets.length === 0) wrong.push('settings.secret is missing; make one: whsec_ and base64 of 24 random bytes.');
    return wrong;
  },

  requests(conversions, settings, { now }) {
    const requests: OutgoingRequest[] = [];
    const skipped: Skip[] = [];
    for (const conversion of conversions) {
      if (isDenied(conversion.consent, 'ad_user_data')) skipped.push({ event_id: conversion.event_id, reason: 'consent_denied' });
      else requests.push(toRequest(conversion, settings, now));
    }
    return { requests, skipped };
  },

  outcomes(reply, event_ids) {
    return event_ids.map((event_id) => ({ event_id, ...readReply(reply) }));
  },

  verification: {
    effect: 'message',
    request: (sample, settings, { now }) => ({
      ...toRequest(sample, settings as unknown as WebhookSettings, now, 'orderloop.test'),
    }),
    outcome: readReply,
  },
};

function readReply({ status }: Reply): Finding {
  if (status >= 200 && status < 300) return { verdict: 'accepted' };
  const code = String(status);
  // 410 asks us to stop: pausing keeps what waits, until somebody has looked.
  if (status === 401 || status === 403 || status === 410) return { verdict: 'auth', code };
  if (status === 429 || status === 502 || status === 504) return { verdict: 'throttled', code };
  if (status >= 300 && status < 400) return { verdict: 'rejected', code, detail: 'Redirects are not followed.' };
  return { verdict: 'retry', code };
}

function toRequest(conversion: Conversion, settings: WebhookSettings, now: number, type = typeOf(conversion)): OutgoingRequest {
  const body = JSON.stringify({
    type,
    timestamp: new Date(readTime(conversion.occurred_at)).toISOString(),
    data: { ...conversion, ...(conversion.user && { user: hashedUser(conversion) }) },
  });
  const id = messageId(conversion.event_id);
  const timestamp = String(Math.floor(now / 1000));
  const secrets = [settings.secret, ...(settings.secrets ?? [])].filter((secret) => secret !== undefined);
  return {
    method: 'POST',
    url: settings.url,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': secrets.map((secret) => `v1,${sign(secret, `${id}.${timestamp}.${body}`)}`).join(' '),
    },
    body,
    event_ids: [conversion.event_id],
  };
}

const typeOf = ({ event }: Conversion): string => webhook.capabilities.events[event] ?? `event.${event}`;

/** The receiver knows its own customers: a hash lets it find them without contact data travelling. */
function hashedUser({ user }: Conversion): Record<string, string> {
  const email_sha256 = hashField(user?.email ?? user?.email_sha256, plainEmail);
  const phone_sha256 = hashField(user?.phone ?? user?.phone_sha256, phoneDigits, user?.country);
  return { ...(user?.id && { id: user.id }), ...(email_sha256 && { email_sha256 }), ...(phone_sha256 && { phone_sha256 }) };
}

/** Stable over attempts and replays, and free of the dots that would move the boundary of the signed parts. */
function messageId(event_id: string): string {
  return /^[A-Za-z0-9_-]{1,64}$/.test(event_id)
    ? event_id
    : `msg_${createHash('sha256').update(event_id).digest('hex').slice(0, 32)}`;
}

/** Base64 HMAC-SHA256 of Standard Webhooks, under a `whsec_` secret. */
export function sign(secret: string, text: string): string {
  return createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .update(text, 'utf8')
    .digest('base64');
}
