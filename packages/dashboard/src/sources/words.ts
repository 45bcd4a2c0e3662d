import type { Language } from '../i18n.ts';
import type { SourceWords } from '../words/sources.en.ts';

/** The page's words by language, each fetched when it is wanted. */
export const SOURCE_WORDS: Readonly<Record<Language, () => Promise<{ words: SourceWords }>>> = {
  en: () => import('../words/sources.en.ts'),
  es: () => import('../words/sources.es.ts'),
  fr: () => import('../words/sources.fr.ts'),
  de: () => import('../words/sources.de.ts'),
  zh: () => import('../words/sources.zh.ts'),
};
