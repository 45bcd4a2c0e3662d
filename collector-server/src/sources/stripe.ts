import type { Connection, Source, SourceReading, SourceRequest } from './contract.ts';
import { type Json, objectAt, parseBody, reading, textAt, UnusableDelivery } from './shared/fields.ts';
import { checkAddress, checkSecrets } from './shared/settings.ts';
import { isFresh, MAX_SIGNATURES, verifyHexHmac } from './shared/verify.ts';
import { canFetch, stripeApi } from './stripe-api.ts';
import { readEvent } from './stripe-events.ts';

/**
 * Stripe's events (order-sources §9): how orders were paid, or, where a site has nothing else, the orders themselves. An order is
 * known by its PaymentIntent; a session that needs none by its own id, as is a charge that was made without one. The session
 * reference comes back as `client_reference_id` or in the metadata.
 */
export const stripe: Source = {
  id: 'stripe',
  role: null,
  check: ({ secrets, settings }) => [...checkSecrets(secrets), ...checkAddress(settings, 'api_url')],
  read: (request, connection, { now }) =>
    refusal(request, connection.secrets, now) ?? reading(() => readDelivery(parseBody(request.body), connection)),
  api: stripeApi,
};

/** `t=…,v1=…[,v1=…]`: HMAC-SHA256 over `t.body`, the key being the whole text of the endpoint's secret. Null when it is good. */
function refusal({ headers, signed }: SourceRequest, secrets: readonly string[], now: number): SourceReading | null {
  const header = headers['stripe-signature'];
  if (!header) return { kind: 'refused', code: 'signature_missing', detail: 'Stripe-Signature is missing.' };
  const pairs = header.split(',').map((part) => part.trim().split('=', 2));
  const timestamp = pairs.find(([name]) => name === 't')?.[1] ?? '';
  const digests = pairs.flatMap(([name, digest]) => (name === 'v1' && digest ? [digest] : [])).slice(0, MAX_SIGNATURES);
  if (!/^\d{1,12}$/.test(timestamp) || digests.length === 0)
    return { kind: 'refused', code: 'bad_signature', detail: 'Stripe-Signature must hold t and at least one v1.' };
  if (!isFresh(timestamp, now)) {
    const detail = 'The time in Stripe-Signature is more than five minutes from now: check the clock.';
    return { kind: 'refused', code: 'stale_timestamp', detail };
  }
  const message = Buffer.concat([Buffer.from(`${timestamp}.`), signed]);
  if (digests.filter((digest) => verifyHexHmac(message, digest, secrets)).length > 0) return null;
  const detail = 'Stripe-Signature does not match: compare the endpoint’s signing secret (whsec_…) with the configured one.';
  return { kind: 'refused', code: 'bad_signature', detail };
}

function readDelivery(event: Json, connection: Connection): SourceReading {
  return event['object'] === 'v2.core.event' ? readThinEvent(event, connection) : readEvent(event, connection);
}

/** A thin event carries nothing but ids: with an API key what it is about is asked for, without one it says nothing. */
function readThinEvent(event: Json, connection: Connection): SourceReading {
  const order_id = textAt(objectAt(event['related_object'])['id']) ?? '';
  if (!canFetch(connection, order_id)) return { kind: 'ignored', reason: 'thin_event' };
  const delivery_id = textAt(event['id']);
  if (!delivery_id) throw new UnusableDelivery('unusable_delivery', '/id', 'Expected a text.');
  const occurred_at = Date.parse(textAt(event['created']) ?? '');
  if (Number.isNaN(occurred_at)) throw new UnusableDelivery('unusable_delivery', '/created', 'Expected an ISO 8601 time.');
  const order = { source: 'stripe', account: connection.account, order_id };
  return { kind: 'facts', facts: [{ delivery_id, occurred_at, order }] };
}
