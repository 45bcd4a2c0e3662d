import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DeviceFeatures, type KnownDevice, matchProbability, type ProbableOptions, probablePerson } from './probable.ts';

const NOW = 1_794_000_000_000;
const HOUR = 3_600_000;
const SAFARI_17 =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1';
const SAFARI_18 =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1';
const IPHONE_CHROME =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 CriOS/131.0 Mobile/15E148 Safari/604.1';
const EDGE = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0';
const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36';
const ANDROID = 'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36';
const LINUX = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36';

const device = (visitor_id: string, more: Partial<DeviceFeatures> = {}): DeviceFeatures => ({ visitor_id, at: NOW, ...more });
const known = (visitor_id: string, person_id: string, more: Partial<DeviceFeatures> = {}): KnownDevice => ({
  ...device(visitor_id, more),
  person_id,
});
const PHONE = { user_agent: SAFARI_17, screen: '390x844', time_zone: 'Europe/Berlin' };
const FULL = { ...PHONE, ip: '198.51.100.0', language: 'de-DE' };
const CLICKED = { ...FULL, click_ids: ['IwAR1'] };

/** Log-odds in bits, as the sheet writes them. */
const bits = (probability: number): number => Math.log2(probability / (1 - probability));
const weightOf = (one: Partial<DeviceFeatures>, other: Partial<DeviceFeatures>): number =>
  bits(matchProbability(device('a', one), device('b', other))) - bits(1 / 10_000);

describe('2.9 the weights', () => {
  test.each<[string, Partial<DeviceFeatures>, Partial<DeviceFeatures>, number]>([
    ['same IP', { ip: 'x' }, { ip: 'x' }, Math.log2(0.6 / 0.002)],
    ['same IP, 24 h apart', { ip: 'x' }, { ip: 'x', at: NOW + 24 * HOUR }, Math.log2(0.6 / 0.002)],
    ['same IP, more than 24 h apart', { ip: 'x' }, { ip: 'x', at: NOW - 24 * HOUR - 1 }, Math.log2(0.4 / 0.998)],
    ['another IP', { ip: 'x' }, { ip: 'y' }, Math.log2(0.4 / 0.998)],
    ['same device', PHONE, PHONE, Math.log2(0.8 / 0.02)],
    ['another screen', PHONE, { ...PHONE, screen: '412x915' }, Math.log2(0.2 / 0.98)],
    ['another time zone', PHONE, { ...PHONE, time_zone: 'Europe/Paris' }, Math.log2(0.2 / 0.98)],
    ['same language', { language: 'de-DE' }, { language: 'DE' }, Math.log2(0.95 / 0.3)],
    ['another language', { language: 'de' }, { language: 'fr' }, Math.log2(0.05 / 0.7)],
    ['a click id in common', { click_ids: ['a', 'b'] }, { click_ids: ['b', 'c'] }, Math.log2(0.99 / 1e-6)],
    ['no click id in common', { click_ids: ['a'] }, { click_ids: ['b'] }, Math.log2(0.01 / (1 - 1e-6))],
  ])('2.9 %s', (_, one, other, expected) => {
    expect(weightOf(one, other)).toBeCloseTo(expected, 6);
  });

  test.each<[string, Partial<DeviceFeatures>]>([
    ['IP', { ip: 'x' }],
    ['device', PHONE],
    ['language', { language: 'de' }],
    ['click id', { click_ids: ['a'] }],
  ])('2.9 %s that either side lacks says nothing', (_, one) => {
    const empty = Object.fromEntries(Object.keys(one).map((key) => [key, key === 'click_ids' ? [] : '']));
    for (const other of [{}, empty]) {
      expect(weightOf(one, other)).toBeCloseTo(0, 9);
      expect(weightOf(other, one)).toBeCloseTo(0, 9);
    }
  });

  test.each(['user_agent', 'screen', 'time_zone'] as const)('2.9 the device takes its %s', (field) => {
    expect(weightOf(PHONE, { ...PHONE, [field]: undefined })).toBeCloseTo(0, 9);
  });
});

describe('2.9 the family of a user agent', () => {
  const agree = (one: string, other: string) => weightOf({ ...PHONE, user_agent: one }, { ...PHONE, user_agent: other });

  test('2.9 has no version', () => {
    expect(agree(SAFARI_17, SAFARI_18)).toBeCloseTo(Math.log2(40), 6);
  });

  test.each([
    [SAFARI_18, IPHONE_CHROME],
    [CHROME, EDGE],
    [CHROME, ANDROID],
    [ANDROID, LINUX],
    [LINUX, LINUX.replace('Chrome', 'OPR/1 Chrome')],
    [ANDROID, ANDROID.replace('Chrome', 'SamsungBrowser/27 Chrome')],
    [SAFARI_18, SAFARI_18.replace('(iPhone; CPU iPhone OS 18_1 like Mac OS X)', '(Macintosh; Intel Mac OS X 10_15_7)')],
    [SAFARI_18, `${SAFARI_18} Instagram 300.0`],
  ])('2.9 tells %s from %s', (one, other) => {
    expect(agree(one, other)).toBeCloseTo(Math.log2(0.2 / 0.98), 6);
  });

  test('2.9 that nobody knows says nothing', () => {
    expect(agree('curl/8.5', 'curl/8.5')).toBeCloseTo(0, 9);
  });
});

test('2.9 the sheet’s example: IP, device and language agree, and it is no link', () => {
  const terms = [1e-4 / (1 - 1e-4), 0.6 / 0.002, 0.8 / 0.02, 0.95 / 0.3].map(Math.log2);
  [-13.29, 8.23, 5.32, 1.66].forEach((term, index) => {
    expect(terms[index]).toBeCloseTo(term, 2);
  });
  const probability = matchProbability(device('a', FULL), device('b', FULL));
  expect(bits(probability)).toBeCloseTo(
    terms.reduce((sum, term) => sum + term),
    9,
  );
  expect(probability).toBeCloseTo(0.79, 2);
  expect(probablePerson(device('a', FULL), [known('b', 'p1', FULL)])).toBeNull();
});

describe('2.9 a link', () => {
  test('2.9 is the known device that shares a click too', () => {
    const link = probablePerson(device('a', CLICKED), [known('b', 'p1', CLICKED), known('c', 'p2', { ip: '203.0.113.0' })]);
    expect(link).toEqual({ probable_person_id: 'p1', probability: matchProbability(device('a', CLICKED), device('b', CLICKED)) });
    expect(link?.probability).toBeGreaterThan(0.99999);
  });

  test('2.9 takes the threshold, to the digit', () => {
    const probability = matchProbability(device('a', FULL), device('b', FULL));
    const at = (threshold: number) => probablePerson(device('a', FULL), [known('b', 'p1', FULL)], { threshold });
    expect(at(probability)).toEqual({ probable_person_id: 'p1', probability });
    expect(at(probability + 1e-12)).toBeNull();
  });

  test('2.9 takes ten times the runner-up, to the digit', () => {
    const runnerUp = matchProbability(device('a', CLICKED), device('c', FULL));
    const best = matchProbability(device('a', CLICKED), device('b', CLICKED));
    const all = [known('c', 'p2', FULL), known('b', 'p1', CLICKED)];
    expect(best).toBeLessThan(10 * runnerUp);
    expect(probablePerson(device('a', CLICKED), all)).toBeNull();
    expect(probablePerson(device('a', CLICKED), all, { lead: best / runnerUp - 1e-9 })?.probable_person_id).toBe('p1');
    expect(probablePerson(device('a', CLICKED), all, { lead: best / runnerUp + 1e-9 })).toBeNull();
  });

  test('2.9 has no runner-up in the same person’s other devices', () => {
    const all = [known('b', 'p1', CLICKED), known('c', 'p1', CLICKED)];
    expect(probablePerson(device('a', CLICKED), all)?.probable_person_id).toBe('p1');
  });

  test('2.9 is none between two persons alike unless no lead is asked, and none of a device with itself or with nobody', () => {
    const twins = [known('b', 'p1', CLICKED), known('c', 'p2', CLICKED)];
    expect(probablePerson(device('a', CLICKED), twins)).toBeNull();
    expect(probablePerson(device('a', CLICKED), twins, { lead: 1 })?.probable_person_id).toBe('p1');
    expect(probablePerson(device('a', CLICKED), [known('b', 'p1', CLICKED), known('b', 'p2', CLICKED)])).toBeNull();
    expect(probablePerson(device('a', CLICKED), [known('a', 'p1', CLICKED)])).toBeNull();
    expect(probablePerson(device('a', CLICKED), [])).toBeNull();
  });

  test('2.9 goes by the weights and the prior that are given', () => {
    const options: ProbableOptions = { prior: 0.5, weights: { language: { m: 0.9, u: 0.1 } } };
    const [one, other] = [device('a', { language: 'de' }), device('b', { language: 'de', ip: 'x' })];
    expect(matchProbability(one, other, options)).toBeCloseTo(0.9, 9);
    expect(matchProbability({ ...one, ip: 'x' }, other, options)).toBeCloseTo((9 * 300) / (1 + 9 * 300), 9);
  });
});

describe('2.9 for any devices', () => {
  const SEED = { seed: 29, numRuns: 500 };
  const maybe = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
  const features = fc.record({
    visitor_id: fc.uuid(),
    at: fc.integer({ min: NOW - 48 * HOUR, max: NOW }),
    ip: maybe(['x', 'y']),
    user_agent: maybe([SAFARI_17, SAFARI_18, EDGE, 'curl/8.5']),
    screen: maybe(['390x844', '1920x1080']),
    time_zone: maybe(['Europe/Berlin', 'Europe/Paris']),
    language: maybe(['de', 'de-AT', 'fr']),
    click_ids: fc.option(fc.subarray(['a', 'b', 'c']), { nil: undefined }),
  }) as fc.Arbitrary<DeviceFeatures>;

  test('2.9 neither side is first', () => {
    fc.assert(
      fc.property(features, features, (one, other) => {
        expect(matchProbability(one, other)).toBe(matchProbability(other, one));
      }),
      SEED,
    );
  });

  test('2.9 agreement raises the probability, disagreement lowers it, and silence lies between', () => {
    const steps: readonly [agree: Partial<DeviceFeatures>, disagree: Partial<DeviceFeatures>, silent: Partial<DeviceFeatures>][] =
      [
        [{ ip: 'x', at: NOW }, { ip: 'z', at: NOW }, { ip: undefined }],
        [PHONE, { ...PHONE, screen: '1x1' }, { screen: undefined }],
        [{ language: 'de' }, { language: 'ja' }, { language: undefined }],
        [{ click_ids: ['a'] }, { click_ids: ['z'] }, { click_ids: undefined }],
      ];
    fc.assert(
      fc.property(features, features, fc.constantFrom(...steps), (one, other, [agree, disagree, silent]) => {
        const with_ = (change: Partial<DeviceFeatures>) =>
          matchProbability({ ...one, ...agree }, { ...other, at: one.at, ...change });
        expect(with_(disagree)).toBeLessThan(with_(silent));
        expect(with_(silent)).toBeLessThan(with_(agree));
      }),
      SEED,
    );
  });

  test('2.9 the order of the known devices is of no account, and a link keeps both limits', () => {
    const all = fc.array(fc.tuple(features, fc.constantFrom('p1', 'p2', 'p3')), { maxLength: 6 });
    const options = fc.record({ prior: fc.constantFrom(1e-4, 0.05), lead: fc.constantFrom(1, 10) });
    let links = 0;
    fc.assert(
      fc.property(features, all, options, (one, pairs, some) => {
        const others = pairs.map(([other, person_id]) => ({ ...other, person_id }));
        const link = probablePerson(one, others, some);
        expect(probablePerson(one, others.toReversed(), some)).toEqual(link);
        if (!link) return;
        links += 1;
        expect(link.probability).toBeGreaterThanOrEqual(0.9);
        for (const other of others) {
          if (other.person_id === link.probable_person_id) continue;
          expect(link.probability).toBeGreaterThanOrEqual(some.lead * matchProbability(one, other, some));
        }
      }),
      SEED,
    );
    expect(links).toBeGreaterThan(50);
  });
});
