import { readRetryAfter } from '../outgoing/backoff.ts';
import type { Caller } from '../outgoing/call.ts';
import type { Vault } from '../privacy/vault.ts';
import type { ApiContext, ApiReply, ApiRequest, ApiTokens, Connection, Source } from '../sources/contract.ts';

/** A page of a platform's API: 250 orders with all of their lines. */
const MAX_REPLY_BYTES = 32 * 1024 * 1024;
/** A token that runs out while a request is on its way is no use. */
const EXPIRES_SOON_MS = 60_000;

/** The platform can't be asked just now. `wait_ms` is how long it wants to be left alone; null where it did not say. */
export class AskLater extends Error {
  readonly wait_ms: number | null;
  constructor(message: string, wait_ms: number | null = null) {
    super(message);
    this.wait_ms = wait_ms;
  }
}

/** Somebody has to mend something before the platform answers. */
export class CannotAsk extends Error {}

export interface AskDeps {
  caller: Pick<Caller, 'call'>;
  vault: Vault;
  /** UTC ms. */
  now(): number;
  nonce(): string;
}

/** Asks one platform, one request at a time. */
export interface Asker {
  /** Throws AskLater and CannotAsk. `allow` are statuses of 400 and more that mean something to who asks. */
  ask(build: (context: ApiContext) => ApiRequest, allow?: readonly number[]): Promise<ApiReply>;
  /** How long to leave the platform alone after its last answer, in ms. */
  wait(): number;
}

/**
 * An asker for a connection. A token that is used once only is kept, by `keepTokens`, before anything is asked with what came
 * for it: a crash must not lose it.
 */
export function createAsker(
  { source, site, connection }: { source: Source; site: string; connection: Connection },
  kept: string | null,
  keepTokens: (sealed: string) => Promise<void>,
  { caller, vault, now, nonce }: AskDeps,
): Asker {
  const place = `${site}|connection|${source.id}`;
  let tokens: ApiTokens | null = kept === null ? null : (JSON.parse(vault.open(place, kept)) as ApiTokens);
  let wait = 0;

  const call = async (request: ApiRequest): Promise<ApiReply> => {
    const result = await caller.call(request, MAX_REPLY_BYTES);
    if (result.kind === 'refused') throw new CannotAsk(result.error);
    if (result.kind === 'failed') throw new AskLater(`The platform does not answer (${result.error}).`);
    if (result.reply.truncated) throw new CannotAsk('The answer is too large to be read.');
    return result.reply;
  };

  const context = (): ApiContext => ({ now: now(), nonce: nonce(), ...(tokens && { access_token: tokens.access_token }) });

  const renewTokens = async (token: NonNullable<NonNullable<Source['api']>['token']>): Promise<void> => {
    const reply = await call(token.request(connection, tokens, context()));
    assertAnswered(reply, [400, 401, 403]);
    const next = token.read(reply, tokens, { now: now() });
    if (!next) throw new CannotAsk('The platform refused our credentials: check what the settings say.');
    tokens = next;
    await keepTokens(vault.seal(place, JSON.stringify(next)));
  };

  const assertAnswered = (reply: ApiReply, allow: readonly number[]): void => {
    const { status, headers } = reply;
    if (status < 300 || allow.includes(status)) return;
    if (status === 429 || status >= 500) {
      const said = readRetryAfter(headers['retry-after'], now());
      throw new AskLater(`The platform answered ${status}.`, said ?? (source.api?.wait?.(reply) || null));
    }
    if (status === 401 || status === 403)
      throw new CannotAsk(`The platform refused our credentials (${status}): check key and permissions.`);
    throw new CannotAsk(`The platform answered ${status}.`);
  };

  return {
    wait: () => wait,
    async ask(build, allow = []) {
      const api = source.api;
      const token = api?.token?.isNeeded?.(connection) === false ? undefined : api?.token;
      if (token && (!tokens || tokens.expires_at - now() < EXPIRES_SOON_MS)) await renewTokens(token);
      let reply = await call(build(context()));
      // It may have been revoked before its time.
      if (reply.status === 401 && token) {
        await renewTokens(token);
        reply = await call(build(context()));
      }
      wait = api?.wait?.(reply) ?? 0;
      assertAnswered(reply, allow);
      if (api?.isThrottled?.(reply)) throw new AskLater('The platform wants to be asked less often.', wait);
      return reply;
    },
  };
}
