import { toJson } from './json.ts';

/** An event on its way. It is written out once, so that a resend is the same to the byte. */
export interface Entry {
  event_id: string;
  json: string;
}

/** Beacons and keepalive fetches share 64 KiB a page; the rest is room for the envelope and for other people's. */
const MAX_BYTES = 60 * 1024;
/** The collector takes no more from a browser (reliability-security §2). */
const MAX_EVENTS = 100;
const ENVELOPE_BYTES = 200;

export const MAX_EVENT_BYTES = 32 * 1024;

export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** The first entries, as many as fit into one request; at least one. */
export function takeBatch(entries: readonly Entry[]): Entry[] {
  let bytes = ENVELOPE_BYTES;
  const end = entries.findIndex(({ json }, index) => {
    bytes += byteLength(json) + 1;
    return index === MAX_EVENTS || (index > 0 && bytes > MAX_BYTES);
  });
  return entries.slice(0, end < 0 ? undefined : end);
}

export function batchBody(key: string, sent_at: number, entries: readonly Entry[]): string {
  return `{"key":${toJson(key)},"sent_at":${sent_at},"events":[${entries.map(({ json }) => json).join()}]}`;
}
