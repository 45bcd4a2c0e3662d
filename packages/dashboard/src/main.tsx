import { render } from 'preact';
import { App } from './app.tsx';
import { loadTexts, preferredLanguage } from './i18n.ts';

const root = document.getElementById('app')!;

// Not awaited at the top: the parts that are fetched later import from this file, which would have to wait for them.
loadTexts(preferredLanguage()).then(
  (texts) => {
    root.replaceChildren();
    render(<App texts={texts} />, root);
  },
  () => {
    // In English, since the words are what is missing.
    root.textContent = 'The dashboard could not be loaded. Check the connection, and reload the page.';
  },
);
