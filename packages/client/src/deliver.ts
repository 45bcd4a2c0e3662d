import { OrderloopError, refusal } from './error.ts';
import type { Settings } from './options.ts';
import { readProblem } from './problem.ts';
import { type Receipt, readReceipt } from './receipt.ts';
import { backoff, LONGEST_WAIT_MS, readRetryAfter } from './retry.ts';
import { sign } from './sign.ts';

const LONGEST_ANSWER = 256 * 1024;

/** The body of a call and its `webhook-id`: the collector refuses one id with two bodies, so they are kept together. */
export interface Delivery {
  id: string;
  body: string;
  /** Until when the body may be sent as it is; then `renew` makes another. */
  goodUntil?: number;
  renew?: () => Delivery;
}

/** Sends one delivery until the collector has answered for good, or the attempts are used up. */
export async function deliver(settings: Settings, path: string, first: Delivery, signal?: AbortSignal): Promise<Receipt> {
  let delivery = first;
  for (let attempt = 1; ; attempt++) {
    if (delivery.renew && settings.now() > (delivery.goodUntil ?? Number.POSITIVE_INFINITY)) delivery = delivery.renew();
    const result = await tryOnce(settings, path, delivery, signal);
    if (!(result instanceof OrderloopError)) return result;
    result.attempts = attempt;
    const wait = backoff(attempt, settings.random(), result.retryAfterMs);
    if (!result.retryable || attempt >= settings.maxAttempts || wait > LONGEST_WAIT_MS) throw result;
    await settings.sleep(wait, signal);
  }
}

async function tryOnce(
  settings: Settings,
  path: string,
  { id, body }: Delivery,
  signal?: AbortSignal,
): Promise<Receipt | OrderloopError> {
  const timestamp = Math.floor(settings.now() / 1000);
  const timeout = AbortSignal.timeout(settings.timeoutMs);
  try {
    const response = await settings.fetch(settings.url + path, {
      method: 'POST',
      // Followed, a redirect would carry orders and the key to a host that nobody named.
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${settings.key}`,
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': sign(settings.secret, id, timestamp, body),
      },
      body,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    return await readAnswer(path, response, settings.now());
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    if (timeout.aborted) {
      const message = `POST ${path} was not answered within ${settings.timeoutMs} ms; the collector may be overloaded, or timeoutMs too short`;
      return new OrderloopError({ code: 'timeout', message, retryable: true, cause });
    }
    const message = `POST ${path} could not reach ${new URL(settings.url).origin} (${reasonOf(cause)}); see that the collector runs there`;
    return new OrderloopError({ code: 'network_error', message, retryable: true, cause });
  }
}

async function readAnswer(path: string, response: Response, now: number): Promise<Receipt | OrderloopError> {
  const text = await readText(response);
  if (!response.ok) {
    return refusal(path, response.status, readProblem(text), readRetryAfter(response.headers.get('retry-after'), now));
  }
  return (
    readReceipt(text) ??
    new OrderloopError({
      code: 'unreadable_answer',
      message: `POST ${path} was answered ${response.status} by something that is not a collector; check the url and what stands in front of it`,
      status: response.status,
      retryable: true,
    })
  );
}

/** The answer as text, cut at a length that no honest answer reaches. */
async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LONGEST_ANSWER) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** `fetch failed` says nothing; the system's code is one level down. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: unknown }; message?: unknown };
  if (typeof cause?.code === 'string') return cause.code;
  return typeof message === 'string' ? message : 'no reason given';
}
