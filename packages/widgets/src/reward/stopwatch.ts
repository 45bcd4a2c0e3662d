const TICK_MS = 200;

/** Counts the time that the page is visible. `tick` gets the ms since the start, the last time once they are all there. */
export function startStopwatch(
  elapsed_ms: number,
  duration_ms: number,
  signal: AbortSignal,
  tick: (elapsed_ms: number) => void,
): void {
  let elapsed = elapsed_ms;
  let last = performance.now();

  const count = () => {
    const now = performance.now();
    // The step up to a change of visibility belongs to the state before it.
    if (wasVisible) elapsed = Math.min(duration_ms, elapsed + now - last);
    last = now;
    wasVisible = document.visibilityState === 'visible';
    if (elapsed >= duration_ms) stop();
    tick(elapsed);
  };
  let wasVisible = document.visibilityState === 'visible';
  const timer = setInterval(count, TICK_MS);
  const stop = () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', count);
  };
  document.addEventListener('visibilitychange', count);
  signal.addEventListener('abort', stop);
}
