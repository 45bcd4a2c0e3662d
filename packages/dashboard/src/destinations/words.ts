import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Language } from '../i18n.ts';
import type { DestinationWords } from '../words/destinations.en.ts';

/** The page's words by language, each fetched when it is wanted. */
export const DESTINATION_WORDS: Readonly<Record<Language, () => Promise<{ words: DestinationWords }>>> = {
  en: () => import('../words/destinations.en.ts'),
  es: () => import('../words/destinations.es.ts'),
  fr: () => import('../words/destinations.fr.ts'),
  de: () => import('../words/destinations.de.ts'),
  zh: () => import('../words/destinations.zh.ts'),
};

export const DestinationWordsContext = createContext<DestinationWords | null>(null);
export const useDestinationWords = (): DestinationWords => useContext(DestinationWordsContext)!;

/** The text for a code, or the code itself: what a platform says has no text of ours. */
export const wordOf = (texts: Readonly<Record<string, string>>, code: string): string =>
  Object.hasOwn(texts, code) ? texts[code]! : code;
