/** Calls `near` once, when the element is about to be scrolled into view. */
export function whenNear(element: Element, signal: AbortSignal, near: () => void): void {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      near();
    },
    // With the document as the root the margin also counts for a page in a frame.
    { root: element.ownerDocument, rootMargin: '200px' },
  );
  observer.observe(element);
  signal.addEventListener('abort', () => observer.disconnect());
}
