import { OrderloopError } from './error.ts';

/** The collector takes 1 MiB on the wire from a secret key; this leaves room for the envelope. */
const LONGEST_BODY = 1024 * 1024 - 1024;

export interface Part {
  /** Where the part begins in the whole. */
  offset: number;
  /** Its entries, each as JSON. */
  entries: string[];
}

/** Cuts a list into parts that one request may hold, by their number and by their bytes, in order. */
export function cut(entries: readonly unknown[], most: number, path: string): Part[] {
  const parts: Part[] = [];
  let part: Part | undefined;
  let size = 0;
  for (const [index, entry] of entries.entries()) {
    const json = JSON.stringify(entry);
    const bytes = Buffer.byteLength(json) + 1;
    if (bytes > LONGEST_BODY) throw tooLarge(path, index, bytes);
    if (!part || part.entries.length === most || size + bytes > LONGEST_BODY) {
      part = { offset: index, entries: [] };
      size = 0;
      parts.push(part);
    }
    part.entries.push(json);
    size += bytes;
  }
  return parts;
}

function tooLarge(path: string, index: number, bytes: number): OrderloopError {
  return new OrderloopError({
    code: 'too_large',
    message: `POST ${path} was not sent: entry ${index} has ${bytes} bytes, and the collector takes ${LONGEST_BODY}; make it smaller`,
    retryable: false,
  });
}
