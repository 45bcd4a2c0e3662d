import type { StorageArea } from './storage.ts';

/** Everything from outside that the SDK touches, so that a test or an embedder can put something else in its place. */
export interface Environment {
  window: Window;
  /** UTC ms. */
  now(): number;
  /** Fills the bytes at random, and gives them back. */
  random(bytes: Uint8Array<ArrayBuffer>): Uint8Array;
  fetch(url: string, init: RequestInit): Promise<Response>;
  sendBeacon(url: string, body: string): boolean;
  storage(): StorageArea;
  setTimeout(run: () => void, delay_ms: number): number;
  clearTimeout(timer: number | undefined): void;
}

/** The browser's own; references are taken now, before a page's scripts replace them. */
export function browserEnvironment(): Environment {
  const { crypto, fetch, navigator, setTimeout, clearTimeout } = window;
  const { sendBeacon } = navigator;
  const { now } = Date;
  return {
    window,
    now,
    random: (bytes) => crypto.getRandomValues(bytes),
    fetch: (url, init) => fetch.call(window, url, init),
    sendBeacon: (url, body) => sendBeacon?.call(navigator, url, body) ?? false,
    storage: () => window.localStorage,
    setTimeout: (run, delay_ms) => setTimeout.call(window, run, delay_ms) as unknown as number,
    clearTimeout: (timer) => clearTimeout.call(window, timer),
  };
}
