import { isIP } from 'node:net';
import { CLICK_IDS, UTM_FIELDS } from '@orderloop/protocol';

const KEPT_PARAMS = new Set<string>([
  ...UTM_FIELDS.map((field) => (field === 'campaign' ? 'utm_campaign' : `utm_${field}`)),
  ...CLICK_IDS.map(({ param }) => param),
]);
const PERSONAL = [/[^\s/?&=]+(?:@|%40)[^\s/?&=]+\.[a-z]{2,}/gi, /\b(?:eyJ[\w-]+\.[\w-]+\.[\w-]+|sk_[\w-]{8,})/g];

/**
 * A page address as it may be kept (P1): without fragment and user part, with campaign and click parameters alone,
 * and with addresses, tokens and card numbers replaced. A path is kept as it is: undefined for what is no URL.
 */
export function scrubUrl(text: string | undefined): string | undefined {
  if (!text) return undefined;
  const relative = text.startsWith('/');
  if (!URL.canParse(text, relative ? 'http://page.invalid' : undefined)) return undefined;
  const url = new URL(text, relative ? 'http://page.invalid' : undefined);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  url.username = '';
  url.password = '';
  url.hash = '';
  for (const name of [...url.searchParams.keys()]) if (!KEPT_PARAMS.has(name)) url.searchParams.delete(name);
  const kept = relative ? `${url.pathname}${url.search}` : url.href;
  return maskCards(PERSONAL.reduce((result, pattern) => result.replace(pattern, '[removed]'), kept));
}

/** Groups of 13 to 19 digits that pass the Luhn check: what a card number looks like. */
function maskCards(text: string): string {
  return text.replace(/(?<![\w.])\d{13,19}(?![\w.])/g, (digits) => (passesLuhn(digits) ? '[removed]' : digits));
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** An address cut to its network, /24 or /48: what may be kept on an event (P1). */
export function truncateIp(ip: string | undefined): string | undefined {
  const plain = ip?.replace(/^::ffff:/i, '');
  const version = plain ? isIP(plain) : 0;
  if (!plain || version === 0) return undefined;
  if (version === 4) return plain.replace(/\.\d+$/, '.0');
  const [head = '', tail = ''] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const groups = plain.includes('::') ? [...left, ...Array(8 - left.length - right.length).fill('0'), ...right] : left;
  return `${groups.slice(0, 3).join(':')}::`;
}
