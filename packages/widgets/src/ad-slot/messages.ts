import type { Language } from '../shared/i18n.ts';

/** What an advertisement must be called, so that nobody takes it for the shop's own words. */
export const LABEL: Record<Language, string> = {
  en: 'Advertisement',
  es: 'Publicidad',
  fr: 'Publicité',
  de: 'Anzeige',
  zh: '广告',
};
