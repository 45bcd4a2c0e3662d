import { createHash } from 'node:crypto';
import {
  exponentOf,
  isRelayEmail,
  normalizeEmail,
  normalizePhone,
  parseDecimal,
  parseJson,
  SESSION_REF_PATTERN,
  type User,
} from '@orderloop/protocol';
import type { Cursor, OrderFact, Page, SourceReading, UnusableReading } from '../contract.ts';

export type Json = Record<string, unknown>;

/** What is wrong with a delivery, and where: an RFC 6901 pointer. */
export class UnusableDelivery extends Error {
  readonly code: 'unusable_delivery' | 'malformed_json' | 'unknown_currency' | 'invalid_amount' | 'invalid_order';
  readonly pointer: string;
  constructor(code: UnusableDelivery['code'], pointer: string, detail: string) {
    super(detail);
    this.code = code;
    this.pointer = pointer;
  }
}

/** What JSON in UTF-8 holds, with ids beyond 2^53 as text. Throws UnusableDelivery. */
export function parseBytes(body: Uint8Array): unknown {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new UnusableDelivery('malformed_json', '', 'The body is not JSON in UTF-8.');
  }
}

export function parseBody(body: Uint8Array): Json {
  const value = parseBytes(body);
  if (!isObject(value)) throw new UnusableDelivery('unusable_delivery', '', 'The body must be a JSON object.');
  return value;
}

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
export const objectAt = (value: unknown): Json => (isObject(value) ? value : {});
export const listAt = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** A text or a number as text; null when absent or empty. */
export function textAt(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

export function currencyAt(value: unknown, pointer: string): { currency: string; exponent: number } {
  const currency = textAt(value)?.toUpperCase();
  const exponent = currency ? exponentOf(currency) : null;
  if (!currency || exponent === null) {
    throw new UnusableDelivery('unknown_currency', pointer, 'Expected an ISO 4217 currency code.');
  }
  return { currency, exponent };
}

/** Integer minor units; absent is 0 where the platform leaves zero amounts out. */
export function amountAt(value: unknown, exponent: number, pointer: string): number {
  if (value === null || value === undefined || value === '') return 0;
  const minor = typeof value === 'string' || typeof value === 'number' ? parseDecimal(value, exponent) : null;
  if (minor === null) throw new UnusableDelivery('invalid_amount', pointer, 'Expected a decimal amount.');
  return minor;
}

/** `2026-02-03T11:20:07Z`, or null when it is absent or no time. */
export function instantAt(value: unknown): string | null {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? null : toInstant(ms);
}

/** `2026-02-03T11:20:07`, with a blank or a T and without a zone, as what it is: UTC. Other texts as they are. */
export function utcText(value: unknown): string | null {
  const text = textAt(value);
  const naive = text && /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?$/.exec(text);
  return naive ? `${naive[1]}T${naive[2]}Z` : text;
}

/** The same as `instantAt` for what an order can't do without. */
export function requiredInstantAt(value: unknown, pointer: string): string {
  const instant = instantAt(value);
  if (!instant) throw new UnusableDelivery('invalid_order', pointer, 'Expected a time.');
  return instant;
}

/** The same as `amountAt` for what an order can't do without. */
export function requiredAmountAt(value: unknown, exponent: number, pointer: string): number {
  if (textAt(value) === null) throw new UnusableDelivery('invalid_amount', pointer, 'The order has no total.');
  return amountAt(value, exponent, pointer);
}

/** An id as text, which the platform may have sent as a number. */
export function requiredIdAt(value: unknown, pointer: string): string {
  const id = textAt(value);
  if (!id || id.length > 128) throw new UnusableDelivery('unusable_delivery', pointer, 'The resource has no id.');
  return id;
}

/** An id as text; null when absent, or 0 where that stands for none. */
export const idOrNullAt = (value: unknown): string | null => (value === 0 || value === '0' ? null : textAt(value));

/** A number, which the platform may have sent as text; 0 when it is none. */
export function numberAt(value: unknown): number {
  const number = Number(textAt(value) ?? 0);
  return Number.isFinite(number) ? number : 0;
}

/** UTC ms as the canonical order writes times. */
export function toInstant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

export const sha256 = (text: string): string => createHash('sha256').update(text.normalize('NFC'), 'utf8').digest('hex');

/** The customer as the canonical order holds it; aliases of marketplaces stand for nobody. */
export function customerOf(fields: {
  id?: string | null;
  email?: string | null;
  phone?: string | null;
  country?: string | null;
}) {
  const email = normalizeEmail(fields.email);
  return {
    id: fields.id ?? null,
    email_sha256: email && !isRelayEmail(email) ? sha256(email) : null,
    phone_e164: normalizePhone(fields.phone, fields.country),
  };
}

/** Who the buyer is, without what is not known. */
export const userOf = (fields: { [Field in keyof User]: User[Field] | null }): User =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as User;

export function sessionRefAt(value: unknown): string | null {
  const text = textAt(value);
  return text && SESSION_REF_PATTERN.test(text) ? text : null;
}

/** Click ids that a landing page's query carries. */
export function clickIdsOf(landingPage: string | null, params: readonly string[]): Record<string, string> {
  const query = landingPage?.split('?')[1]?.split('#')[0];
  if (!query) return {};
  const search = new URLSearchParams(query);
  return Object.fromEntries(params.flatMap((param) => (search.get(param) ? [[param, search.get(param)!]] : [])));
}

/** A reading that says what is wrong instead of throwing it. */
export function reading(read: () => SourceReading): SourceReading {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnusableDelivery) return unusable(error);
    throw error;
  }
}

export const unusable = ({ code, pointer, message }: UnusableDelivery): UnusableReading => ({
  kind: 'unusable',
  code,
  pointer,
  detail: message,
});

/** Reads each resource of an API's page; one that can't be read keeps no other waiting. */
export function readEach(
  resources: readonly Json[],
  idOf: (resource: Json) => string | null,
  read: (resource: Json) => OrderFact | null,
): Pick<Page, 'facts' | 'unusable'> {
  const page: Pick<Page, 'facts' | 'unusable'> = { facts: [], unusable: [] };
  for (const resource of resources) {
    try {
      const fact = read(resource);
      if (fact) page.facts.push(fact);
    } catch (error) {
      if (!(error instanceof UnusableDelivery)) throw error;
      page.unusable.push({ ...unusable(error), order_id: idOf(resource), raw: resource });
    }
  }
  return page;
}

/**
 * Where a list goes on that is sorted by when its orders changed and paged by number. An order that changes meanwhile moves to
 * the end and draws the others forward over the page's border, so each page begins anew from the last change of the page before;
 * pages are only counted while all of a page changed in one moment.
 */
export function nextByTime(cursor: Cursor, last: number | null, isFull: boolean): Cursor | null {
  if (!isFull || last === null) return null;
  if (last > cursor.from) return { from: last, page: null };
  return { from: cursor.from, page: String(Number(cursor.page ?? 1) + 1) };
}
