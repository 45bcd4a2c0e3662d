import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BatchReceipt, BatchSchema, type FieldError, firstFault, type StoredEvent } from '@orderloop/protocol';
import { Compile } from 'typebox/compile';
import { deadLetterOf } from '../../ingest/dead-letter.ts';
import { clockOffset } from '../../ingest/time.ts';
import { type IngestContext, judgeEvent } from '../../ingest/validate.ts';
import type { DeadLetter } from '../../storage/contract.ts';
import type { Caller } from '../auth.ts';
import { BODY_LIMITS, parseBody, readBody } from '../body.ts';
import { allowOrigin } from '../cors.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpProblem, sendJson } from '../problem.ts';

const MAX_EVENTS = { browser: 100, server: 500 } as const;
const validator = Compile(BatchSchema);

/**
 * `POST /v1/events`: a batch from a browser (publishable key, listed origin) or from a server (secret key, signed).
 * 202 once what was good is durable; each bad event is answered by itself and kept as a dead letter.
 */
export async function handleEvents(request: IncomingMessage, response: ServerResponse, deps: HttpDeps): Promise<void> {
  allowOrigin(request, response, deps.auth);
  const received_at = deps.now();
  const from = request.headers.authorization === undefined ? 'browser' : 'server';
  const limits = BODY_LIMITS[from];
  const body = await readBody(request, limits);
  // A server is known by its signature before anything of its body is read.
  const server = from === 'server' ? deps.auth.server(request, body.wire, received_at) : undefined;
  const value = parseBody(body.bytes, limits);
  if (!validator.Check(value)) throw batchError(value);
  const caller = server ?? deps.auth.browser(request, value.key);
  if (value.events.length > MAX_EVENTS[from])
    throw new HttpProblem('too_many_events', `A batch may hold ${MAX_EVENTS[from]} events.`);

  const gpc = request.headers['sec-gpc'] === '1';
  const { good, errors } = judge(gpc ? value.events.map(withoutAdConsent) : value.events, {
    site: caller.site,
    from,
    received_at,
    clock_offset_ms: clockOffset(value.sent_at, received_at),
    custom_events: caller.config.custom_events ?? [],
    connection: from === 'browser' ? connectionOf(request) : undefined,
    flags: gpc ? ['gpc'] : [],
    vault: deps.vault,
  });
  const results = await commit(deps, good, deadLetters(deps, caller, value.events, errors, received_at));

  const receipt: BatchReceipt = {
    accepted: results.filter((result) => result === 'accepted').length,
    duplicate: results.filter((result) => result === 'duplicate').length,
    rejected: errors.map(({ index = 0, event_id, code, pointer, detail }) => ({
      index,
      ...(event_id && { event_id }),
      code,
      pointer,
      detail,
    })),
  };
  deps.metrics.events.inc({ result: 'accepted' }, receipt.accepted);
  deps.metrics.events.inc({ result: 'duplicate' }, receipt.duplicate);
  deps.metrics.events.inc({ result: 'rejected' }, errors.length);
  if (good.length === 0)
    throw new HttpProblem('invalid_batch', 'No event of the batch can be used; errors names what is wrong with each.', {
      errors,
    });
  sendJson(response, 202, receipt);
}

function batchError(value: unknown): HttpProblem {
  const { pointer, detail } = firstFault(validator.Errors(value));
  return new HttpProblem('invalid_batch', 'A batch is {key, sent_at, events: [...]}.', {
    errors: [{ pointer, code: 'invalid_batch', detail }],
  });
}

function judge(events: readonly unknown[], context: IngestContext): { good: StoredEvent[]; errors: FieldError[] } {
  const good: StoredEvent[] = [];
  const errors: FieldError[] = [];
  events.forEach((value, index) => {
    const judgement = judgeEvent(value, index, context);
    if ('event' in judgement) good.push(judgement.event);
    else errors.push(judgement.error);
  });
  return { good, errors };
}

async function commit(deps: HttpDeps, events: readonly StoredEvent[], letters: readonly DeadLetter[]) {
  const done = deps.metrics.commit.startTimer();
  const results = await deps.commits.append({ events, deadLetters: letters });
  done();
  return results;
}

/** What was refused is kept with its reason, sealed, for whoever has to mend the sender. */
function deadLetters(
  deps: HttpDeps,
  caller: Caller,
  events: readonly unknown[],
  errors: readonly FieldError[],
  received_at: number,
): DeadLetter[] {
  return errors.map(({ index = 0, code, pointer, detail }) => {
    deps.metrics.rejections.inc({ code });
    const raw = JSON.stringify(events[index]) ?? '';
    const { site, key_id } = caller;
    return deadLetterOf(
      { site, received_at, stage: 'validate', code, pointer, detail, route: '/v1/events', key_id },
      { raw, vault: deps.vault },
    );
  });
}

function connectionOf(request: IncomingMessage) {
  const ip = request.socket.remoteAddress;
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
