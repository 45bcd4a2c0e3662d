/** Calls `shown` when the page is first seen, and each time that it comes back out of the back/forward cache. */
export function watchPageViews(window: Window, signal: AbortSignal, shown: (isReturn: boolean) => void): void {
  const { document } = window;
  window.addEventListener('pageshow', (event) => event.persisted && shown(true), { signal });
  if (isPrerendering(document)) document.addEventListener('prerenderingchange', () => shown(false), { once: true, signal });
  else shown(false);
}

/** A page that is loaded ahead of a visit that may never come. */
export function isPrerendering(document: Document): boolean {
  return (document as { prerendering?: boolean }).prerendering === true;
}
