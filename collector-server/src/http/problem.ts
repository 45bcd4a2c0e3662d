import type { ServerResponse } from 'node:http';
import { type FieldError, type ProblemBody, type ProblemCode, problem } from '@orderloop/protocol';
import { CertificateUnavailable } from '../connections/certificates.ts';
import { StorageFault } from '../storage/contract.ts';

/** An error that has an answer: thrown by whatever finds it, written at the edge. */
export class HttpProblem extends Error {
  readonly code: ProblemCode;
  readonly errors?: FieldError[];
  readonly retry_after?: number;

  constructor(code: ProblemCode, detail?: string, more: { errors?: FieldError[]; retry_after?: number } = {}) {
    super(detail ?? code);
    this.code = code;
    this.errors = more.errors;
    this.retry_after = more.retry_after;
  }

  toBody(instance?: string): ProblemBody {
    return problem(this.code, this.message === this.code ? undefined : this.message, {
      ...(instance && { instance }),
      ...(this.errors && { errors: this.errors }),
      ...(this.retry_after !== undefined && { retry_after: this.retry_after }),
    });
  }
}

/** The answer to who asks too often. `wait` in seconds. */
export function rateLimited(wait: number): HttpProblem {
  return new HttpProblem('rate_limited', 'Wait as long as Retry-After says, and send it again with the same ids.', {
    retry_after: wait,
  });
}

/** Anything thrown as a problem: what isn't one already is a bug of ours, and says nothing of itself to the caller. */
export function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof StorageFault)
    return new HttpProblem(
      error.kind === 'full' ? 'disk_full' : 'storage_unavailable',
      'Nothing of the request was kept; send it again with the same ids.',
      {
        retry_after: 1 + Math.floor(Math.random() * 5),
      },
    );
  if (error instanceof CertificateUnavailable)
    return new HttpProblem('certificate_unavailable', error.message, { retry_after: 30 });
  return new HttpProblem('internal_error');
}

export function sendProblem(response: ServerResponse, error: HttpProblem, instance?: string): void {
  const body = error.toBody(instance);
  response.setHeader('cache-control', 'no-store');
  if (body.retry_after !== undefined) response.setHeader('retry-after', String(body.retry_after));
  sendJson(response, body.status, body, 'application/problem+json');
}

export function sendJson(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  const text = JSON.stringify(body);
  response.statusCode = status;
  response.setHeader('content-type', type);
  response.setHeader('content-length', Buffer.byteLength(text));
  response.end(text);
}
