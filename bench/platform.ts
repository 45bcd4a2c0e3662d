// Meta, played: takes batches, tells repeats by event_id, and fails as told.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Platform {
  url: string;
  /** How often each event_id was taken. */
  taken: Map<string, number>;
  requests: number;
  /** When each was taken last, in ms of `performance.now()`. */
  takenAt: Map<string, number>;
  /** Event ids whose answer never reached the collector. */
  unanswered: Set<string>;
  faults: Record<string, number>;
  close(): void;
}

/** `fault` chooses what goes wrong with a request, by name, or null; `isPoison` events fail the whole of theirs. */
export async function playPlatform(
  fault: () => Fault | null = () => null,
  isPoison: (event_id: string) => boolean = () => false,
  onRequest?: (event_ids: readonly string[], at: number) => void,
): Promise<Platform> {
  const platform: Omit<Platform, 'url' | 'close'> = {
    taken: new Map(),
    takenAt: new Map(),
    requests: 0,
    unanswered: new Set(),
    faults: {},
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const at = performance.timeOrigin + performance.now();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      platform.requests += 1;
      const ids = (JSON.parse(Buffer.concat(chunks).toString()) as { data: { event_id: string }[] }).data.map(
        ({ event_id }) => event_id,
      );
      onRequest?.(ids, at);
      const wrong = fault();
      if (wrong) platform.faults[wrong] = (platform.faults[wrong] ?? 0) + 1;
      if (wrong === 'reset') return void request.socket.destroy();
      if (wrong === '500') return end(response, 500, '{"error":{"code":2,"is_transient":true}}');
      if (wrong === '429') return end(response, 429, '{"error":{"code":4}}', { 'retry-after': '0' });
      if (wrong === 'html') return end(response, 200, '<html>Bad gateway</html>');
      if (ids.some(isPoison)) return end(response, 400, '{"error":{"code":100,"error_subcode":2804003,"message":"poison"}}');
      for (const id of ids) {
        platform.taken.set(id, (platform.taken.get(id) ?? 0) + 1);
        platform.takenAt.set(id, performance.now());
      }
      if (wrong === 'lost answer') {
        for (const id of ids) platform.unanswered.add(id);
        return void request.socket.destroy();
      }
      // A collector that was killed meanwhile never reads it.
      response.once('close', () => {
        if (!response.writableFinished) for (const id of ids) platform.unanswered.add(id);
      });
      end(response, 200, JSON.stringify({ events_received: ids.length, fbtrace_id: 'T' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(platform, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
}

export type Fault = 'reset' | '500' | '429' | 'html' | 'lost answer';

function end(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body);
}

/** The destination that it is, for a site's configuration. */
export const metaAt = (url: string) => ({
  id: 'meta',
  type: 'meta',
  settings: { dataset_id: '1', access_token: 'bench-token', endpoint: url },
});
