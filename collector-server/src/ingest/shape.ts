import { type ProblemCode, toPointer } from '@orderloop/protocol';

/** Levels of the whole body: the batch and its list are two, so an event has six, and its properties five (§2). */
const MAX_DEPTH = 6;
const MAX_KEYS = 256;
const MAX_KEY_LENGTH = 128;
const FORBIDDEN_KEYS = new Set(['__proto__', 'prototype', 'constructor']);
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

export interface ShapeError {
  pointer: string;
  code: ProblemCode;
  detail: string;
}

/** Fields that may hold an address, which may be longer than other text. */
const ADDRESS_FIELDS = new Set(['url', 'referrer', 'landing_page']);
const MAX_ADDRESS = 4096;

/**
 * Checks what a schema can't say of a value from outside: nesting, keys, lengths, numbers. Answers the first thing wrong.
 * `maxText` in UTF-16 code units.
 */
export function checkShape(value: unknown, maxText: number): ShapeError | null {
  // The path is kept as it is walked, and written out only when something is wrong: most events are right.
  const path: (string | number)[] = [];
  const fault = (code: ProblemCode, detail: string): ShapeError => ({ pointer: toPointer(path), code, detail });

  const visit = (entry: unknown): ShapeError | null => {
    if (typeof entry === 'string') {
      const limit = ADDRESS_FIELDS.has(path.at(-1) as string) ? MAX_ADDRESS : maxText;
      return entry.length > limit ? fault('invalid_event', `The text is longer than ${limit} characters.`) : null;
    }
    if (typeof entry === 'number') {
      const usable = Number.isInteger(entry) ? Number.isSafeInteger(entry) : Number.isFinite(entry);
      return usable ? null : fault('invalid_event', 'The number is not finite, or not exact.');
    }
    if (typeof entry !== 'object' || entry === null) return null;
    if (path.length >= MAX_DEPTH) return fault('event_too_deep', `Nest at most ${MAX_DEPTH} levels in an event.`);
    return Array.isArray(entry) ? visitList(entry) : visitObject(entry as Record<string, unknown>);
  };

  const visitList = (list: readonly unknown[]): ShapeError | null => {
    for (let index = 0; index < list.length; index++) {
      path.push(index);
      const error = visit(list[index]);
      if (error) return error;
      path.pop();
    }
    return null;
  };

  const visitObject = (object: Record<string, unknown>): ShapeError | null => {
    const keys = Object.keys(object);
    if (keys.length > MAX_KEYS) return fault('invalid_event', `An object may have ${MAX_KEYS} keys.`);
    for (const key of keys) {
      path.push(key.length > MAX_KEY_LENGTH ? key.slice(0, MAX_KEY_LENGTH) : key);
      if (FORBIDDEN_KEYS.has(key)) return fault('forbidden_key', 'This key is not allowed anywhere.');
      if (key.length > MAX_KEY_LENGTH) return fault('invalid_event', `A key may have ${MAX_KEY_LENGTH} characters.`);
      if (CONTROL.test(key) || !key.isWellFormed()) return fault('forbidden_character', 'Keys hold no control characters.');
      const error = visit(object[key]);
      if (error) return error;
      path.pop();
    }
    return null;
  };

  return visit(value);
}

/** More than a number, a boolean or null takes as JSON, and what stands around it. */
const SCALAR_BYTES = 28;
/** Quotes, colon and comma around a text. */
const MARKS = 4;

/**
 * When `checkShape` finds nothing wrong: no fewer bytes than the value takes as JSON, told quickly, because most events are
 * right. -1 says no more than that it must be asked. For values of which no text holds anything but plain ASCII.
 */
export function plainBytes(value: unknown, maxText: number, depth = 0): number {
  if (typeof value === 'string') return value.length <= maxText ? value.length + MARKS : -1;
  if (typeof value === 'number')
    return (Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)) ? SCALAR_BYTES : -1;
  if (typeof value !== 'object' || value === null) return SCALAR_BYTES;
  if (depth >= MAX_DEPTH) return -1;
  let bytes = MARKS;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const inner = plainBytes(value[index], maxText, depth + 1);
      if (inner === -1) return -1;
      bytes += inner;
    }
    return bytes;
  }
  let keys = 0;
  for (const key in value) {
    // Every forbidden key has one of these lengths.
    if (key.length > MAX_KEY_LENGTH || ((key.length === 9 || key.length === 11) && FORBIDDEN_KEYS.has(key))) return -1;
    const inner = plainBytes((value as Record<string, unknown>)[key], maxText, depth + 1);
    if (inner === -1 || ++keys > MAX_KEYS) return -1;
    bytes += key.length + MARKS + inner;
  }
  return bytes;
}

/** True when a JSON text holds an escaped NUL or lone surrogate: the only way that they get into one. */
export function needsCleaning(json: string): boolean {
  return /\\u(?:0000|[dD][89a-fA-F])/.test(json);
}

/** Free text as both engines can keep it: NUL and lone surrogates become U+FFFD (D8). Copies; keys come from checked input. */
export function cleanText<T>(value: T): T {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\u0000', '\uFFFD') as T;
  if (Array.isArray(value)) return value.map(cleanText) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, cleanText(entry)])) as T;
}
