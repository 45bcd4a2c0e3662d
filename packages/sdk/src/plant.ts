import { watchElements } from './watch-elements.ts';

const SELECTOR = 'input[data-orderloop="session_ref"]';

/** Puts the session reference into the shop's forms, so that the order names its session. */
export interface Planter {
  plant(session_ref: string): void;
  stop(): void;
}

export function createPlanter(document: Document): Planter {
  let planted = '';
  const fill = (input: HTMLInputElement) => {
    input.value = planted;
  };
  const stop = watchElements<HTMLInputElement>(document, SELECTOR, (input) => planted && fill(input));

  return {
    plant(session_ref) {
      if (session_ref === planted) return;
      planted = session_ref;
      document.querySelectorAll<HTMLInputElement>(SELECTOR).forEach(fill);
    },
    stop,
  };
}
