import { readFileSync } from 'node:fs';
import { type FieldError, type ProblemCode, parseJson, problem } from '@orderloop/protocol';

/** Input that can't be used: exit code 2, and one problem+json object on stderr. */
export class UnusableInput extends Error {
  readonly code: ProblemCode;
  readonly errors?: FieldError[];

  constructor(detail: string, pointer?: string, code: ProblemCode = 'invalid_input') {
    super(detail);
    this.code = code;
    if (pointer !== undefined) this.errors = [{ pointer, code, detail }];
  }

  toJson(): string {
    return JSON.stringify(problem(this.code, this.message, this.errors && { errors: this.errors }));
  }
}

/** A failure of the run that is told in one sentence: exit code 1. */
export class RunFailure extends Error {}

/** The text of a file, or of standard input for `-`. Throws UnusableInput. */
export function readInput(file: string | undefined): string {
  if (file === undefined) throw new UnusableInput('Name a file, or - for standard input.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file === '-' ? 0 : file));
  } catch (error) {
    const missing = (error as { code?: string }).code === 'ENOENT';
    throw new UnusableInput(missing ? 'There is no such file.' : 'The file can’t be read as UTF-8 text.');
  }
}

/** The JSON object of a file, or of standard input for `-`. */
export function readJsonInput(file: string | undefined): Record<string, unknown> {
  const value = parseOr(readInput(file), 'The input is not JSON.');
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UnusableInput('The input must be one JSON object.', '');
  return value as Record<string, unknown>;
}

export function parseOr(text: string, detail: string, pointer?: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new UnusableInput(detail, pointer, 'malformed_json');
  }
}

/** Results go to stdout as JSON; everything said to a person goes to stderr. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A clock reading from outside: RFC 3339, UTC ms, or Unix seconds (told apart by their size). Null when it is none. */
export function readClock(value: unknown): number | null {
  if (typeof value === 'string') {
    const ms = /^\d+$/.test(value) ? Number(value) : Date.parse(value);
    return readClock(Number.isNaN(ms) ? undefined : ms);
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  return value < 1e11 ? Math.round(value * 1000) : Math.round(value);
}
