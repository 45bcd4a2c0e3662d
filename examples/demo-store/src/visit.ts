import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Cart, Carts } from './carts.ts';
import { CURRENCY } from './catalogue.ts';
import { type Choice, readChoice } from './consent.ts';
import { readCookies, writeCookie } from './cookies.ts';
import { isLanguage, LANGUAGES, type Language } from './language.ts';
import type { Words } from './words/en.ts';

const MONTH_S = 30 * 86_400;

/** What a page must know of the request that it answers. */
export interface Visit {
  language: Language;
  locale: string;
  words: Words;
  direction: 'ltr' | 'rtl';
  /** What was chosen in the banner; undefined before. */
  choice: Choice | undefined;
  /** The visitor followed the link that changes the choice. */
  isChoosing: boolean;
  cart: Cart | undefined;
  path: string;
  /** For the two inline scripts of the head, new for each answer. */
  nonce: string;
  /** Cents as money, in the visitor's language. */
  money(cents: number): string;
}

/** Reads language, direction, choice and cart, and remembers what the address changed. */
export function readVisit(request: Request, response: Response, carts: Carts): Visit {
  const cookies = readCookies(request.headers.cookie);
  const { lang, dir, cookies: choosing } = request.query;
  const known = cookies.get('shop_lang');
  const language = isLanguage(lang) ? lang : isLanguage(known) ? known : preferred(request);
  const direction = (dir ?? cookies.get('shop_dir')) === 'rtl' ? 'rtl' : 'ltr';
  if (isLanguage(lang)) remember(response, 'shop_lang', lang);
  if (dir === 'rtl' || dir === 'ltr') remember(response, 'shop_dir', dir);
  const { locale, words } = LANGUAGES[language];
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency: CURRENCY });
  return {
    language,
    locale,
    words,
    direction,
    choice: readChoice(cookies.get('shop_consent')),
    isChoosing: choosing !== undefined,
    cart: carts.find(cookies.get('shop_cart')),
    path: request.path,
    nonce: randomBytes(16).toString('base64url'),
    money: (cents) => format.format(cents / 100),
  };
}

/** Keeps a cookie of the shop's own for a month. */
export function remember(
  response: Response,
  name: string,
  value: string,
  options: { httpOnly?: boolean; maxAge?: number } = {},
): void {
  const { httpOnly = false, maxAge = MONTH_S } = options;
  response.append('set-cookie', writeCookie(name, value, { maxAge, httpOnly, secure: response.req.secure }));
}

function preferred(request: Request): Language {
  const found = request.acceptsLanguages(Object.keys(LANGUAGES));
  return isLanguage(found) ? found : 'en';
}
