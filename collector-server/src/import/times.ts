import { Temporal } from 'temporal-polyfill';
import type { Profile } from './profile.ts';
import { RefusedText } from './refusal.ts';

/** A day may come first, last or in the middle; what has no time of day is the day's beginning. */
const TOKENS: Readonly<Record<string, string>> = {
  yyyy: '(?<year>\\d{4})',
  MM: '(?<month>\\d{2})',
  M: '(?<month>\\d{1,2})',
  dd: '(?<day>\\d{2})',
  d: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{2})',
  H: '(?<hour>\\d{1,2})',
  hh: '(?<hour>\\d{2})',
  h: '(?<hour>\\d{1,2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
  SSS: '(?<millisecond>\\d{3})',
  a: '(?<half>[AaPp][Mm])',
};
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/i;

/** Whether it says year, month and day, each once, and an hour of twelve only with its half of the day. */
export function isTimeFormat(format: string): boolean {
  if (format === 'iso') return true;
  const { fields, pattern } = compile(format);
  const isOnce = new Set(fields).size === fields.length;
  const isWhole = ['year', 'month', 'day'].every((field) => fields.includes(field));
  return isOnce && isWhole && pattern !== null && /h/.test(format) === fields.includes('half');
}

/**
 * RFC 3339 with offset, of a time as the profile says that it is written; one without an offset is read in the profile's zone.
 * Throws RefusedText: `no_time_zone` when neither says where it was, `time_gap` when the clocks skipped it, `time_overlap` when they showed it twice and the profile takes neither.
 */
export function readTime(text: string, profile: Pick<Profile, 'time_zone' | 'time_format' | 'overlap'>): string {
  const { time_format, time_zone, overlap } = profile;
  const local = time_format === 'iso' ? readIso(text) : readFormat(text, time_format);
  if (local === null)
    throw new RefusedText('invalid_time', `${JSON.stringify(text)} is no time of the format ${JSON.stringify(time_format)}.`);
  if (typeof local === 'string') return local;
  if (time_zone === undefined)
    throw new RefusedText(
      'no_time_zone',
      `${JSON.stringify(text)} says no offset: say under "time_zone" in the profile where it was.`,
    );
  const [earlier, later] = (['earlier', 'later'] as const).map((disambiguation) =>
    local.toZonedDateTime(time_zone, { disambiguation }),
  ) as [Temporal.ZonedDateTime, Temporal.ZonedDateTime];
  const isShown = earlier.toPlainDateTime().equals(local);
  if (!isShown) throw new RefusedText('time_gap', `${text} never was in ${time_zone}: the clocks were put forward past it.`);
  if (earlier.epochMilliseconds !== later.epochMilliseconds && overlap === 'reject') {
    throw new RefusedText(
      'time_overlap',
      `${text} was twice in ${time_zone}, because the clocks were put back: say "earlier" or "later" under "overlap" in the profile.`,
    );
  }
  return write(overlap === 'later' ? later : earlier);
}

const write = (time: Temporal.ZonedDateTime): string => time.toString({ timeZoneName: 'never', smallestUnit: 'second' });

/** A text that has its offset is what it says. */
function readIso(text: string): string | Temporal.PlainDateTime | null {
  const [, date, time = '00:00', offset] = ISO.exec(text) ?? [];
  if (date === undefined) return null;
  try {
    const local = Temporal.PlainDateTime.from(`${date}T${time}`);
    return offset ? `${local.toString({ smallestUnit: 'second' })}${offset.toUpperCase()}` : local;
  } catch {
    return null;
  }
}

function readFormat(text: string, format: string): Temporal.PlainDateTime | null {
  const found = compile(format).pattern?.exec(text)?.groups;
  if (!found) return null;
  const { half, ...digits } = found;
  const parts = Object.fromEntries(Object.entries(digits).map(([field, value]) => [field, Number(value)]));
  const hour = half ? hourOf(parts['hour'] ?? 0, half) : parts['hour'];
  if (hour === null) return null;
  try {
    return Temporal.PlainDateTime.from({ ...parts, hour } as Temporal.PlainDateTimeLike & object, { overflow: 'reject' });
  } catch {
    return null;
  }
}

function hourOf(hour: number, half: string): number | null {
  if (hour < 1 || hour > 12) return null;
  return (hour % 12) + (/^p/i.test(half) ? 12 : 0);
}

interface Compiled {
  fields: string[];
  /** Null when the format has letters that mean nothing. */
  pattern: RegExp | null;
}
const compiled = new Map<string, Compiled>();

function compile(format: string): Compiled {
  const known = compiled.get(format);
  if (known) return known;
  const parts = format.match(/([A-Za-z])\1*|[^A-Za-z]+/g) ?? [];
  const sources = parts.map((part) => (/[A-Za-z]/.test(part) ? TOKENS[part] : part.replace(/\W/g, '\\$&')));
  const fields = sources.flatMap((source) => /^\(\?<(\w+)>/.exec(source ?? '')?.[1] ?? []);
  const isKnown = sources.every((source) => source !== undefined) && new Set(fields).size === fields.length;
  const made = { fields, pattern: isKnown ? new RegExp(`^${sources.join('')}$`) : null };
  compiled.set(format, made);
  return made;
}
