import type { User } from '@orderloop/protocol';

type UserFields = Partial<Record<keyof User, string | null>>;

/** What is known of a buyer, without what is not. */
export function userOf(fields: UserFields): User {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined)) as User;
}

/** A full name in parts: the first word, and the rest. */
export function nameParts(name: string | null): { first_name: string | null; last_name: string | null } {
  const [first = '', ...rest] = (name ?? '').trim().split(/\s+/);
  return { first_name: first || null, last_name: rest.join(' ') || null };
}
