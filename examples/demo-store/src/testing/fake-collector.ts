import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Call {
  path: string;
  headers: IncomingHttpHeaders;
  /** As it came, for signatures. */
  text: string;
  body: Record<string, unknown>;
}

/** A collector over real HTTP that keeps what it gets; `answer` says the status of each call. */
export async function startFakeCollector(port = 0, answer: (call: Call) => number = () => 202) {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const call = { path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text || '{}') };
      calls.push(call);
      const status = answer(call);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(
        status < 300
          ? '{"accepted":1,"duplicate":0,"rejected":[]}'
          : '{"code":"invalid_order","title":"The order is not valid","errors":[{"pointer":"/currency","detail":"is missing"}]}',
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: taken } = server.address() as AddressInfo;
  return {
    calls,
    port: taken,
    url: `http://127.0.0.1:${taken}`,
    close(): Promise<void> {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export type FakeCollector = Awaited<ReturnType<typeof startFakeCollector>>;
