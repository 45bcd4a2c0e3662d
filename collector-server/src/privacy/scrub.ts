import { isIP } from 'node:net';
import { CLICK_IDS, UTM_FIELDS } from '@orderloop/protocol';

const KEPT_PARAMS = new Set<string>([
  ...UTM_FIELDS.map((field) => (field === 'campaign' ? 'utm_campaign' : `utm_${field}`)),
  ...CLICK_IDS.map(({ param }) => param),
]);
// Bounded as addresses are (RFC 5321 §4.5.3.1): without bounds a long text would take the square of its length.
const PERSONAL = [/[^\s/?&=]{1,64}(?:@|%40)[^\s/?&=]{1,253}\.[a-z]{2,63}/gi, /\b(?:eyJ[\w-]+\.[\w-]+\.[\w-]+|sk_[\w-]{8,})/g];

/**
 * A page address as it may be kept (P1): without fragment and user part, with campaign and click parameters alone,
 * and with addresses, tokens and card numbers replaced. A path is kept as it is: undefined for what is no URL.
 */
export function scrubUrl(text: string | undefined): string | undefined {
  if (!text) return undefined;
  if (isPlainAddress(text)) return text;
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

const [IN_HOST, IN_PATH, IN_QUERY] = [1, 2, 4];
/** In which parts of a plain address a character may stand. */
const PLACES = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const letter = String.fromCharCode(code);
  if (/[a-z0-9.-]/.test(letter)) PLACES[code]! |= IN_HOST;
  if (/[A-Za-z0-9/_.-]/.test(letter)) PLACES[code]! |= IN_PATH;
  if (/[A-Za-z0-9_.&=-]/.test(letter)) PLACES[code]! |= IN_QUERY;
}
const CARD_DIGITS = 13;

/**
 * True when scrubbing would change nothing, told quickly: most pages have such an address. A name in lower case without a
 * port, a path of letters, digits and the like, and a query of parameters that are kept.
 */
function isPlainAddress(text: string): boolean {
  const host = text.startsWith('https://') ? 8 : text.startsWith('http://') ? 7 : -1;
  if (host === -1) return false;
  const path = text.indexOf('/', host);
  if (path === -1 || !isPlainHost(text.slice(host, path))) return false;
  const mark = text.indexOf('?', path);
  const end = mark === -1 ? text.length : mark;
  return (
    isPlainText(text, path, end, IN_PATH) &&
    !text.includes('/.') &&
    !text.includes('eyJ') &&
    !text.includes('sk_') &&
    (mark === -1 ||
      (isPlainText(text, mark + 1, text.length, IN_QUERY) &&
        text
          .slice(mark + 1)
          .split('&')
          .every(isKeptPair)))
  );
}

/** A name of several labels, the last of which begins with a letter: no address in numbers, and nothing to be decoded. */
function isPlainHost(host: string): boolean {
  const last = host.charCodeAt(host.lastIndexOf('.') + 1);
  return (
    host.includes('.') &&
    last >= 0x61 &&
    isPlainText(host, 0, host.length, IN_HOST) &&
    !host.includes('..') &&
    !host.includes('xn--')
  );
}

function isPlainText(text: string, from: number, to: number, place: number): boolean {
  let digits = 0;
  for (let index = from; index < to; index++) {
    const code = text.charCodeAt(index);
    if (code > 127 || (PLACES[code]! & place) === 0) return false;
    digits = code >= 0x30 && code <= 0x39 ? digits + 1 : 0;
    if (digits >= CARD_DIGITS) return false;
  }
  return true;
}

const isKeptPair = (pair: string): boolean => {
  const equals = pair.indexOf('=');
  return equals > 0 && KEPT_PARAMS.has(pair.slice(0, equals));
};

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
