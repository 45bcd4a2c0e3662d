import { randomBytes } from 'node:crypto';
import { type FieldError, IDENTIFIER_TYPES, type Identifier, type StoredEvent, uuidv7 } from '@orderloop/protocol';
import { judgeEvent } from '../ingest/validate.ts';
import type { Vault } from '../privacy/vault.ts';

/** What an operator says of who is who (identity §2.3). */
export interface Operation {
  kind: 'alias' | 'split' | 'undo';
  site: string;
  /** Addresses and numbers as they are, hashed, or as they are kept. */
  identifiers: readonly unknown[];
  /** Of an `undo`: the event that it takes back. */
  undoes?: string;
  by: string;
  reason?: string;
}

const MAX_TEXT = 500;

/** The event that an operation becomes, or what is wrong with it. Appending it is what carries it out, and its audit. */
export function operationEvent(
  { kind, site, identifiers, undoes, by, reason }: Operation,
  { now, vault }: { now: number; vault: Vault },
): { event: StoredEvent } | { error: FieldError } {
  const properties = {
    identifiers,
    by: by.slice(0, MAX_TEXT),
    ...(undoes && { undoes }),
    ...(reason && { reason: reason.slice(0, MAX_TEXT) }),
  };
  const event = { event: kind, event_id: uuidv7(now, randomBytes(10)), occurred_at: now, action_source: 'server', properties };
  return judgeEvent(event, 0, { site, from: 'server', received_at: now, clock_offset_ms: 0, custom_events: [], vault });
}

/** What an `undo` takes back: the identifiers of an operation; null when the event is none. */
export function identifiersOfOperation({ event, properties }: Pick<StoredEvent, 'event' | 'properties'>): unknown[] | null {
  const ids = properties?.['identifiers'];
  return (event === 'alias' || event === 'split' || event === 'undo') && Array.isArray(ids) ? ids : null;
}

/** `TYPE:VALUE` as the command line takes it; null when the type is none. */
export function parseIdentifier(text: string): Identifier | null {
  const colon = text.indexOf(':');
  const type = IDENTIFIER_TYPES.find((known) => known === text.slice(0, colon));
  return type && colon < text.length - 1 ? { type, value: text.slice(colon + 1) } : null;
}
