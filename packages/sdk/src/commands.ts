import type { User } from '@orderloop/protocol/browser';
import type { Choice } from './consent.ts';
import type { TrackedName, TrackParams } from './ecommerce.ts';
import type { Orderloop, SessionCallback } from './options.ts';
import type { PixelOrder } from './pixels.ts';
import type { Warn } from './warn.ts';

/** Where the SDK sends, and as whom; on `window.orderloop` once it runs. */
export interface Connection {
  key: string;
  site: string;
  endpoint: string;
}

/** `window.orderloop`: before the SDK is here it only queues. */
export interface Commands extends Partial<Connection> {
  <Name extends TrackedName>(command: 'track', name: Name, ...params: TrackParams<Name>): void;
  (command: 'identify', user: User): void;
  (command: 'consent', choice: Choice): void;
  (command: 'session', callback: SessionCallback): void;
  (command: 'conversion_id', order_id: string, stage: string | undefined, callback: (event_id: string) => void): void;
  (command: 'fire_pixels', order: PixelOrder): void;
  /** Calls back as soon as the SDK runs. */
  (command: 'ready', callback: (connection: Connection) => void): void;
  q?: { push(call: ArrayLike<unknown>): unknown };
}

declare global {
  interface Window {
    orderloop?: Commands;
  }
}

/** Puts the SDK behind `window.orderloop`, and runs what was called before it came. */
export function installCommands(window: Window, orderloop: Orderloop, connection: Connection, warn: Warn): void {
  const { track, identify, consent, session, conversionId, firePixels } = orderloop;
  const commands: Record<string, (...args: never[]) => void> = {
    track,
    identify,
    consent,
    session,
    conversion_id: (order_id: string, stage: string | undefined, callback: (event_id: string) => void) =>
      callback(conversionId(order_id, stage)),
    fire_pixels: firePixels,
    ready: (callback: (connection: Connection) => void) => callback(connection),
  };
  const run = (call: ArrayLike<unknown>): void => {
    const [name, ...args] = Array.prototype.slice.call(call);
    try {
      commands[name]!(...(args as never[]));
    } catch (error) {
      // An unknown command, or the page's own callback; neither may stop the page's script.
      warn(`command_${name}`, String(error));
    }
  };
  const waiting = window.orderloop?.q as ArrayLike<ArrayLike<unknown>> | undefined;
  const install = Object.assign((...call: unknown[]) => run(call), connection, {
    // A page that holds on to the stub keeps pushing here.
    q: { push: run },
  });
  window.orderloop = install as Commands;
  for (let index = 0; index < (waiting?.length ?? 0); index++) run(waiting![index]!);
}
