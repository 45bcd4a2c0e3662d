import type { Connection } from '../contract.ts';

/** Without a secret nothing that comes could be believed. */
export const checkSecrets = (secrets: Connection['secrets']): string[] =>
  secrets.some((secret) => secret !== '') ? [] : ['secrets is empty: what the platform signs its deliveries with.'];

/** A sentence for each of these settings that is no text, or an empty one. */
export const checkTexts = (settings: Connection['settings'], names: readonly string[]): string[] =>
  names.filter((name) => textSetting(settings, name) === null).map((name) => `settings.${name} is missing.`);

/** A text among the settings; null when there is none. */
export function textSetting(settings: Connection['settings'], name: string): string | null {
  const value = settings[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Whether all of these settings are there. */
export const hasTexts = (settings: Connection['settings'], names: readonly string[]): boolean =>
  checkTexts(settings, names).length === 0;

/** A sentence where this setting is there and no address: platforms' APIs have one of their own, tests another. */
export function checkAddress(settings: Connection['settings'], name: string): string[] {
  const value = settings[name];
  const isAddress = typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value);
  return value === undefined || isAddress ? [] : [`settings.${name} must be an address, such as https://api.example.com.`];
}

/** The texts of a list among the settings; without one, what is given. */
export function textsSetting(
  settings: Connection['settings'],
  name: string,
  otherwise: readonly string[] = [],
): readonly string[] {
  const value = settings[name];
  return Array.isArray(value) ? value.map(String) : otherwise;
}

/** A sentence for each of these settings that is there, and no list of texts or numbers. */
export const checkLists = (settings: Connection['settings'], names: readonly string[]): string[] =>
  names
    .filter((name) => settings[name] !== undefined && !isListOfTexts(settings[name]))
    .map((name) => `settings.${name} must be a list of texts.`);

const isListOfTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string' || typeof entry === 'number');

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Where a shop's API is, without a slash at the end: `settings.store_url`, or the account where that is a host or an address.
 * Null when it is neither, or would send the keys in the clear.
 */
export function storeUrl({ account, settings }: Connection): string | null {
  const text = textSetting(settings, 'store_url') ?? (/:\/\/|\./.test(account) ? account : '');
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.includes(url.hostname));
  if (!url || !isSafe || url.username) return null;
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** A sentence when there is no address that the shop's API could be asked at. */
export function checkStoreUrl(connection: Connection): string[] {
  if (storeUrl(connection)) return [];
  return textSetting(connection.settings, 'store_url') === null
    ? ['settings.store_url is missing.']
    : ['settings.store_url must be an address that begins with https://.'];
}
