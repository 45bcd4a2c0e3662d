import type { Attempt, Conversion, Verdict } from '@orderloop/protocol';
import { clickIdValue } from '@orderloop/protocol';
import type { Destination, OutgoingRequest } from '../destinations/contract.ts';
import type { CallResult } from '../outgoing/call.ts';
import { maskBody, maskHeaders, maskUrl } from '../privacy/mask.ts';

const KEPT_REPLY = 4_096;
/** Of a batch that went well, enough to see that it did: it is kept with each of its conversions. */
const KEPT_BATCH_REPLY = 512;

/** One send of one conversion, as it is kept: its own part of a batch, personal data masked, no secret. */
export function recordAttempt(
  attempt: number,
  request: OutgoingRequest,
  index: number,
  result: CallResult,
  verdict: Verdict,
  { started_at, duration_ms }: Pick<Attempt, 'started_at' | 'duration_ms'>,
): Attempt {
  const size = request.event_ids.length;
  const kept = size > 1 && (verdict === 'accepted' || verdict === 'pending') ? KEPT_BATCH_REPLY : KEPT_REPLY;
  return {
    attempt,
    started_at,
    duration_ms,
    verdict,
    request: {
      method: request.method,
      url: maskUrl(request.url),
      headers: maskHeaders(request.headers),
      body: request.body === '' ? '' : maskBody((size > 1 && request.parts?.[index]) || request.body),
    },
    ...(size > 1 && { batch: size }),
    ...(result.kind === 'reply'
      ? { reply: { status: result.reply.status, body: result.reply.body.toString('utf8').slice(0, kept) } }
      : { error: result.error }),
  };
}

/** What identifies a buyer, in the order in which the dashboard shows it. */
export const IDENTIFIERS = [
  'email',
  'phone',
  'name',
  'address',
  'external_id',
  'click_id',
  'cookie',
  'ip',
  'user_agent',
] as const;

/** Which identifiers a conversion has for a destination: what its match quality comes from. */
export function identifiersOf(
  { user = {}, context = {}, click_ids = {}, cookies = {} }: Conversion,
  { capture }: Pick<Destination, 'capture'>,
): string {
  const has: Record<(typeof IDENTIFIERS)[number], unknown> = {
    email: user.email ?? user.email_sha256,
    phone: user.phone ?? user.phone_sha256,
    name: user.first_name && user.last_name,
    address: user.postal_code && user.country,
    external_id: user.id,
    click_id: capture.params.some((param) => clickIdValue(click_ids[param])),
    cookie: Object.keys(cookies).some((name) => capture.cookies.some((known) => matches(name, known))),
    ip: context.ip,
    user_agent: context.user_agent,
  };
  return IDENTIFIERS.filter((name) => has[name]).join(',');
}

const matches = (name: string, known: string): boolean =>
  known.endsWith('*') ? name.startsWith(known.slice(0, -1)) : name === known;
