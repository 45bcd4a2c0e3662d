import type { Vault } from '../privacy/vault.ts';
import type { DeadLetter } from '../storage/contract.ts';

/** How much of what was refused is kept, in characters (B1). */
const KEPT_RAW = 32 * 1024;

/** What was refused, with its reason, for whoever has to mend the sender; what was sent is sealed, because it is personal data (B2). */
export function deadLetterOf(facts: Omit<DeadLetter, 'size' | 'raw'>, raw: string, vault: Vault): DeadLetter {
  return { ...facts, size: Buffer.byteLength(raw), raw: vault.seal(`${facts.site}|dead_letters`, raw.slice(0, KEPT_RAW)) };
}
