import { type Conversion, isDenied } from '@orderloop/protocol';
import type { Capabilities, OutgoingRequest, Skip } from '../contract.ts';
import { sendableTime } from './time.ts';

/** A conversion in a platform's words, or why the platform is not told. */
export type Mapped = { mapped: object } | Omit<Skip, 'event_id'>;

/** Settings that every destination with named events has. */
export interface EventSettings {
  /** The platform's event by ours, over what is built in; null switches one off. */
  events?: Readonly<Record<string, string | null>>;
}

/**
 * Maps each conversion by itself, and puts what was mapped into as few requests as the platform takes, by count and by
 * bytes, in the order given. `toRequest` gets the events as JSON texts and what their body must begin and end with.
 */
export function mapToRequests(
  conversions: readonly Conversion[],
  { max, max_bytes }: Capabilities['batch'],
  map: (conversion: Conversion) => Mapped,
  toRequest: (events: readonly string[]) => Omit<OutgoingRequest, 'event_ids' | 'parts'>,
): { requests: OutgoingRequest[]; skipped: Skip[] } {
  const skipped: Skip[] = [];
  const requests: OutgoingRequest[] = [];
  let event_ids: string[] = [];
  let texts: string[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (texts.length > 0) requests.push({ ...toRequest(texts), event_ids, parts: texts });
    event_ids = [];
    texts = [];
    bytes = 0;
  };
  for (const conversion of conversions) {
    const result = map(conversion);
    if ('reason' in result) {
      skipped.push({ event_id: conversion.event_id, ...result });
      continue;
    }
    const text = JSON.stringify(result.mapped);
    const size = Buffer.byteLength(text) + 1;
    if (texts.length === max || (texts.length > 0 && bytes + size > max_bytes - ENVELOPE_BYTES)) flush();
    event_ids.push(conversion.event_id);
    texts.push(text);
    bytes += size;
  }
  flush();
  return { requests, skipped };
}

/** What a request holds beside its events, at most. */
const ENVELOPE_BYTES = 2_048;

/** The platform's name for an event: what settings say, else what is built in. */
export function eventName(
  { events }: Pick<Capabilities, 'events'>,
  settings: EventSettings,
  event: string,
): { name: string } | Omit<Skip, 'event_id'> {
  const chosen = settings.events?.[event];
  if (chosen === null) return { reason: 'no_mapping', detail: `settings.events.${event} switches it off.` };
  const name = chosen ?? events[event];
  if (name) return { name };
  return { reason: 'unsupported_event', detail: `There is no event for ${event}; settings.events.${event} can name one.` };
}

/** A platform without a field for consent is not told what was denied (R8). */
export function isKeptBack({ consent }: Pick<Conversion, 'consent'>): boolean {
  return isDenied(consent, 'ad_storage') || isDenied(consent, 'ad_user_data');
}

/**
 * What comes first for every platform with events of its own and no field for consent: the event's name there, consent, and
 * the time to send.
 */
export function nameAndTime(
  conversion: Conversion,
  capabilities: Pick<Capabilities, 'events' | 'maxAgeMs'>,
  settings: EventSettings,
  now: number,
  futureMs = 0,
): { name: string; at: number } | Omit<Skip, 'event_id'> {
  const named = eventName(capabilities, settings, conversion.event);
  if ('reason' in named) return named;
  if (isKeptBack(conversion)) return { reason: 'consent_denied' };
  const time = sendableTime(conversion, now, capabilities.maxAgeMs(conversion), futureMs);
  return 'reason' in time ? time : { name: named.name, at: time.at };
}

/** Absent means absent: no null, no empty text, no empty list or object (R5). */
export function compact<T extends Record<string, unknown>>(fields: T): Partial<T> {
  const kept: Record<string, unknown> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined || value === null || value === '') continue;
    if (typeof value === 'object' && isEmpty(value)) continue;
    kept[name] = value;
  }
  return kept as Partial<T>;
}

function isEmpty(value: object): boolean {
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

/** `[value]`, or nothing of nothing: for platforms that take each identifier as a list. */
export const listOf = (value: string | undefined): string[] | undefined => (value ? [value] : undefined);
