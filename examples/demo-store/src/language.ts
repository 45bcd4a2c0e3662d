import { de } from './words/de.ts';
import { en, type Words } from './words/en.ts';
import { es } from './words/es.ts';
import { fr } from './words/fr.ts';
import { zh } from './words/zh.ts';

interface LanguageEntry {
  /** In itself, for the switch. */
  name: string;
  /** For numbers, money and the names of countries. */
  locale: string;
  /** Where its speakers most likely want it sent. */
  country: string;
  words: Words;
}

export const LANGUAGES = {
  en: { name: 'English', locale: 'en-IE', country: 'IE', words: en },
  es: { name: 'Español', locale: 'es-ES', country: 'ES', words: es },
  fr: { name: 'Français', locale: 'fr-FR', country: 'FR', words: fr },
  de: { name: 'Deutsch', locale: 'de-DE', country: 'DE', words: de },
  zh: { name: '中文', locale: 'zh-CN', country: 'CN', words: zh },
} as const satisfies Record<string, LanguageEntry>;

export type Language = keyof typeof LANGUAGES;

export function isLanguage(value: unknown): value is Language {
  return typeof value === 'string' && Object.hasOwn(LANGUAGES, value);
}

/** Puts values into the places of a text: `fill('{n} left', { n: 2 })`. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
