import { type DeliveryVerdict, orderKey, type SourceDelivery } from '@orderloop/protocol';
import { cleanText } from '../ingest/shape.ts';
import type { OrderFact } from '../sources/contract.ts';

/** What is known of a delivery while it is judged. */
export interface DeliveryNote {
  /** Undefined where nobody can say whose it is: then nothing is kept of it. */
  site: string | undefined;
  source: string;
  /** UTC ms. */
  received_at: number;
  /** Signed by whom we know. */
  verified: boolean;
  /** Answered as it was answered before. */
  repeated: boolean;
  topic: string | null;
  /** What it told. */
  facts: readonly OrderFact[];
}

/** What was answered. */
export interface DeliveryOutcome {
  status: number;
  verdict: DeliveryVerdict;
  reason?: string;
  detail?: string;
  pointer?: string;
}

const HOUR_MS = 3_600_000;
const MAX = { reason: 64, detail: 300, pointer: 256, order_key: 512, order_number: 128 };

/**
 * A delivery as it is kept: what it was about and what became of it, nothing of a customer, of the body, or of a secret. What
 * nobody has signed is told apart by its reason and its hour alone, whatever was in it: `id` is for the others.
 */
export function describeDelivery(note: DeliveryNote & { site: string }, outcome: DeliveryOutcome, id: string): SourceDelivery {
  const { site, source, received_at, verified } = note;
  const { status, verdict, reason, detail, pointer } = outcome;
  return cleanText({
    ...{ site, source, received_at, first_at: received_at, count: 1, verified, status, verdict },
    id: verified ? id : `${reason}:${Math.floor(received_at / HOUR_MS)}`,
    reason: cut(reason, MAX.reason),
    detail: cut(detail, MAX.detail),
    pointer: cut(pointer, MAX.pointer),
    topic: verified ? note.topic : null,
    ...readOf(verified ? note.facts : []),
  });
}

function readOf(facts: readonly OrderFact[]) {
  const order = facts[0]?.order;
  const { order_number, state, amounts, currency, exponent, test, session_ref } = order ?? {};
  return {
    orders: new Set(facts.map((fact) => orderKey(fact.order))).size,
    order_key: order ? cut(orderKey(order), MAX.order_key) : null,
    order_number: cut(order_number, MAX.order_number),
    state: state ?? null,
    total: amounts?.total ?? null,
    currency: currency ?? null,
    exponent: exponent ?? null,
    test: test ?? null,
    has_session_ref: session_ref === undefined ? null : session_ref !== null,
  };
}

const cut = (text: string | null | undefined, length: number): string | null => text?.slice(0, length) ?? null;

/** Where each platform says what a delivery is about: in a header, or in a field of the body. */
const TOPICS: Readonly<Record<string, { header: string } | { field: string }>> = {
  shopify: { header: 'x-shopify-topic' },
  woocommerce: { header: 'x-wc-webhook-topic' },
  bigcommerce: { field: 'scope' },
  stripe: { field: 'type' },
  paypal: { field: 'event_type' },
};
const TOPIC = /^[A-Za-z0-9_./:-]{1,80}$/;
/** Larger bodies are not read again for one word. */
const MAX_BODY = 64 * 1024;

/** What the platform calls the occasion: `orders/paid`; null where it doesn't say, or says what is no such word. */
export function topicOf(source: string, headers: Readonly<Record<string, string>>, body: Uint8Array): string | null {
  const place = Object.hasOwn(TOPICS, source) ? TOPICS[source] : undefined;
  if (!place) return null;
  const topic = 'header' in place ? headers[place.header] : fieldOf(body, place.field);
  return typeof topic === 'string' && TOPIC.test(topic) ? topic : null;
}

function fieldOf(body: Uint8Array, field: string): unknown {
  if (body.length > MAX_BODY) return undefined;
  try {
    return (JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown> | null)?.[field];
  } catch {
    return undefined;
  }
}
