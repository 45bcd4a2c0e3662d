import { watchElements } from './watch-elements.ts';

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): { createScriptURL(address: string): string };
}

/** Loads the elements as soon as the page holds one of ours that nobody has defined; returns how to stop looking. */
export function loadWidgets(window: Window, endpoint: string, nonce: string | undefined): () => void {
  const { document } = window;
  let isLoading = false;
  return watchElements(document, ':not(:defined)', ({ localName }) => {
    if (isLoading || !/^orderloop-/.test(localName)) return;
    isLoading = true;
    const script = document.createElement('script');
    script.type = 'module';
    script.async = true;
    if (nonce) script.nonce = nonce;
    script.src = trusted(window, `${endpoint}/widgets.js`);
    document.head.append(script);
  });
}

/** Under Trusted Types an address of a script needs a policy; ours lets through this one alone. */
function trusted(window: Window, address: string): string {
  try {
    const { trustedTypes } = window as { trustedTypes?: TrustedTypes };
    return trustedTypes?.createPolicy('orderloop', { createScriptURL: () => address }).createScriptURL(address) ?? address;
  } catch {
    return address;
  }
}
