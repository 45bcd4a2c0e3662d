interface Problem {
  status: number;
  title: string;
  /** Whether the caller should send the same thing again, and how. */
  retry: 'never' | 'later';
}

const fix = (status: number, title: string): Problem => ({ status, title, retry: 'never' });
const wait = (status: number, title: string): Problem => ({ status, title, retry: 'later' });

/** Every error that the collector answers (RFC 9457). A code is never renamed, and a retired one never used again. */
export const PROBLEMS = {
  malformed_request: fix(400, 'The request is not well-formed HTTP'),
  unknown_host: fix(400, 'The host is not one of the collector’s'),
  bad_idempotency_key: fix(400, 'The idempotency key can’t be used'),
  malformed_json: fix(400, 'The body is not valid JSON'),
  malformed_utf8: fix(400, 'The body is not valid UTF-8'),
  malformed_gzip: fix(400, 'The body is not valid gzip'),
  too_deep: fix(400, 'The body is nested too deeply'),
  key_missing: fix(401, 'No write key or secret key was sent'),
  key_unknown: fix(401, 'The key is not known'),
  signature_missing: fix(401, 'The request is not signed'),
  bad_signature: fix(401, 'The signature does not match'),
  stale_timestamp: fix(401, 'The signed time is too far from now'),
  session_over: fix(401, 'Nobody is signed in'),
  origin_not_allowed: fix(403, 'The origin is not on the site’s list'),
  secret_key_in_browser: fix(403, 'A secret key was sent from a browser'),
  cross_site_request: fix(403, 'The request came from another site'),
  consent_missing: fix(403, 'The visitor has not consented to this'),
  not_found: fix(404, 'There is nothing here'),
  method_not_allowed: fix(405, 'The method is not allowed here'),
  request_timeout: wait(408, 'The request took too long'),
  already_claimed: fix(409, 'This has been claimed before'),
  delivery_id_reused: fix(409, 'The delivery id was used with another body'),
  call_running: wait(409, 'The same call is being answered'),
  too_early: wait(409, 'It is too early for this'),
  body_too_large: fix(413, 'The body is too large'),
  too_many_events: fix(413, 'The batch holds too many events'),
  too_many_tokens: fix(413, 'The body holds too many JSON tokens'),
  unsupported_media_type: fix(415, 'The content type is not supported'),
  unsupported_encoding: fix(415, 'The content encoding is not supported'),
  too_many_headers: fix(431, 'The headers are too many or too large'),
  invalid_batch: fix(422, 'The batch is not valid'),
  invalid_event: fix(422, 'The event is not valid'),
  unknown_event: fix(422, 'The event’s name is not valid'),
  invalid_time: fix(422, 'The time can’t be used'),
  event_too_large: fix(422, 'The event is too large'),
  event_too_deep: fix(422, 'The event is nested too deeply'),
  forbidden_key: fix(422, 'The key is not allowed'),
  forbidden_character: fix(422, 'The text holds a character that is not allowed'),
  server_only: fix(422, 'Only a server may send this'),
  invalid_order: fix(422, 'The order is not valid'),
  unknown_currency: fix(422, 'The currency is not an ISO 4217 code'),
  invalid_amount: fix(422, 'The amount is not valid'),
  invalid_input: fix(422, 'The input is not valid'),
  unusable_delivery: fix(422, 'The delivery can’t be read'),
  idempotency_key_reused: fix(422, 'The idempotency key was used for another call'),
  rate_limited: wait(429, 'Too many requests'),
  internal_error: wait(500, 'Something went wrong on our side'),
  storage_unavailable: wait(503, 'The store can’t be written to'),
  disk_full: wait(503, 'The disk is full'),
  certificate_unavailable: wait(503, 'The platform’s certificate can’t be fetched just now'),
  overloaded: wait(503, 'There is too much to do at the moment'),
  shutting_down: wait(503, 'The collector is shutting down'),
} as const satisfies Record<string, Problem>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface FieldError {
  /** Which event of the batch, where there is a batch. */
  index?: number;
  event_id?: string;
  /** RFC 6901 JSON Pointer into the request. */
  pointer: string;
  code: ProblemCode;
  detail: string;
}

/** An RFC 9457 body. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  detail?: string;
  instance?: string;
  errors?: FieldError[];
  retry_after?: number;
}

/** The body for a code; its `type` is a page that the collector serves. `detail` says what was wrong and what to do, and never echoes input. */
export function problem(
  code: ProblemCode,
  detail?: string,
  more?: Partial<Pick<ProblemBody, 'errors' | 'instance' | 'retry_after'>>,
): ProblemBody {
  const { status, title } = PROBLEMS[code];
  return { type: `/problems/${code}`, title, status, code, ...(detail && { detail }), ...more };
}
