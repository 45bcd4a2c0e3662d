import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * Opens a connection, closed when the test ends; whatever befalls it is no failure of the test. It keeps its half open when
 * the other end says goodbye, as a hostile client does.
 */
export function open(url: string): Promise<Socket> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true }, () => resolve(socket));
    socket.once('error', reject);
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
  });
}

/** All that comes until the other end hangs up. */
export function untilClosed(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
    });
    socket.once('end', () => resolve(said));
    socket.once('close', () => resolve(said));
  });
}

/** Sends exact bytes on a connection of its own, and answers what came back until it was closed. */
export async function exchange(url: string, text: string): Promise<{ status: number; said: string }> {
  const socket = await open(url);
  const said = untilClosed(socket);
  socket.write(text);
  const answer = await said;
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0), said: answer };
}
