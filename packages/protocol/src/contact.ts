import { callingCode, countryCode } from './country.ts';

const RELAY_HOSTS = /@(marketplace\.amazon\.[a-z.]+|relay\.walmart\.com|scs\.tiktokw\.us)$/;

/** How an address is kept and matched: NFC, trimmed, lower case. No dot or plus folding: that is some platforms' own rule (order-sources §14.3). */
export function normalizeEmail(email: string | null | undefined): string | null {
  const text = email?.normalize('NFC').trim().toLowerCase();
  return text && /^[^\s@]+@[^\s@]+$/.test(text) ? text : null;
}

/** An alias that a marketplace made: it stands for nobody, so it is never hashed into an identity (order-sources §11.1). */
export function isRelayEmail(email: string): boolean {
  return RELAY_HOSTS.test(email);
}

/**
 * E.164 with `+`, or null (relays §4.1). A national number needs its country; without one no phone is better than a wrong one.
 */
export function normalizePhone(phone: string | null | undefined, country?: string | null): string | null {
  const text = phone?.normalize('NFC').trim() ?? '';
  if (/[a-z]/i.test(text.replace(EXTENSION, ''))) return null;
  const base = text.replace(EXTENSION, '').replace(/^00/, '+');
  if (base.startsWith('+')) return valid(`+${digits(base.replace(/\(0\)/, ''))}`);
  const alpha2 = countryCode(country);
  const code = alpha2 && callingCode(alpha2);
  if (!alpha2 || !code || !digits(base)) return null;
  const national = KEEPS_TRUNK_ZERO.has(alpha2) ? digits(base) : digits(base).replace(/^0/, '');
  // North American numbers are often written with their 1 and no plus.
  return valid(code === '1' && national.length === 11 && national.startsWith('1') ? `+${national}` : `+${code}${national}`);
}

const EXTENSION = /\s*(?:;ext=|ext\.?|extension|x|#)\s*\d+\s*$/i;
const KEEPS_TRUNK_ZERO = new Set(['IT', 'SM', 'VA']);

const digits = (text: string): string => text.replace(/\D/g, '');
const valid = (phone: string): string | null => (/^\+[1-9]\d{7,14}$/.test(phone) ? phone : null);
