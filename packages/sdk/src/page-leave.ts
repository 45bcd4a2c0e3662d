/** Calls `leave` when the page may be gone for good. Never `unload`: it turns the back/forward cache off. */
export function watchPageLeave(window: Window, signal: AbortSignal, leave: () => void): void {
  const { document } = window;
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && leave(), { signal });
  window.addEventListener('pagehide', leave, { signal });
}
