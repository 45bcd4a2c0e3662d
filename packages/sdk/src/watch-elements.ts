/** Calls `found` for each element that matches, now and when one is added; returns how to stop. */
export function watchElements<E extends Element>(document: Document, selector: string, found: (element: E) => void): () => void {
  const search = (root: ParentNode) => {
    for (const element of root.querySelectorAll<E>(selector)) found(element);
  };
  search(document);
  const observer = new MutationObserver((records) => {
    for (const { addedNodes } of records) {
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        if (node.matches(selector)) found(node as E);
        search(node);
      }
    }
  });
  observer.observe(document, { childList: true, subtree: true });
  return () => observer.disconnect();
}
