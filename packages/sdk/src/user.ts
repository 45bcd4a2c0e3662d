import type { User } from '@orderloop/protocol/browser';
import { compact } from './json.ts';

/** The user as it is sent: in texts, because templates often write customer ids as numbers. Undefined when it says nothing. */
export function readUser(given: User): User | undefined {
  const user: Record<string, unknown> = { ...given };
  for (const field of Object.keys(user)) if (typeof user[field] === 'number') user[field] = `${user[field]}`;
  return compact(user) as User | undefined;
}
