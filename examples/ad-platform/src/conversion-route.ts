import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import { type Conversion, readConversions } from './conversions.ts';
import type { FailureModes } from './failure-modes.ts';
import { type Fault, fault, toAnswer } from './faults.ts';
import type { Inbox } from './inbox.ts';
import type { Mode } from './types.ts';

export interface ConversionRouteOptions {
  inbox: Inbox;
  modes: FailureModes;
  now: () => number;
  accessToken: string | undefined;
  datasetId: string | undefined;
  slowMs: number;
}

/** `POST /v{version}/{dataset}/events`. */
export function createConversionRoute({ inbox, modes, now, accessToken, datasetId, slowMs }: ConversionRouteOptions) {
  const waiting = new Set<() => void>();

  function judge(request: Request): Conversion[] | Fault {
    const { version = '', dataset = '' } = request.params as Record<string, string>;
    const token = tokenOf(request);
    if (!token) return fault('token', 'An access token is required to request this resource');
    if (accessToken !== undefined && !isSame(token, accessToken))
      return fault('token', 'The access token could not be decrypted');
    if (!/^\d+\.\d+$/.test(version)) return fault('parameter', `Unknown version v${version}`);
    if (datasetId !== undefined ? dataset !== datasetId : !/^\d+$/.test(dataset)) {
      return fault('dataset', `Object with ID '${dataset}' does not exist, or the token may not use it`);
    }
    return readConversions(request.body, now());
  }

  function respond(request: Request, response: Response): void {
    const mode = modes.take();
    const fbtrace_id = newTrace();
    if (mode === 'garbage') {
      note(request, mode, 200, 0, null);
      response.type('html').send('<!doctype html><title>Back soon</title><h1>We are tidying up</h1>');
      return;
    }
    const result = faultOfMode(mode) ?? judge(request);
    if (!Array.isArray(result)) {
      const { status, body } = toAnswer(result, fbtrace_id);
      note(request, mode, status, 0, result.message);
      if (status === 429) response.set('retry-after', '2');
      response.status(status).json(body);
      return;
    }
    for (const conversion of result) inbox.receive({ ...conversion, source: 'api' });
    note(request, mode, 200, result.length, null);
    const answer = () => response.json({ events_received: result.length, messages: [], fbtrace_id });
    // A slow platform has the events already: its caller gives up, sends them again, and must not be counted twice.
    if (mode === 'slow') later(answer, response);
    else answer();
  }

  function note(request: Request, mode: Mode, status: number, events_received: number, error: string | null): void {
    inbox.addRequest({ path: request.path, mode, status, events_received, error });
  }

  function later(answer: () => void, response: Response): void {
    const timer = setTimeout(finish, slowMs);
    const cancel = () => clearTimeout(timer);
    function finish() {
      waiting.delete(cancel);
      answer();
    }
    waiting.add(cancel);
    response.once('close', () => {
      cancel();
      waiting.delete(cancel);
    });
  }

  return {
    respond,
    /** Forgets the answers that are still waiting. */
    stop() {
      for (const cancel of waiting) cancel();
      waiting.clear();
    },
  };
}

function faultOfMode(mode: Mode): Fault | undefined {
  if (mode === '429') return fault('throttled', 'Application request limit reached');
  if (mode === '500') return fault('broken', 'An unexpected error has occurred. Please retry your request later');
  return undefined;
}

function tokenOf(request: Request): string | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(request.get('authorization') ?? '')?.[1];
  const { access_token: inQuery } = request.query;
  const { access_token: inBody } = (request.body ?? {}) as { access_token?: unknown };
  return [bearer, inQuery, inBody].find((token): token is string => typeof token === 'string' && token !== '');
}

/** Compares digests, so that neither time nor length tells anything about the token. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function newTrace(): string {
  return `A${randomBytes(16).toString('base64url')}`;
}
