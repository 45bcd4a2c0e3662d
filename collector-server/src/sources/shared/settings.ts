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
