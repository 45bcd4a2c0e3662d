import {
  type Context,
  EVENTS,
  type EventInput,
  EventSchema,
  type FieldError,
  firstFault,
  IDENTIFIER_TYPES,
  type Identifier,
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
import { isBlocked, keyOf } from '../stitch/identifiers.ts';
import { checkShape, cleanText, needsCleaning, plainBytes } from './shape.ts';
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
  /** True when the body was plain ASCII without escapes: no text in it can hold what must be refused or replaced. */
  isPlain?: boolean;
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
  const maxText = TEXT_LENGTH[context.from];
  const maxBytes = EVENT_BYTES[context.from];
  const bytes = context.isPlain ? plainBytes(value, maxText) : -1;
  const isPlainlyRight = bytes !== -1 && bytes <= maxBytes;
  let json = '';
  if (!isPlainlyRight) {
    const shape = checkShape(value, maxText);
    if (shape) return fail(shape.pointer, shape.code, shape.detail);
    json = JSON.stringify(value);
    if (Buffer.byteLength(json) > maxBytes) return fail('', 'event_too_large', `An event may have ${maxBytes / 1024} KiB.`);
  }
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
    if (isServerMade(input.event_id)) return fail('/event_id', 'server_only', 'Send a UUIDv7: ids of version 8 are a server’s.');
    const field = SERVER_FIELDS.find((name) => input[name] !== undefined);
    if (field) return fail(`/${field}`, 'server_only', 'Only a server may set this field.');
  }
  if (input.event === 'order' && !input.order) return fail('/order', 'invalid_event', 'An order event needs its order.');
  if (input.event !== 'order' && input.order) return fail('/order', 'invalid_event', 'Only an order event carries an order.');
  if (input.order && isSnapshot(input.order) && !orderValidator.Check(input.order)) {
    const [pointer, , detail] = schemaError(orderValidator.Errors(input.order));
    return fail(`/order${pointer}`, 'invalid_order', detail);
  }
  if (IDENTITY_OPERATIONS.has(input.event)) {
    const wrong = wrongOperation(input, context.vault);
    if (wrong) return fail('/properties/identifiers', 'invalid_event', wrong);
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

const IDENTITY_OPERATIONS: ReadonlySet<string> = new Set(['alias', 'split', 'undo']);

/** What is wrong with an operator's word on who is who, or null. */
function wrongOperation({ properties }: EventInput, vault: Vault): string | null {
  const ids: unknown = properties?.['identifiers'];
  if (!Array.isArray(ids) || ids.length !== 2 || !ids.every(isIdentifier))
    return `Name two identifiers: [{"type": "user_id", "value": "42"}, …]; types are ${IDENTIFIER_TYPES.join(', ')}.`;
  const sealed = ids.map((id) => vault.sealIdentifier(id));
  if (sealed.includes(null))
    return 'An e-mail address or phone number is none: write numbers with + and the country’s code, or send the SHA-256.';
  if (sealed.some((id) => isBlocked(id!.value))) return 'A placeholder like guest or 0 is nobody’s identifier.';
  if (new Set(sealed.map((id) => keyOf(id!))).size < 2) return 'Name two different identifiers.';
  return null;
}

function isIdentifier(value: unknown): value is Identifier {
  const { type, value: text } = (value ?? {}) as Partial<Identifier>;
  return IDENTIFIER_TYPES.includes(type as Identifier['type']) && typeof text === 'string' && text.trim() !== '';
}

/** Addresses and numbers in what an operator said are kept as keyed hashes, like everybody's. */
function sealOperation(properties: NonNullable<EventInput['properties']>, vault: Vault): EventInput['properties'] {
  const ids = properties['identifiers'] as Identifier[];
  return { ...properties, identifiers: ids.map((id) => vault.sealIdentifier(id)!) };
}

/** A UUIDv8: what the collector computes for deliveries, so that a repeat is one; nobody else may take it (I1). */
const isServerMade = (event_id: string): boolean => event_id.length === 36 && event_id[14] === '8';

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
  const { consent, user, page, context = connection } = input;
  const mayKnowVisitor = isGranted(consent, 'analytics_storage');
  const mayUseAds = isGranted(consent, 'ad_storage');
  // A server that sends an order answers for its own customer; of a browser's visitor, contact data needs a yes.
  const mayKeepContact = input.event === 'order' || isGranted(consent, 'ad_user_data');
  const kept = user && (mayKeepContact ? user : mayKnowVisitor && user.id ? { id: user.id } : undefined);
  // A withdrawal names the visitor whose consent ends: without it, it would end nobody's.
  const mayNameVisitor = mayKnowVisitor || input.event === 'consent_update';
  // One shape for every event, with what is absent undefined, is what is written fastest.
  return {
    site,
    event_id: input.event_id,
    received_at,
    event: input.event,
    occurred_at,
    visitor_id: mayNameVisitor ? input.visitor_id : undefined,
    session_id: mayKnowVisitor ? input.session_id : undefined,
    seq: mayKnowVisitor ? input.seq : undefined,
    action_source: input.action_source,
    page: page && pageOf(page),
    campaign: input.campaign,
    click_ids: mayUseAds && input.click_ids ? shiftClicks(input.click_ids, clock_offset_ms) : undefined,
    cookies: mayUseAds ? input.cookies : undefined,
    consent,
    user: kept && vault.sealUser(userPlace(site, input.event_id), kept as User),
    order: input.order,
    refund: input.refund,
    items: input.items,
    context: context && contextOf(context, mayKnowVisitor),
    properties:
      input.properties && IDENTITY_OPERATIONS.has(input.event) ? sealOperation(input.properties, vault) : input.properties,
    clock_offset_ms: clock_offset_ms === 0 ? undefined : clock_offset_ms,
    flags: flags.length > 0 ? [...flags] : undefined,
  };
}

function pageOf({ url, referrer, title }: NonNullable<EventInput['page']>): EventInput['page'] {
  const page = { url: scrubUrl(url), referrer: scrubUrl(referrer), title: title || undefined };
  return page.url || page.referrer || page.title ? page : undefined;
}

function contextOf({ ip, user_agent, language }: Context, mayKnowVisitor: boolean): Context | undefined {
  const context = {
    ip: truncateIp(ip),
    user_agent: (mayKnowVisitor && user_agent?.slice(0, 512)) || undefined,
    language: language || undefined,
  };
  return context.ip || context.user_agent || context.language ? context : undefined;
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
