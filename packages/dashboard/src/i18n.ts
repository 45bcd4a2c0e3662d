import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { fill } from './texts.ts';
import type { Word, Words } from './words/en.ts';

/** What each language calls itself. */
export const LANGUAGE_NAMES = { en: 'English', es: 'Español', fr: 'Français', de: 'Deutsch', zh: '中文' } as const;
export type Language = keyof typeof LANGUAGE_NAMES;

// Each a file of its own: nobody reads five languages.
const WORDS: Readonly<Record<Language, () => Promise<Words>>> = {
  en: async () => (await import('./words/en.ts')).en,
  es: async () => (await import('./words/es.ts')).es,
  fr: async () => (await import('./words/fr.ts')).fr,
  de: async () => (await import('./words/de.ts')).de,
  zh: async () => (await import('./words/zh.ts')).zh,
};

const STORED = 'orderloop-dashboard-language';
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export interface Texts {
  language: Language;
  /** The text of a word; `{names}` in it are filled in. */
  t(word: Word, values?: Record<string, string | number>): string;
  number(value: number): string;
  money(minor: number, currency: string, exponent: number): string;
  /** To the second; with the day when it is not today. */
  time(ms: number): string;
  dateTime(ms: number): string;
  duration(ms: number): string;
}

/** Rejects when the language's words can't be fetched. */
export async function loadTexts(language: Language): Promise<Texts> {
  return createTexts(language, await WORDS[language]());
}

function createTexts(language: Language, words: Words): Texts {
  const number = new Intl.NumberFormat(language);
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium' });
  const dayAndClock = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  return {
    language,
    t: (word, values = {}) => fill(words[word], values),
    number: (value) => number.format(value),
    money: (minor, currency, exponent) =>
      new Intl.NumberFormat(language, {
        style: 'currency',
        currency,
        minimumFractionDigits: exponent,
        maximumFractionDigits: exponent,
      }).format(minor / 10 ** exponent),
    time: (ms) => (new Date(ms).toDateString() === new Date().toDateString() ? clock : dayAndClock).format(ms),
    dateTime: (ms) => dayAndClock.format(ms),
    duration: (ms) => {
      const unit = (value: number, name: string, digits = 0) =>
        new Intl.NumberFormat(language, {
          style: 'unit',
          unit: name,
          unitDisplay: 'short',
          maximumFractionDigits: digits,
        }).format(value);
      if (ms < 1000) return unit(Math.max(0, ms), 'millisecond');
      if (ms < MINUTE_MS * 2) return unit(ms / 1000, 'second', 1);
      if (ms < MINUTE_MS * 120) return unit(ms / MINUTE_MS, 'minute');
      return ms < DAY_MS * 2 ? unit(ms / (MINUTE_MS * 60), 'hour') : unit(ms / DAY_MS, 'day');
    },
  };
}

/** What the reader chose before, asked for in the address, or the browser prefers. */
export function preferredLanguage(): Language {
  const wanted = [new URLSearchParams(location.search).get('lang'), read(), ...navigator.languages].map((tag) =>
    tag?.slice(0, 2).toLowerCase(),
  );
  return (wanted.find((tag) => tag && tag in LANGUAGE_NAMES) as Language | undefined) ?? 'en';
}

export function rememberLanguage(language: Language): void {
  try {
    localStorage.setItem(STORED, language);
  } catch {
    // Storage can be switched off; the choice then lasts as long as the page.
  }
}

function read(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

export const TextsContext = createContext<Texts | null>(null);
export const useTexts = (): Texts => useContext(TextsContext)!;
