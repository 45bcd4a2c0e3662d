import type { Caller } from '../outgoing/call.ts';
import type { Connection, Source, SourceRequest } from '../sources/contract.ts';

const MAX_BYTES = 16 * 1024;
const KEPT_MS = 24 * 3_600_000;
const MAX_KEPT = 100;

/** The platform's certificate could not be had just now: the delivery is refused for later. */
export class CertificateUnavailable extends Error {}

export interface Certificates {
  /**
   * The certificate that a delivery says it is signed with, as PEM text; null where the source needs none, or names none that
   * may be asked for. Throws CertificateUnavailable when the platform does not hand it out.
   */
  of(source: Source, request: SourceRequest, connection: Connection): Promise<string | null>;
  close(): Promise<void>;
}

/** Fetches certificates once each and keeps them for a day; the source itself judges them. The caller is made when it is needed. */
export function createCertificates(makeCaller: () => Promise<Caller>, now: () => number): Certificates {
  let caller: Promise<Caller> | undefined;
  const kept = new Map<string, { pem: Promise<string>; until: number }>();

  const fetchPem = async (url: string): Promise<string> => {
    caller ??= makeCaller();
    const result = await (await caller).call(
      { method: 'GET', url, headers: { accept: 'application/x-pem-file, text/plain, */*' } },
      MAX_BYTES,
    );
    if (result.kind !== 'reply') throw new CertificateUnavailable(`The certificate at ${url} can’t be fetched: ${result.error}.`);
    const { status, body, truncated } = result.reply;
    if (status !== 200 || truncated)
      throw new CertificateUnavailable(`The certificate at ${url} can’t be fetched: status ${status}.`);
    return body.toString('latin1');
  };

  return {
    async of(source, request, connection) {
      const url = source.certificateUrl?.(request, connection);
      if (!url) return null;
      const known = kept.get(url);
      if (known && known.until > now()) return known.pem;
      const pem = fetchPem(url);
      kept.delete(url);
      // The oldest goes: whoever makes up addresses at the platform's host can't fill the memory.
      if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
      kept.set(url, { pem, until: now() + KEPT_MS });
      pem.catch(() => kept.delete(url));
      return pem;
    },
    close: async () => (await caller)?.close(),
  };
}
