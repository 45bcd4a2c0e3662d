// Taken at the start: pages replace them, and not always by something better.
const { parse, stringify } = JSON;

/** A batch may be nested 8 deep, and an event in it begins at the third (reliability-security §2). */
const MAX_DEPTH = 5;

/**
 * The value without what says nothing: undefined, null, empty texts, lists and objects, and numbers that JSON can't hold.
 * What comes out is plain, and shadows the `toJSON` that Prototype.js puts on `Array.prototype`: without that, lists
 * would arrive as quoted texts.
 */
export function compact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value || undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return `${value}`;
  if (!value || typeof value !== 'object' || depth > MAX_DEPTH) return undefined;
  if (value instanceof Date) return Number.isNaN(+value) ? undefined : value.toISOString();
  return Array.isArray(value) ? compactList(value, depth) : compactObject(value as Record<string, unknown>, depth);
}

function compactList(list: unknown[], depth: number): unknown[] | undefined {
  const kept: unknown[] = [];
  for (const element of list) {
    const inner = compact(element, depth + 1);
    if (inner !== undefined) kept.push(inner);
  }
  return kept.length ? Object.assign(kept, { toJSON: undefined }) : undefined;
}

function compactObject(object: Record<string, unknown>, depth: number): Record<string, unknown> | undefined {
  const kept: Record<string, unknown> = Object.create(null);
  let found = false;
  for (const key of Object.keys(object)) {
    const inner = compact(object[key], depth + 1);
    if (inner === undefined) continue;
    kept[key] = inner;
    found = true;
  }
  return found ? kept : undefined;
}

/** The JSON of what `compact` leaves; `{}` when that is nothing. */
export function toJson(value: unknown): string {
  return stringify(compact(value)) ?? '{}';
}

/** What a JSON text holds, or undefined when it is none. */
export function fromJson(text: string | null | undefined): unknown {
  try {
    return parse(text as string) ?? undefined;
  } catch {
    return undefined;
  }
}
