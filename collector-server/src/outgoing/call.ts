import { Agent } from 'undici';
import { publicLookup, refuseTarget } from './target.ts';

/** What a call may take (O5). The total beats a platform that sends one byte a second. */
const BUDGETS = { connect_ms: 5_000, headers_ms: 10_000, total_ms: 15_000 };

/** Names that were not found, connections that were refused or not made in time, certificates that were not trusted. */
const NEVER_SENT =
  /^(ENOTFOUND|EAI_|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_SSL_)/;

export interface Outgoing {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  /** The exact bytes to send, as text. */
  body?: string;
}

export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  /** More came than was read. */
  truncated: boolean;
}

export type CallResult =
  | { kind: 'reply'; reply: Answer }
  /** `mayHaveArrived` is false when the connection was never made. */
  | { kind: 'failed'; error: string; timedOut: boolean; mayHaveArrived: boolean }
  | { kind: 'refused'; error: string };

export interface Caller {
  /** Reads up to `maxBytes` of the answer. Never throws: what went wrong is a result. */
  call(request: Outgoing, maxBytes: number): Promise<CallResult>;
  close(): Promise<void>;
}

/** Makes calls to platforms: bounded in time and bytes, to public addresses alone, redirects not followed. */
export function createCaller(allowedOrigins: readonly string[], { connect_ms, headers_ms, total_ms } = BUDGETS): Caller {
  const budgets = { headersTimeout: headers_ms, bodyTimeout: total_ms };
  const guarded = new Agent({ ...budgets, connect: { timeout: connect_ms, lookup: publicLookup } });
  const open = new Agent({ ...budgets, connect: { timeout: connect_ms } });
  return {
    async call({ method, url, headers, body }, maxBytes) {
      const refusal = refuseTarget(url, allowedOrigins);
      if (refusal) return { kind: 'refused', error: refusal };
      const { origin, pathname, search } = new URL(url);
      const agent = allowedOrigins.includes(origin) ? open : guarded;
      const signal = AbortSignal.timeout(total_ms);
      try {
        const response = await agent.request({ origin, path: pathname + search, method, headers, body, signal });
        const read = await readLimited(response.body, maxBytes);
        return { kind: 'reply', reply: { status: response.statusCode, headers: flatten(response.headers), ...read } };
      } catch (error) {
        const code = (error as { code?: string }).code ?? (error as Error).name;
        return {
          kind: 'failed',
          error: code,
          timedOut: signal.aborted || /TIMEOUT/i.test(code),
          mayHaveArrived: !NEVER_SENT.test(code),
        };
      }
    },
    close: async () => {
      await Promise.all([guarded.destroy(), open.destroy()]);
    },
  };
}

async function readLimited(
  stream: AsyncIterable<Buffer> & { destroy(): unknown },
  maxBytes: number,
): Promise<Pick<Answer, 'body' | 'truncated'>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    chunks.push(chunk);
    if (size > maxBytes) break;
  }
  return { body: Buffer.concat(chunks).subarray(0, maxBytes), truncated: size > maxBytes };
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}
