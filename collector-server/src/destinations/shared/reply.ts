import type { Verdict } from '@orderloop/protocol';
import type { Outcome, Reply } from '../contract.ts';

/** What all conversions of a request share of its reply. */
export type Finding = Omit<Outcome, 'event_id'>;

/** The reply's JSON object; undefined for anything else, such as a proxy's page. */
export function readJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** What an HTTP status says where the platform's own words say no more; `accepted` for 2xx. */
export function verdictOfStatus(status: number): Verdict {
  if (status >= 200 && status < 300) return 'accepted';
  if (status === 401 || status === 403) return 'auth';
  if (status === 429) return 'throttled';
  if (status === 408 || status === 425 || status >= 500) return 'retry';
  return 'rejected';
}

/** The same finding for every conversion that was sent. */
export const forAll = (event_ids: readonly string[], finding: Finding): Outcome[] =>
  event_ids.map((event_id) => ({ event_id, ...finding }));

export const isSuccess = ({ status }: Reply): boolean => status >= 200 && status < 300;
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
