import { Agent } from 'undici';
import type { OutgoingRequest, Reply } from '../destinations/contract.ts';
import { publicLookup, refuseTarget } from './target.ts';

const CONNECT_MS = 5_000;
const HEADERS_MS = 10_000;
/** Beats a platform that sends one byte a second (O5). */
const TOTAL_MS = 15_000;
const MAX_REPLY_BYTES = 64 * 1024;

export type SendResult =
  | { kind: 'reply'; reply: Reply }
  | { kind: 'failed'; error: string; timedOut: boolean }
  | { kind: 'refused'; error: string };

export interface Sender {
  send(request: OutgoingRequest): Promise<SendResult>;
  close(): Promise<void>;
}

/** Makes the relay's outgoing calls: bounded in time and bytes, to public addresses alone, redirects not followed. */
export function createSender(allowedOrigins: readonly string[]): Sender {
  const budgets = { headersTimeout: HEADERS_MS, bodyTimeout: TOTAL_MS };
  const guarded = new Agent({ ...budgets, connect: { timeout: CONNECT_MS, lookup: publicLookup } });
  const open = new Agent({ ...budgets, connect: { timeout: CONNECT_MS } });
  return {
    async send({ method, url, headers, body }) {
      const refusal = refuseTarget(url, allowedOrigins);
      if (refusal) return { kind: 'refused', error: refusal };
      const { origin, pathname, search } = new URL(url);
      const agent = allowedOrigins.includes(origin) ? open : guarded;
      const signal = AbortSignal.timeout(TOTAL_MS);
      try {
        const response = await agent.request({ origin, path: pathname + search, method, headers, body, signal });
        const text = await readLimited(response.body);
        return { kind: 'reply', reply: { status: response.statusCode, headers: flatten(response.headers), body: text } };
      } catch (error) {
        const code = (error as { code?: string }).code ?? (error as Error).name;
        return { kind: 'failed', error: code, timedOut: signal.aborted || /TIMEOUT/i.test(code) };
      }
    },
    close: async () => {
      await Promise.all([guarded.destroy(), open.destroy()]);
    },
  };
}

async function readLimited(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    chunks.push(chunk);
    if (size >= MAX_REPLY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_REPLY_BYTES).toString('utf8');
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}
