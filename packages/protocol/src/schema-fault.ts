/** What a compiled validator says of one failed rule. */
interface SchemaError {
  keyword: string;
  instancePath: string;
  params: object;
  message?: string;
}

export interface SchemaFault {
  /** RFC 6901; names the field itself where it is missing, or where there should be none. */
  pointer: string;
  kind: 'missing' | 'unknown' | 'wrong';
  /** A sentence for whoever sent it. */
  detail: string;
}

// They say that a branch failed, beside the error that says why.
const CONSEQUENCES = new Set(['anyOf', 'const', 'boolean']);

/** The first thing that a validator has against a value, as the field and a sentence. */
export function firstFault(errors: readonly SchemaError[]): SchemaFault {
  const error = errors.find(({ keyword }) => !CONSEQUENCES.has(keyword)) ?? errors[0];
  const at = error?.instancePath ?? '';
  const { requiredProperties, additionalProperties } = (error?.params ?? {}) as Record<string, string[] | undefined>;
  if (error?.keyword === 'required' && requiredProperties?.[0] !== undefined) {
    return { pointer: `${at}/${escapeStep(requiredProperties[0])}`, kind: 'missing', detail: 'This field is required.' };
  }
  if (error?.keyword === 'additionalProperties' && additionalProperties?.[0] !== undefined) {
    return { pointer: `${at}/${escapeStep(additionalProperties[0])}`, kind: 'unknown', detail: 'There is no such field.' };
  }
  return { pointer: at, kind: 'wrong', detail: `This ${error?.message ?? 'is not valid'}.` };
}

/** The pointer of a path (RFC 6901). */
export function toPointer(path: readonly (string | number)[]): string {
  return path.map((step) => `/${escapeStep(String(step))}`).join('');
}

const escapeStep = (step: string): string => step.replaceAll('~', '~0').replaceAll('/', '~1');
