import type { OrderSummary, Session, Touchpoint } from './journey.ts';

/** Identifiers that make a person, strongest first (identity §2.1). A visitor is a device, and never one of them. */
export const IDENTIFIER_TYPES = ['user_id', 'email', 'phone', 'order_id', 'checkout_token', 'cart_token'] as const;
export type IdentifierType = (typeof IDENTIFIER_TYPES)[number];

/** `email` and `phone` hold the keyed hash that the collector finds them by, never the address itself. */
export interface Identifier {
  type: IdentifierType;
  value: string;
}

/** Identifiers that say who it is; the others say only that two events belong together. */
export const isIdentifying = (type: IdentifierType): boolean => type === 'user_id' || type === 'email' || type === 'phone';

export interface PersonIdentifier extends Identifier {
  /** Reads return the person for this id too: every id of a person leads to it, merged or not. */
  person_id: string;
  /** UTC ms. */
  first_seen_at: number;
  first_event_id: string;
}

/** A browser or app that this person was seen with. */
export interface PersonDevice {
  visitor_id: string;
  /** UTC ms. */
  first_seen_at: number;
  /** Two or more persons have signed in here: what nobody signed in for is nobody's (identity §2.5). */
  shared: boolean;
}

/** Why an identifier of an event was not joined with the others (identity §2.2). */
export type ConflictReason = 'limit' | 'cannot_link' | 'merge_limit';

export interface IdentityConflict {
  event_id: string;
  /** UTC ms. */
  occurred_at: number;
  /** The identifier that was left where it was. */
  demoted: Identifier;
  /** The strongest identifier of the event, which it was not joined with. */
  kept: Identifier;
  reason: ConflictReason;
  /** Of which type there would have been too many. */
  limit_of?: IdentifierType;
}

/** What an operator said of two identifiers, or of one (identity §2.3). */
export type IdentityOperation = 'alias' | 'split' | 'erase' | 'undo';

/** One step in how a person came to be, in the order of its events. */
export interface IdentityStep {
  kind: 'merge' | IdentityOperation;
  event_id: string;
  /** UTC ms. */
  occurred_at: number;
  identifiers: Identifier[];
  /** Of an operation: who did it, and why. */
  by?: string;
  reason?: string;
  /** Of an operation that another has taken back, or that a later one for the same pair replaced. */
  undone?: boolean;
}

/** A guess, for reports that say that they are modelled, and for nothing else (identity §2.9). */
export interface ProbablePerson {
  probable_person_id: string;
  probability: number;
}

/** `GET /v1/persons/{id}`: who it is, as far as the events say, and why. */
export interface Person {
  site: string;
  /** The id of the member that was seen first. */
  person_id: string;
  /** Nobody has said who it is: all that is known is one device. */
  anonymous: boolean;
  /** UTC ms. */
  first_seen_at: number;
  identifiers: PersonIdentifier[];
  devices: PersonDevice[];
  /** Newest first. */
  sessions: Session[];
  /** Oldest first. */
  touchpoints: Touchpoint[];
  orders: OrderSummary[];
  conflicts: IdentityConflict[];
  history: IdentityStep[];
  probable?: ProbablePerson;
}
