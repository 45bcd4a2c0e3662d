import type { Access, Reply } from '../destinations/contract.ts';
import type { Caller } from '../outgoing/call.ts';

/** Ends a minute before the token does: a request may take its time. */
const SPARE_MS = 60_000;
const MAX_REPLY_BYTES = 64 * 1024;

export type Token =
  | { access_token: string | undefined }
  /** `refused` when the platform said no; else it could not be asked. */
  | { error: string; refused: boolean };

/** Keeps the access token of one destination, and gets the next in time; once, however many ask. */
export function createTokenKeeper(
  access: Access | undefined,
  settings: Record<string, unknown>,
  { caller, now }: { caller: Caller; now(): number },
): () => Promise<Token> {
  let held: { access_token: string; until: number } | undefined;
  let asking: Promise<Token> | undefined;

  const ask = async (): Promise<Token> => {
    const request = access?.request(settings, now());
    if (!access || !request) return { access_token: undefined };
    const result = await caller.call(request, MAX_REPLY_BYTES);
    if (result.kind !== 'reply') return { error: result.error, refused: result.kind === 'refused' };
    const reply: Reply = { ...result.reply, body: result.reply.body.toString('utf8') };
    const token = access.token(reply);
    if (!token)
      return {
        error: `The token request was answered with ${reply.status}.`,
        refused: reply.status >= 400 && reply.status < 500 && reply.status !== 429,
      };
    held = { access_token: token.access_token, until: now() + token.expires_in_ms - SPARE_MS };
    return { access_token: held.access_token };
  };

  return async () => {
    if (!access) return { access_token: undefined };
    if (held && held.until > now()) return { access_token: held.access_token };
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}
