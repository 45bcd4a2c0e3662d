import type { ProblemCode } from '@orderloop/protocol';

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

/**
 * Checks what a schema can't say of a value from outside: nesting, keys, lengths, numbers. Answers the first thing wrong.
 * `maxText` in UTF-16 code units.
 */
export function checkShape(value: unknown, maxText: number, pointer = '', depth = 1): ShapeError | null {
  if (typeof value === 'string') {
    const limit = /\/(url|referrer|landing_page|sealed)$/.test(pointer) ? 4096 : maxText;
    return value.length > limit
      ? { pointer, code: 'invalid_event', detail: `The text is longer than ${limit} characters.` }
      : null;
  }
  if (typeof value === 'number') {
    const usable = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
    return usable ? null : { pointer, code: 'invalid_event', detail: 'The number is not finite, or not exact.' };
  }
  if (typeof value !== 'object' || value === null) return null;
  if (depth > MAX_DEPTH) return { pointer, code: 'event_too_deep', detail: `Nest at most ${MAX_DEPTH} levels in an event.` };
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const error = checkShape(value[index], maxText, `${pointer}/${index}`, depth + 1);
      if (error) return error;
    }
    return null;
  }
  const keys = Object.keys(value);
  if (keys.length > MAX_KEYS) return { pointer, code: 'invalid_event', detail: `An object may have ${MAX_KEYS} keys.` };
  for (const key of keys) {
    const at = `${pointer}/${escapePointer(key.slice(0, MAX_KEY_LENGTH))}`;
    if (FORBIDDEN_KEYS.has(key)) return { pointer: at, code: 'forbidden_key', detail: 'This key is not allowed anywhere.' };
    if (key.length > MAX_KEY_LENGTH)
      return { pointer: at, code: 'invalid_event', detail: `A key may have ${MAX_KEY_LENGTH} characters.` };
    if (CONTROL.test(key) || !key.isWellFormed())
      return { pointer: at, code: 'forbidden_character', detail: 'Keys hold no control characters.' };
    const error = checkShape((value as Record<string, unknown>)[key], maxText, at, depth + 1);
    if (error) return error;
  }
  return null;
}

/** RFC 6901. */
export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Free text as both engines can keep it: NUL and lone surrogates become U+FFFD (D8). Copies; keys come from checked input. */
export function cleanText<T>(value: T): T {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\u0000', '\uFFFD') as T;
  if (Array.isArray(value)) return value.map(cleanText) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, cleanText(entry)])) as T;
}
