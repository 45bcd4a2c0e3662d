import {
  type Context,
  EVENTS,
  type EventInput,
  EventSchema,
  type FieldError,
  firstFault,
  isGranted,
  isServerEvent,
  isSnapshot,
  OrderSchema,
  type StoredEvent,
  type User,
} from '@orderloop/protocol';
import { Compile } from 'typebox/compile';
import { scrubUrl, truncateIp } from '../privacy/scrub.ts';
import type { Vault } from '../privacy/vault.ts';
import { checkShape, cleanText, needsCleaning } from './shape.ts';
import { checkTime, MAX_AGE_MS, readInstant } from './time.ts';

const EVENT_BYTES = { browser: 32 * 1024, server: 64 * 1024 } as const;
const TEXT_LENGTH = { browser: 1024, server: 4096 } as const;
const SERVER_FIELDS = ['order', 'context'] as const;

const validator = Compile(EventSchema);
const orderValidator = Compile(OrderSchema);

/** What an event is judged against. */
export interface IngestContext {
  site: string;
  from: 'browser' | 'server';
  /** UTC ms at which the request came. */
  received_at: number;
  /** See `clockOffset`. */
  clock_offset_ms: number;
  /** Event names that the site declared beyond the catalogue. */
  custom_events: 'any' | readonly string[];
  /** What the connection says of the sender; an event of a server brings its own. */
  connection?: Context;
  /** Flags for everything in the request: `low_trust`, `gpc`. */
  flags?: readonly string[];
  vault: Vault;
}

export type Judgement = { event: StoredEvent } | { error: FieldError };

/**
 * Judges one event of a batch by itself: what is wrong with it first, or what is kept of it. Kept is what consent allows,
 * with addresses cut and contact data sealed.
 */
export function judgeEvent(value: unknown, index: number, context: IngestContext): Judgement {
  const fail = (pointer: string, code: FieldError['code'], detail: string): Judgement => {
    const event_id = (value as { event_id?: unknown } | null)?.event_id;
    return {
      error: {
        index,
        ...(typeof event_id === 'string' && { event_id: event_id.slice(0, 128) }),
        pointer: `/events/${index}${pointer}`,
        code,
        detail,
      },
    };
  };
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fail('', 'invalid_event', 'An event is an object.');
  const shape = checkShape(value, TEXT_LENGTH[context.from]);
  if (shape) return fail(shape.pointer, shape.code, shape.detail);
  const json = JSON.stringify(value);
  if (Buffer.byteLength(json) > EVENT_BYTES[context.from])
    return fail('', 'event_too_large', `An event may have ${EVENT_BYTES[context.from] / 1024} KiB.`);
  if (!validator.Check(value)) return fail(...schemaError(validator.Errors(value)));

  const input = needsCleaning(json) ? cleanText(value as EventInput) : (value as EventInput);
  if (!Object.hasOwn(EVENTS, input.event) && context.custom_events !== 'any' && !context.custom_events.includes(input.event)) {
    return fail(
      '/event',
      'unknown_event',
      'The name is not in the catalogue of events; declare names of your own in the site’s custom_events.',
    );
  }
  if (context.from === 'browser') {
    if (isServerEvent(input.event)) return fail('/event', 'server_only', 'Only a server may send this event, with a secret key.');
    const field = SERVER_FIELDS.find((name) => input[name] !== undefined);
    if (field) return fail(`/${field}`, 'server_only', 'Only a server may set this field.');
  }
  if (input.event === 'order' && !input.order) return fail('/order', 'invalid_event', 'An order event needs its order.');
  if (input.event !== 'order' && input.order) return fail('/order', 'invalid_event', 'Only an order event carries an order.');
  if (input.order && isSnapshot(input.order) && !orderValidator.Check(input.order)) {
    const [pointer, , detail] = schemaError(orderValidator.Errors(input.order));
    return fail(`/order${pointer}`, 'invalid_order', detail);
  }
  const sent = readInstant(input.occurred_at);
  if (sent === null) return fail('/occurred_at', 'invalid_time', 'Expected RFC 3339 with zone, or integer UTC ms.');
  const occurred_at = sent + context.clock_offset_ms;
  const wrongTime = checkTime(occurred_at, context.received_at, MAX_AGE_MS[context.from]);
  if (wrongTime) return fail('/occurred_at', 'invalid_time', wrongTime);
  if (input.visitor_id !== undefined && input.consent?.analytics_storage === undefined) {
    return fail(
      '/consent/analytics_storage',
      'consent_missing',
      'An event with a visitor_id says which consent was in force: granted or denied.',
    );
  }
  return { event: store(input, occurred_at, context) };
}

function schemaError(errors: ReturnType<typeof validator.Errors>): [string, FieldError['code'], string] {
  const { pointer, kind, detail } = firstFault(errors);
  if (kind === 'unknown') return [pointer, 'invalid_event', 'An event has no such field; put what is your own into properties.'];
  if (pointer === '/event' && kind === 'wrong') {
    return [pointer, 'unknown_event', 'A name begins with a letter and holds letters, digits, and _ . : (128 at most).'];
  }
  return [pointer, 'invalid_event', detail];
}

/** The consent gate at ingest (P3), and the cutting and sealing of P1. */
function store(
  input: EventInput,
  occurred_at: number,
  { site, received_at, clock_offset_ms, connection, flags = [], vault }: IngestContext,
): StoredEvent {
  const { occurred_at: _, user, visitor_id, session_id, seq, click_ids, cookies, page, context = connection, ...rest } = input;
  const mayKnowVisitor = isGranted(input.consent, 'analytics_storage');
  const mayUseAds = isGranted(input.consent, 'ad_storage');
  // A server that sends an order answers for its own customer; of a browser's visitor, contact data needs a yes.
  const mayKeepContact = input.event === 'order' || isGranted(input.consent, 'ad_user_data');
  const kept = user && (mayKeepContact ? user : mayKnowVisitor && user.id ? { id: user.id } : undefined);
  const url = scrubUrl(page?.url);
  const referrer = scrubUrl(page?.referrer);
  const ip = truncateIp(context?.ip);
  const where = { ...(url && { url }), ...(referrer && { referrer }), ...(page?.title && { title: page.title }) };
  const who = {
    ...(ip && { ip }),
    ...(mayKnowVisitor && context?.user_agent && { user_agent: context.user_agent.slice(0, 512) }),
    ...(context?.language && { language: context.language }),
  };
  return {
    ...rest,
    occurred_at,
    ...(mayKnowVisitor && visitor_id && { visitor_id }),
    ...(mayKnowVisitor && session_id && { session_id }),
    ...(mayKnowVisitor && seq !== undefined && { seq }),
    // A withdrawal names the visitor whose consent ends: without it, it would end nobody's.
    ...(!mayKnowVisitor && input.event === 'consent_update' && visitor_id && { visitor_id }),
    ...(mayUseAds && click_ids && { click_ids: shiftClicks(click_ids, clock_offset_ms) }),
    ...(mayUseAds && cookies && { cookies }),
    ...(Object.keys(where).length > 0 && { page: where }),
    ...(Object.keys(who).length > 0 && { context: who }),
    ...(kept && { user: vault.sealUser(userPlace(site, input.event_id), kept as User) }),
    site,
    received_at,
    ...(clock_offset_ms !== 0 && { clock_offset_ms }),
    ...(flags.length > 0 && { flags: [...flags] }),
  };
}

/** What binds sealed contact data to its event. */
export function userPlace(site: string, event_id: string): string {
  return `${site}|events|${event_id}|user`;
}

function shiftClicks(click_ids: NonNullable<EventInput['click_ids']>, offset: number): NonNullable<EventInput['click_ids']> {
  if (offset === 0) return click_ids;
  return Object.fromEntries(
    Object.entries(click_ids).map(([param, entry]) => [
      param,
      typeof entry === 'string' || entry.first_seen_at === undefined
        ? entry
        : { ...entry, first_seen_at: entry.first_seen_at + offset },
    ]),
  );
}
