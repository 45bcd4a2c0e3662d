import type { FieldError, ProblemBody, ProblemCode } from '@orderloop/protocol';

/** A code of the collector, or one of the client's own for an answer that never came from it. */
export type OrderloopErrorCode =
  | ProblemCode
  | 'network_error'
  | 'timeout'
  | 'unreadable_answer'
  | 'unexpected_status'
  | 'too_large';

interface Failure {
  code: OrderloopErrorCode;
  message: string;
  status?: number;
  errors?: FieldError[];
  requestId?: string;
  retryable: boolean;
  retryAfterMs?: number;
  cause?: unknown;
}

/** A call that the collector refused, or that it could not be brought to answer. Its message never holds a secret. */
export class OrderloopError extends Error {
  override readonly name = 'OrderloopError';
  readonly code: OrderloopErrorCode;
  /** The HTTP status; absent when no answer came. */
  readonly status: number | undefined;
  /** The fields at fault, each with a JSON Pointer into the body. */
  readonly errors: FieldError[];
  /** The collector's name for the request, to find it in its log. */
  readonly requestId: string | undefined;
  /** True when the same call may succeed later. */
  readonly retryable: boolean;
  /** How long the collector asked to be left alone. */
  readonly retryAfterMs: number | undefined;
  /** How often it was tried. */
  attempts = 1;

  constructor(failure: Failure) {
    super(`[orderloop] [client] ${failure.message}`, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.code = failure.code;
    this.status = failure.status;
    this.errors = failure.errors ?? [];
    this.requestId = failure.requestId;
    this.retryable = failure.retryable;
    this.retryAfterMs = failure.retryAfterMs;
  }
}

/** The error for an answer outside 2xx. */
export function refusal(path: string, status: number, problem: Partial<ProblemBody>, retryAfterMs?: number): OrderloopError {
  const errors = problem.errors ?? [];
  const fields = errors.slice(0, 3).map(({ pointer, detail, code }) => `${pointer || '/'}: ${detail ?? code}`);
  const more = errors.length > fields.length ? ` (and ${errors.length - fields.length} more)` : '';
  const reason =
    fields.length > 0 ? `${fields.join('; ')}${more}` : (problem.detail ?? problem.title ?? 'the answer says no more');
  const retryable = isRetryable(status);
  return new OrderloopError({
    code: problem.code ?? 'unexpected_status',
    message: `POST ${path} was ${retryable ? 'not taken' : 'refused'} (${status}${problem.code ? ` ${problem.code}` : ''}): ${reason}`,
    status,
    errors,
    retryable,
    ...(problem.instance !== undefined && { requestId: problem.instance }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

function isRetryable(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}
