import { parseArgs } from 'node:util';
import { type Conversion, ConversionSchema, firstFault } from '@orderloop/protocol';
import { Compile } from 'typebox/compile';
import type { Reply } from '../destinations/contract.ts';
import { DESTINATIONS, findDestination } from '../destinations/index.ts';
import { maskHeaders, maskUrl } from '../privacy/mask.ts';
import { printJson, readClock, readJsonInput, UnusableInput } from './io.ts';

const validator = Compile(ConversionSchema);

/** `orderloop preview FILE`: what a destination would be sent, and how its reply would be read. Sends nothing. */
export async function preview(args: string[]): Promise<void> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { reveal: { type: 'boolean', default: false } },
  });
  const input = readJsonInput(positionals[0]);
  const name = String(input['destination']);
  const destination = findDestination(name);
  if (!destination)
    throw new UnusableInput(`destination must be one of ${Object.keys(DESTINATIONS).join(', ')}.`, '/destination');
  const now = readClock(input['now']);
  if (now === null) throw new UnusableInput('now must be RFC 3339, UTC ms or Unix seconds.', '/now');
  const settings = (typeof input['settings'] === 'object' && input['settings'] !== null ? input['settings'] : {}) as Record<
    string,
    unknown
  >;
  const [wrong] = destination.checkSettings(settings);
  if (wrong) throw new UnusableInput(`[${name}] ${wrong}`, '/settings');
  if (!Array.isArray(input['events'])) throw new UnusableInput('events must be a list of canonical conversions.', '/events');
  const events = input['events'].map(readConversion);

  // What the relay fetches before it sends is not fetched for looking at it.
  const access = destination.access?.request(settings, now) ? { access_token: 'fetched-before-sending' } : {};
  const answer = destination.requests(events, settings, { now, ...access });
  const requests = answer.requests.map(({ parts: _, ...request }) => request);
  const { skipped } = answer;
  const reply = input['reply'] === undefined ? undefined : readReply(input['reply']);
  printJson({
    requests: values.reveal
      ? requests
      : requests.map((request) => ({ ...request, url: maskUrl(request.url), headers: maskHeaders(request.headers) })),
    skipped,
    ...(reply && { outcomes: requests.flatMap(({ event_ids }) => destination.outcomes(reply, event_ids)) }),
  });
}

function readConversion(value: unknown, index: number): Conversion {
  if (validator.Check(value)) return value;
  const { pointer, detail } = firstFault(validator.Errors(value));
  throw new UnusableInput(detail, `/events/${index}${pointer}`);
}

function readReply(value: unknown): Reply {
  const {
    status,
    headers = {},
    body = '',
  } = (value ?? {}) as { status?: unknown; headers?: Record<string, unknown>; body?: unknown };
  if (typeof status !== 'number') throw new UnusableInput('reply.status must be a number.', '/reply/status');
  const entries = Object.entries(headers).map(([name, text]) => [name.toLowerCase(), String(text)]);
  return { status, headers: Object.fromEntries(entries), body: typeof body === 'string' ? body : JSON.stringify(body) };
}
