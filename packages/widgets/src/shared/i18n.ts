export const LANGUAGES = ['en', 'es', 'fr', 'de', 'zh'] as const;

export type Language = (typeof LANGUAGES)[number];

/** The language of the nearest `lang` attribute, out of shadow trees too; English when we don't speak it. */
export function languageOf(element: Element): Language {
  for (let start: Element | undefined = element; start; start = (start.getRootNode() as ShadowRoot).host) {
    const marked = start.closest('[lang]');
    if (marked)
      return LANGUAGES.find((language) => marked.getAttribute('lang')!.toLowerCase().split('-')[0] === language) ?? 'en';
  }
  return 'en';
}

/** A number with its noun: `{ one: '# point', other: '# points' }`. */
export type Counted = { one?: string; other: string };

export function count(language: Language, noun: Counted, amount: number): string {
  const form = new Intl.PluralRules(language).select(amount) as keyof Counted;
  return (noun[form] ?? noun.other).replace('#', new Intl.NumberFormat(language).format(amount));
}

/** Seconds, or minutes where that is easier to grasp, in words. */
export function duration(language: Language, ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const unit = seconds < 120 ? 'second' : 'minute';
  const amount = unit === 'second' ? seconds : Math.ceil(seconds / 60);
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(amount);
}
