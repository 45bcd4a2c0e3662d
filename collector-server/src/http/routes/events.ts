import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BatchReceipt, BatchSchema, type FieldError, firstFault, type StoredEvent } from '@orderloop/protocol';
import { Compile } from 'typebox/compile';
import type { Entry } from '../../ingest/commit-queue.ts';
import { deadLetterOf } from '../../ingest/dead-letter.ts';
import { clockOffset } from '../../ingest/time.ts';
import { type IngestContext, judgeEvent } from '../../ingest/validate.ts';
import { truncateIp } from '../../privacy/scrub.ts';
import type { AppendResult, DeadLetter } from '../../storage/contract.ts';
import type { Caller } from '../auth.ts';
import { BODY_LIMITS, type Body, isPlain, parseBody, receiveBody } from '../body.ts';
import { originHeaders } from '../cors.ts';
import type { HttpDeps } from '../deps.ts';
import { flagsOf } from '../flags.ts';
import type { NamedCall } from '../named-calls.ts';
import { HttpProblem } from '../problem.ts';

const ROUTE = '/v1/events';
const MAX_EVENTS = { browser: 100, server: 500 } as const;
const validator = Compile(BatchSchema);

type Rejected = BatchReceipt['rejected'];

/**
 * `POST /v1/events`: a batch from a browser (publishable key, listed origin) or from a server (secret key, signed).
 * 202 once what was good is durable; each bad event is answered by itself and kept as a dead letter. `fail` answers what
 * can't be taken. Callbacks on the browser's way: it is the one route whose every microsecond counts.
 */
export function handleEvents(exchange: Exchange, deps: HttpDeps, fail: (error: unknown) => void): void {
  const { request } = exchange;
  const received_at = deps.now();
  const isBrowser = request.headers.authorization === undefined;
  receiveBody(request, isBrowser ? BODY_LIMITS.browser : BODY_LIMITS.server, (error, body) => {
    if (!body) return fail(error);
    if (!isBrowser) {
      handleServerBatch(exchange, deps, body, received_at).catch(fail);
      return;
    }
    try {
      const batch = judgeBatch(deps, request, body, received_at);
      deps.commits.submit(batch.entry, (fault, results) => {
        if (fault) return fail(fault);
        const receipt = settle(deps, batch, results);
        if (receipt) sendReceipt(exchange, deps, receipt);
        else fail(nothingGood(batch));
      });
    } catch (refused) {
      fail(refused);
    }
  });
}

/** A request that is being answered. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  request_id: string;
}

async function handleServerBatch(exchange: Exchange, deps: HttpDeps, body: Body, received_at: number): Promise<void> {
  const { request, response } = exchange;
  // A server is known by its signature before anything of its body is read.
  const caller = deps.auth.server(request, body.wire, received_at);
  const { site, key_id } = caller;
  const call = await deps.calls.begin(request, { route: ROUTE, site, owner: key_id, wire: body.wire, received_at });
  try {
    if (call.known) {
      response.setHeader('idempotent-replayed', 'true');
      return sendReceipt(exchange, deps, receiptOf(call.known.results, JSON.parse(call.known.answer) as Rejected));
    }
    const batch = judgeBatch(deps, request, body, received_at, { caller, call });
    const receipt = settle(deps, batch, await deps.commits.append(batch.entry));
    if (!receipt) throw nothingGood(batch);
    sendReceipt(exchange, deps, receipt);
  } finally {
    call.end();
  }
}

/** In one write: the answer that is given most. */
function sendReceipt({ request, response, request_id }: Exchange, { auth, health }: HttpDeps, receipt: BatchReceipt): void {
  const text = JSON.stringify(receipt);
  const length = receipt.rejected.length === 0 ? text.length : Buffer.byteLength(text);
  const headers = ['x-request-id', request_id, 'content-type', 'application/json', 'content-length', String(length)];
  headers.push(...originHeaders(request.headers.origin, auth));
  if (health.isStopping()) headers.push('connection', 'close');
  for (const name of response.getHeaderNames()) headers.push(name, String(response.getHeader(name)));
  response.writeHead(202, headers).end(text);
}

interface JudgedBatch {
  entry: Entry;
  errors: FieldError[];
  rejected: Rejected;
}

/** Judges every event of a batch; throws what is wrong with the batch itself. */
function judgeBatch(
  deps: HttpDeps,
  request: IncomingMessage,
  { bytes }: Body,
  received_at: number,
  server?: { caller: Caller; call: NamedCall },
): JudgedBatch {
  const from = server ? 'server' : 'browser';
  const value = parseBody(bytes, BODY_LIMITS[from]);
  if (!validator.Check(value)) throw batchError(value);
  const caller = server?.caller ?? deps.auth.browser(request, value.key);
  if (value.events.length > MAX_EVENTS[from])
    throw new HttpProblem('too_many_events', `A batch may hold ${MAX_EVENTS[from]} events.`);

  const gpc = request.headers['sec-gpc'] === '1';
  const context: IngestContext = {
    site: caller.site,
    from,
    received_at,
    clock_offset_ms: clockOffset(value.sent_at, received_at),
    custom_events: caller.config.custom_events ?? [],
    connection: server ? undefined : connectionOf(request, deps.addressOf(request)),
    flags: server ? NO_FLAGS : flagsOf(request, caller),
    isPlain: isPlain(bytes),
    vault: deps.vault,
  };
  const { good, errors } = judge(gpc ? value.events.map(withoutAdConsent) : value.events, context);
  const rejected = errors.map(toRejected);
  const facts = good.length > 0 ? server?.call.facts : undefined;
  const entry: Entry = {
    events: good,
    deadLetters: errors.length > 0 ? deadLetters(deps, caller, value.events, errors, context) : undefined,
    bytes: bytes.length,
    call: facts && { ...facts, answer: JSON.stringify(rejected) },
  };
  return { entry, errors, rejected };
}

/** Counts what became of a batch that was committed; null when nothing of it was good. */
function settle(deps: HttpDeps, { entry, rejected }: JudgedBatch, results: readonly AppendResult[]): BatchReceipt | null {
  const receipt = receiptOf(results, rejected);
  countEvents(deps, receipt);
  return entry.events.length > 0 ? receipt : null;
}

function nothingGood({ errors }: JudgedBatch): HttpProblem {
  return new HttpProblem('invalid_batch', 'No event of the batch can be used; errors names what is wrong with each.', { errors });
}

const NO_FLAGS: readonly string[] = [];

function batchError(value: unknown): HttpProblem {
  const { pointer, detail } = firstFault(validator.Errors(value));
  return new HttpProblem('invalid_batch', 'A batch is {key, sent_at, events: [...]}.', {
    errors: [{ pointer, code: 'invalid_batch', detail }],
  });
}

function judge(events: readonly unknown[], context: IngestContext): { good: StoredEvent[]; errors: FieldError[] } {
  const good: StoredEvent[] = [];
  const errors: FieldError[] = [];
  for (let index = 0; index < events.length; index++) {
    const judgement = judgeEvent(events[index], index, context);
    if ('event' in judgement) good.push(judgement.event);
    else errors.push(judgement.error);
  }
  return { good, errors };
}

function toRejected({ index = 0, event_id, code, pointer, detail }: FieldError): Rejected[number] {
  return { index, ...(event_id && { event_id }), code, pointer, detail };
}

function receiptOf(results: readonly AppendResult[], rejected: Rejected): BatchReceipt {
  let accepted = 0;
  for (const result of results) if (result === 'accepted') accepted++;
  return { accepted, duplicate: results.length - accepted, rejected };
}

function countEvents({ metrics }: HttpDeps, { accepted, duplicate, rejected }: BatchReceipt): void {
  if (accepted > 0) metrics.events.inc({ result: 'accepted' }, accepted);
  if (duplicate > 0) metrics.events.inc({ result: 'duplicate' }, duplicate);
  if (rejected.length > 0) metrics.events.inc({ result: 'rejected' }, rejected.length);
}

/** What was refused is kept with its reason and what it was judged by, sealed, for whoever has to mend the sender. */
function deadLetters(
  deps: HttpDeps,
  { site, key_id }: Caller,
  events: readonly unknown[],
  errors: readonly FieldError[],
  { received_at, from, clock_offset_ms, connection, flags = [] }: IngestContext,
): DeadLetter[] {
  for (const { code } of errors) deps.metrics.rejections.inc({ code });
  return errors.slice(0, deps.letters.take(site, errors.length)).map(({ index = 0, code, pointer, detail }) => {
    const ip = truncateIp(connection?.ip);
    const { ip: _, ...rest } = connection ?? {};
    const context = { from, clock_offset_ms, flags, ...(connection && { connection: { ...rest, ...(ip && { ip }) } }) };
    return deadLetterOf(
      { site, received_at, stage: 'validate', code, pointer, detail, route: ROUTE, key_id },
      { raw: JSON.stringify(events[index]) ?? '', context, vault: deps.vault },
    );
  });
}

function connectionOf(request: IncomingMessage, ip: string | undefined) {
  const user_agent = request.headers['user-agent']?.slice(0, 512);
  const language = request.headers['accept-language']?.split(',')[0]?.slice(0, 64);
  return { ...(ip && { ip }), ...(user_agent && { user_agent }), ...(language && { language }) };
}

/** `Sec-GPC: 1` denies the three advertising purposes, whatever the page said (P3). */
function withoutAdConsent(event: unknown): unknown {
  if (typeof event !== 'object' || event === null || !('consent' in event)) return event;
  return {
    ...event,
    consent: { ...(event.consent as object), ad_storage: 'denied', ad_user_data: 'denied', ad_personalization: 'denied' },
  };
}
