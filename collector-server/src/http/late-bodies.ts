import type { IncomingMessage } from 'node:http';

/** Requests whose bodies must have come by a certain time. */
export interface LateBodies<Exchange> {
  /** Its time counts from now on, until it is forgotten. */
  watch(exchange: Exchange): void;
  forget(exchange: Exchange): void;
  stop(): void;
}

const LOOKS = 10;

/**
 * Calls `late` for a request that has not arrived in full after `limit_ms`, at most a fifth later. One timer looks after all
 * of them: one for each would cost more than the request.
 */
export function watchLateBodies<Exchange extends { request: IncomingMessage }>(
  limit_ms: number,
  late: (exchange: Exchange) => void,
): LateBodies<Exchange> {
  const began = new Map<Exchange, number>();
  let looks = 0;
  const timer = setInterval(() => {
    looks++;
    for (const [exchange, since] of began) {
      // They are in the order in which they began.
      if (looks - since <= LOOKS) break;
      began.delete(exchange);
      if (!exchange.request.complete) late(exchange);
    }
  }, limit_ms / LOOKS);
  timer.unref();
  return {
    // Nearly every body comes with its headers: what has arrived by the end of this turn is never put on the list, where it
    // would outlive its turn and cost the collector of garbage more than the request.
    watch(exchange) {
      setImmediate(() => {
        if (!exchange.request.complete && !exchange.request.destroyed) began.set(exchange, looks);
      });
    },
    forget: (exchange) => void began.delete(exchange),
    stop: () => clearInterval(timer),
  };
}
