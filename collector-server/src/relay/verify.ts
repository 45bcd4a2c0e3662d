import type { Conversion, Verdict } from '@orderloop/protocol';
import type { DestinationConfig } from '../config.ts';
import type { Destination, Verification } from '../destinations/contract.ts';
import type { Caller } from '../outgoing/call.ts';
import { maskBody, maskHeaders, maskUrl } from '../privacy/mask.ts';
import { createTokenKeeper } from './access.ts';
import { MAX_REPLY_BYTES, outcomeOfFailure } from './send.ts';

const KEPT_REPLY = 4_096;

/** What came of a test request, with what was sent (secrets and personal data masked) and what was answered. */
export interface VerificationResult {
  verdict: Verdict;
  effect: Verification['effect'];
  code?: string;
  detail?: string;
  trace?: string;
  request: { method: string; url: string; headers: Record<string, string>; body: string };
  reply?: { status: number; body: string };
  error?: string;
  duration_ms: number;
}

/** Why no test request can be sent. */
export interface VerificationRefusal {
  refused: 'no_test_mode' | 'settings' | 'access';
  detail: string;
}

/** Sends the platform's own test request for a sample order; nothing of the shop's is in it. */
export async function verifyDestination(
  destination: Destination,
  config: DestinationConfig,
  extra: Record<string, unknown>,
  { caller, now }: { caller: Caller; now(): number },
): Promise<VerificationResult | VerificationRefusal> {
  const { verification } = destination;
  if (!verification)
    return {
      refused: 'no_test_mode',
      detail: `${destination.name} has no test request: place a test order and look at its journey.`,
    };
  const settings = { ...config.settings, ...extra };
  const missing = [
    ...destination.checkSettings(settings),
    ...(verification.needs ?? [])
      .filter((name) => !settings[name])
      .map((name) => `settings.${name} is needed for a test request.`),
  ];
  if (missing.length > 0) return { refused: 'settings', detail: missing.join(' ') };
  const token = await createTokenKeeper(destination.access, settings, { caller, now })();
  if ('error' in token) return { refused: 'access', detail: `No access token: ${token.error}` };
  const started_at = now();
  const context = { now: started_at, ...(token.access_token !== undefined && { access_token: token.access_token }) };
  const request = verification.request(sampleConversion(started_at), settings, context);
  const result = await caller.call({ ...request, body: request.body || undefined }, MAX_REPLY_BYTES);
  const finding =
    result.kind === 'reply'
      ? verification.outcome({ ...result.reply, body: result.reply.body.toString('utf8') })
      : outcomeOfFailure('sample', result);
  const { verdict, code, detail, trace } = finding;
  return {
    verdict,
    effect: verification.effect,
    ...(code && { code }),
    ...(detail && { detail }),
    ...(trace && { trace }),
    request: {
      method: request.method,
      url: maskUrl(request.url),
      headers: maskHeaders(request.headers),
      body: maskBody(request.body),
    },
    ...(result.kind === 'reply'
      ? { reply: { status: result.reply.status, body: result.reply.body.toString('utf8').slice(0, KEPT_REPLY) } }
      : { error: result.error }),
    duration_ms: now() - started_at,
  };
}

const GRANTED = 'granted' as const;

/** An order of nobody's, with everything that a platform could ask for. The addresses are of RFC 2606 and RFC 5737. */
function sampleConversion(now: number): Conversion {
  return {
    event: 'purchase',
    event_id: `orderloop-test-${now}`,
    occurred_at: now,
    action_source: 'web',
    page: { url: 'https://shop.example/thank-you', title: 'Thank you' },
    user: {
      id: 'orderloop-test',
      email: 'test@example.com',
      first_name: 'Test',
      last_name: 'Example',
      country: 'DE',
      postal_code: '10115',
    },
    context: { ip: '203.0.113.24', user_agent: 'Mozilla/5.0 (Orderloop test)', language: 'en' },
    cookies: { _ga: 'GA1.1.1234567890.1790000000' },
    consent: { ad_storage: GRANTED, ad_user_data: GRANTED, ad_personalization: GRANTED, analytics_storage: GRANTED },
    order: {
      id: `orderloop-test-${now}`,
      value: '1.00',
      currency: 'EUR',
      items: [{ id: 'TEST-1', name: 'Test', price: '1.00', quantity: 1 }],
    },
  };
}
