// Viewable display, by MRC and IAB (browser-standards §6).
const SHARE = 0.5;
const LARGE_SHARE = 0.3;
const LARGE_PIXELS = 242_500;
const CONTINUOUS_MS = 1000;

interface Timers {
  setTimeout(run: () => void, delay_ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** The share of its pixels that an advertisement must show. */
export function neededShare({ width, height }: { width: number; height: number }): number {
  return width * height >= LARGE_PIXELS ? LARGE_SHARE : SHARE;
}

/** Calls `viewable` once, when enough of the element was in view of a visible page for one continuous second. */
export function whenViewable(
  element: Element,
  signal: AbortSignal,
  viewable: () => void,
  timers: Timers = { setTimeout: (run, ms) => setTimeout(run, ms), clearTimeout: (timer) => clearTimeout(timer as number) },
): void {
  let isInView = false;
  let timer: unknown;

  const watch = () => {
    if (!isInView || document.visibilityState !== 'visible') {
      timers.clearTimeout(timer);
      timer = undefined;
    } else {
      timer ??= timers.setTimeout(() => {
        stop();
        viewable();
      }, CONTINUOUS_MS);
    }
  };
  const observer = new IntersectionObserver(
    (entries) => {
      const { intersectionRatio, boundingClientRect } = entries.at(-1)!;
      // Nothing of nothing is no view.
      isInView = intersectionRatio > 0 && intersectionRatio >= neededShare(boundingClientRect);
      watch();
    },
    { threshold: [LARGE_SHARE, SHARE] },
  );
  const stop = () => {
    timers.clearTimeout(timer);
    observer.disconnect();
    document.removeEventListener('visibilitychange', watch);
  };
  observer.observe(element);
  document.addEventListener('visibilitychange', watch);
  signal.addEventListener('abort', stop);
}
