import { createHash } from 'node:crypto';
import type { Vault } from '../privacy/vault.ts';
import type { DeadLetter } from '../storage/contract.ts';
import { VERSION } from '../version.ts';

/** How much of what was refused is kept, in bytes (B1). */
const KEPT_BYTES = 32 * 1024;
/** How long it is kept (B2). */
const KEPT_MS = 14 * 86_400_000;
const MAX_DETAIL = 512;

export type DeadLetterFacts = Pick<
  DeadLetter,
  'site' | 'received_at' | 'stage' | 'code' | 'pointer' | 'detail' | 'route' | 'key_id'
>;

/** What was sent, and what a replay needs to judge it as it would have been judged then (B3). */
export interface Refused {
  raw: string;
  /** Of the request, those that a source may read. */
  headers?: Record<string, string>;
  /** The bytes that were signed, base64, where they are not those of `raw`. */
  signed?: string;
  /** The rest of what an event was judged by, as JSON. */
  context?: Record<string, unknown>;
}

/**
 * What was refused, with its reason, for whoever has to mend the sender. What was sent is sealed, because it is personal
 * data (B2); null where the event itself is in the log.
 */
export function deadLetterOf(facts: DeadLetterFacts, refused: (Refused & { vault: Vault }) | null): DeadLetter {
  const whole = Buffer.from(refused?.raw ?? '');
  return {
    ...facts,
    detail: facts.detail.slice(0, MAX_DETAIL),
    size: whole.length,
    sha256: createHash('sha256').update(whole).digest('hex'),
    raw_truncated: whole.length > KEPT_BYTES,
    raw: refused ? refused.vault.seal(placeOf(facts), JSON.stringify(keptOf(refused, whole))) : '',
    collector_version: VERSION,
    expires_at: facts.received_at + KEPT_MS,
  };
}

/** What was kept of it; throws when it was sealed elsewhere. */
export function openDeadLetter(letter: Pick<DeadLetter, 'site' | 'received_at' | 'raw'>, vault: Vault): Refused | null {
  return letter.raw === '' ? null : (JSON.parse(vault.open(placeOf(letter), letter.raw)) as Refused);
}

function keptOf({ raw, headers, signed, context }: Refused, whole: Buffer): Refused {
  const isCut = whole.length > KEPT_BYTES;
  return {
    raw: isCut ? whole.subarray(0, KEPT_BYTES).toString('utf8') : raw,
    ...(headers && { headers: keptHeaders(headers) }),
    ...(signed && !isCut && { signed }),
    ...(context && { context }),
  };
}

const KEPT_HEADERS = /^(content-type|webhook-(id|timestamp|signature)|stripe-signature|paypal-[a-z-]+|x-[a-z0-9-]+)$/;
const SECRET_HEADERS = /^x-(forwarded|real|api|auth|access|csrf|client)/;

function keptHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => KEPT_HEADERS.test(name) && !SECRET_HEADERS.test(name)));
}

const placeOf = ({ site, received_at }: Pick<DeadLetter, 'site' | 'received_at'>): string =>
  `${site}|dead_letters|${received_at}`;
