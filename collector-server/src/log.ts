import { type DestinationStream, pino } from 'pino';
import type { RequestRecord } from './http/deps.ts';

export type LogLevel = 'error' | 'info';

/** The only fields that a record may have (P9). None of them holds what a caller wrote. */
const FIELDS = new Set([
  'request_id',
  'method',
  'route',
  'status',
  'duration_ms',
  'network',
  'context',
  'name',
  'code',
  'kind',
  'at',
  'note',
]);
const MAX_TEXT = 300;
// Beyond what JSON escapes by itself: the second set of control characters, and what some viewers take for a new line.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
const OWN_NOTE = '[orderloop]';
const FRAME = /([\w-]+\/src\/[\w./-]+\.ts:\d+:\d+)/g;
const MAX_FRAMES = 3;
/** What engines quote is what they were given. */
const QUOTED = /"[^"]*"?|'[^']*'?|\([^)]*\)=\([^)]*\)?/g;

export interface Log {
  /** A failure: what kind and where. Its message only when it is one of our own, because others quote what they were given. */
  error(error: unknown, context: string): void;
  /** The last words of a process. */
  fatal(error: Error): void;
  /** A request that was answered; undefined where requests are not logged. */
  request: ((record: RequestRecord) => void) | undefined;
}

/** One JSON line a record (P9). Every record of a running collector is written here. */
export function createLog(level: LogLevel = 'error', stream: DestinationStream = pino.destination(2)): Log {
  const log = pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime, formatters: { log: allowed } }, stream);
  return {
    error: (error, context) => log.error(failure(error, context), 'failure'),
    fatal(error) {
      log.fatal(failure(error, 'fatal'), 'ending, to be started anew');
      log.flush();
    },
    request: level === 'info' ? (record) => log.info(record, 'request') : undefined,
  };
}

function allowed(record: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    if (!FIELDS.has(name) || value === undefined) continue;
    kept[name] = typeof value === 'number' ? value : String(value).slice(0, MAX_TEXT).replace(CONTROL, '?');
  }
  return kept;
}

function failure(error: unknown, context: string): Record<string, unknown> {
  const where = context.startsWith('req_') ? { request_id: context } : { context };
  if (!(error instanceof Error)) return { ...where, name: typeof error };
  const { name, message, code, kind } = error as Error & { code?: unknown; kind?: unknown };
  return {
    ...where,
    name: word(name),
    code: word(code),
    kind: word(kind),
    at: framesOf(error),
    ...(message.startsWith(OWN_NOTE) && { note: message.slice(0, MAX_TEXT).replace(QUOTED, '…') }),
  };
}

/** What is a word of a program, and not a sentence. */
const word = (value: unknown): string | undefined => (typeof value === 'string' && /^\w{1,64}$/.test(value) ? value : undefined);

/** Where in our own code: without the message in front, which could look like anything. */
function framesOf({ stack = '', message }: Error): string | undefined {
  const frames = stack.slice(stack.indexOf(message) + message.length).match(FRAME);
  return frames?.slice(0, MAX_FRAMES).join(' ');
}
