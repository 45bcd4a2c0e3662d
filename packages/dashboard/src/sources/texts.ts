import type { SourceConnection, SourceDelivery } from '@orderloop/protocol';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { useTexts } from '../i18n.ts';
import { fill } from '../texts.ts';
import type { SourceWords } from '../words/sources.en.ts';

export const SourceWordsContext = createContext<SourceWords | null>(null);
export const useSourceWords = (): SourceWords => useContext(SourceWordsContext)!;

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** How long ago a moment was, in the page's language: a function of UTC ms. */
export function useAgo(): (ms: number) => string {
  const { language } = useTexts();
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  return (ms) => {
    const passed = Math.max(0, Date.now() - ms);
    const [unit, length] = UNITS.find(([, length]) => passed >= length) ?? UNITS[3];
    return format.format(-Math.floor(passed / length), unit);
  };
}

const own = <T>(texts: Readonly<Record<string, T>>, key: string | null): T | undefined =>
  key !== null && Object.hasOwn(texts, key) ? texts[key] : undefined;

export const guideOf = ({ guides, other_guide }: SourceWords, source: string) => own(guides, source) ?? other_guide;

/** Why it was refused or ignored, and what to do, in a sentence; null of what was taken. */
export function reasonOf(words: SourceWords, { verdict, reason }: Pick<SourceDelivery, 'verdict' | 'reason'>): string | null {
  if (verdict === 'rejected') return own(words.reasons, reason) ?? words.reason_other;
  return verdict === 'ignored' ? (own(words.ignored, reason) ?? words.ignored_other) : null;
}

const NAMES: Readonly<Record<string, string>> = {
  shopify: 'Shopify',
  woocommerce: 'WooCommerce',
  bigcommerce: 'BigCommerce',
  magento: 'Magento',
  stripe: 'Stripe',
  paypal: 'PayPal',
};

/** What people call the source. */
export const nameOf = (words: SourceWords, source: string): string =>
  source === 'generic' ? words.own_server : (own(NAMES, source) ?? source);

/** Signed by a certificate, or asked by its API: there is no secret to configure. */
const WITHOUT_SECRET = new Set(['paypal', 'magento']);

/** What is said of the secrets of a connection; null where it needs none. */
export function secretsOf(
  words: SourceWords,
  { source, secrets }: SourceConnection,
): { text: string; isMissing: boolean } | null {
  if (secrets === 0) return WITHOUT_SECRET.has(source) ? null : { text: words.secrets_none, isMissing: true };
  return { text: secrets === 1 ? words.secrets_one : fill(words.secrets_count, { count: secrets }), isMissing: false };
}
