import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { countryCode, normalizeEmail, normalizePhone } from '@orderloop/protocol';

const HASHED = /^[0-9a-f]{64}$/i;

/** SHA-256 in lower-case hex over UTF-8 after NFC (R7). A value that is hashed already passes in lower case (R6); nothing is hashed from nothing (R5). */
export function hash(normalised: string | null | undefined): string | undefined {
  if (!normalised) return undefined;
  if (HASHED.test(normalised)) return normalised.toLowerCase();
  return createHash('sha256').update(normalised.normalize('NFC'), 'utf8').digest('hex');
}

export type Rule = (text: string, country?: string) => string | null;

/** Applies a platform's rule and hashes; a hash passes, nothing stays nothing. */
export function hashField(text: string | undefined, rule: Rule, country?: string): string | undefined {
  const trimmed = text?.normalize('NFC').trim();
  if (!trimmed) return undefined;
  return hash(HASHED.test(trimmed) ? trimmed : rule(trimmed, country));
}

/** E-mail at Meta, TikTok, Pinterest, Snapchat, LinkedIn and X: trimmed and lower case, no folding. */
export const plainEmail: Rule = (email) => normalizeEmail(email);

/**
 * E-mail at Google: only addresses of gmail.com and googlemail.com lose their dots and what follows a plus. The page on web
 * enhanced conversions words it for every domain, Google's own code and tests do not (relays §12.6).
 */
export const googleEmail: Rule = (email) => {
  const address = normalizeEmail(email);
  return address && /@(gmail|googlemail)\.com$/.test(address) ? foldLocalPart(address) : address;
};

/** E-mail at Microsoft and Reddit: without dots and what follows a plus, at every domain (relays §12.3, §12.4). */
export const foldedEmail: Rule = (email) => {
  const address = normalizeEmail(email);
  return address && foldLocalPart(address);
};

function foldLocalPart(address: string): string | null {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at).split('+')[0]!.replaceAll('.', '');
  return local ? local + address.slice(at) : null;
}

/** E-mail at Pinterest: without any spaces, lower case. */
export const spacelessEmail: Rule = (email) => normalizeEmail(email.replace(/\s/g, ''));

/** Phone at Google, TikTok, Reddit and X: E.164 with its `+`. */
export const phoneE164: Rule = (phone, country) => normalizePhone(phone, country);

/** Phone at Meta, Pinterest, Snapchat and Microsoft: E.164 without its `+`. */
export const phoneDigits: Rule = (phone, country) => normalizePhone(phone, country)?.slice(1) ?? null;

/** Names at Meta: lower case without spaces and ASCII punctuation; accents and other scripts stay. */
export const metaName: Rule = (name) => name.toLowerCase().replace(/[\s!-/:-@[-`{-~]/g, '');

/** First name at Google: lower case, without a title in front. */
export const googleFirstName: Rule = (name) =>
  name
    .toLowerCase()
    .replace(/^(mr|mrs|ms|dr)\.\s*/, '')
    .trim() || null;

/** Last name at Google: lower case, without what follows a name. */
export const googleLastName: Rule = (name) =>
  name
    .toLowerCase()
    .replace(/[\s,]+(jr|sr|2nd|3rd|ii|iii|iv|v|vi|cpa|dc|dds|vm|jd|md|phd)\.?$/, '')
    .trim() || null;

/** Names at GA4: as at Google, without digits and symbols. */
export const ga4Name =
  (rule: Rule): Rule =>
  (name) =>
    rule(name)
      ?.replace(/[^\p{L}\p{M}\s]/gu, '')
      .trim() || null;

/** Names at TikTok and Pinterest: lower case without spaces. */
export const spacelessName: Rule = (name) => name.toLowerCase().replace(/\s/g, '') || null;

/** Names at Snapchat: lower case. */
export const lowerName: Rule = (name) => name.toLowerCase();

/** City at Pinterest and Snapchat: lower case, without spaces and punctuation. */
export const bareCity: Rule = (city) => city.toLowerCase().replace(/[\s\p{P}]/gu, '') || null;

/** City and region at TikTok, which takes them in plain: lower-case letters and digits of ASCII. */
export const asciiPlace = (place: string | undefined): string | undefined =>
  place
    ?.normalize('NFC')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '') || undefined;

/** City at Meta, by its 2026 builder: lower-case letters and digits, beginning with a letter. */
export const metaCity: Rule = (city) => {
  const kept = city.toLowerCase().replace(/[^a-z0-9]/g, '');
  return /^[a-z]/.test(kept) ? kept : null;
};

/** Region at Meta and Pinterest: two letters for the US and Canada; elsewhere what can be read without guessing. */
export const metaRegion: Rule = (region, country) => {
  const text = region.toLowerCase();
  const named = country === undefined || country === 'US' || country === 'CA' ? REGIONS.get(text) : undefined;
  if (named) return named;
  const suffix = /^[a-z]{2}-([a-z0-9]{1,3})$/.exec(text)?.[1];
  return suffix ?? (text.replace(/[^a-z]/g, '').slice(0, 2) || null);
};

/** Postal code at Meta: lower case, the part before the hyphen, at least two characters. */
export const metaPostalCode: Rule = (code) => {
  const kept = code.toLowerCase().split('-')[0]!.trim();
  return kept.length >= 2 ? kept : null;
};

/** Postal code at TikTok and Snapchat: lower case without spaces. */
export const spacelessPostalCode: Rule = (code) => code.toLowerCase().replace(/\s/g, '') || null;

/** Postal code at Pinterest: digits alone in the US. */
export const pinterestPostalCode: Rule = (code, country) =>
  (country === 'US' ? code.split('-')[0]!.replace(/\D/g, '') : code.toLowerCase().replace(/\s/g, '')) || null;

/** Country at Meta, Pinterest and Snapchat: ISO 3166-1 alpha-2 in lower case. */
export const lowerCountry: Rule = (country) => countryCode(country)?.toLowerCase() ?? null;

/** External id at Meta: lower case without spaces. */
export const metaExternalId: Rule = (id) => id.toLowerCase().replace(/\s/g, '');

/** External id at TikTok: lower case. */
export const lowerId: Rule = (id) => id.toLowerCase();

/** External id at Pinterest, Snapchat, Microsoft and Reddit: as it stands. */
export const plainId: Rule = (id) => id;

export const genderLetter: Rule = (gender) => /^(f|m)(emale|ale)?$/i.exec(gender)?.[1]?.toLowerCase() ?? null;

/** `YYYYMMDD` of a date that exists. */
export const compactDate: Rule = (date) => {
  const [, year = '', month = '', day = ''] = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(date) ?? [];
  const at = new Date(`${year}-${month}-${day}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.getUTCDate() === Number(day) ? `${year}${month}${day}` : null;
};

/** A full public address; a truncated or private one is refused by platforms, and says nothing. */
export function publicIp(ip: string | undefined): string | undefined {
  const version = ip ? isIP(ip) : 0;
  if (!ip || version === 0) return undefined;
  if (version === 4)
    return /^(10|127|0)\.|^169\.254\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|\.0$/.test(
      ip,
    )
      ? undefined
      : ip;
  return /^(::1?$|f[cd]|fe[89ab]|::ffff:)/i.test(ip) || ip.endsWith('::') ? undefined : ip;
}

const US =
  'alabama al,alaska ak,arizona az,arkansas ar,california ca,colorado co,connecticut ct,delaware de,district of columbia dc,florida fl,georgia ga,hawaii hi,idaho id,illinois il,indiana in,iowa ia,kansas ks,kentucky ky,louisiana la,maine me,maryland md,massachusetts ma,michigan mi,minnesota mn,mississippi ms,missouri mo,montana mt,nebraska ne,nevada nv,new hampshire nh,new jersey nj,new mexico nm,new york ny,north carolina nc,north dakota nd,ohio oh,oklahoma ok,oregon or,pennsylvania pa,puerto rico pr,rhode island ri,south carolina sc,south dakota sd,tennessee tn,texas tx,utah ut,vermont vt,virginia va,washington wa,west virginia wv,wisconsin wi,wyoming wy';
const CANADA =
  'alberta ab,british columbia bc,manitoba mb,new brunswick nb,newfoundland and labrador nl,northwest territories nt,nova scotia ns,nunavut nu,ontario on,prince edward island pe,quebec qc,québec qc,saskatchewan sk,yukon yt';
const REGIONS = new Map(
  `${US},${CANADA}`.split(',').flatMap((entry) => {
    const name = entry.slice(0, -3);
    const code = entry.slice(-2);
    return [
      [name, code],
      [code, code],
    ];
  }),
);
