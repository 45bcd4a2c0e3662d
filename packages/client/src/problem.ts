import type { FieldError, ProblemBody } from '@orderloop/protocol';

/** The parts of a problem+json body that are there and of the right kind; an answer from a proxy has none. */
export function readProblem(text: string): Partial<ProblemBody> {
  const body = readObject(text);
  if (!body) return {};
  const { code, title, detail, instance, errors } = body;
  return {
    ...(typeof code === 'string' && { code: code as ProblemBody['code'] }),
    ...(typeof title === 'string' && { title }),
    ...(typeof detail === 'string' && { detail }),
    ...(typeof instance === 'string' && { instance }),
    ...(Array.isArray(errors) && { errors: errors.filter(isFieldError) }),
  };
}

/** A JSON object, or undefined for anything else. */
export function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isFieldError(value: unknown): value is FieldError {
  return value !== null && typeof value === 'object' && typeof (value as FieldError).pointer === 'string';
}
