import type { ProbablePerson } from '@orderloop/protocol';

/** What is known of one device, as far as consent let it be kept. What is absent or empty says nothing. */
export interface DeviceFeatures {
  visitor_id: string;
  /** An address, or its network, written alike on both sides. */
  ip?: string;
  /** UTC ms of its last event with that `ip`. */
  at: number;
  user_agent?: string;
  /** Such as `390x844`. */
  screen?: string;
  /** IANA name, such as `Europe/Berlin`. */
  time_zone?: string;
  /** BCP 47 tag; its language counts, without region or script. */
  language?: string;
  /** Click ids of ad platforms, as they came. */
  click_ids?: readonly string[];
}

/** A device that somebody signed in on. */
export interface KnownDevice extends DeviceFeatures {
  person_id: string;
}

/**
 * `ip`: the same within 24 h; `device`: the same browser and platform, screen and time zone, which take all three;
 * `language`: the same; `click_id`: one in common.
 */
export type ProbableFeature = 'ip' | 'device' | 'language' | 'click_id';

/** How often a feature agrees: `m` between two devices of one person, `u` between those of two; each above 0 and below 1. */
export interface FeatureWeight {
  m: number;
  u: number;
}

export interface ProbableOptions {
  /** The probability that two devices taken at random are one person's. Default 1/10,000. */
  prior?: number;
  /** The least probability that links. Default 0.90. */
  threshold?: number;
  /** How many times the runner-up's probability the best must have. Default 10. */
  lead?: number;
  /** Instead of the defaults of identity §2.9. */
  weights?: Partial<Record<ProbableFeature, FeatureWeight>>;
}

const DAY_MS = 86_400_000;

const WEIGHTS: Record<ProbableFeature, FeatureWeight> = {
  ip: { m: 0.6, u: 0.002 },
  device: { m: 0.8, u: 0.02 },
  language: { m: 0.95, u: 0.3 },
  click_id: { m: 0.99, u: 1e-6 },
};

/** Names that a browser has beside those it imitates come first. */
const BROWSERS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['instagram', /Instagram/],
  ['facebook', /FBA[NV]\//],
  ['edge', /Edg(e|A|iOS)?\//],
  ['opera', /OPR\/|Opera|OPiOS/],
  ['samsung', /SamsungBrowser/],
  ['firefox', /Firefox|FxiOS/],
  ['chrome', /Chrome|CriOS|Chromium/],
  ['safari', /Safari/],
];
const PLATFORMS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['ios', /iPhone|iPad|iPod/],
  ['android', /Android/],
  ['windows', /Windows/],
  ['chromeos', /CrOS/],
  ['macos', /Macintosh/],
  ['linux', /Linux/],
];

/**
 * The person that a device probably belongs to, by the known devices that look like it, or null (identity §2.9): a guess
 * for reports that say so, which joins nobody. Only another person is a runner-up; a person with several devices counts
 * by the likeliest.
 */
export function probablePerson(
  device: DeviceFeatures,
  known: readonly KnownDevice[],
  options: ProbableOptions = {},
): ProbablePerson | null {
  const { threshold = 0.9, lead = 10 } = options;
  const persons = new Map<string, number>();
  for (const other of known) {
    if (other.visitor_id === device.visitor_id) continue;
    const probability = matchProbability(device, other, options);
    persons.set(other.person_id, Math.max(probability, persons.get(other.person_id) ?? 0));
  }
  const [best, runnerUp] = [...persons].sort(([leftId, left], [rightId, right]) => right - left || (leftId < rightId ? -1 : 1));
  if (!best) return null;
  const [probable_person_id, probability] = best;
  if (!(probability >= threshold && probability >= lead * (runnerUp?.[1] ?? 0))) return null;
  return { probable_person_id, probability };
}

/** The probability that two devices are one person's: Fellegi and Sunter's sum of log-odds (identity §2.9). */
export function matchProbability(one: DeviceFeatures, other: DeviceFeatures, options: ProbableOptions = {}): number {
  const { prior = 1 / 10_000, weights } = options;
  let logOdds = Math.log2(prior / (1 - prior));
  for (const [feature, agrees] of Object.entries(compare(one, other)) as [ProbableFeature, boolean | undefined][]) {
    if (agrees === undefined) continue;
    const { m, u } = weights?.[feature] ?? WEIGHTS[feature];
    logOdds += Math.log2(agrees ? m / u : (1 - m) / (1 - u));
  }
  return 1 / (1 + 2 ** -logOdds);
}

/** Which features agree; undefined where either side lacks it. */
function compare(one: DeviceFeatures, other: DeviceFeatures): Record<ProbableFeature, boolean | undefined> {
  const clicks = one.click_ids?.length && other.click_ids?.length ? new Set(one.click_ids) : undefined;
  const isSameDay = Math.abs(one.at - other.at) <= DAY_MS;
  const isSameIp = same(one.ip, other.ip);
  return {
    ip: isSameIp && isSameDay,
    device: same(deviceOf(one), deviceOf(other)),
    language: same(languageOf(one), languageOf(other)),
    click_id: clicks && other.click_ids?.some((id) => clicks.has(id)),
  };
}

function same(one: string | undefined, other: string | undefined): boolean | undefined {
  return one && other ? one === other : undefined;
}

function languageOf({ language }: DeviceFeatures): string | undefined {
  return language
    ?.split(/[-_,;]/, 1)[0]
    ?.trim()
    .toLowerCase();
}

function deviceOf({ user_agent, screen, time_zone }: DeviceFeatures): string | undefined {
  const family = user_agent && familyOf(user_agent);
  return family && screen && time_zone ? [family, screen, time_zone].join('|') : undefined;
}

/** Browser and platform without versions, such as `safari ios`; undefined unless both are known. */
function familyOf(user_agent: string): string | undefined {
  const find = (names: typeof BROWSERS) => names.find(([, pattern]) => pattern.test(user_agent))?.[0];
  const [browser, platform] = [find(BROWSERS), find(PLATFORMS)];
  return browser && platform && `${browser} ${platform}`;
}
